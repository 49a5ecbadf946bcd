"""A session as a model reads it: the most that is worth telling within a number of tokens.

The units of a story are put in an order of worth; a part of a reading is the longest run of that
order that fits, shown in the order of the story. The next part begins where it ended, so that
parts together hold every event exactly once.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from fullstory_mcp import wire
from fullstory_mcp.catalogue import JSON
from fullstory_mcp.shaping.story.choice import Choice, Ground, Manner
from fullstory_mcp.shaping.story.data import Data
from fullstory_mcp.shaping.story.density import IN_FULL, READING
from fullstory_mcp.shaping.story.markdown import Markdown
from fullstory_mcp.shaping.story.model import Story
from fullstory_mcp.shaping.story.troubles import troubles_of
from fullstory_mcp.shaping.story.units import Unit
from fullstory_mcp.shaping.text import Cleaner

MARGIN = 0.96
"""The estimate may be off by a few in a hundred; the budget is kept all the same."""

_TOKENS_A_LINE = 8
_TOKENS_OF_WORDS = 160
"""What the words on how to read on may take, which a part that holds the rest does without."""

_BEFORE_PROPERTIES, _SHARE_OF_PROPERTIES = 1_000, 8
"""A person's properties may take an eighth of what the budget has beyond 1,000 tokens."""

OnwardCall = Callable[[int], str]
"""From a place in the order of worth to the words that say how to read on from there."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a reading: its text, the same as data, and where the next begins (None: the end)."""

    text: str
    data: JSON
    then: int | None


@dataclass(frozen=True, slots=True)
class Plan:
    """In which order units are worth telling, and how they are told.

    The first `mixed` of `order` may share a part, the others start a part of their own. `beyond`
    says that the session may go on after these units. `zoomed` names a part that does not open a
    reading: its head is one line. `in_full` gives texts all the room there is. `remarks` are lines
    that close every part.
    """

    order: Sequence[int]
    mixed: int
    beyond: bool = False
    zoomed: str = ""
    in_full: bool = False
    remarks: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class _Asked:
    """One part that is asked for: from where, to where at most, in how many estimated tokens."""

    begin: int
    end: int
    limit: int
    onward: OnwardCall
    remarks: Sequence[str]


class Reading:
    """Reads a story part by part, as a plan says."""

    def __init__(self, story: Story, cleaner: Cleaner, units: Sequence[Unit], plan: Plan) -> None:
        troubles = troubles_of(story, units)
        alike = {} if plan.in_full else troubles.alike()
        self._ground = Ground(
            story, cleaner, units, troubles, alike, in_full=plan.in_full, beyond=plan.beyond
        )
        self._units = units
        self._plan = plan
        self._order = plan.order
        self._counts: Counter[str] = Counter()
        for unit in units:
            self._counts[unit.events[0].kind.label] += len(unit.events)

    def part(
        self, begin: int, max_tokens: int, onward: OnwardCall, *, as_json: bool, tail: str = ""
    ) -> Part:
        """The part that begins at `begin`, of at most `max_tokens`; `tail` is its last line."""
        plan = self._plan
        end = plan.mixed if begin < plan.mixed else len(self._order)
        remarks = [*plan.remarks, *([tail] if tail else [])]
        # The words hold a cursor, which is another each time it is sealed: what is measured is told.
        asked = _Asked(begin, end, int(max_tokens * MARGIN), cache(onward), remarks)
        properties = max(0, max_tokens - _BEFORE_PROPERTIES) // _SHARE_OF_PROPERTIES
        worth_telling = self._worth_telling(begin, end)
        stop = begin + min(1, end - begin)
        for density in IN_FULL if plan.in_full else READING:
            form = (Data if as_json else Markdown)(self._ground, Manner(density, properties))
            least = worth_telling if density.all else min(1, end - begin)
            if (most := self._most(form, asked, least)) is not None:
                stop = begin + most
                break
        return self._made(form, self._choice(asked, stop), stop)

    def _worth_telling(self, begin: int, end: int) -> int:
        """How many units from `begin` on a roomy manner must hold to be taken: one of every thing.

        Where those are told already, all that is left.
        """
        things = {
            unit.fold
            for place in self._order[:end]
            if (unit := self._units[place]).group != "other"
        }
        return min(left, end - begin) if (left := len(things) - begin) > 0 else end - begin

    def _most(self, form: Markdown | Data, asked: _Asked, least: int) -> int | None:
        """The longest run that fits, None where not even `least` units do."""

        def size(count: int) -> int:
            return form.size(self._choice(asked, asked.begin + count), asked.limit)

        everything = asked.end - asked.begin
        room = asked.limit - size(least)
        if room < 0:
            return None
        low, high = least, min(everything, least + (room + _TOKENS_OF_WORDS) // _TOKENS_A_LINE)
        # Not part of the search, because the end needs no words on how to read on.
        if high == everything and size(high) <= asked.limit:
            return high
        while low < high - 1:
            middle = (low + high) // 2
            low, high = (middle, high) if size(middle) <= asked.limit else (low, middle)
        return low

    def _choice(self, asked: _Asked, stop: int) -> Choice:
        plan = self._plan
        left = self._left(stop)
        more = asked.onward(stop) if left or plan.beyond else ""
        if more and not left:
            more = f"The limit of events in this call is reached; there may be more. {more}"
        return Choice(
            places=sorted(self._order[asked.begin : stop]),
            part=plan.zoomed or ("continued" if asked.begin else ""),
            sums=asked.begin == 0 and not plan.in_full,
            left=left,
            more=more,
            remarks=asked.remarks,
        )

    def _left(self, stop: int) -> dict[str, int]:
        """How many events of each kind stand after `stop` in the order of worth, most first."""
        counted = self._counts.copy()
        for place in self._order[:stop]:
            unit = self._units[place]
            counted[unit.events[0].kind.label] -= len(unit.events)
        return {label: count for label, count in counted.most_common() if count}

    def _made(self, form: Markdown | Data, choice: Choice, stop: int) -> Part:
        then = stop if stop < len(self._order) or self._plan.beyond else None
        if isinstance(form, Markdown):
            return Part(form.text(choice), {}, then)
        data = form.whole(choice)
        return Part(wire.write(data), data, then)


def in_full(story: Story, cleaner: Cleaner, units: Sequence[Unit], zoomed: str) -> Reading:
    """A reading of `units` in the order they happened, with their texts at length."""
    plan = Plan(range(len(units)), len(units), zoomed=f"{zoomed} in full", in_full=True)
    return Reading(story, cleaner, units, plan)
