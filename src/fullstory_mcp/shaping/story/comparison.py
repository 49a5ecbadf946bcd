"""Several sessions side by side: where their ways part, and what only some of them met.

Sessions are called A, B, C … in the order they were asked for. A way is the pages one after the
other; a step is what was done, or went wrong, on a page. Both count as alike once numbers and ids
are folded.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from fullstory_mcp.shaping.fitting import Row, counted_as
from fullstory_mcp.shaping.story.lines import Lines
from fullstory_mcp.shaping.story.model import Event, Page
from fullstory_mcp.shaping.story.places import Stop, stop_of
from fullstory_mcp.shaping.story.units import Unit, folded
from fullstory_mcp.shaping.story.visits import Visit, each_trouble
from fullstory_mcp.shaping.text import Cleaner

LABELS = "ABCDE"

_STEPS = frozenset({"trouble", "act", "click"})
_TITLE = 60


@dataclass(frozen=True, slots=True)
class _Stay:
    """Visits of one page in a row, as a reload makes them."""

    stop: Stop
    pages: list[Page]


class _Side:
    """One session of a comparison."""

    def __init__(self, label: str, visit: Visit, cleaner: Cleaner) -> None:
        self.label = label
        self.visit = visit
        self.stays = [
            _Stay(stop, list(pages)) for stop, pages in groupby(visit.story.pages, stop_of)
        ]
        self._lines = Lines(visit.story, cleaner)
        self._cleaner = cleaner

    @property
    def stops(self) -> list[Stop]:
        """The session's way."""
        return [stay.stop for stay in self.stays]

    def last(self, stop: Stop) -> int:
        """The place of the last stay at `stop`."""
        return len(self.stays) - 1 - self.stops[::-1].index(stop)

    def steps(self, place: int) -> list[Unit]:
        """What was done, or went wrong, during a stay."""
        numbers = {page.number for page in self.stays[place].pages}
        return [
            unit
            for unit in self.visit.units
            if unit.first.kind.group in _STEPS and unit.first.page in numbers
        ]

    def then(self, place: int) -> str:
        """Where the session goes on to: `A goes on to +01:48 p8 “Thank you”`."""
        if place >= len(self.stays):
            return f"{self.label} ends"
        page = self.stays[place].pages[0]
        return f"{self.label} goes on to {self._lines.since(page.begun)} {page.handle} {self.title(page)}"

    def does(self, unit: Unit) -> str:
        """`A +01:45 p6e8 failed request “…”`."""
        return f"{self.label} {self._lines.unit(unit)}"

    def title(self, page: Page) -> str:
        """A page's title, or its address."""
        return self._cleaner.quote(page.title or page.url or "untitled", _TITLE)

    def named(self, event: Event) -> str:
        """A custom event by its name alone."""
        return self._cleaner.quote(event.type, _TITLE)

    def at(self, event: Event) -> str:
        """`+01:45 p6e8`."""
        return f"{self._lines.since(event.at)} {event.handle}"


def compared(visits: Sequence[Visit], cleaner: Cleaner) -> list[Row]:
    """The comparison, the most telling part first; the visits are labelled in their order."""
    sides = [_Side(label, visit, cleaner) for label, visit in zip(LABELS, visits, strict=False)]
    troubles = _met(sides, lambda side: _troubles(side, cleaner))
    events = _met(sides, _custom_events)
    some = sorted(
        (met for met in troubles if len(met.where) < len(sides)), key=lambda met: -met.weight
    )
    every = [met for met in troubles if len(met.where) == len(sides)]
    reached = [met for met in events if len(met.where) < len(sides)]
    return [
        *_section("Where they part", "difference", _parting(sides)),
        *_section("What failed in some only", "failure", (met.told(sides) for met in some)),
        *_section("Custom events of some only", "event", (met.told(sides) for met in reached)),
        *_section("What failed in all", "failure", (met.told(sides) for met in every)),
    ]


def _section(title: str, noun: str, lines: Iterable[str]) -> Iterator[Row]:
    """Rows of one section; the first carries the heading, so that no heading stands alone."""
    told = list(lines) or ["nothing"]
    for place, line in enumerate(told):
        yield Row(f"# {title}\n- {line}" if place == 0 else f"- {line}", noun)


def _parting(sides: Sequence[_Side]) -> Iterator[str]:
    """Where the ways first differ, and what follows the last page that all of them reach."""
    alike = _leading([side.stops for side in sides])
    yield _first_parting(sides, alike)
    shared = set(sides[0].stops).intersection(*(side.stops for side in sides[1:]))
    if not shared:
        return
    last = min(shared, key=lambda stop: sum(len(side.stays) - side.last(stop) for side in sides))
    yield _last_parting(sides, last)


def _first_parting(sides: Sequence[_Side], alike: int) -> str:
    then = "; ".join(side.then(alike) for side in sides)
    if not alike:
        return f"from the first page: {then}"
    if all(len(side.stays) == alike for side in sides):
        return f"nowhere: all visit the same pages in the same order ({alike})"
    where = ", ".join(f"{side.label} {side.stays[alike - 1].pages[0].handle}" for side in sides)
    title = sides[0].title(sides[0].stays[alike - 1].pages[0])
    return f"first after {title} ({where}): {then}"


def _last_parting(sides: Sequence[_Side], stop: Stop) -> str:
    places = [side.last(stop) for side in sides]
    steps = [side.steps(place) for side, place in zip(sides, places, strict=True)]
    alike = _leading([[_step(unit.first) for unit in units] for units in steps])
    where = ", ".join(
        f"{side.label} {side.stays[place].pages[0].handle}"
        for side, place in zip(sides, places, strict=True)
    )
    then = "; ".join(
        side.does(units[alike]) if alike < len(units) else side.then(place + 1)
        for side, place, units in zip(sides, places, steps, strict=True)
    )
    same = f"after {counted_as(alike, 'step')} alike there" if alike else "there"
    return f"last page that all reach: {sides[0].title(sides[0].stays[places[0]].pages[0])} ({where}); {same}: {then}"


def _leading(ways: Sequence[Sequence[object]]) -> int:
    """How many leading parts all ways have in common."""
    alike = 0
    for parts in zip(*ways, strict=False):
        if any(part != parts[0] for part in parts):
            break
        alike += 1
    return alike


def _step(event: Event) -> tuple[str, str]:
    """What makes steps alike; of an input the field counts, not what was typed."""
    if event.kind.label == "custom event":
        return event.kind.name, ""
    shown = event.description if event.kind.name == "input-change" else event.text
    return event.kind.name, folded(shown)


@dataclass(frozen=True, slots=True)
class _Met:
    """Something that sessions met: in which, how often, and where first."""

    what: str
    weight: int
    where: dict[str, tuple[int, str]]

    def told(self, sides: Sequence[_Side]) -> str:
        """`failed request “…”: A ×3 (+01:45 p6e8); not in B`."""
        met = ", ".join(
            f"{label} ×{times} ({first})" for label, (times, first) in self.where.items()
        )
        without = ", ".join(side.label for side in sides if side.label not in self.where)
        return f"{self.what}: {met}; not in {without}" if without else f"{self.what}: {met}"


_Found = tuple[tuple[str, str], str, int, int, Event]
"""What makes it alike, how it reads, its weight, how often, and the event that came first."""


def _met(sides: Sequence[_Side], find: Callable[[_Side], Iterator[_Found]]) -> list[_Met]:
    """What `find` finds, alike things together."""
    met: dict[tuple[str, str], _Met] = {}
    for side in sides:
        for alike, what, weight, times, event in find(side):
            where = met.setdefault(alike, _Met(what, weight, {})).where
            before, first = where.get(side.label, (0, side.at(event)))
            where[side.label] = before + times, first
    return list(met.values())


def _troubles(side: _Side, cleaner: Cleaner) -> Iterator[_Found]:
    for trouble in each_trouble(side.visit, cleaner):
        alike = trouble.kind.name, trouble.alike
        yield alike, trouble.what, trouble.kind.weight, trouble.times, trouble.first


def _custom_events(side: _Side) -> Iterator[_Found]:
    for event in side.visit.story.events():
        if event.kind.label == "custom event":
            yield (event.type, ""), side.named(event), 0, 1, event
