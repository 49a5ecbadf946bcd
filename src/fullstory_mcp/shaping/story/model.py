"""Reads the answer of Generate Context into a story: who, where, pages, events with handles.

Every part of the answer may be missing, of another type, out of order or without a time: what is
there is used, nothing is guessed. Texts stay as they came; they are cleaned when shown.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from fullstory_mcp.catalogue import JSON
from fullstory_mcp.shaping.moments import moment
from fullstory_mcp.shaping.story.kinds import KINDS, VITAL_LIMITS, Kind, custom

_NOTHING: JSON = {}
_EARLIER_SECONDS = 86_400.0
"""A session created longer than this before its first event was not created then."""


@dataclass(slots=True)
class Event:
    """One event. `text` is what it is about: the element's own text, else the API's description."""

    page: int
    number: int
    type: str
    kind: Kind
    timestamp: Any
    content: str
    description: str
    text: str
    properties: JSON

    @property
    def at(self) -> float | None:
        """Unix time, None where the API gave none. Read when asked: few events of a long session are."""
        return moment(self.timestamp)

    @property
    def handle(self) -> str:
        """`p3e17`: the same for the same session however it is read."""
        return f"p{self.page}e{self.number}"

    @property
    def poor(self) -> bool:
        """Whether this is a web vital beyond the limit of what is called poor."""
        if self.kind.group != "vital":
            return False
        measures = (part.partition("=") for part in self.description.split(","))
        return any(_beyond(name.strip(), value) for name, _, value in measures)


@dataclass(slots=True)
class Page:
    """One page visit; it has one event at least."""

    number: int
    url: str
    title: str
    tab: int | None
    events: list[Event]

    @property
    def handle(self) -> str:
        """`p3`."""
        return f"p{self.number}"

    @property
    def begun(self) -> float | None:
        """Unix time of its first event that has one."""
        return next((at for event in self.events if (at := event.at) is not None), None)

    @property
    def ended(self) -> float | None:
        """Unix time of its last event that has one."""
        return next((at for event in reversed(self.events) if (at := event.at) is not None), None)


@dataclass(slots=True)
class Story:
    """One session as read.

    `given`: how many events the answer held; `eventless`: pages without any; `began`: the start as
    it is known from an earlier part.
    """

    session_id: str
    url: str
    created: float | None
    user: JSON
    location: JSON
    device: JSON
    pages: list[Page] = field(default_factory=list)
    given: int = 0
    eventless: int = 0
    began: float | None = None

    @property
    def start(self) -> float | None:
        """Unix time that relative times count from: the session's creation, else its first event."""
        if self.began is not None:
            return self.began
        first = next((begun for page in self.pages if (begun := page.begun) is not None), None)
        if first is None or self.created is None:
            return self.created if first is None else first
        return self.created if 0 <= first - self.created <= _EARLIER_SECONDS else first

    @property
    def end(self) -> float | None:
        """Unix time of the last event."""
        return max(
            (ended for page in self.pages if (ended := page.ended) is not None), default=None
        )

    @property
    def last(self) -> Event | None:
        """The last event; None where there is none."""
        return self.pages[-1].events[-1] if self.pages else None

    def page(self, number: int) -> Page:
        """The page of that number."""
        return self.pages[number - self.pages[0].number]

    def before(self, event: Event) -> list[Event]:
        """The events before `event` on its page."""
        page = self.page(event.page)
        return page.events[: event.number - page.events[0].number]

    def events(self) -> Iterator[Event]:
        """Every event, in the order of the pages."""
        for page in self.pages:
            yield from page.events


def read_story(data: Any, session_id: str) -> Story:
    """The story in an answer of Generate Context; a bare one where nothing usable is in it."""
    root = _object(_object(data).get("context_data"))
    context = _object(root.get("context"))
    story = Story(
        session_id=session_id,
        url=_text(context.get("session_url")),
        created=moment(context.get("session_created_at")),
        user=_object(context.get("user_context")),
        location=_object(context.get("location_context")),
        device=_object(context.get("device_context")),
    )
    for raw in map(_object, _list(root.get("pages"))):
        if events := _list(raw.get("events")):
            story.pages.append(_page(len(story.pages) + 1, raw, events))
            story.given += len(events)
        else:
            story.eventless += 1
    return story


def _page(number: int, raw: JSON, events: list[Any]) -> Page:
    tab = raw.get("tab")
    return Page(
        number=number,
        url=_text(raw.get("url")),
        title=_text(raw.get("title")),
        tab=tab if isinstance(tab, int) else None,
        events=[_event(number, place, event) for place, event in enumerate(events, 1)],
    )


def _event(page: int, number: int, raw: Any) -> Event:
    """Called for every event of a session: texts, which are nearly always there, are looked at first."""
    get = raw.get if isinstance(raw, dict) else _NOTHING.get
    name, content, description, properties = (
        get("type"),
        get("content"),
        get("description"),
        get("properties"),
    )
    if not isinstance(name, str) or not name:
        name = _text(name) or "unknown"
    if not isinstance(content, str):
        content = _text(content)
    if not isinstance(description, str):
        description = _text(description)
    return Event(
        page,
        number,
        name,
        KINDS.get(name) or custom(name),
        get("timestamp"),
        content,
        description,
        content or description,
        properties if isinstance(properties, dict) else _NOTHING,
    )


def _beyond(name: str, value: str) -> bool:
    """Whether a measure such as `LCP`, `4280ms` is beyond its limit."""
    if name not in VITAL_LIMITS:
        return False
    try:
        return float(value.removesuffix("ms")) > VITAL_LIMITS[name]
    except ValueError:
        return False


def _object(value: Any) -> JSON:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else str(value)
