"""generate_context and read_session: a session as a reading, part by part.

generate_context always asks the API, and asks what the caller asked; only with `cursor`, and in
read_session, an answer that is still held is read instead. Where the caller gave a limit, what
lies beyond it is read by time slices, window after window.
"""

from typing import Any

from fullstory_mcp.catalogue import JSON, Tool
from fullstory_mcp.composites.answers import CONTEXT, answer, price_of_more
from fullstory_mcp.composites.way import Way
from fullstory_mcp.shaping import START, Position, Rendered
from fullstory_mcp.shaping.story import (
    Part,
    Plan,
    Reading,
    Window,
    beyond,
    chosen_by,
    in_full,
    next_window,
    numbered_on,
    ranked,
    read_story,
    units_of,
)

_OURS = frozenset({"max_tokens", "focus", "format", "cursor", "at"})
_FREE = frozenset({"max_tokens", "format"})
"""Arguments that may differ between the parts of one reading."""

MAX_TOKENS = 4_000


async def read_context(way: Way, tool: Tool, arguments: JSON) -> Rendered:
    """One part of a reading of a session.

    Raises:
        InvalidArguments: the cursor is not of this call.
        UpstreamError: the session is unknown or could not be read.
    """
    sealed = {name: value for name, value in arguments.items() if name not in _FREE}
    at = way.cursors.read(tool, sealed, way.principal)
    window = Window.opened(at.token)
    asked = window.asked(_asked(arguments))

    async def ask() -> Any:
        return (await way.upstream.send(tool, asked, way.principal)).data

    read = await answer(way, asked, ask, held=at is not START)
    raw = read_story(read.data, arguments["session_id"])
    story = numbered_on(raw, window)
    units = units_of(story)
    order, mixed = ranked(units, arguments.get("focus", "all"))
    then = next_window(story, asked, before=window, raw=raw)

    def onward(place: int) -> str:
        new = place >= len(order)
        to = Position(then.sealed() if new and then else at.token, 0 if new else place)
        return _onward(way, way.cursors.write(tool, sealed, way.principal, to), new=new)

    plan = Plan(
        order,
        mixed,
        beyond=then is not None,
        zoomed="" if at is START else "continued",
        remarks=[] if then else beyond(raw, _asked(arguments)),
    )
    reading = Reading(story, way.cleaner, units, plan)
    return _rendered(
        reading.part(
            at.offset, _budget(arguments), onward, as_json=_as_json(arguments), tail=read.cost
        )
    )


async def read_session(way: Way, tool: Tool, arguments: JSON) -> Rendered:
    """A page, an event or a span of time of a session, in full.

    Raises:
        InvalidArguments: `at` names nothing in the session, or the cursor is not of this call.
        UpstreamError: the session is unknown or could not be read.
    """
    sealed = {name: value for name, value in arguments.items() if name not in _FREE}
    at = way.cursors.read(tool, sealed, way.principal)
    asked = _asked(arguments)
    read = await answer(way, asked, lambda: way.data(CONTEXT, asked), held=True)
    story = read_story(read.data, arguments["session_id"])
    units = chosen_by(arguments["at"], story, units_of(story))

    def onward(place: int) -> str:
        cursor = way.cursors.write(tool, sealed, way.principal, Position(offset=place))
        return _onward(way, cursor, new=False)

    reading = in_full(story, way.cleaner, units, arguments["at"])
    return _rendered(
        reading.part(
            at.offset, _budget(arguments), onward, as_json=_as_json(arguments), tail=read.cost
        )
    )


def _asked(arguments: JSON) -> JSON:
    """What the API is asked: the caller's own arguments without ours."""
    return {name: value for name, value in arguments.items() if name not in _OURS}


def _onward(way: Way, cursor: str, *, new: bool) -> str:
    """How to read on, and what it costs."""
    cost = "1 Activation" if new else price_of_more(way)
    return f'To read on: the same call with cursor: "{cursor}" ({cost}).'


def _budget(arguments: JSON) -> int:
    return int(arguments.get("max_tokens", MAX_TOKENS))


def _as_json(arguments: JSON) -> bool:
    return arguments.get("format") == "json"


def _rendered(part: Part) -> Rendered:
    """Markdown as text alone; JSON as data with the same text."""
    return Rendered(part.text, part.data or None)
