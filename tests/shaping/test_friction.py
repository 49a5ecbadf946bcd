"""Troubles of many sessions as one list: what is the same, how often, and for how many."""

from fullstory_mcp.catalogue import JSON
from fullstory_mcp.shaping import Cleaner
from fullstory_mcp.shaping.story.friction import Seen, as_rows, frictions_of, seen_in
from visits import event, page, visit

CLEANER = Cleaner()
FAILED = event("network-error", 5, description="POST /api/pay 502")
RAGE = event("rage-click", 6, content="Pay now", description="Pay now [#pay]")


def seen(user: str, number: int, *pages: JSON) -> Seen:
    """One session of a user."""
    return seen_in(visit(*pages, session_id=f"1:{number}"), user, CLEANER)


def lines(*sessions: Seen) -> list[str]:
    """The list as text."""
    return [row.text for row in as_rows(frictions_of(sessions), len(sessions), CLEANER)]


def test_same_trouble_is_one_line_with_its_counts_and_an_example() -> None:
    """Sessions, users and times are counted apart; the example is the first session's."""
    told = lines(
        seen("ann", 1, page("Pay", FAILED, event("navigate", 7), FAILED)),
        seen("ann", 2, page("Pay", FAILED)),
        seen("bo", 3, page("Home")),
    )

    (line,) = told
    assert line == (
        "- failed request “POST /api/pay 502” on “shop.example.com/pay”: 2 of 3 sessions, 1 user, "
        "3 times; e.g. p1e1 in https://app.fullstory.com/ui/o-1/session/1%3A1"
    )


def test_most_sessions_affected_comes_first() -> None:
    """Then most users, then the heavier kind, then the more frequent."""
    told = lines(
        seen("ann", 1, page("Pay", RAGE, FAILED)),
        seen("ann", 2, page("Pay", RAGE)),
        seen("bo", 3, page("Help", RAGE), page("Pay", FAILED)),
    )

    assert [line.partition(":")[0] for line in told] == [
        "- failed request “POST /api/pay 502” on “shop.example.com/pay”",
        "- rage click “Pay now” at “#pay” on “shop.example.com/pay”",
        "- rage click “Pay now” at “#pay” on “shop.example.com/help”",
    ]


def test_query_and_numbers_make_no_other_page() -> None:
    """The same page is the same place for everybody."""
    told = lines(
        seen("ann", 1, page("Order 1", FAILED, url="https://shop.example.com/order/1?a=b")),
        seen("bo", 2, page("Order 2", FAILED, url="https://shop.example.com/order/22")),
    )

    assert len(told) == 1
    assert "on “shop.example.com/order/#”: 2 of 2 sessions, 2 users" in told[0]


def test_element_is_told_by_its_selector_not_by_its_words() -> None:
    """A button whose text counts down is one button; another button is another."""
    one = event("dead-click", 1, content="Wait 3 s", description="Wait 3 s [#go]")
    same = event("dead-click", 2, content="Go", description="Go [#go]")
    other = event("dead-click", 3, content="Go", description="Go [#away]")

    assert len(lines(seen("ann", 1, page("Pay", one, other, same)))) == 2


def test_data_holds_the_same_as_the_lines() -> None:
    """A program reads kind, page, counts and example without taking a sentence apart."""
    rows = as_rows(frictions_of([seen("ann", 1, page("Pay", FAILED))]), 1, CLEANER)

    assert [row.data for row in rows] == [
        {
            "kind": "network-error",
            "what": "failed request “POST /api/pay 502”",
            "page": "shop.example.com/pay",
            "sessions": 1,
            "users": 1,
            "times": 1,
            "example": {
                "session_id": "1:1",
                "at": "p1e1",
                "replay": "https://app.fullstory.com/ui/o-1/session/1%3A1",
            },
        }
    ]


def test_form_that_was_left_is_friction_too() -> None:
    """Where it is only inferred, that is said."""
    typed = event("input-change", 3, description="[form#address > input#zip]")

    assert lines(seen("ann", 1, page("Address", event("navigate"), typed)))[0].startswith(
        "- form left unfinished (inferred) on “shop.example.com/address”: 1 of 1 session"
    )


def test_link_that_is_no_replay_link_is_not_given_on() -> None:
    """An example without a usable link is named by its session's id."""
    story = visit(page("Pay", FAILED))
    story.story.url = "javascript:alert(1)"

    told = lines(seen_in(story, "ann", CLEANER))

    assert told[0].endswith("e.g. p1e1 in 1:1")
