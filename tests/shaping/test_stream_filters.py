"""Which raw events a caller's arguments let through."""

from typing import Any

import pytest

from fullstory_mcp.errors import InvalidArguments
from fullstory_mcp.shaping.stream import check, chosen, read_stream
from streams import SHOP, event, stream

EVENTS = {
    "plain": event("click", "09:00:00", fs_rage_count=0, fs_dead_count=0),
    "rage": event("click", "09:00:01", fs_rage_count=4, fs_dead_count="0"),
    "dead": event("click", "09:00:02", view="2", fs_dead_count="2"),
    "error": event("click", "09:00:03", view="2", fs_error_kind="console"),
    "both": event("click", "09:00:04", view="2", fs_rage_count=3, fs_error_kind="unknown"),
    "ok": event("request", "09:00:05", view="3", request_status=399),
    "failed": event("request", "09:00:06", view="3", request_status="400"),
    "said": event("console_message", "09:00:07", view="3", console_message_level="warn"),
    "cried": event("console_message", "09:00:08.900", view="3", console_message_level="ERROR"),
    "typed": event("change", "09:00:09", view="4"),
    "bought": event("custom", "09:01:10", view="4", event_name="Order Placed"),
    "left": event("form_abandon", "09:01:11", view="4"),
    "odd": event("wobble", "09:01:12", view="4"),
}
CLICKS = ["plain", "rage", "dead", "error", "both"]
TROUBLES = ["rage", "dead", "error", "both", "failed", "cried", "left"]


def names(**arguments: Any) -> list[str]:
    """Which of EVENTS the arguments let through."""
    found = chosen(read_stream(stream(*EVENTS.values())), arguments)
    return [name for name, raw in EVENTS.items() if any(each.raw is raw for each in found)]


def test_no_argument_lets_everything_through() -> None:
    """A filter is what the caller asked for, and nothing else."""
    assert names() == list(EVENTS)
    assert names(errors_only=False) == list(EVENTS)


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        (["rage-click"], ["rage", "both"]),
        (["dead-click"], ["dead"]),
        (["error-click"], ["error", "both"]),
        (["click"], CLICKS),
        (["network-error"], ["failed"]),
        (["request"], ["ok", "failed"]),
        (["console-error"], ["cried"]),
        (["console-message"], ["said", "cried"]),
        (["input-change"], ["typed"]),
        (["form-abandon"], ["left"]),
        (["Order Placed"], ["bought"]),
        (["order placed"], ["bought"]),
        (["custom"], ["bought"]),
        (["wobble"], ["odd"]),
        (["dead-click", "Order Placed"], ["dead", "bought"]),
        (["rage_click"], ["rage", "both"]),
        (["change"], ["typed"]),
        (["console_message"], ["said", "cried"]),
        (["nothing of the kind"], []),
    ],
)
def test_types_are_given_in_the_words_of_a_reading(types: list[str], expected: list[str]) -> None:
    """One vocabulary finds what the raw stream calls otherwise, or tells only by properties."""
    assert names(types=types) == expected


def test_errors_only_is_every_frustration_and_error() -> None:
    """Plain clicks, good requests and what the console merely mentions are left out."""
    assert names(errors_only=True) == TROUBLES


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ({"to": "+00:01"}, ["plain", "rage"]),
        ({"from": "+01:11"}, ["left", "odd"]),
        ({"from": "+00:08", "to": "+00:08"}, ["cried"]),
        ({"from": "2026-09-12T09:00:08Z", "to": "2026-09-12T09:00:08Z"}, ["cried"]),
        ({"from": "2026-09-12T11:01:12+02:00"}, ["odd"]),
        ({"from": "2026-09-12T09:00:08.900Z", "to": "2026-09-12T09:00:08.900Z"}, ["cried"]),
        ({"from": "2026-09-12T09:00:08.901Z", "to": "+00:09"}, ["typed"]),
        ({"from": "+0:01:11"}, ["left", "odd"]),
        ({"from": "+99:00"}, []),
    ],
)
def test_times_are_inclusive_and_count_from_the_first_event(
    bounds: dict[str, str], expected: list[str]
) -> None:
    """A time copied from a line finds that line, whatever fraction of its second it has."""
    assert names(**bounds) == expected


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("p1", ["plain", "rage"]),
        ("p9", []),
        (f"{SHOP}/3", ["ok", "failed", "said", "cried"]),
        ("EXAMPLE.com/1", ["plain", "rage"]),
        ("/cart", []),
    ],
)
def test_page_is_a_handle_or_a_piece_of_the_address(page: str, expected: list[str]) -> None:
    """A page is named as it is shown."""
    assert names(page=page) == expected


def test_view_of_an_app_is_found_by_its_title() -> None:
    """An app's views have no address."""
    view = event(url="", title="Basket")

    assert len(chosen(read_stream(stream(view)), {"page": "basket"})) == 1


def test_filters_hold_together() -> None:
    """What is let through is let through by every argument."""
    assert names(types=["click"], errors_only=True, page="p2", to="+00:03") == ["dead", "error"]


@pytest.mark.parametrize("bounds", [{"from": "+00:10"}, {"to": "+00:10"}])
def test_event_without_any_time_near_is_in_no_span(bounds: dict[str, str]) -> None:
    """Where nothing has a time, no span can be right."""
    timeless = event() | {"event_time": None}

    assert chosen(read_stream(stream(timeless)), bounds) == []


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"from": "2026-99-99T00:00:00Z"}, "from"),
        ({"to": "noon"}, "to"),
        ({"from": "+00:02", "to": "+00:01"}, "from"),
        ({"from": "2026-09-12T09:00:02Z", "to": "2026-09-12T09:00:01Z"}, "from"),
    ],
)
def test_span_that_cannot_be_is_refused_beforehand(arguments: dict[str, str], field: str) -> None:
    """A call that can only find nothing costs no Activation."""
    with pytest.raises(InvalidArguments, match=f"- {field}: "):
        check(arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"from": "+00:01", "to": "+00:01"},
        {"from": "2026-09-12T09:00:01.500Z", "to": "2026-09-12T09:00:01Z"},
        {"from": "+00:01", "to": "2026-09-12T09:00:01Z"},
        {"from": "2026-09-12t09:00:01z"},
    ],
)
def test_span_that_may_be_is_not_refused(arguments: dict[str, str]) -> None:
    """Only what is known to be wrong is refused."""
    check(arguments)
