"""Raw events in order, on pages, with handles. Not about which are chosen or how they read."""

from typing import Any

import pytest

from fullstory_mcp.shaping.stream import chosen, read_stream
from fullstory_mcp.shaping.stream.lines import what
from fullstory_mcp.shaping.stream.pen import Pen
from fullstory_mcp.shaping.text import Cleaner
from streams import event, stream

ODD = [
    None,
    "",
    "click",
    0,
    -1,
    1e308,
    True,
    [],
    {},
    [[]],
    {"a": []},
    "9" * 400,
    ["x", {"y": None}],
]
PARTS = [
    "event_time",
    "event_type",
    "view_id",
    "event_properties",
    "source_type",
    "source_properties",
]
RICH = ["click", "request", "console_message", "custom", "exception", "crash", "change", "navigate"]
KEYS = [
    "target",
    "fs_rage_count",
    "fs_error_kind",
    "request_status",
    "request_url",
    "request_duration_millis",
    "console_message_level",
    "message",
    "event_name",
    "exception_count",
    "navigate_reason",
]


def handles(data: Any) -> list[str]:
    """The handles of a stream's events, in its order."""
    return [event.handle for event in read_stream(data).events]


def test_pages_are_views_in_the_order_in_which_they_begin() -> None:
    """Page numbers agree with those of a reading, and two tabs do not split each other's pages."""
    data = stream(*(event(view=view) for view in ("a", "a", "b", "a", "c", "b")))

    assert handles(data) == ["p1r1", "p1r2", "p2r1", "p1r3", "p3r1", "p2r2"]


def test_event_without_a_view_belongs_to_the_open_page() -> None:
    """A server's event stands where it happened, the earliest ones on the first page."""
    data = stream(event(view=None), event(view="a"), event(view="b"), event(view=None))

    assert handles(data) == ["p1r1", "p1r2", "p2r1", "p2r2"]


def test_page_is_described_by_its_first_event_that_can() -> None:
    """A page's title and address are found wherever they first stand."""
    bare = {"view_id": "1", "event_type": "custom", "source_properties": {"origin": "server"}}
    page = read_stream(
        stream(bare, event(url="https://shop.example.com/cart", title="Cart"))
    ).pages[0]

    assert (page.url, page.title) == ("https://shop.example.com/cart", "Cart")


def test_events_stand_in_the_order_of_time() -> None:
    """An answer out of order is put in order; events of one moment stay as they came."""
    data = stream(
        event("load", "09:00:05"), event("click", "09:00:01"), event("navigate", "09:00:01")
    )

    assert [each.raw["event_type"] for each in read_stream(data).events] == [
        "click",
        "navigate",
        "load",
    ]


def test_event_without_a_time_stays_after_its_neighbour() -> None:
    """An event whose time is unknown is not moved to an end of the session."""
    timeless = event("custom") | {"event_time": None}
    found = read_stream(stream(event("load", "09:00:09"), event("click", "09:00:01"), timeless))

    assert [each.raw["event_type"] for each in found.events] == ["click", "custom", "load"]
    assert found.events[1].at is None


@pytest.mark.parametrize("data", [*ODD, {"events": None}, {"events": {}}, {"events": "x"}])
def test_answer_without_events_is_an_empty_stream(data: Any) -> None:
    """Whatever the API says instead of events is no events."""
    usable = isinstance(data, list)  # a bare list is taken for the events

    assert bool(read_stream(data).events) is (usable and bool(data))


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("kind", RICH)
def test_every_part_of_an_event_may_be_anything(kind: str, part: str) -> None:
    """No oddity of the API's becomes an error: what is unknown is told as unknown."""
    odd = [event(kind) | {part: value} for value in ODD]
    odd.append({name: value for name, value in event(kind).items() if name != part})
    found = read_stream(stream(*odd, *ODD))
    pen = Pen(Cleaner())

    assert len(found.events) == len(odd) + len(ODD)
    assert all(what(each, pen) for each in found.events)
    assert (
        chosen(found, {"errors_only": True, "from": "+00:00", "types": ["rage-click"]}) is not None
    )


@pytest.mark.parametrize("kind", RICH)
def test_every_property_may_be_anything(kind: str) -> None:
    """The keys of event properties are inferred: none is relied upon."""
    found = read_stream(stream(*(event(kind, **{key: value}) for key in KEYS for value in ODD)))

    assert all(what(each, Pen(Cleaner())) for each in found.events)
