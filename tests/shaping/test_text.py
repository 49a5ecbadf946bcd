"""Texts that strangers typed, made safe to show. What counts as a card or a secret: test_masks.py."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fullstory_mcp.shaping.text import Cleaner

OPEN = Cleaner()
PRIVATE = Cleaner(hide_contacts=True)
SHOWN_ALTHOUGH_FORMAT = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2"
)
UNSEEN_ALTHOUGH_LETTERS = (
    "\u034f\u115f\u1160\u17b4\u180b\u2800\u3164\ufe0f\uffa0\U0001d159\U000e0101"
)

cleaners = st.sampled_from([OPEN, PRIVATE])
pieces = st.sampled_from(
    ["4111 1111 1111 1111", "# ", "](", "<b", "`", "”", "\u200b", "\u202e", "\n", "  ", "https://", "@",
     "u:p@", "?token=", "&key=", "a@example.com", "+49 30 1234567", "card", "eyJhbGciOi", ".", "1", "•••", "…", "\\"]
)  # fmt: skip
texts = st.one_of(
    st.text(), st.lists(st.one_of(pieces, st.text(max_size=6)), max_size=30).map("".join)
)
lengths = st.integers(min_value=2, max_value=200)


def unseen(character: str) -> bool:
    """Whether a character shows nothing, or changes how others show."""
    kind = unicodedata.category(character)
    hidden = kind in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} or character in UNSEEN_ALTHOUGH_LETTERS
    return (
        hidden
        and character not in SHOWN_ALTHOUGH_FORMAT
        and ord(character) not in {0x110BD, 0x110CD}
    )


EVERY_UNSEEN = "".join(filter(unseen, map(chr, range(0x110000))))


@given(cleaners, texts, lengths)
@example(OPEN, "x" + EVERY_UNSEEN[:200] + "y", 160)
def test_line_is_one_visible_line_within_its_length(cleaner: Cleaner, text: str, most: int) -> None:
    """Whatever was typed, a line has no line end, nothing invisible, and keeps its length."""
    line = cleaner.line(text, most)

    assert len(line) <= most
    assert not [character for character in line if unseen(character)]
    assert len(line.splitlines()) <= 1


@given(cleaners, texts, lengths)
def test_cleaning_a_clean_line_changes_nothing(cleaner: Cleaner, text: str, most: int) -> None:
    """A text that passes two rooms, each of which cleans, reads as if one had."""
    line = cleaner.line(text, most)

    assert cleaner.line(line, most) == line


@given(cleaners, texts)
def test_quotation_marks_close_where_we_close_them(cleaner: Cleaner, text: str) -> None:
    """Nobody can end our quotation and go on in our voice."""
    quote = cleaner.quote(text)

    assert (quote[0], quote[-1]) == ("“", "”")
    assert not set("“”„‟❝❞`") & set(quote[1:-1])


def test_every_invisible_character_is_removed_from_json_too() -> None:
    """Zero-width, bidi, tags, variation selectors, controls: none reaches a model, line ends apart."""
    assert OPEN.visible(f"a{EVERY_UNSEEN}b").split() == ["a", "b"]


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Pay\u200b now", "Pay now"),
        ("ig\u200dnore \U000e0041\U000e0042this", "ignore this"),
        ("abc\u202edef", "abcdef"),
        ("two\r\nlines\u2028and\x85three", "two lines and three"),
        ("  much   space ", "much space"),
        ("שלום עולם", "שלום עולם"),
        ("سلام، دنیا", "سلام، دنیا"),
        ("nice ❤️ 👩‍👩‍👧", "nice ❤ 👩👩👧"),
        ("tabs\tand\x00zeros\x1b[31m", "tabs andzeros[31m"),
    ],
)
def test_what_is_seen_stays_and_what_is_not_goes(typed: str, shown: str) -> None:
    """Words of any script stay readable; only what shows nothing is lost."""
    assert OPEN.line(typed) == shown


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("# What went wrong", "\\# What went wrong"),
        ("> quoted", "\\> quoted"),
        ("- item", "\\- item"),
        ("| a | b |", "\\| a | b |"),
        ("--- end of data ---", "\\--- end of data ---"),
        ("[docs]: https://example.com", "\\[docs]: https://example.com"),
        ("#1 in boots", "#1 in boots"),
        ("-5", "-5"),
        ("[Click](https://example.com)", "[Click]（https://example.com)"),
        ("![x](https://example.com/p.png)", "![x]（https://example.com/p.png)"),
        ("<img src=x onerror=y>", "‹img src=x onerror=y>"),
        ("<https://example.com>", "‹https://example.com>"),
        ("<!-- hidden -->", "‹!-- hidden -->"),
        ("1 < 2", "1 < 2"),
        ("```\ncode", "ʼʼʼ code"),
        ("done” # System", "done’ # System"),
    ],
)
def test_text_cannot_pass_for_markup(typed: str, shown: str) -> None:
    """A heading, link, image, tag or end of quotation that was typed is shown as mere text."""
    assert OPEN.line(typed) == shown


def test_long_text_is_cut_with_a_mark() -> None:
    """A title of 10 kB takes its line and no more, and shows that it was cut."""
    line = OPEN.line("long " * 2_000, 40)

    assert line == "long long long long long long long long…"[:40]
    assert OPEN.line(" " * 10_000 + "late", 40) == "…"


def test_card_is_not_shown_in_part_where_a_text_is_cut() -> None:
    """A number is masked before the cut, so that no cut leaves most of it."""
    typed = "x" * 140 + " 4111 1111 1111 1111"

    assert "4111" not in OPEN.line(typed, 160)
    assert "4111 1111" not in OPEN.line(" " * 1_270 + "4111 1111 1111 1111", 160)


def test_block_is_a_quotation_without_headings() -> None:
    """A longer text keeps its lines and lists, and stands wholly inside our quotation."""
    typed = "# Found\n\nTitle\n===\n- ## Deep\n```\nopen fence\n<b>x</b> [a](b)\u200b"

    assert OPEN.block(typed).splitlines() == [
        "> **Found**",
        ">",
        "> Title",
        ">",
        "> - **Deep**",
        "> ```",
        "> open fence",
        "> ‹b>x‹/b> [a]（b)",
    ]


@given(texts)
def test_every_line_of_a_block_is_quoted(text: str) -> None:
    """No line of a longer text begins where ours begin."""
    assert all(line.startswith(">") for line in OPEN.block(text).splitlines())


values = st.recursive(
    st.one_of(texts, st.integers(), st.none(), st.booleans()),
    lambda part: st.one_of(st.lists(part, max_size=4), st.dictionaries(texts, part, max_size=4)),
    max_leaves=12,
)


@given(cleaners, values)
def test_deep_cleans_every_text_and_name_and_loses_none(cleaner: Cleaner, value: object) -> None:
    """JSON keeps its form: as many members and items as before, none of them with hidden text."""
    cleaned = cleaner.deep(value)

    assert leaves(cleaned) == leaves(value)
    assert not [
        character
        for character in "".join(words(cleaned))
        if unseen(character) and character not in "\t\n\r"
    ]


def leaves(value: object) -> int:
    """How many values stand in a JSON value."""
    if isinstance(value, dict):
        return sum(map(leaves, value.values())) + len(value)
    return sum(map(leaves, value)) if isinstance(value, list) else 1


def words(value: object) -> list[str]:
    """Every text and name in a JSON value."""
    if isinstance(value, dict):
        return [*value, *(word for part in value.values() for word in words(part))]
    if isinstance(value, list):
        return [word for part in value for word in words(part)]
    return [value] if isinstance(value, str) else []


def test_ids_keep_even_what_looks_like_a_card() -> None:
    """An id that was changed would lead nowhere; the same number elsewhere is masked."""
    grouped = "4111-1111-1111-1111"
    data = dict.fromkeys(("id", "user_id", "orderId", "uid", "ids", "note_text"), grouped)

    assert OPEN.deep(data) == {**data, "note_text": "[card ending 1111]"}


def test_member_named_card_masks_a_bare_number() -> None:
    """The name of a member is the label beside its number, whether text or number."""
    data = {"card_number": "4111111111111111", "pan": 4111111111111111, "order": 4111111111111111}

    masked = "[card ending 1111]"
    assert OPEN.deep(data) == {"card_number": masked, "pan": masked, "order": 4111111111111111}


def test_member_that_names_another_is_its_label() -> None:
    """Fields often come as pairs of a name and a value; the name is the label beside the number."""
    number = "4111111111111111"
    pairs = [{"name": "card", "value": number}, {"fs-input-name": "size", "target_text": number}]

    cleaned = OPEN.deep(pairs)
    assert OPEN.deep({"name": "card", "id": "4111-1111-1111-1111"})["id"] == "4111-1111-1111-1111"
    assert [cleaned[0]["value"], cleaned[1]["target_text"]] == ["[card ending 1111]", number]


def test_label_that_names_an_id_keeps_it_in_a_line_too() -> None:
    """A uid of a card's form is still the uid that a next call needs."""
    assert OPEN.quote("4111-1111-1111-1111", label="uid") == "“4111-1111-1111-1111”"


def test_hidden_contacts_are_hidden_in_names_and_ids_too() -> None:
    """Where contacts are hidden, an e-mail used as a user's id is one as well."""
    data = {
        "uid": "nora@example.com",
        "nora@example.com": 1,
        "phone": 4930123456,
        "count": 4930123456,
    }

    assert PRIVATE.deep(data) == {"uid": "•••", "•••": 1, "phone": "•••", "count": 4930123456}
    assert OPEN.deep(data) == data
