"""A session read in slices because the caller gave a limit: nothing is lost, nothing told twice."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullstory_mcp.shaping.moments import moment
from fullstory_mcp.shaping.story import Window, beyond, next_window, numbered_on, read_story
from fullstory_mcp.shaping.story.model import Story
from visits import context, event, page

JSON = dict[str, Any]


def api(whole: JSON, asked: JSON, *, start_counts: bool) -> JSON:
    """What Generate Context answers: a slice between times, then the limit."""
    part = asked.get("slice", {})
    start, end = moment(part.get("start_timestamp")), moment(part.get("end_timestamp"))
    left = part.get("event_limit", 1_000_000)
    pages = []
    for one in whole["context_data"]["pages"]:
        kept = [told for told in one["events"] if _within(told, start, end, start_counts)][:left]
        left -= len(kept)
        if kept:
            pages.append({**one, "events": kept})
    return {"context_data": {"context": whole["context_data"]["context"], "pages": pages}}


def _within(told: JSON, start: float | None, end: float | None, start_counts: bool) -> bool:
    at = moment(told["timestamp"])
    assert at is not None
    after = start is None or at > start or (start_counts and at == start)
    return after and (end is None or at <= end)


def windows(whole: JSON, arguments: JSON, *, start_counts: bool) -> list[Story]:
    """Every window of a limited read, each continued through its sealed form as a cursor does."""
    found, window = [], Window()
    while True:
        asked = window.asked(arguments)
        raw = read_story(api(whole, asked, start_counts=start_counts), "1:2")
        story = numbered_on(raw, window)
        found.append(story)
        then = next_window(story, asked, before=window, raw=raw)
        if then is None:
            return found
        window = Window.opened(then.sealed())


def told(stories: list[Story]) -> list[tuple[str, str, float | None]]:
    """Every event in the order it is told: its handle, its text and its time."""
    return [(one.handle, one.text, one.at) for story in stories for one in story.events()]


SECONDS = st.lists(st.integers(0, 6), min_size=1, max_size=30).map(sorted)


@given(
    seconds=SECONDS, limit=st.integers(1, 8), pages=st.integers(1, 5), start_counts=st.booleans()
)
def test_windows_tell_what_the_whole_session_tells(
    seconds: list[int], limit: int, pages: int, *, start_counts: bool
) -> None:
    """With whole seconds, alike events and bursts beyond the limit, wherever the start is counted."""
    size = -(-len(seconds) // pages)
    events = [event("click", second, content=f"n{second % 2}") for second in seconds]
    whole = context(
        *(
            page("Same", *events[place : place + size], url="https://shop.example.com/")
            for place in range(0, len(events), size)
        )
    )

    read = windows(whole, {"slice": {"event_limit": limit}}, start_counts=start_counts)

    assert told(read) == told([read_story(whole, "1:2")])
    assert {story.start for story in read} == {read_story(whole, "1:2").start}


def test_window_asks_for_what_is_new() -> None:
    """The limit is the caller's plus what comes again, from a second before the last event on."""
    whole = context(
        page("A", *(event("click", second, content=str(second)) for second in range(9)))
    )
    asked = {"session_id": "1:2", "slice": {"mode": "FIRST", "event_limit": 4}}
    raw = read_story(api(whole, asked, start_counts=True), "1:2")

    then = next_window(raw, asked, before=Window(), raw=raw)

    assert then is not None
    assert then.asked(asked)["slice"] == {
        "mode": "TIMESTAMP",
        "start_timestamp": "2026-11-20T10:00:02.000000Z",
        "event_limit": 6,
    }


def test_duration_bounds_every_window() -> None:
    """A limit of events within a limit of time stays within that time."""
    whole = context(
        page("A", *(event("click", second, content=str(second)) for second in range(30)))
    )
    arguments = {"slice": {"event_limit": 4, "duration_limit_ms": "9000"}}

    read = windows(whole, arguments, start_counts=True)

    assert [text for _, text, _ in told(read)] == [str(second) for second in range(10)]


@pytest.mark.parametrize(
    "part",
    [
        {},
        {"event_limit": 10},
        {"mode": "LAST", "event_limit": 3},
        {"mode": "TIMESTAMP", "start_timestamp": "2026-11-20T10:00:00Z"},
    ],
)
def test_read_that_was_not_cut_off_has_no_next_window(part: JSON) -> None:
    """Only a limit that was reached, and not from the end, leads on."""
    story = read_story(context(page("A", *(event("click", n) for n in range(3)))), "1:2")

    assert next_window(story, {"slice": part}, before=Window(), raw=story) is None


def test_events_without_times_have_no_next_window_and_say_so() -> None:
    """There is nothing to ask from; what was left out is not kept quiet."""
    story = read_story(context(page("A", *({"type": "click"} for _ in range(3)))), "1:2")
    asked = {"slice": {"event_limit": 3}}

    assert next_window(story, asked, before=Window(), raw=story) is None
    assert beyond(story, asked) == [
        "The limit of this call is reached; without event times there is no reading on: give a larger one."
    ]


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (
            {"mode": "LAST", "event_limit": 3},
            'Only the end of the session was asked for. Before it: slice: {"mode":"TIMESTAMP","end_timestamp":"2026-11-20T10:00:00.000000Z"}.',
        ),
        (
            {"duration_limit_ms": "2000"},
            'Only the beginning of the session was asked for. After it: slice: {"mode":"TIMESTAMP","start_timestamp":"2026-11-20T10:00:02.000000Z"}.',
        ),
        ({"mode": "TIMESTAMP", "end_timestamp": "2026-11-20T10:00:02Z"}, ""),
        ({"event_limit": 50}, ""),
    ],
)
def test_slice_that_was_asked_for_says_what_lies_beyond(part: JSON, said: str) -> None:
    """The call that reads the rest is written out; nothing is said where the caller drew the bounds."""
    story = read_story(context(page("A", *(event("click", n) for n in range(3)))), "1:2")

    assert beyond(story, {"slice": part}) == ([said] if said else [])


def test_changed_answer_loses_nothing() -> None:
    """Where the overlap is not what it was, it is told again rather than left out."""
    whole = context(
        page("A", *(event("click", second, content=str(second)) for second in range(6)))
    )
    asked = {"slice": {"event_limit": 3}}
    raw = read_story(api(whole, asked, start_counts=True), "1:2")
    then = next_window(raw, asked, before=Window(), raw=raw)
    assert then is not None
    whole["context_data"]["pages"][0]["events"].insert(1, event("click", 1, content="late"))

    after = numbered_on(read_story(api(whole, then.asked(asked), start_counts=True), "1:2"), then)

    assert Counter(one.text for one in after.events()) >= Counter(["3", "4"])
