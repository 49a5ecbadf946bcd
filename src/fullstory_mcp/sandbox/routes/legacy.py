"""The legacy exports (#26, #27): one bundle for each day of the seeded world."""

from starlette.responses import Response

from fullstory_mcp.sandbox import exporting, storage, times
from fullstory_mcp.sandbox.errors import not_found, required
from fullstory_mcp.sandbox.routing import Call, Json
from fullstory_mcp.sandbox.world.sessions import ANCHOR, SPAN

PAGE_SIZE = 20
FIRST_ID = 9_100_000_000_000_001
"""Bundle ids count up from here by two: all are odd and beyond 2^53."""

_LAST_DAY = ANCHOR // times.DAY
_FIRST_DAY = _LAST_DAY - SPAN // times.DAY


def list_exports(call: Call) -> Json:
    """Return the first 20 bundles that end after `start`, oldest first."""
    if not call.query.get("start"):
        raise required("start")
    start = int(call.query["start"])
    rows = [_bundle(day) for day in range(_FIRST_DAY, _LAST_DAY)]
    return {"exports": [row for row in rows if row["Stop"] > start][:PAGE_SIZE]}


def _bundle(day: int) -> Json:
    length = times.DAY // times.SECOND
    number = FIRST_ID + 2 * (day - _FIRST_DAY)
    return {"Start": day * length, "Stop": (day + 1) * length, "Id": number}


def get_export(call: Call) -> Response:
    """Return the bytes of one bundle; two a minute for each key."""
    if not call.query.get("id"):
        raise required("id")
    days = {FIRST_ID + 2 * (day - _FIRST_DAY): day for day in range(_FIRST_DAY, _LAST_DAY)}
    day = days.get(int(call.query["id"]))
    if day is None:
        raise not_found()
    call.sandbox.downloads.take(call.key)
    content = exporting.legacy_file(call.sandbox.world, (day * times.DAY, (day + 1) * times.DAY))
    return storage.attachment(content, "DataExport.json.gz")
