"""get_search_export and get_event_export: rows, where the API gives a link or a file.

The file is fetched once, held ten minutes for this key, and read a page at a time.
"""

from fullstory_mcp.catalogue import JSON, Tool
from fullstory_mcp.composites.way import Way
from fullstory_mcp.errors import NotFound, NotPermitted, Unreadable
from fullstory_mcp.held import Sink
from fullstory_mcp.shaping import Position, Rendered, RowsPage, render_rows, rows_room

FINISHED: JSON = {"type": "SEARCH_EXPORT", "state": "COMPLETED", "limit": 100}
"""The operations among which an export is looked for."""

MOST_PAGES = 20


async def read_export(way: Way, tool: Tool, arguments: JSON) -> Rendered:
    """One page of an export's rows.

    Raises:
        NotPermitted: the policy names segments, and it is not known to be an export of one of them.
        UpstreamError: the export is unknown, its file cannot be fetched, read or held.
    """
    at = way.cursors.read(tool, arguments, way.principal)
    sent = {name: value for name, value in arguments.items() if name != "cursor"}
    linked = tool.endpoint.answer == "link"
    if linked:
        await _of_allowed_segment(way, tool, sent["id"])
    head = await _link(way, tool, sent) if linked else {}

    async def fetch(sink: Sink) -> None:
        await way.progress(0, None, "Downloading the export")
        if linked:
            await way.files.fetch(head["location"], sink)
        else:
            await way.upstream.send(tool, sent, way.principal, sink=sink)

    held = await way.held.get(way.principal.key.fingerprint, f"{tool.name}:{sent['id']}", fetch)
    if at.offset > held.size:
        raise NotFound("The export has changed since the cursor was given: start again without it.")
    lines, end = held.page(at.offset, rows_room(head))
    page = RowsPage(lines, held.rows, at, Position(None, end, at.rows + len(lines)))

    def cursor_to(position: Position) -> str:
        return way.cursors.write(tool, sent, way.principal, position)

    return render_rows(tool, page, head, cursor_to, way.cleaner)


async def _of_allowed_segment(way: Way, tool: Tool, export_id: str) -> None:
    """Passes where the policy names no segments, or the export is of one that it names.

    Raises:
        NotPermitted: it is of another, or of which is not known.
    """
    ruling = way.standing.ruling
    if ruling is None or ruling.rules is None or (allowed := ruling.rules.segments) is None:
        return
    if await _segment_of(way, export_id) in allowed:
        return
    names = ", ".join(sorted(allowed)) or "none"
    reason = (
        f"the policy leaves only exports of these segments, and this is not known to be one: {names} "
        f"({ruling.by})."
    )
    would_help = "list_operations tells which export is of which segment."
    raise NotPermitted(tool.name, reason, would_help, f"limit segments of {ruling.by}")


async def _segment_of(way: Way, export_id: str) -> str | None:
    """The segment that an export is of, None where the API does not tell.

    It tells nowhere but in the operation that made the export; we look there for the policy's sake, so
    that it is no call of the caller's.
    """
    tool = way.catalogue.tools["list_operations"]
    page: str | None = None
    for _ in range(MOST_PAGES):
        answer = await way.upstream.send(tool, FINISHED, way.principal, page)
        data = answer.data if isinstance(answer.data, dict) else {}
        rows = data.get(tool.shape.items)
        for row in rows if isinstance(rows, list) else ():
            if _text(row, "results", "searchExportId") == export_id:
                return _text(row, "details", "segmentId")
        page = next((data[name] for name in tool.shape.next if data.get(name)), None)
        if page is None:
            break
    return None


def _text(operation: object, name: str, part: str) -> str | None:
    """A text two names deep in an operation, None where there is none."""
    inside = operation.get(name) if isinstance(operation, dict) else None
    found = inside.get(part) if isinstance(inside, dict) else None
    return found if isinstance(found, str) else None


async def _link(way: Way, tool: Tool, arguments: JSON) -> JSON:
    answer = await way.upstream.send(tool, arguments, way.principal)
    data = answer.data if isinstance(answer.data, dict) else {}
    if not isinstance(data.get("location"), str):
        raise Unreadable(
            "Fullstory's answer has no link to the export's file.", status=answer.status
        )
    return {name: data[name] for name in ("location", "expires") if name in data}
