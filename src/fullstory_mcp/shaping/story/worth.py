"""The order of worth of a session's units, which a small budget cuts from the end.

    first one of every distinct thing, then its repeats; in each round
      1. frustration and errors, the rarest first
      2. how the session ended, the way between pages, inputs and custom events
      3. plain clicks      4. the rest
    last, on a part of their own, web vitals that are fine

What happened often is worth less than what happened once: an error that came up dozens of times is
counted in "what went wrong" anyhow, and gives way to a page or an input that came up once.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from fullstory_mcp.shaping.story.kinds import CLASSES, Class
from fullstory_mcp.shaping.story.units import Unit

Focus = Literal["all", "errors", "journey", "forms"]

ORDERS: dict[Focus, tuple[Class, ...]] = {
    "all": ("trouble", "page", "act", "click", "other"),
    "errors": ("trouble",),
    "journey": ("page", "trouble", "click"),
    "forms": ("act", "trouble", "page"),
}
"""The classes of events that a focus reads, most worth first; the others follow on later parts."""

_STEPS = (0, 2, 2, 5, 7, 9)
"""How much less the classes of an order are worth than its first. One step less is twice as often:
at a distance of two, a thing that happened four times is worth as much as one that happened once."""

_ENDING = _STEPS[1]
"""What the end of a session is worth: as much as anything of the second class."""

Worth = tuple[bool, bool, int, int, int]
"""Least is told first: aside from the focus, told before, worth, place of the class, place."""


def ranked(units: Sequence[Unit], focus: Focus) -> tuple[list[int], int]:
    """The units' places in the order of worth, and how many of them the first parts may mix.

    What comes after that number (good web vitals, or what the focus leaves aside) starts a part
    of its own.
    """
    order = ORDERS[focus]
    classes = (*order, *(group for group in CLASSES if group not in order))
    rank = {group: place for place, group in enumerate(classes)}
    counts = Counter(unit.fold for unit in units)
    ending = _ending(units)
    seen: set[tuple[str, str]] = set()
    keys: list[Worth] = []
    for place, unit in enumerate(units):
        fold, group = unit.fold, rank[unit.group]
        again, worth = fold in seen, _STEPS[group] + counts[fold].bit_length()
        seen.add(fold)
        if place in ending:
            again, worth = False, min(worth, _ENDING)
        keys.append((group >= len(order), again, worth, group, place))
    keys.sort()
    return [key[-1] for key in keys], sum(not aside for aside, *_ in keys)


def _ending(units: Sequence[Unit]) -> set[int]:
    """The arrival on the last page and the last that was done there: how it ended."""
    arrival, done = -1, -1
    for place in range(len(units) - 1, -1, -1):
        unit = units[place]
        if unit.events[0].page != units[-1].events[0].page:
            break
        if done < 0 and unit.group not in ("vital", "other"):
            done = place
        if unit.group == "page":
            arrival = place
    return {place for place in (arrival, done) if place >= 0}
