"""Reads the answer of Get Session Events: events in the order of time, on pages, with handles.

Every part may be missing, of another type, out of order or without a time. The events themselves
stay as they came: a long session is megabytes, so nothing of it is copied.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from fullstory_mcp.catalogue import JSON
from fullstory_mcp.shaping.moments import moment
from fullstory_mcp.shaping.stream.kinds import as_text


@dataclass(slots=True)
class RawPage:
    """One view: all events that share a view_id. Times are Unix time, None where none is known."""

    number: int
    view: str
    url: str = ""
    title: str = ""
    count: int = 0
    begun: float | None = None
    ended: float | None = None

    @property
    def handle(self) -> str:
        """`p3`."""
        return f"p{self.number}"


@dataclass(frozen=True, slots=True)
class RawEvent:
    """One event and where it stands."""

    raw: JSON
    page: RawPage
    number: int
    at: float | None
    """Unix time, None where the API gave none."""
    near: float | None
    """Its time, or that of the last event before it which has one."""

    @property
    def handle(self) -> str:
        """`p3r17`: the 17th raw event of page 3; r, because a reading's events are counted apart."""
        return f"{self.page.handle}r{self.number}"

    @property
    def properties(self) -> JSON:
        """Its event_properties."""
        return as_object(self.raw.get("event_properties"))


@dataclass(slots=True)
class Stream:
    """One session's raw events in the order of time."""

    events: list[RawEvent] = field(default_factory=list)
    pages: list[RawPage] = field(default_factory=list)

    @property
    def start(self) -> float | None:
        """Unix time of the first event: what relative times count from."""
        return next((event.at for event in self.events if event.at is not None), None)

    @property
    def end(self) -> float | None:
        """Unix time of the last event."""
        return self.events[-1].near if self.events else None


def read_stream(data: Any) -> Stream:
    """The stream in an answer of Get Session Events; an empty one where nothing usable is in it."""
    found = data.get("events") if isinstance(data, dict) else data
    given = found if isinstance(found, list) else []
    stream = Stream()
    pages = _Pages(stream.pages)
    for raw, at, near in _in_time(given):
        page = pages.of(raw)
        page.count += 1
        if at is not None:
            page.begun = at if page.begun is None else page.begun
            page.ended = at
        stream.events.append(RawEvent(raw, page, page.count, at, near))
    return stream


def _in_time(given: Sequence[Any]) -> list[tuple[JSON, float | None, float | None]]:
    """Each event with its time and the last one known before it; what has none stays in its place."""
    rows = []
    known: float | None = None
    for value in given:
        raw = as_object(value)
        at = moment(raw.get("event_time"))
        known = known if at is None else at
        rows.append((raw, at, known))
    rows.sort(key=lambda row: float("-inf") if row[2] is None else row[2])
    return rows


class _Pages:
    """Gives each event its page: views in the order in which they first appear.

    An event without a view, as servers send them, belongs to the page that is open.
    """

    def __init__(self, pages: list[RawPage]) -> None:
        self._pages = pages
        self._by_view: dict[str, RawPage] = {}
        self._open: RawPage | None = None

    def of(self, raw: JSON) -> RawPage:
        view = raw.get("view_id")
        page = self._viewed(str(view)) if isinstance(view, str | int) and view else self._current()
        if not (page.url and page.title):
            _describe(page, as_object(raw.get("source_properties")))
        self._open = page
        return page

    def _viewed(self, view: str) -> RawPage:
        if (page := self._by_view.get(view)) is None:
            first = self._open is not None and not self._by_view
            page = self._pages[0] if first else self._new()
            page.view = view
            self._by_view[view] = page
        return page

    def _current(self) -> RawPage:
        return self._open or self._new()

    def _new(self) -> RawPage:
        page = RawPage(len(self._pages) + 1, "")
        self._pages.append(page)
        return page


def _describe(page: RawPage, source: JSON) -> None:
    page.url = page.url or address(source.get("url"))
    page.title = page.title or as_text(source.get("title"))


def address(url: Any) -> str:
    """A URL as the API gives it, whole or in parts."""
    if not isinstance(url, dict):
        return as_text(url)
    return as_text(url.get("full_url")) or as_text(url.get("host")) + as_text(url.get("path"))


def as_object(value: Any) -> JSON:
    """`value` where it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}
