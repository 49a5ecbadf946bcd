"""One session among several: what it tells in one line, and each trouble in it by kind and place."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fullstory_mcp.shaping.story import header
from fullstory_mcp.shaping.story.kinds import KINDS, Kind
from fullstory_mcp.shaping.story.lines import Lines, selector
from fullstory_mcp.shaping.story.model import Event, Story, read_story
from fullstory_mcp.shaping.story.places import place_of
from fullstory_mcp.shaping.story.troubles import Troubles, troubles_of
from fullstory_mcp.shaping.story.units import Unit, folded, units_of
from fullstory_mcp.shaping.text import Cleaner

_UNFINISHED = "form left unfinished (inferred)"


@dataclass(frozen=True, slots=True)
class Visit:
    """A session that was read, by the id that it was asked for."""

    session_id: str
    story: Story
    units: list[Unit]
    troubles: Troubles

    @property
    def score(self) -> int:
        """How badly it went."""
        return self.troubles.score


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that went wrong, `times` in a row. `what` tells it; `alike` says which are the same."""

    kind: Kind
    what: str
    place: str
    alike: str
    times: int
    first: Event
    handle: str


def visit_of(data: Any, session_id: str) -> Visit:
    """The visit in an answer of Generate Context."""
    story = read_story(data, session_id)
    units = units_of(story)
    return Visit(session_id, story, units, troubles_of(story, units))


def brief(visit: Visit, cleaner: Cleaner) -> str:
    """The visit in one line: id, time, length, score, counts of what went wrong, replay link."""
    wrong = ", ".join(f"{label} {count}" for label, count in counted(visit).items())
    parts = [
        cleaner.line(visit.session_id, 80),
        header.when(visit.story),
        f"score {visit.score} ({wrong})" if wrong else f"score {visit.score}",
        header.replay(visit.story.url),
    ]
    return " · ".join(part for part in parts if part)


def counted(visit: Visit) -> dict[str, int]:
    """How often each kind of trouble happened, most often first."""
    counts = dict(visit.troubles.by_kind)
    unfinished = len(visit.troubles.abandoned)
    return counts | ({_UNFINISHED: unfinished} if unfinished else {})


def scale() -> str:
    """The weights that a score sums up, in words."""
    labels: dict[int, list[str]] = {}
    for kind in dict.fromkeys(KINDS.values()):
        if kind.weight:
            labels.setdefault(kind.weight, []).append(kind.label)
    parts = [
        f"{', '.join(alike)} {weight}" for weight, alike in sorted(labels.items(), reverse=True)
    ]
    return "; ".join(parts)


def each_trouble(visit: Visit, cleaner: Cleaner) -> Iterator[Trouble]:
    """Everything that went wrong, in the order it happened, then the forms that were left."""
    lines, form = Lines(visit.story, cleaner), KINDS["form-abandon"]
    for unit in visit.units:
        if unit.group == "trouble":
            event = unit.first
            yield Trouble(
                kind=event.kind,
                what=lines.what(event),
                place=place_of(visit.story.page(event.page)),
                alike=selector(event.description) or folded(event.text),
                times=len(unit.events),
                first=event,
                handle=unit.handle,
            )
    for event in visit.troubles.abandoned:
        place = place_of(visit.story.page(event.page))
        yield Trouble(form, _UNFINISHED, place, place, 1, event, event.handle)
