"""One part of a reading as JSON: the same facts as the markdown has, as members instead of words."""

from collections.abc import Iterator

from fullstory_mcp import wire
from fullstory_mcp.catalogue import JSON
from fullstory_mcp.shaping.story import header
from fullstory_mcp.shaping.story.choice import Choice, Ground, Manner
from fullstory_mcp.shaping.story.lines import Lines, element, input_name
from fullstory_mcp.shaping.story.model import Event, Page
from fullstory_mcp.shaping.story.troubles import Wrong, what_went_wrong
from fullstory_mcp.shaping.story.units import Unit
from fullstory_mcp.shaping.text import JSON_NOTE
from fullstory_mcp.shaping.tokens import estimate

_CLOSING = ("left_out", "more", "remarks")


class Data:
    """Makes parts of one reading in one manner; what was made is kept, because it is asked for again."""

    def __init__(self, ground: Ground, manner: Manner) -> None:
        self._ground = ground
        self._manner = manner
        self._density = manner.density
        self._lines = Lines(ground.story, ground.cleaner, manner.density)
        self._told: dict[int, tuple[JSON, int]] = {}
        self._pages: dict[int, tuple[JSON, int]] = {}
        self._opening: JSON | None = None
        self._wrong: list[JSON] | None = None

    def size(self, choice: Choice, limit: int) -> int:
        """Estimated tokens of the part's text; any number above `limit` where it is larger."""
        size, pages = estimate(wire.write({**self._frame(choice), "pages": []})), set[int]()
        for place in choice.places:
            if size > limit:
                break
            if (number := self._ground.units[place].first.page) not in pages:
                pages.add(number)
                size += self._page(number)[1]
            size += self._event(place)[1]
        return size

    def whole(self, choice: Choice) -> JSON:
        """The part."""
        pages: dict[int, JSON] = {}
        for place in choice.places:
            number = self._ground.units[place].first.page
            page = pages.setdefault(number, {**self._page(number)[0], "events": []})
            page["events"].append(self._event(place)[0])
        frame = self._frame(choice)
        closing = {name: frame.pop(name) for name in _CLOSING if name in frame}
        return {**frame, "pages": list(pages.values()), **closing}

    def _frame(self, choice: Choice) -> JSON:
        """Everything but the pages."""
        frame = {"note": JSON_NOTE, **(self._part(choice.part) if choice.part else self._head())}
        if choice.sums:
            frame["went_wrong"] = self._summed()
        if choice.left:
            frame["left_out"] = {"events": choice.left_out(self._density), "more": choice.more}
        elif choice.more:
            frame["more"] = choice.more
        return frame | ({"remarks": list(choice.remarks)} if choice.remarks else {})

    def _part(self, part: str) -> JSON:
        return {"session_id": self._line(self._ground.story.session_id), "part": self._line(part)}

    def _head(self) -> JSON:
        if self._opening is None:
            ground, density = self._ground, self._density
            room = header.Room(
                density.quote, self._manner.properties, not density.brief, density.head
            )
            self._opening = header.as_data(ground.story, ground.cleaner, room)
        return self._opening

    def _summed(self) -> list[JSON]:
        """What went wrong; the same whatever is chosen."""
        if self._wrong is None:
            self._wrong = list(self._went_wrong())
        return self._wrong

    def _went_wrong(self) -> Iterator[JSON]:
        ground, most = self._ground, self._density.dated
        yield from map(self._kind, what_went_wrong(ground.story, ground.troubles, most))
        if forms := ground.troubles.abandoned:
            dated = [
                {"handle": event.handle, "at": self._lines.since(event.at)}
                for event in forms[:most]
            ]
            told: JSON = {"kind": "form-abandon", "inferred": True, "count": len(forms)}
            yield {**told, "dated": dated} if dated else told

    def _kind(self, wrong: Wrong) -> JSON:
        dated = [self._occurrence(unit, cause) for unit, cause in wrong.dated]
        told: JSON = {"kind": wrong.name, "count": wrong.count, "on_pages": len(wrong.pages)}
        return {**told, "dated": dated} if dated else told

    def _occurrence(self, unit: Unit, cause: Event | None) -> JSON:
        told: JSON = {"handle": unit.handle, "at": self._lines.since(unit.first.at)}
        return (
            {**told, "after": {"handle": cause.handle, "kind": cause.kind.name}} if cause else told
        )

    def _page(self, number: int) -> tuple[JSON, int]:
        if (kept := self._pages.get(number)) is None:
            told = self._visit(self._ground.story.page(number))
            kept = self._pages[number] = told, estimate(wire.write({**told, "events": []})) + 1
        return kept

    def _visit(self, page: Page) -> JSON:
        begun, ended = page.begun, page.ended
        told: JSON = {
            "handle": page.handle,
            "title": self._line(page.title),
            "url": self._line(page.url),
            "at": self._lines.since(begun),
            "seconds": None if begun is None or ended is None else round(ended - begun, 3),
            "tab": page.tab,
            "events_in_all": len(page.events),
        }
        return {name: value for name, value in told.items() if value not in (None, "")}

    def _event(self, place: int) -> tuple[JSON, int]:
        if (kept := self._told.get(place)) is None:
            told = self._unit(self._ground.units[place])
            kept = self._told[place] = told, estimate(wire.write(told)) + 1
        return kept

    def _unit(self, unit: Unit) -> JSON:
        event = unit.first
        told: JSON = {"handle": unit.handle, "at": self._lines.since(event.at), **self._what(event)}
        if len(unit.events) > 1:
            told["times"] = len(unit.events)
        if alike := self._ground.alike.get(unit.handle):
            told["alike"] = alike
        return told

    def _what(self, event: Event) -> JSON:
        kind = event.kind
        if kind.label == "custom event":
            told: JSON = {
                "kind": "custom",
                "name": self._line(event.type),
                "properties": self._properties(event),
            }
        elif kind.name == "input-change":
            name = input_name(event)
            told = {
                "kind": kind.name,
                "name": self._line(name),
                "value": self._line(event.content, name),
            }
        else:
            text, where = element(event)
            shown = where and (not text or (kind.group == "trouble" and not self._density.brief))
            told = {
                "kind": kind.name,
                "text": self._line(text),
                "element": self._line(where) if shown else "",
            }
            told["poor"] = event.poor or None
        return {name: value for name, value in told.items() if value not in (None, "", {})}

    def _properties(self, event: Event) -> JSON:
        most = self._density.properties
        shown = {
            self._line(name): self._line(str(value), name)
            for name, value in list(event.properties.items())[:most]
        }
        more = len(event.properties) - most
        return {**shown, "…": f"{more} more"} if more > 0 else shown

    def _line(self, text: str, label: str = "") -> str:
        return self._ground.cleaner.line(text, self._density.quote, label)
