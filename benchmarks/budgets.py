"""Whether any part of any reading is over its budget: every sandbox session, and hostile ones.

    python benchmarks/budgets.py [--every 1]

For budgets of 500 to 12,000 tokens, every focus and both formats, each part of a reading is counted
with o200k, cursors followed to the end. `--every 10` reads every tenth session only. It prints the
fullest part of each budget, and fails where one is over.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rs_bpe.bpe import openai

sys.path.insert(0, str(Path(__file__).parent))

from fullstory_mcp.sandbox import create_app
from fullstory_mcp.sandbox.render.context import context_data
from fullstory_mcp.shaping import Cleaner
from fullstory_mcp.shaping.story import Plan, Reading, in_full, ranked, read_story, units_of
from fullstory_mcp.shaping.story.worth import ORDERS
from hostile import contexts

BUDGETS = (500, 1_000, 2_000, 4_000, 12_000)
MOST_PARTS = 6
"""Of one reading; a session of 5,000 events has hundreds at 500 tokens, all alike."""

CURSOR = "Hk3s9fT2-x0Qw8LrZ1vB5nYcD7eJ4aMuG6iPoKtS_hWqXzVbNmAyRjEgUdClFpIOs2T8k1QwZ9x"
COST = "Cost: none; read from the answer of less than a minute ago, held for 10 minutes."

count = openai.o200k_base().count


def onward(place: int) -> str:
    """As generate_context says how to read on."""
    return f'To read on: the same call with cursor: "{CURSOR}{place:08}" (no Activation within 10 minutes).'


def sandbox(every: int) -> Iterator[tuple[str, Any]]:
    """The sandbox's sessions."""
    world = create_app().state.sandbox.world
    for session in list(world.sessions.values())[::every]:
        told = context_data(world.story(session), world.people.get(session.person), {})
        yield session.archetype, {"context_data": told}


def parts(data: Any) -> Iterator[tuple[str, int, int]]:
    """Every way of reading one session: what it is, its budget, and its tokens."""
    story = read_story(data, "8501908138660385:9497776430409180")
    units = units_of(story)
    for focus in ORDERS:
        reading = Reading(story, Cleaner(), units, Plan(*ranked(units, focus)))
        yield from _followed(reading, focus)
    yield from _followed(in_full(story, Cleaner(), units, "p1"), "in full")


def _followed(reading: Reading, what: str) -> Iterator[tuple[str, int, int]]:
    for budget in BUDGETS:
        for form in ("markdown", "json"):
            begin: int | None = 0
            for nth in range(MOST_PARTS):
                if begin is None:
                    break
                part = reading.part(begin, budget, onward, as_json=form == "json", tail=COST)
                yield f"{what}, {form}, part {nth + 1}", budget, count(part.text)
                begin = part.then


def main(every: int) -> int:
    """Prints the table; 1 where a part is over its budget."""
    fullest = dict.fromkeys(BUDGETS, (0, "", ""))
    over: list[str] = []
    read = 0
    for name, data in [*contexts(0), *sandbox(every)]:
        for what, budget, tokens in parts(data):
            read += 1
            fullest[budget] = max(fullest[budget], (tokens, name, what))
            if tokens > budget:
                over.append(f"{name}; {what}: {tokens} of {budget}")
    print(f"{read:,} parts read, {len(over)} over their budget")
    for budget, (tokens, name, what) in fullest.items():
        print(f"{budget:>7,}: fullest {tokens:>6,}  {name}; {what}")
    print(*over[:40], sep="\n", file=sys.stderr)
    return 1 if over else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--every", type=int, default=1)
    sys.exit(main(parser.parse_args().every))
