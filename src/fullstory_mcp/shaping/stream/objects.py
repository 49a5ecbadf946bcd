"""Raw events as the API's own objects, cleaned, part by part within a budget. Each event once.

Where and on what an event happened (source_properties) is most of its size and seldom changes:
it stands only where it differs from the event before.
"""

from typing import Any

from fullstory_mcp import wire
from fullstory_mcp.catalogue import JSON
from fullstory_mcp.shaping.cut import fit
from fullstory_mcp.shaping.fitting import room_in
from fullstory_mcp.shaping.story.reading import Part
from fullstory_mcp.shaping.stream.listing import CURSOR_SLACK, Listing, fitting
from fullstory_mcp.shaping.stream.model import RawEvent, address, as_object
from fullstory_mcp.shaping.text import JSON_NOTE, Cleaner
from fullstory_mcp.shaping.tokens import estimate

_SOURCE = "source_properties"
_SOURCE_NOTE = f"An event without {_SOURCE} has those of the event before it."
_LONGEST_EVENT = 16_000
_ROOMS = (3.0, 2.0, 1.0)
"""Characters for each token of room, tried in turn where one event alone is too large."""


def objects_part(listing: Listing, begin: int, max_tokens: int) -> Part:
    """The part from event `begin` on, of at most `max_tokens`."""
    limit = room_in(max_tokens)
    total = len(listing.events)
    if begin >= total:
        bare = _answer(listing, begin, begin, [])
        told = fitting(listing.nothing(begin), limit - _size(bare))
        return _part({**bare, "shown": " ".join(told)}, None)
    room = limit - _size(_answer(listing, begin, total, []) | _more(listing, total)) - CURSOR_SLACK
    events = _most_that_fits(listing, begin, room)
    stop = begin + len(events)
    more = _more(listing, stop) if stop < total else {}
    return _part(_answer(listing, begin, stop, events) | more, stop if more else None)


def _answer(listing: Listing, begin: int, stop: int, events: list[JSON]) -> JSON:
    return {
        "note": f"{JSON_NOTE} {_SOURCE_NOTE}",
        "session_id": listing.session_id,
        "about": listing.about(),
        "shown": listing.shown(begin, stop),
        "events": events,
        "cost": " ".join(listing.remarks),
    }


def _more(listing: Listing, place: int) -> JSON:
    way = listing.onward(place)
    return {"more": f"The same call with this cursor ({way.price}).", "cursor": way.cursor}


def _part(data: JSON, then: int | None) -> Part:
    return Part(wire.write(data), data, then)


def _most_that_fits(listing: Listing, begin: int, room: int) -> list[JSON]:
    shown: list[JSON] = []
    before: Any = None
    for place in range(begin, len(listing.events)):
        event = listing.events[place]
        told = _object(event, listing.cleaner, before)
        if not shown and _size(told) >= room:
            told = _cut(told, room)
        size = _size(told) + 1
        if shown and size > room:
            break
        shown.append(told)
        room -= size
        before = event.raw.get(_SOURCE)
    return shown


def _object(event: RawEvent, cleaner: Cleaner, before: Any) -> JSON:
    """The event with its handle, without the source properties it shares with the one before."""
    source = event.raw.get(_SOURCE)
    raw = {name: part for name, part in event.raw.items() if name != _SOURCE}
    if source != before:
        raw[_SOURCE] = source
    return {"handle": event.handle, **cleaner.deep(fit(raw, _LONGEST_EVENT))}


def _cut(told: JSON, room: int) -> JSON:
    """An event too large for a part of its own, without what matters least, then cut until it fits."""
    lean = told | {_SOURCE: _place(told.get(_SOURCE))}
    for cut in (lean, *(fit(lean, int(room * characters)) for characters in _ROOMS)):
        if isinstance(cut, dict) and _size(cut) < room:
            return cut
    return {"handle": told["handle"], "cut": "too long for this max_tokens"}


def _place(source: Any) -> JSON:
    """Of the source properties only the page, and how many more there are."""
    known = as_object(source)
    kept = {"url": {"full_url": address(known.get("url"))}, "title": known.get("title")}
    return kept | {"[cut]": f"{len(known.keys() - kept.keys()):,} more fields"}


def _size(data: Any) -> int:
    return estimate(wire.write(data))
