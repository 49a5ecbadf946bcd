"""A reading in parts: every event is told exactly once, within the budget, whatever the API sends."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rs_bpe.bpe import openai

from fullstory_mcp.sandbox import create_app
from fullstory_mcp.sandbox.render.context import context_data
from fullstory_mcp.shaping.story import read_story
from fullstory_mcp.shaping.story.kinds import KINDS
from fullstory_mcp.shaping.story.worth import ORDERS
from stories import handles, onward, parts, reading_of, told
from visits import context, event, page

count = openai.o200k_base().count

JUNK: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.just([])
)
MISSING = object()


def mostly(
    usual: st.SearchStrategy[Any], other: st.SearchStrategy[Any] = JUNK
) -> st.SearchStrategy[Any]:
    """What is usual, and something else once in sixteen times."""
    return st.integers(0, 15).flatmap(lambda number: other if number == 11 else usual)


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """An object of which any field may be missing or junk, or no object at all."""
    made = {name: mostly(mostly(field), st.just(MISSING)) for name, field in fields.items()}
    return mostly(
        st.fixed_dictionaries(made).map(
            lambda told: {name: part for name, part in told.items() if part is not MISSING}
        )
    )


def several(one: st.SearchStrategy[Any], most: int) -> st.SearchStrategy[Any]:
    """A list that is seldom empty."""
    return mostly(st.lists(one, min_size=1, max_size=most), st.just([]))


TEXTS = st.text(max_size=30) | st.sampled_from(
    ["Add", "Pay now [#pay > .pay]", "LCP=99999ms", "# Session", "x" * 10_000, "🎉" * 500]
)
TIMES = mostly(
    st.integers(0, 90).map(lambda second: f"2026-11-20T10:{second // 60:02}:{second % 60:02}Z"),
    st.sampled_from(
        [
            "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "2026-11-20T10:00:00.123456789Z",
            "2026-11-20T10:00:00",
            "yesterday",
            "",
        ]
    ),
)
EVENTS = some(
    type=mostly(st.sampled_from([*sorted(KINDS), "Order Completed", "Ahoy"]), TEXTS),
    timestamp=TIMES,
    content=TEXTS,
    description=TEXTS,
    properties=st.dictionaries(st.sampled_from(["id", "fs-input-name", "plan x"]), TEXTS),
)
PAGES = some(url=TEXTS, title=TEXTS, tab=st.integers(-1, 3), events=several(EVENTS, 9))
SURROUNDINGS = some(
    session_url=TEXTS,
    session_created_at=TIMES,
    user_context=some(display_name=TEXTS, user_uid=TEXTS, properties=st.dictionaries(TEXTS, TEXTS)),
    location_context=some(city=TEXTS, country=TEXTS),
    device_context=some(browser=TEXTS, viewport_size=some(width_pixels=JUNK)),
)
ANSWERS = some(context_data=some(context=SURROUNDINGS, pages=several(PAGES, 7)))


@given(
    data=ANSWERS,
    focus=st.sampled_from(sorted(ORDERS)),
    budget=st.sampled_from([500, 700, 4_000]),
    as_json=st.booleans(),
)
@settings(max_examples=300)
def test_every_event_is_told_exactly_once_within_the_budget(
    data: Any, focus: str, budget: int, *, as_json: bool
) -> None:
    """Parts that are missing, of another type, out of order, without or with impossible times."""
    read = list(parts(reading_of(data, focus), budget, as_json=as_json))

    assert sum(map(told, read), Counter()) == handles(read_story(data, "1:2"))
    assert [part.text for part in read if count(part.text) > budget] == []


@pytest.mark.parametrize("focus", ORDERS)
@pytest.mark.parametrize("name", ["visit-1042-latest", "visit-happy"])
def test_cursors_lead_through_the_whole_session(name: str, focus: Any) -> None:
    """Every focus tells all in the end, at the least budget and at a large one, in both forms."""
    data = of_the_sandbox(name)
    everything = handles(read_story(data, "1:2"))

    for budget in (500, 4_000):
        for as_json in (False, True):
            read = list(parts(reading_of(data, focus), budget, as_json=as_json))
            assert sum(map(told, read), Counter()) == everything


def test_longest_session_is_told_whole_at_the_largest_budget() -> None:
    """All of the 5,000 events, once each, no part over 12,000 tokens."""
    data = of_the_sandbox("visit-marathon")

    read = list(parts(reading_of(data), 12_000))

    assert sum(map(told, read), Counter()) == handles(read_story(data, "1:2"))
    assert max(count(part.text) for part in read) <= 12_000


def test_budget_may_change_from_part_to_part() -> None:
    """A cursor is a place in the order of worth: another budget goes on from there."""
    data = of_the_sandbox("visit-1042-latest")
    reading = reading_of(data)
    found: Counter[str] = Counter()
    begin: int | None = 0
    for budget in (500, 12_000, 600, 4_000, 12_000):
        if begin is not None:
            part = reading.part(begin, budget, onward, as_json=budget == 600)
            found += told(part)
            begin = part.then

    assert begin is None
    assert found == handles(read_story(data, "1:2"))


def test_json_tells_the_same_events_as_markdown() -> None:
    """Both forms follow one order: what one tells first, the other does not leave aside."""
    data = of_the_sandbox("visit-1042-latest")

    markdown, as_json = (
        next(parts(reading_of(data), 12_000, as_json=form)) for form in (False, True)
    )

    assert told(markdown) == told(as_json)


def test_good_web_vitals_come_last_and_by_themselves() -> None:
    """Measurements that are fine are told at the very end, through the cursor."""
    vitals = [event("page-load", 1, description="LCP=900ms,FCP=400ms")] * 2
    data = context(page("Home", event("navigate", description="Home"), *vitals, event("click", 2)))

    first, second = parts(reading_of(data), 4_000)

    assert told(first) == Counter(["p1e1", "p1e4"])
    assert "Left out: 2 events (page load ×2)." in first.text
    assert told(second) == Counter(["p1e2", "p1e3"])


def of_the_sandbox(name: str) -> Any:
    """The API's answer about one of the sandbox's named sessions."""
    world = create_app().state.sandbox.world
    session = world.named_session(name)
    return {"context_data": context_data(world.story(session), world.people[session.person], {})}
