"""What is a payment card, a credential in a URL, a contact; and what only looks like one."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullstory_mcp.shaping.text import Cleaner

OPEN = Cleaner()
PRIVATE = Cleaner(hide_contacts=True)

BRANDS = (
    ("4", 16, (4, 4, 4, 4)),
    ("5105", 16, (4, 4, 4, 4)),
    ("2221", 16, (4, 4, 4, 4)),
    ("37", 15, (4, 6, 5)),
    ("36", 14, (4, 6, 4)),
    ("6011", 16, (4, 4, 4, 4)),
    ("3528", 16, (4, 4, 4, 4)),
    ("62", 19, (4, 4, 4, 4, 3)),
    ("5018", 16, (4, 4, 4, 4)),
)
digits = st.text("0123456789", min_size=20, max_size=20)


def card(prefix: str, length: int, drawn: str) -> str:
    """A card number that Luhn's rule accepts."""
    body = (prefix + drawn)[: length - 1]
    return next(body + last for last in "0123456789" if luhn(body + last))


def luhn(number: str) -> bool:
    """Whether the check digit holds, written the long way."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def grouped(number: str, grouping: tuple[int, ...], separator: str) -> str:
    """The number as it is printed on a card."""
    parts, at = [], 0
    for length in grouping:
        parts.append(number[at : at + length])
        at += length
    return separator.join(parts)


@given(
    st.sampled_from(BRANDS),
    digits,
    st.sampled_from([" ", "-", "  ", ".", " - ", "\u00a0", "\n", "+", "%20", "\u2013"]),
    st.sampled_from(["", "Number ", "paid with ", "x 12/27 ", "“", "a,"]),
    st.sampled_from(["", " 12/27 123", ", please", "\u200b", " 4", " exp"]),
)
def test_card_in_card_like_groups_never_survives(
    brand: tuple[str, int, tuple[int, ...]], drawn: str, separator: str, before: str, after: str
) -> None:
    """However it is separated and whatever stands beside it, no printed card number is shown."""
    prefix, length, grouping = brand
    number = card(prefix, length, drawn)
    typed = f"{before}{grouped(number, grouping, separator)}{after}"

    for shown in (OPEN.line(typed), OPEN.visible(typed), OPEN.quote(typed), PRIVATE.line(typed)):
        bare = "".join(character for character in shown if character.isdigit())
        assert number not in bare


@pytest.mark.parametrize(
    "typed",
    [
        "card 4111111111111111",
        "card number: 4111111111111111",
        "Visa 4111111111111111",
        "4111111111111111 (Visa)",
        "cc=4111111111111111",
        "?card=4111111111111111&step=2",
        "cardNumber=4111111111111111",
        "creditcard 4111111111111111",
        "Kreditkarte: 5105105105105100",
        "PAN 378282246310005",
        "٤١١١ ١١١١ ١١١١ ١١١١",
        "4111\u200b1111\u200b1111\u200b1111 card",
    ],
)
def test_labelled_or_grouped_card_is_masked(typed: str) -> None:
    """A bare number is a card where something beside it says so."""
    assert "[card ending" in OPEN.line(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "4111111111111111",
        "order 4111111111111111",
        "card 4111111111111112",
        "card 1234567812345678",
        "discard 4111111111111111",
        "4111 1111 1111 1112",
        "card of 8501908138660385:9497776430409180",
        "card 4111111111111111:9497776430409180",
        "7d1f0a52-4111-4111-4111-00000000c0de",
        "abcd4111-1111-1111-1111-abcdef012345",
        "2026-11-14T20:40:22Z 4111",
        "DE89 3704 0044 0532 0130 00",
        "p3e17-19",
    ],
)
def test_number_that_is_no_card_stays(typed: str) -> None:
    """Order numbers, ids, times, IBANs and wrong check digits are left as they are."""
    assert OPEN.line(typed) == typed


half = st.integers(10**14, 10**16 - 1).map(str)


@given(half, half, st.uuids(version=4), st.from_regex(r"[A-Za-z0-9-]{3,16}", fullmatch=True))
def test_ids_and_replay_links_never_change(user: str, session: str, uuid: object, org: str) -> None:
    """A session id, a client's id and a replay link work after cleaning, whatever their digits."""
    app = "https://app.fullstory.com/ui"
    kept = [
        f"{user}:{session}",
        f"{uuid}:{uuid}",
        user,
        str(uuid),
        f"cust-{user[:4]}",
        f"{app}/{org}/session/{user}%3A{session}",
        f"{app}/{org}/client-session/{uuid}%3A{uuid}",
        f"{app}/{org}/people/0/user/{user}",
    ]

    for text in kept:
        for cleaner in (OPEN, PRIVATE):
            assert cleaner.line(text, 400) == text
            assert cleaner.deep({"url": text, "id": text}) == {"url": text, "id": text}


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("https://nora:pw@example.com/x", "https://•••@example.com/x"),
        ("postgres://u:p%40ss@db.example.com", "postgres://•••@db.example.com"),
        ("https://example.com/?a=1&token=abc", "https://example.com/?a=1&token=•••"),
        ("GET /reset?resetToken=abc&lang=de 500", "GET /reset?resetToken=•••&lang=de 500"),
        ("https://example.com/cb#access_token=abc&state=x", "https://example.com/cb#access_token=•••&state=x"),
        ("/login?user[password]=secret1", "/login?user[password]=•••"),
        ("/a;jsessionid=AB12", "/a;jsessionid=•••"),
        ("https://s.example.com/f?X-Amz-Signature=ab&X-Amz-Expires=3", "https://s.example.com/f?X-Amz-Signature=•••&X-Amz-Expires=3"),
        ("https://s.example.com/f?sig=a%2Bb&se=2026", "https://s.example.com/f?sig=•••&se=2026"),
        ("/go?to=https%3A%2F%2Fx.example.com%3Ftoken%3Dabc", "/go?to=https%3A%2F%2Fx.example.com%3Ftoken%3D•••"),
        ("/cb?code=4%2F0AY0e-g7xxxxxxxxxxx&scope=a", "/cb?code=•••&scope=a"),
        ("/page eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl", "/page •••"),
    ],
)  # fmt: skip
def test_credential_in_a_url_is_masked(typed: str, shown: str) -> None:
    """User names with passwords, tokens and signatures go; the address stays readable."""
    assert OPEN.line(typed, 400) == shown
    assert OPEN.visible(typed) == shown


@pytest.mark.parametrize(
    "typed",
    [
        "https://shop.example.com/checkout?step=payment",
        "https://shop.example.com/search?q=red+boots&page=2",
        "https://shop.example.com/?code=AUTUMN20&key=sale",
        "https://shop.example.com/?monkey=1&author=nora&sort_key=price",
        "https://shop.example.com/p/4111111111111111",
        "mail nora.quist@example.com",
        "what? token=no",
        "a:b@c",
    ],
)
def test_ordinary_address_stays(typed: str) -> None:
    """Search words, steps and coupon codes are no credentials."""
    assert OPEN.line(typed) == typed


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("write to nora.quist@example.com now", "write to ••• now"),
        ("?email=nora%40example.com", "?email=•••"),
        ("call +49 30 1234567", "call •••"),
        ("call (555) 123-4567", "call •••"),
        ("call 555-123-4567", "call •••"),
        ("06 12 34 56 78", "•••"),
        ("phone: 5551234567", "phone: •••"),
        ("at 2026-11-20 11:38:07", "at 2026-11-20 11:38:07"),
        ("from 192.168.100.200", "from 192.168.100.200"),
        ("order 5551234567", "order 5551234567"),
        ("8501908138660385:9497776430409180", "8501908138660385:9497776430409180"),
        ("1244.50 of 3000.00", "1244.50 of 3000.00"),
    ],
)
def test_contacts_are_hidden_only_where_asked(typed: str, shown: str) -> None:
    """E-mail addresses and phone numbers go with the privacy setting and stay without it."""
    assert PRIVATE.line(typed) == shown
    assert OPEN.line(typed) == typed


@pytest.mark.parametrize(
    "piece",
    ["1", "1 ", "4111 ", "eyJ-", "eyJ", "?k=!", "%3Fk%3D!", "a@", "a.", "card", "(1 ", "?token", "://", "a" * 40, "- ", "[x", "10.0.0.1 "],
)  # fmt: skip
def test_time_grows_with_the_text_and_no_faster(piece: str) -> None:
    """Nobody can make the server think long with a text: ten times the text, about ten times the time."""
    small, large = (
        min(timed(piece * (size // len(piece))) for _ in range(3)) for size in (4_000, 40_000)
    )

    assert large < 60 * small + 0.01


def timed(text: str) -> float:
    """Seconds that cleaning takes."""
    begun = time.perf_counter()
    PRIVATE.visible(text)
    PRIVATE.block(text)
    return time.perf_counter() - begun
