"""From the API's answer to what the client gets: one compact JSON value, as data and as text.

Always under the cap. A list keeps whole items; what is left out is counted, with the cursor that
goes on. Envelope fields that mean nothing when empty (the tool file names them) are dropped, never
list results and never anything under `properties`. The API's texts are cleaned, and a `note`
beside them says that they are data.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fullstory_mcp import wire
from fullstory_mcp.catalogue import JSON, Tool
from fullstory_mcp.shaping.cursor import Position
from fullstory_mcp.shaping.cut import fit
from fullstory_mcp.shaping.rendered import MOST_CHARACTERS, Rendered, as_object, said
from fullstory_mcp.shaping.summary import render_summary
from fullstory_mcp.shaping.text import JSON_NOTE, Cleaner

_NOTE_ROOM = 2_000
_MOST_CLEANED = 4 * MOST_CHARACTERS
"""More is cut before it is cleaned: what cannot be shown is not worth the time."""
_EMPTY: tuple[Any, ...] = (None, "", [], {})
_METERED = " That read costs its Activation again."


CursorTo = Callable[[Position], str]


def render(tool: Tool, data: Any, at: Position, cursor_to: CursorTo, cleaner: Cleaner) -> Rendered:
    """The rendering of one answer; `data` is None where the body was empty."""
    shape = tool.shape
    if shape.kind == "summary":
        return render_summary(tool, data, cleaner)
    if data is None or (shape.kind == "done" and not data):
        return said({"done": shape.done})
    if shape.kind == "list" and isinstance(_at(data, shape.items), list):
        return _list(tool, data, at, cursor_to, cleaner)
    cleaned = as_object(_cleaned(data, shape.drop, cleaner))
    shown = {"done": shape.done, **cleaned} if shape.kind == "done" else cleaned
    return said(shown, JSON_NOTE)


@dataclass(frozen=True, slots=True)
class RowsPage:
    """Rows of an export (JSON text each) from one position to the next, of `total`."""

    lines: Sequence[str]
    total: int
    at: Position
    then: Position


def render_rows(
    tool: Tool, page: RowsPage, head: JSON, cursor_to: CursorTo, cleaner: Cleaner
) -> Rendered:
    """A page of an export, with `head` beside, which is shown as it is: it holds a signed URL."""
    room = rows_room(head)
    read = (wire.read(line.encode()) for line in page.lines)
    rows = [fit(_cleaned(row, tool.shape.drop, cleaner), room) for row in read]
    counted = _counted(page.at.rows, len(rows), str(page.total))
    cursor = cursor_to(page.then) if page.then.rows < page.total else None
    return _noted(tool, {**head, "rows": rows}, counted, cursor)


def rows_room(head: JSON) -> int:
    """Characters left for an export's rows beside `head`."""
    return MOST_CHARACTERS - _NOTE_ROOM - len(wire.write(head))


def _list(tool: Tool, data: JSON, at: Position, cursor_to: CursorTo, cleaner: Cleaner) -> Rendered:
    shape, items = tool.shape, _at(data, tool.shape.items)
    token = next((data[name] for name in shape.next if data.get(name)), None)
    bare = {name: part for name, part in data.items() if name not in shape.next}
    envelope = _cleaned(_put(bare, shape.items, []), shape.drop, cleaner)
    beside = len(wire.write(envelope)) + _sealed_twice(token, at.token)
    room = MOST_CHARACTERS - _NOTE_ROOM - beside
    kept = _whole(items[at.offset :], shape.drop, room, cleaner)
    shown = _put(envelope, shape.items, kept)
    here, rows = at.offset + len(kept), at.rows + len(kept)
    then = None
    if here < len(items):
        then = Position(at.token, here, rows)
    elif token is not None:
        then = Position(str(token), 0, rows)
    elif not at.rows:
        return said(shown, JSON_NOTE)
    counted = _counted(
        at.rows, len(kept), _total(tool, data, at, len(items), more=token is not None)
    )
    return _noted(tool, shown, counted, cursor_to(then) if then else None)


def _sealed_twice(*tokens: Any) -> int:
    """Characters that the API's longest token takes in a cursor, which is told twice, as base64."""
    return 3 * max(len(str(token or "")) for token in tokens)


def _total(tool: Tool, data: JSON, at: Position, on_page: int, *, more: bool) -> str:
    """How many there are in all: the API's count, else ours of the pages seen ("more than" if it has more)."""
    if tool.shape.total and data.get(tool.shape.total):
        return str(data[tool.shape.total])
    seen = at.rows - at.offset + on_page
    return f"more than {seen}" if more else str(seen)


def _whole(items: Sequence[Any], drop: frozenset[str], room: int, cleaner: Cleaner) -> list[Any]:
    """As many whole items as fit `room`, the first cut to fit where it alone is too large."""
    kept: list[Any] = []
    for item in items:
        cleaned = _cleaned(item, drop, cleaner)
        size = len(wire.write(cleaned)) + 1
        if size > room:
            if not kept:
                kept.append(fit(cleaned, room))
            break
        kept.append(cleaned)
        room -= size
    return kept


def _counted(before: int, shown: int, total: str) -> str:
    return (
        f"Shown: {before + 1}–{before + shown} of {total}." if shown else f"Shown: none of {total}."
    )


def _noted(tool: Tool, shown: JSON, counted: str, cursor: str | None) -> Rendered:
    if cursor is None:
        return said(shown, f"{counted} That is the end. {JSON_NOTE}")
    metered = _METERED if tool.gate.meter == "activations" else ""
    more = f'For more, the same call with cursor: "{cursor}".{metered}'
    return said(shown, f"{counted} {more} {JSON_NOTE}", cursor=cursor)


def _cleaned(value: Any, drop: frozenset[str], cleaner: Cleaner) -> Any:
    """`value` without empty fields that mean nothing, and with every text in it cleaned."""
    if drop and isinstance(value, dict):
        value = {
            name: part for name, part in value.items() if name not in drop or part not in _EMPTY
        }
    return cleaner.deep(fit(value, _MOST_CLEANED))


def _at(data: Any, dotted: str) -> Any:
    node: Any = data
    for step in dotted.split("."):
        node = node.get(step) if isinstance(node, dict) else None
    return node


def _put(data: JSON, dotted: str, value: Any) -> JSON:
    """A copy of `data` with `value` at the dotted name."""
    head, _, rest = dotted.partition(".")
    return {**data, head: _put(data.get(head) or {}, rest, value) if rest else value}
