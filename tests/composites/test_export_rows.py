"""get_search_export and get_event_export answer with rows, whatever form the file has."""

import csv
import gzip
import io
import json
from typing import Any

import httpx2 as httpx
import pytest
from starlette.applications import Starlette

from fullstory_mcp.sandbox import create_app
from fullstory_mcp.shaping.text import JSON_NOTE
from support import Clock, Connected, connected
from transports import KEY, Api, Reply

pytestmark = pytest.mark.anyio

FORMATS = ("FORMAT_JSON", "FORMAT_NDJSON", "FORMAT_CSV")
LINK = Reply(
    json.dumps({"location": "https://storage.example.net/f", "expires": "2026-11-21T10:05:00Z"})
)


async def exported(server: Connected, form: str, kind: str = "TYPE_EVENT") -> str:
    """The id of a finished export of the sandbox."""
    started = await server.data(
        "create_segment_export",
        segmentId="sbCrash",
        type=kind,
        format=form,
        timeRange={"start": "", "end": ""},
        eventDetails={"scope": "SCOPE_SESSIONS"},
    )
    server.clock.time += 10
    operation = await server.data("get_operation", id=started["operationId"])
    return str(operation["results"]["searchExportId"])


async def all_rows(server: Connected, tool: str, export: str) -> list[Any]:
    """The rows of all pages, each page's note checked on the way."""
    found: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        result = await server.call(tool, id=export, **cursor)
        answer = result.structured_content
        assert len(result.content[0].text) < 50_000
        first, last = len(found) + 1, len(found) + len(answer["rows"])
        assert answer["note"].startswith(f"Shown: {first}–{last} of ")
        found += answer["rows"]
        if "cursor" not in answer:
            counted = f"Shown: {first}–{last} of {len(found)}. That is the end."
            assert answer["note"] == f"{counted} {JSON_NOTE}"
            return found
        cursor = {"cursor": answer["cursor"]}


async def raw_file(server: Connected, app: Starlette, export: str) -> str:
    """The text of the file, fetched by its link as anybody could."""
    link = (await server.data("get_search_export", id=export))["location"]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app)) as client:
        return gzip.decompress((await client.get(link)).content).decode()


def whole(digits: str) -> int | str:
    """A whole number as it is told: as text where clients would lose its digits."""
    number = int(digits)
    return number if abs(number) <= 2**53 else digits


READERS = {
    "FORMAT_JSON": lambda text: json.loads(text, parse_int=whole),
    "FORMAT_NDJSON": lambda text: [json.loads(line, parse_int=whole) for line in text.splitlines()],
    "FORMAT_CSV": lambda text: list(csv.DictReader(io.StringIO(text))),
}


@pytest.mark.parametrize("form", FORMATS)
async def test_every_row_of_a_segment_export_is_told_exactly_once(form: str) -> None:
    """All pages together are the file itself, in its order."""
    clock = Clock()
    app = create_app(clock=clock)
    async with connected("architect", app=app, clock=clock) as server:
        export = await exported(server, form)
        found = await all_rows(server, "get_search_export", export)
        text = await raw_file(server, app, export)

    assert len(found) > 100
    assert found == READERS[form](text)


async def test_three_forms_of_one_export_have_the_same_rows() -> None:
    """The format is the file's business; a model reads the same people."""
    people = []
    async with connected("architect") as server:
        for form in FORMATS:
            export = await exported(server, form, "TYPE_INDIVIDUAL")
            rows = await all_rows(server, "get_search_export", export)
            people.append([row["Uid"] for row in rows])

    assert people[0]
    assert people[0] == people[1] == people[2]


async def test_legacy_bundle_is_read_to_its_end() -> None:
    """The rows of a day, all of them, from one download."""
    async with connected("architect") as server:
        bundle = (await server.data("list_event_exports", start=0))["exports"][0]["Id"]
        found = await all_rows(server, "get_event_export", bundle)

    assert len(found) > 50
    assert {"EventStart", "EventType", "IndvId"} <= set(found[0])


async def test_link_and_expiry_stand_beside_every_page() -> None:
    """Each page's link is fresh, so that a whole download never meets an expired one."""
    async with connected("architect") as server:
        export = await exported(server, "FORMAT_JSON")
        first = await server.data("get_search_export", id=export)
        server.clock.time += 200
        then = await server.data("get_search_export", id=export, cursor=first["cursor"])

    assert list(first) == ["location", "expires", "rows", "note", "cursor"]
    assert first["location"] != then["location"]
    assert first["expires"] < then["expires"]


async def test_export_without_rows_is_told_as_empty() -> None:
    """Nothing found is an answer, not an error."""
    api = Api(LINK, Reply("[]"))
    async with connected(transport=api, FULLSTORY_API_KEY=KEY) as server:
        answer = await server.data("get_search_export", id="e1")

    assert answer["rows"] == []
    assert answer["note"] == "Shown: none of 0. That is the end."


@pytest.mark.parametrize("width", [100, 45_600, 60_000, 400_000])
@pytest.mark.parametrize("link", [40, 2_000])
async def test_row_of_any_length_is_told_under_the_cap(width: int, link: int) -> None:
    """A giant row comes alone, its longest values cut; cursor and link stay whole beside it."""
    rows = [{"n": "1", "text": "x" * width}, {"n": "2", "many": ["word " * 20] * (width // 100)}]
    location = "https://storage.example.net/f?Signature=" + "s" * link
    file = "".join(json.dumps(row) + "\n" for row in rows)
    linked = Reply(json.dumps({"location": location}))
    api = Api(linked, Reply(file), linked)
    async with connected(transport=api, FULLSTORY_API_KEY=KEY) as server:
        first = await server.call("get_search_export", id="e1")
        pages = [first.structured_content]
        while "cursor" in pages[-1]:
            result = await server.call("get_search_export", id="e1", cursor=pages[-1]["cursor"])
            assert len(result.content[0].text) < 50_000
            pages.append(result.structured_content)

    assert len(first.content[0].text) < 50_000
    assert [page["location"] for page in pages] == [location] * len(pages)
    assert [row["n"] for page in pages for row in page["rows"]] == ["1", "2"]


async def test_unknown_export_is_a_404_and_nothing_is_fetched() -> None:
    """The API knows no such export, and says so."""
    async with connected("architect") as server:
        text = await server.error("get_search_export", id="none")
        legacy = await server.error("get_event_export", id="1")

        assert not any("storage" in row for row in server.sent())
    assert text == legacy
    assert text.startswith("Fullstory knows no such thing (404)")


async def test_download_is_told_to_a_client_that_waits() -> None:
    """A long download is not silence: progress says what is going on."""
    told: list[str | None] = []

    async def progress(_: float, __: float | None, message: str | None) -> None:
        told.append(message)

    async with connected("architect", "legacy") as server:
        export = await exported(server, "FORMAT_JSON")
        await server.client.call_tool(
            "get_search_export", {"id": export}, progress_callback=progress
        )

    assert told == ["Downloading the export"]
