"""Segments and exports of the sandbox: operations, signed files, legacy bundles."""

import csv
import gzip
import io
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx2 as httpx
import pytest

pytestmark = pytest.mark.anyio

PassTime = Callable[[float], None]
ASKED = {
    "segmentId": "sbRageCheckout",
    "type": "TYPE_EVENT",
    "format": "FORMAT_NDJSON",
    "timeRange": {"start": "2026-11-01T00:00:00Z", "end": ""},
}


async def _export_id(client: httpx.AsyncClient, pass_time: PassTime, body: dict[str, Any]) -> str:
    started = await client.post("/segments/v1/exports", json=body)
    assert started.status_code == 200, started.text
    pass_time(3)
    operation = (await client.get(f"/operations/v1/{started.json()['operationId']}")).json()
    export_id: str = operation["results"]["searchExportId"]
    return export_id


async def _location(client: httpx.AsyncClient, export_id: str) -> str:
    answer = await client.get(f"/search/v1/exports/{export_id}/results")
    location: str = answer.json()["location"]
    return location


async def test_segments_come_in_pages_and_by_creator(architect: httpx.AsyncClient) -> None:
    """Twenty of the twenty-five come first; everyone is built in and has no date."""
    first = (await architect.get("/segments/v1")).json()
    token = {"paginationToken": first["nextPaginationToken"]}
    second = (await architect.get("/segments/v1", params=token)).json()
    pm = (await architect.get("/segments/v1", params={"creator": "pm@example.com"})).json()

    assert (len(first["segments"]), len(second["segments"])) == (20, 5)
    assert second["nextPaginationToken"] == ""
    assert "created" not in first["segments"][0]
    assert {row["creator"] for row in pm["segments"]} == {"pm@example.com"}


async def test_one_segment_is_not_wrapped(architect: httpx.AsyncClient) -> None:
    """A segment is read by id, everyone included; its filters are not told."""
    got = (await architect.get("/segments/v1/sbRageCheckout")).json()

    assert got.keys() == {"id", "name", "creator", "created", "url"}
    assert (await architect.get("/segments/v1/everyone")).json()["name"] == "Everyone"
    assert (await architect.get("/segments/v1/nope")).status_code == 404


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"segmentId": None}, 400),
        ({"segmentId": "nope"}, 404),
        ({"type": "TYPE_PERSON"}, 400),
        ({"format": "csv"}, 400),
        ({"timeRange": None}, 400),
        ({"timeRange": {"start": "2026-11-02T00:00:00Z", "end": "2026-11-01T00:00:00Z"}}, 400),
        ({"fields": ["EventType", "EventType"]}, 400),
        ({"fields": ["NoSuchColumn"]}, 400),
        ({"eventDetails": {"scope": "SCOPE_EVENT"}}, 400),
        ({"timezone": "not a zone"}, 400),
        ({"segment_id": "everyone"}, 400),
    ],
)
async def test_an_export_that_cannot_work_is_refused(
    change: dict[str, Any], status: int, architect: httpx.AsyncClient
) -> None:
    """What is missing, misspelt, doubled or unknown is refused before a job starts."""
    answer = await architect.post("/segments/v1/exports", json={**ASKED, **change})

    assert answer.status_code == status


async def test_an_export_grows_until_it_is_complete(
    architect: httpx.AsyncClient, pass_time: PassTime
) -> None:
    """Percentage and step follow the clock; the results appear only at the end."""
    started = (await architect.post("/segments/v1/exports", json=ASKED)).json()
    path = f"/operations/v1/{started['operationId']}"
    seen = []
    for _ in range(4):
        operation = (await architect.get(path)).json()
        seen.append((operation["state"], operation["estimatePctComplete"], operation["step"]))
        pass_time(1)

    assert seen == [
        ("PENDING", 0, "queued"),
        ("PENDING", 33, "searching"),
        ("PENDING", 66, "exporting"),
        ("COMPLETED", 100, "done"),
    ]
    assert operation["results"]["expires"] == "2026-11-27T12:00:03Z"
    assert (operation["errorDetails"], operation["type"]) == ("", "SEARCH_EXPORT")


async def test_a_pending_export_can_be_cancelled(
    architect: httpx.AsyncClient, pass_time: PassTime
) -> None:
    """A cancelled export stays failed; a finished one cannot be cancelled."""
    started = (await architect.post("/segments/v1/exports", json=ASKED)).json()
    path = f"/operations/v1/{started['operationId']}"
    pass_time(1)
    cancelled = await architect.post(f"{path}/cancel")
    pass_time(10)
    operation = (await architect.get(path)).json()
    again = await architect.post(f"{path}/cancel")

    assert (cancelled.status_code, cancelled.json()) == (200, {})
    assert (operation["state"], operation["errorDetails"]) == ("FAILED", "cancelled")
    assert operation["estimatePctComplete"] == 33
    assert "results" not in operation
    assert again.status_code == 400


async def test_operations_come_newest_first_in_pages(
    architect: httpx.AsyncClient, pass_time: PassTime
) -> None:
    """The list can be narrowed by state and type; a wrong word is a 400."""
    ids = []
    for _ in range(3):
        ids.append((await architect.post("/segments/v1/exports", json=ASKED)).json()["operationId"])
        pass_time(2)
    first = (await architect.get("/operations/v1", params={"limit": "2"})).json()
    query = {"limit": "2", "paginationToken": first["nextPaginationToken"]}
    second = (await architect.get("/operations/v1", params=query)).json()
    pending = (await architect.get("/operations/v1", params={"state": "PENDING"})).json()

    assert [op["id"] for op in first["operations"] + second["operations"]] == ids[::-1]
    assert [op["id"] for op in pending["operations"]] == ids[2:]
    assert (await architect.get("/operations/v1", params={"state": "RUNNING"})).status_code == 400


async def test_the_file_is_fetched_without_the_key(
    architect: httpx.AsyncClient, anonymous: httpx.AsyncClient, pass_time: PassTime
) -> None:
    """The signed URL gives a gzip file with a name; with an Authorization header it refuses."""
    location = await _location(architect, await _export_id(architect, pass_time, ASKED))
    with_key = await architect.get(location)
    fetched = await anonymous.get(location)

    rows = [json.loads(line) for line in gzip.decompress(fetched.content).splitlines()]
    assert (with_key.status_code, "Authorization" in with_key.text) == (400, True)
    assert fetched.headers["content-type"] == "application/gzip"
    assert "content-encoding" not in fetched.headers
    assert fetched.headers["content-disposition"].endswith('.ndjson.gz"')
    assert {row["EventType"] for row in rows} == {"click"}
    assert all(row["EventModFrustrated"] > 0 for row in rows)


async def test_the_location_is_on_the_host_that_was_asked(
    architect: httpx.AsyncClient, pass_time: PassTime
) -> None:
    """A URL made behind any host leads back to the same sandbox, fresh each time."""
    export_id = await _export_id(architect, pass_time, ASKED)
    first = await _location(architect, export_id)
    pass_time(1)

    assert urlsplit(first).netloc == "api.fullstory.com"
    assert await _location(architect, export_id) != first


async def test_a_spoilt_or_stale_url_is_refused_in_xml(
    architect: httpx.AsyncClient, anonymous: httpx.AsyncClient, pass_time: PassTime
) -> None:
    """The signature is checked, and after five minutes the URL is dead, the export is not."""
    export_id = await _export_id(architect, pass_time, ASKED)
    location = await _location(architect, export_id)
    spoilt = await anonymous.get(location.replace("Expires=1", "Expires=2"))
    pass_time(301)
    stale = await anonymous.get(location)
    fresh = await anonymous.get(await _location(architect, export_id))
    pass_time(8 * 24 * 3600)
    gone = await architect.get(f"/search/v1/exports/{export_id}/results")

    assert (spoilt.status_code, stale.status_code, fresh.status_code) == (403, 403, 200)
    assert "<Code>SignatureDoesNotMatch</Code>" in spoilt.text
    assert "<Code>ExpiredToken</Code>" in stale.text
    assert gone.status_code == 404


async def test_results_of_an_unfinished_export_are_not_found(
    architect: httpx.AsyncClient, sandbox_export: str
) -> None:
    """There is nothing to fetch before the operation is complete."""
    answer = await architect.get(f"/search/v1/exports/{sandbox_export}/results")

    assert answer.status_code == 404


@pytest.fixture
async def sandbox_export(architect: httpx.AsyncClient, sandbox: Any) -> str:
    """Start an export and give its id while it is pending."""
    started = await architect.post("/segments/v1/exports", json=ASKED)
    export_id: str = sandbox.operations[started.json()["operationId"]].export_id
    return export_id


@pytest.mark.parametrize("kind", ["TYPE_EVENT", "TYPE_INDIVIDUAL"])
async def test_the_three_formats_hold_the_same_rows(
    kind: str, architect: httpx.AsyncClient, anonymous: httpx.AsyncClient, pass_time: PassTime
) -> None:
    """JSON, NDJSON and CSV say the same with the chosen columns in their order."""
    fields = ["IndvId", "user_plan_str", "EventType" if kind == "TYPE_EVENT" else "NumSessions"]
    files = {}
    for name in ("JSON", "NDJSON", "CSV"):
        body = {**ASKED, "type": kind, "format": f"FORMAT_{name}", "fields": fields}
        location = await _location(architect, await _export_id(architect, pass_time, body))
        files[name] = gzip.decompress((await anonymous.get(location)).content).decode()

    rows = json.loads(files["JSON"])
    assert [json.loads(line) for line in files["NDJSON"].splitlines()] == rows
    table = list(csv.DictReader(io.StringIO(files["CSV"])))
    assert table == [
        {name: "" if row[name] is None else str(row[name]) for name in fields} for row in rows
    ]
    assert list(rows[0]) == fields
    assert (len({row["IndvId"] for row in rows}) == len(rows)) == (kind == "TYPE_INDIVIDUAL")


async def test_a_wider_scope_brings_more_around_the_matches(
    architect: httpx.AsyncClient, anonymous: httpx.AsyncClient, pass_time: PassTime
) -> None:
    """Events, pages, sessions, individuals: each scope holds the one before."""
    sizes = []
    for scope in ("EVENTS", "PAGES", "SESSIONS", "INDIVIDUALS"):
        body = {**ASKED, "eventDetails": {"scope": f"SCOPE_{scope}"}, "fields": ["EventStart"]}
        location = await _location(architect, await _export_id(architect, pass_time, body))
        content = gzip.decompress((await anonymous.get(location)).content)
        sizes.append(content.count(b"\n"))

    assert sizes == sorted(set(sizes))


async def test_the_time_range_bounds_the_events(
    architect: httpx.AsyncClient, anonymous: httpx.AsyncClient, pass_time: PassTime
) -> None:
    """Only events of the asked day are in the file, with 64-bit ids as integers."""
    day = {"start": "2026-11-10T00:00:00Z", "end": "2026-11-11T00:00:00Z"}
    body = {**ASKED, "segmentId": "everyone", "timeRange": day}
    location = await _location(architect, await _export_id(architect, pass_time, body))
    content = gzip.decompress((await anonymous.get(location)).content)

    rows = [json.loads(line) for line in content.splitlines()]
    assert {row["EventStart"][:10] for row in rows} == {"2026-11-10"}
    assert isinstance(rows[0]["SessionId"], int)
    assert isinstance(rows[0]["IndvId"], str)


async def test_legacy_bundles_are_listed_twenty_at_a_time(architect: httpx.AsyncClient) -> None:
    """The last Stop leads on; ids are integers that a double cannot hold."""
    first = (await architect.get("/api/v1/export/list?start=0")).json()["exports"]
    after = {"start": str(first[-1]["Stop"])}
    second = (await architect.get("/api/v1/export/list", params=after)).json()["exports"]

    assert (len(first), len(second)) == (20, 10)
    assert first[-1]["Stop"] == second[0]["Start"]
    assert all(int(float(row["Id"])) != row["Id"] for row in first)
    assert (await architect.get("/api/v1/export/list")).status_code == 400


async def test_a_legacy_bundle_is_a_gzip_array_twice_a_minute(
    architect: httpx.AsyncClient, pass_time: PassTime
) -> None:
    """The bytes stay gzip; the third download in a minute is told how long to wait."""
    bundle = (await architect.get("/api/v1/export/list?start=0")).json()["exports"][9]
    path = f"/api/v1/export/get?id={bundle['Id']}"
    first = await architect.get(path)
    pass_time(20)
    await architect.get(path)
    third = await architect.get(path)
    pass_time(40)
    later = await architect.get(path)

    rows = json.loads(gzip.decompress(first.content))
    assert first.headers["content-disposition"] == 'attachment; filename="DataExport.json.gz"'
    assert {"IndvId", "UserId", "SessionId", "PageUrl", "EventStart", "EventType"} <= rows[0].keys()
    assert (third.status_code, third.headers["retry-after"]) == (429, "40")
    assert later.status_code == 200
    assert (await architect.get("/api/v1/export/get?id=1")).status_code == 404
