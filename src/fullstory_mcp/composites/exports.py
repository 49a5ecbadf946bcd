"""get_search_export and get_event_export: rows, where the API gives a link or a file.

The file is fetched once, held ten minutes for this key, and read a page at a time.
"""

from fullstory_mcp.catalogue import JSON, Tool
from fullstory_mcp.composites.way import Way
from fullstory_mcp.errors import NotFound, Unreadable
from fullstory_mcp.held import Sink
from fullstory_mcp.shaping import Position, Rendered, RowsPage, render_rows, rows_room


async def read_export(way: Way, tool: Tool, arguments: JSON) -> Rendered:
    """One page of an export's rows.

    Raises:
        UpstreamError: the export is unknown, its file cannot be fetched, read or held.
    """
    at = way.cursors.read(tool, arguments, way.principal)
    sent = {name: value for name, value in arguments.items() if name != "cursor"}
    linked = tool.endpoint.answer == "link"
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


async def _link(way: Way, tool: Tool, arguments: JSON) -> JSON:
    answer = await way.upstream.send(tool, arguments, way.principal)
    data = answer.data if isinstance(answer.data, dict) else {}
    if not isinstance(data.get("location"), str):
        raise Unreadable(
            "Fullstory's answer has no link to the export's file.", status=answer.status
        )
    return {name: data[name] for name in ("location", "expires") if name in data}
