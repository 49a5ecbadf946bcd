"""How long shaping a session of 5,000 events takes, beside `json.loads` of the same bytes.

    python benchmarks/shaping.py [--rounds 15]

Shaping is all that a call does with a parsed answer: story, units, order, and the first part of a
reading. Rounds alternate between the two, in one process, and the least processor time of each is
compared, so that what else the machine does weighs little. It fails where the ratio is above what
is promised.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from typing import Any

from fullstory_mcp import wire
from fullstory_mcp.sandbox import create_app
from fullstory_mcp.sandbox.render.context import context_data
from fullstory_mcp.shaping import Cleaner
from fullstory_mcp.shaping.story import Plan, Reading, ranked, read_story, units_of

PROMISED = 12.0
LONGEST = "visit-marathon"


def longest() -> bytes:
    """The body of the API's answer about the sandbox's longest session."""
    world = create_app().state.sandbox.world
    session = world.named_session(LONGEST)
    told = context_data(world.story(session), world.people[session.person], {})
    return wire.write({"context_data": told}).encode()


def shaped(data: Any, max_tokens: int, *, as_json: bool) -> str:
    """The first part of a reading, as generate_context makes it."""
    story = read_story(data, "1:2")
    units = units_of(story)
    plan = Plan(*ranked(units, "all"))
    reading = Reading(story, Cleaner(), units, plan)
    return reading.part(0, max_tokens, lambda place: f"cursor: {place:0100}", as_json=as_json).text


def ratio(rounds: int, body: bytes, shape: Callable[[Any], str]) -> tuple[float, float]:
    """Least seconds of shaping and of `json.loads`."""
    took: dict[str, list[float]] = {"shape": [], "loads": []}
    for _ in range(rounds):
        begun = time.process_time()
        data = json.loads(body)
        read = time.process_time()
        shape(data)
        took["shape"].append(time.process_time() - read)
        took["loads"].append(read - begun)
    return min(took["shape"]), min(took["loads"])


def main(rounds: int) -> int:
    """Prints the table; 1 where shaping takes longer than promised."""
    body = longest()
    print(
        f"{len(body):,} bytes, {rounds} rounds\n{'answer':<24}{'shaping':>10}{'json.loads':>12}{'ratio':>8}"
    )
    worst = 0.0
    for max_tokens in (1_000, 4_000, 12_000):
        for form in ("markdown", "json"):
            shape = lambda data: shaped(data, max_tokens, as_json=form == "json")  # noqa: E731, B023
            ours, loads = ratio(rounds, body, shape)
            worst = max(worst, ours / loads)
            what = f"{form}, {max_tokens:,} tokens"
            print(f"{what:<24}{ours * 1000:>8.1f}ms{loads * 1000:>10.1f}ms{ours / loads:>8.1f}")
    return 1 if worst > PROMISED else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=15)
    sys.exit(main(parser.parse_args().rounds))
