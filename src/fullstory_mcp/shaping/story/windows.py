"""Time slices through a session that the caller limited: one window after the other, no event twice.

A limited read that returns as many events as it may is perhaps cut off, even within a second. The
next window is therefore asked from a second before the last event, whether the API counts its
start in or not, and for as many events more as are known to come again. Those are the first of the
new window; they are told by their digest and left out. Pages and events are numbered on, so that
handles are the same as in the session read whole.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from fullstory_mcp import wire
from fullstory_mcp.catalogue import JSON
from fullstory_mcp.shaping.moments import moment
from fullstory_mcp.shaping.story.model import Event, Page, Story

_DIGEST = 12


@dataclass(frozen=True, slots=True)
class Known:
    """The first events of the next window, as far as they are known: how many, and their digest."""

    count: int = 0
    digest: str = ""

    @classmethod
    def of(cls, events: list[Event]) -> "Known":
        """These events."""
        told = [[event.type, event.timestamp, event.text, event.properties] for event in events]
        return cls(len(events), wire.digest(told)[:_DIGEST])


@dataclass(frozen=True, slots=True)
class Window:
    """Where a window begins and what is known of it: nothing, where it is the first.

    `start` and `end` bound it; `began` is the session's start (Unix time); `page` and `event` are the numbers of the last event before what is
    new in it. `counted` is what stands at its beginning where the API counts the start in, `after`
    where it does not.
    """

    start: str = ""
    end: str = ""
    began: float | None = None
    page: int = 0
    event: int = 0
    counted: Known = Known()
    after: Known = Known()

    @classmethod
    def opened(cls, sealed: str | None) -> "Window":
        """The window in a cursor; the first where there is none."""
        if not sealed:
            return cls()
        start, end, began, page, event, counted, after = wire.read(sealed.encode())
        return cls(start, end, began, page, event, Known(*counted), Known(*after))

    def sealed(self) -> str:
        """The window as text for a cursor."""
        known = ([one.count, one.digest] for one in (self.counted, self.after))
        return wire.write([self.start, self.end, self.began, self.page, self.event, *known])

    def asked(self, arguments: JSON) -> JSON:
        """The caller's arguments, from this window's beginning on."""
        if not self.start:
            return arguments
        limit = arguments["slice"]["event_limit"] + self.counted.count
        bounds = {"start_timestamp": self.start} | ({"end_timestamp": self.end} if self.end else {})
        return {**arguments, "slice": {"mode": "TIMESTAMP", **bounds, "event_limit": limit}}

    def repeated(self, events: list[Event]) -> int:
        """How many of a window's first events were told before."""
        for known in (self.counted, self.after):
            if known.count and Known.of(events[: known.count]) == known:
                return known.count
        return 0


def numbered_on(story: Story, window: Window) -> Story:
    """`story` as the continuation of what stood before `window`: renumbered, the overlap left out."""
    if not window.start:
        return story
    left = window.repeated(list(story.events()))
    number, event, pages = window.page, window.event, list[Page]()
    for page in story.pages:
        fresh = page.events[left:]
        if not fresh:
            left -= len(page.events)
            continue
        if not left:  # no event of this page was told before
            number, event = number + 1, 0
        left = 0
        events = [replace(one, page=number, number=event + nth) for nth, one in enumerate(fresh, 1)]
        pages.append(replace(page, number=number, events=events))
    return replace(story, pages=pages, began=window.began)


def next_window(story: Story, asked: JSON, *, before: Window, raw: Story) -> Window | None:
    """The window after this one, where the caller's limit may have cut the answer off.

    `raw` is the story before the overlap was left out. A read of the last events has nothing after
    it, events without times cannot be gone on from, and a window that brought nothing new is the end.
    """
    given = asked.get("slice", {})
    most = given.get("event_limit")
    last = story.last
    if given.get("mode") == "LAST" or not isinstance(most, int) or raw.given < most or last is None:
        return None
    events = list(raw.events())
    times = [at for event in events if (at := event.at) is not None]
    if not times:
        return None
    start = float(int(max(times)) - 1)
    return Window(
        start=_stamp(start),
        end=before.end or _end(given, times[0]),
        began=story.start,
        page=last.page,
        event=last.number,
        counted=Known.of(_from(events, start)),
        after=Known.of(_from(events, start + 0.000_001)),
    )


def beyond(story: Story, asked: JSON) -> list[str]:
    """What lies outside the part of the session that the caller asked for, and the call that reads it.

    Nothing is said of a slice between times, whose bounds the caller gave, and where the next
    window is offered anyway.
    """
    given, times = (
        asked.get("slice", {}),
        [at for event in story.events() if (at := event.at) is not None],
    )
    most, span = given.get("event_limit"), given.get("duration_limit_ms")
    full = isinstance(most, int) and story.given >= most
    if given.get("mode") == "TIMESTAMP" or not (full or span) or not story.given:
        return []
    if not times:
        return [
            "The limit of this call is reached; without event times there is no reading on: give a larger one."
        ]
    if given.get("mode") == "LAST":
        return [
            f"Only the end of the session was asked for. Before it: slice: {_slice(end_timestamp=times[0])}."
        ]
    return [
        f"Only the beginning of the session was asked for. After it: slice: {_slice(start_timestamp=times[-1])}."
    ]


def _slice(**bound: float) -> str:
    return wire.write({"mode": "TIMESTAMP", **{name: _stamp(time) for name, time in bound.items()}})


def _from(events: list[Event], start: float) -> list[Event]:
    """The events from the first at or after `start` on."""
    for place, event in enumerate(events):
        if (at := event.at) is not None and at >= start:
            return events[place:]
    return []


def _end(given: JSON, first: float) -> str:
    """Where the caller's slice ends: its own end, or its duration from the first event on."""
    span = given.get("duration_limit_ms")
    ends = [moment(given.get("end_timestamp")), first + int(span) / 1000 if span else None]
    known = [end for end in ends if end is not None]
    return _stamp(min(known)) if known else ""


def _stamp(time: float) -> str:
    return (
        datetime.fromtimestamp(time, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    )
