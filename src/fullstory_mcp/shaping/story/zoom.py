"""Which part of a story `at` names: a page, an event, a run of events, or a span of time."""

import math
import re
from collections.abc import Sequence

from fullstory_mcp.errors import Fault, InvalidArguments
from fullstory_mcp.shaping.moments import Bound, bound
from fullstory_mcp.shaping.story.model import Story
from fullstory_mcp.shaping.story.units import Unit

_HANDLE = re.compile(r"p(\d{1,6})(?:e(\d{1,6})(?:-(\d{1,6}))?)?")


def chosen_by(at: str, story: Story, units: Sequence[Unit]) -> list[Unit]:
    """The units that `at` names.

    Raises:
        InvalidArguments: `at` is neither a handle nor a span, or nothing in the session is there.
    """
    if handle := _HANDLE.fullmatch(at):
        chosen = _by_handle(handle, units)
    elif ".." in at:
        chosen = _by_span(at, story, units)
    else:
        raise _unusable(
            "must be a handle (p3, p3e17, p3e17-19) or a span of time (+01:30..+02:00, or two RFC 3339 times)"
        )
    if not chosen:
        known = (
            f"it has {story.pages[0].handle} to {story.pages[-1].handle}"
            if story.pages
            else "it has no pages"
        )
        raise _unusable(f"names nothing in this session: {known}")
    return chosen


def _by_handle(handle: re.Match[str], units: Sequence[Unit]) -> list[Unit]:
    page, first, last = (int(group) if group else None for group in handle.groups())
    on_page = [unit for unit in units if unit.first.page == page]
    if first is None:
        return on_page
    end = last if last is not None else first
    return [
        unit for unit in on_page if unit.first.number <= end and unit.events[-1].number >= first
    ]


def _by_span(at: str, story: Story, units: Sequence[Unit]) -> list[Unit]:
    first, _, last = at.partition("..")
    start = story.start or 0.0
    low = _bound(first).low(start) if first else -math.inf
    beyond = _bound(last).beyond(start) if last else math.inf
    return [unit for unit in units if _within(unit, low, beyond)]


def _within(unit: Unit, low: float, beyond: float) -> bool:
    """Whether any event of the unit lies in the span."""
    return any((at := event.at) is not None and low <= at < beyond for event in unit.events)


def _bound(text: str) -> Bound:
    if (found := bound(text)) is None:
        raise _unusable("has a side that is no time: +03:12 or RFC 3339")
    return found


def _unusable(why: str) -> InvalidArguments:
    return InvalidArguments([Fault("at", why)])
