"""get_session_events: the raw stream filtered here, as lines or the API's objects, part by part.

A call without `cursor` always asks the API, whose answer is whole and unfiltered; with it an
answer that is still held is read instead.
"""

from typing import Any

from fullstory_mcp.catalogue import JSON, Tool
from fullstory_mcp.composites.answers import answer, price_of_more
from fullstory_mcp.composites.way import Way
from fullstory_mcp.shaping import START, Position, Rendered
from fullstory_mcp.shaping.stream import (
    Listing,
    Onward,
    Stream,
    check,
    chosen,
    lines_part,
    objects_part,
    read_stream,
)

MAX_TOKENS = 4_000
_FREE = frozenset({"max_tokens", "format"})
"""Arguments that may differ between the parts of one listing."""


async def read_events(way: Way, tool: Tool, arguments: JSON) -> Rendered:
    """One part of a session's raw events.

    Raises:
        InvalidArguments: a time is none, or the cursor is not of this call.
        UpstreamError: the session is unknown or could not be read.
    """
    check(arguments)
    sealed = {name: value for name, value in arguments.items() if name not in _FREE}
    at = way.cursors.read(tool, sealed, way.principal)
    own = {*tool.endpoint.ours, "cursor"}
    asked = {name: value for name, value in arguments.items() if name not in own}

    async def ask() -> Any:
        return (await way.upstream.send(tool, asked, way.principal)).data

    read = await answer(way, asked, ask, held=at is not START, tool=tool.name)
    stream = read_stream(read.data)
    total = len(stream.events)

    def onward(place: int) -> Onward:
        cursor = way.cursors.write(tool, sealed, way.principal, Position(None, place, total))
        return Onward(cursor, price_of_more(way))

    listing = Listing(
        session_id=arguments["session_id"],
        stream=stream,
        events=chosen(stream, arguments),
        cleaner=way.cleaner,
        onward=onward,
        remarks=(*_grown(stream, at), read.cost),
    )
    part = lines_part if arguments.get("format", "lines") == "lines" else objects_part
    told = part(listing, at.offset, arguments.get("max_tokens", MAX_TOKENS))
    return Rendered(told.text, told.data or None)


def _grown(stream: Stream, at: Position) -> tuple[str, ...]:
    """A word where the session is no longer what it was when the cursor was given."""
    if at is START or at.rows == len(stream.events):
        return ()
    return (
        f"The session had {at.rows:,} events when this cursor was given: some may be told twice or not at all.",
    )
