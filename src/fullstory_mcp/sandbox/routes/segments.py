"""Segments and their exports (#22 to #25)."""

from fullstory_mcp.sandbox import exporting, storage, times
from fullstory_mcp.sandbox.errors import invalid, not_found, required
from fullstory_mcp.sandbox.jobs import Operation
from fullstory_mcp.sandbox.paging import page
from fullstory_mcp.sandbox.routing import Call, Json
from fullstory_mcp.sandbox.world.segments import SEGMENTS, Segment

DEFAULT_LIMIT = 20


def list_segments(call: Call) -> Json:
    """Return the segments, of one creator when asked, a page at a time."""
    creator = call.query.get("creator", "")
    rows = [segment for segment in SEGMENTS.values() if creator in {"", segment.creator}]
    limit = int(call.query.get("limit", DEFAULT_LIMIT))
    token = call.query.get("paginationToken", "")
    shown, following = page(rows, limit, token, f"segments {creator}")
    return {"segments": [_told(row) for row in shown], "nextPaginationToken": following}


def get(call: Call) -> Json:
    """Return one segment; its filters are not told."""
    return _told(_segment(call.path["id"]))


def _segment(segment_id: str) -> Segment:
    if segment_id not in SEGMENTS:
        raise not_found()
    return SEGMENTS[segment_id]


def _told(segment: Segment) -> Json:
    created = {"created": segment.created} if segment.created else {}
    named = {"id": segment.id, "name": segment.name, "creator": segment.creator}
    return {**named, **created, "url": segment.url}


def create_export(call: Call) -> Json:
    """Start the export of a segment; what it makes is found through its operation."""
    sandbox, body = call.sandbox, call.body
    _check_export(body)
    segment = _segment(body["segmentId"])
    operation = Operation(
        sandbox.new_code(),
        "SEARCH_EXPORT",
        {"segmentId": segment.id},
        sandbox.now,
        sandbox.now + sandbox.job_millis,
        export_id=sandbox.new_code(),
        export=body,
    )
    sandbox.operations[operation.id] = operation
    return {"operationId": operation.id}


def _check_export(body: Json) -> None:
    for name in ("segmentId", "type", "format", "timeRange"):
        if not body.get(name):
            raise required(name)
    for name in ("timeRange", "segmentTimeRange"):
        start, end = exporting.span_of(body.get(name))
        if end <= start:
            raise invalid(f"{name}.end must be after {name}.start")
    fields = body.get("fields") or []
    if len(set(fields)) < len(fields):
        raise invalid("fields has a duplicate")
    for name in fields:
        if not exporting.knows_column(body["type"], name):
            raise invalid(f"unknown field in fields: {name}")


def export_results(call: Call) -> Json:
    """Return a fresh signed URL of a finished export."""
    operation = storage.find(call.sandbox, call.path["id"])
    if operation is None:
        raise not_found()
    path, until = storage.signed_path(call.sandbox, operation)
    return {"location": f"{call.base_url}{path}", "expires": times.stamp(until)}
