"""No part of a reading is over its budget in o200k tokens, and the facts that matter are in it."""

from typing import Any

import pytest
from rs_bpe.bpe import openai

from benchmarked import broken, contexts, measured, planted_sessions
from fullstory_mcp.sandbox import create_app
from fullstory_mcp.sandbox.render.context import context_data
from fullstory_mcp.shaping import Cleaner
from fullstory_mcp.shaping.story import in_full, read_story, units_of
from fullstory_mcp.shaping.story.reading import Reading
from stories import COST, onward, reading_of
from visits import context, event, page

BUDGETS = (500, 4_000)
PARTS = 2
HOSTILE = dict(contexts(1))

count = openai.o200k_base().count


def over(reading: Reading) -> list[str]:
    """The first parts of a reading, in both forms, that are over their budget.

    `benchmarks/budgets.py` looks at every session and at more budgets.
    """
    found = []
    for budget in BUDGETS:
        for as_json in (False, True):
            begin: int | None = 0
            for _ in range(PARTS):
                if begin is None:
                    break
                part = reading.part(begin, budget, onward, as_json=as_json, tail=COST)
                if (tokens := count(part.text)) > budget:
                    found.append(f"{tokens} of {budget}")
                begin = part.then
    return found


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_session_keeps_the_budget(kind: str) -> None:
    """Every text long or odd: titles of 10 kB, huge properties, emoji, scripts, base64, ideographs."""
    story = read_story(HOSTILE[kind], "1:2")

    assert over(reading_of(HOSTILE[kind])) == []
    assert over(in_full(story, Cleaner(), units_of(story), "p1")) == []


def test_every_kind_of_session_keeps_the_budget() -> None:
    """Three sessions of each archetype of the sandbox."""
    world = create_app().state.sandbox.world
    kinds: dict[str, list[Any]] = {}
    for session in world.sessions.values():
        kinds.setdefault(session.archetype, []).append(session)
    told = [
        context_data(world.story(session), world.people.get(session.person), {})
        for sessions in kinds.values()
        for session in sessions[:3]
    ]

    assert [over(reading_of({"context_data": data})) for data in told] == [[]] * len(told)


def test_less_budget_shortens_before_it_leaves_out() -> None:
    """A part tells at least one event at 500 tokens, its text cut and the cut said."""
    data = context(page("Home", event("exception", 1, description="lost " * 500)))

    text = reading_of(data).part(0, 500, onward, as_json=False).text

    assert "+00:01 p1e1 exception “lost lost" in text
    assert "Shortened texts (…): 1; read_session with a handle as `at` shows them in full." in text


@pytest.mark.anyio
async def test_planted_facts_are_told() -> None:
    """The shares that the README promises, on sessions of 50 to 5,000 events, none over budget."""
    rows = await measured(await planted_sessions(0))

    assert list(broken(rows)) == []
    assert all(row.ours >= row.raw for row in rows)
