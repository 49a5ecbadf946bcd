"""Export files are downloaded once, held ten minutes for one key, within a bound, and then gone."""

import json
import tempfile
from pathlib import Path
from typing import Any

import anyio
import httpx2 as httpx
import pytest

from fullstory_mcp.sandbox import create_app
from support import Connected, connected
from transports import KEY, Api, Reply

pytestmark = pytest.mark.anyio

URL = "https://storage.example.net/file"
LINK = Reply(json.dumps({"location": URL, "expires": "2026-11-21T10:05:00Z"}))
OTHER_KEY = "na1.Wt5Yb8Gf3Qa7Xn2Mz6Kd9Lp"


def file_of(count: int, width: int = 1_000) -> bytes:
    """An NDJSON file of so many rows."""
    return b"".join(b'{"n":"%d","text":"%s"}\n' % (n, b"x" * width) for n in range(count))


class Storage(Api):
    """An API that links to one file, and the storage that holds it; counts the downloads."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.content = content
        self.downloads = 0

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """The link from the API, the file from the storage."""
        if request.url.host != "storage.example.net":
            return httpx.Response(200, text=str(LINK.body))
        self.downloads += 1
        await anyio.sleep(0.005)
        return httpx.Response(200, stream=httpx.ByteStream(self.content))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this test's files are held."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def files_in(folder: Path) -> list[Path]:
    """All files below the folder."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def everything_in(folder: Path) -> list[Path]:
    """All files and folders in the folder."""
    return list(folder.iterdir())


async def read(server: Connected, export: str = "e1", **more: Any) -> dict[str, Any]:
    """One page of an export."""
    return await server.data("get_search_export", id=export, **more)


async def test_pages_of_one_export_are_one_download() -> None:
    """Reading on takes the link again, for its expiry, but never the file."""
    storage = Storage(file_of(200))
    async with connected(transport=storage, FULLSTORY_API_KEY=KEY) as server:
        answer = await read(server)
        pages = 1
        while "cursor" in answer:
            answer = await read(server, cursor=answer["cursor"])
            pages += 1

    assert pages > 3
    assert storage.downloads == 1


async def test_legacy_export_is_downloaded_once_though_two_a_minute_are_allowed() -> None:
    """All pages of a bundle come from one download of the sandbox."""
    async with connected("architect") as server:
        bundle = (await server.data("list_event_exports", start=0))["exports"][3]["Id"]
        answer = await server.data("get_event_export", id=bundle)
        pages = 1
        while "cursor" in answer and pages < 6:
            answer = await server.data("get_event_export", id=bundle, cursor=answer["cursor"])
            pages += 1

        assert pages > 2
        assert server.sent().count("GET /api/v1/export/get") == 1


async def test_calls_at_once_share_one_download() -> None:
    """Five that ask for the same file together wait for one."""
    storage = Storage(file_of(10))
    async with (
        connected(transport=storage, FULLSTORY_API_KEY=KEY) as server,
        anyio.create_task_group() as group,
    ):
        for _ in range(5):
            group.start_soon(read, server)

    assert storage.downloads == 1


async def test_file_is_held_for_ten_minutes(folder: Path) -> None:
    """Afterwards it is downloaded anew, and the old one is not kept."""
    storage = Storage(file_of(10))
    async with connected(transport=storage, FULLSTORY_API_KEY=KEY) as server:
        for seconds, downloads in ((0, 1), (599, 1), (2, 2), (599, 2)):
            server.clock.time += seconds
            await read(server)

            assert storage.downloads == downloads
            assert len(files_in(folder)) == 1


async def test_cursor_outlives_the_held_file() -> None:
    """Reading on after ten minutes downloads again and goes on at the same row."""
    storage = Storage(file_of(100))
    async with connected(transport=storage, FULLSTORY_API_KEY=KEY) as server:
        first = await read(server)
        server.clock.time += 3_600
        then = await read(server, cursor=first["cursor"])

    assert storage.downloads == 2
    assert then["rows"][0]["n"] == str(len(first["rows"]))


async def test_cursor_into_a_file_that_has_shrunk_is_told() -> None:
    """An export that is another one by now is not read at a position of the old."""
    storage = Storage(file_of(100))
    async with connected(transport=storage, FULLSTORY_API_KEY=KEY) as server:
        first = await read(server)
        server.clock.time += 3_600
        storage.content = file_of(3)
        text = await server.error("get_search_export", id="e1", cursor=first["cursor"])

    assert text == ("The export has changed since the cursor was given: start again without it.")


async def test_file_of_one_key_is_not_given_to_another(tmp_path: Path) -> None:
    """A second key downloads for itself, even for the same export."""
    path = tmp_path / "key"
    path.write_text(KEY)
    storage = Storage(file_of(10))
    settings = {"FULLSTORY_API_KEY": None, "FULLSTORY_API_KEY_FILE": path}
    async with connected(transport=storage, **settings) as server:
        await read(server)
        path.write_text(OTHER_KEY)
        await read(server)

    assert storage.downloads == 2


async def test_same_id_of_the_other_kind_of_export_is_another_file() -> None:
    """A search export and a legacy bundle with one number are not mixed up."""
    api = Api(LINK, Reply('{"kind":"search"}\n'), Reply('[{"kind":"legacy"}]'), LINK)
    async with connected(transport=api, FULLSTORY_API_KEY=KEY) as server:
        search = await read(server, "77")
        legacy = await server.data("get_event_export", id="77")

    assert (search["rows"], legacy["rows"]) == ([{"kind": "search"}], [{"kind": "legacy"}])


async def test_oldest_file_goes_when_the_bound_is_reached(folder: Path) -> None:
    """What is held never takes more disk than allowed; the newest stays."""
    storage = Storage(file_of(600))
    bound = {"FULLSTORY_MCP_HELD_MEGABYTES": "1"}
    async with connected(transport=storage, FULLSTORY_API_KEY=KEY, **bound) as server:
        await read(server, "e1")
        await read(server, "e2")
        held = sum(path.stat().st_size for path in files_in(folder))
        await read(server, "e2")
        downloads_of_the_newest = storage.downloads
        await read(server, "e1")

    assert held <= 2**20
    assert downloads_of_the_newest == 2
    assert storage.downloads == 3


@pytest.mark.parametrize("tool", ["get_search_export", "get_event_export"])
async def test_file_larger_than_the_bound_is_refused_in_words(tool: str, folder: Path) -> None:
    """The setting and the way out are named, and nothing is left behind."""
    content = file_of(2_000)
    storage = Storage(content) if tool == "get_search_export" else Api(Reply(content))
    bound = {"FULLSTORY_MCP_HELD_MEGABYTES": "1"}
    async with connected(transport=storage, FULLSTORY_API_KEY=KEY, **bound) as server:
        text = await server.error(tool, id="1")
        assert files_in(folder) == []

    assert text == (
        "The export's file is larger than what may be held here (FULLSTORY_MCP_HELD_MEGABYTES); "
        "export a shorter time range."
    )


@pytest.mark.parametrize("content", [b"[1]", b"\x1f\x8b\x08", b"<html></html>"])
async def test_unusable_file_leaves_nothing_behind(content: bytes, folder: Path) -> None:
    """A damaged download is told, removed, and tried anew by the next call."""
    storage = Storage(content)
    async with connected(transport=storage, FULLSTORY_API_KEY=KEY) as server:
        text = await server.error("get_search_export", id="e1")
        assert files_in(folder) == []
        storage.content = file_of(1)
        assert len((await read(server))["rows"]) == 1

    assert text == "The export's file is damaged or of an unknown form."


async def test_files_are_removed_when_the_server_ends(folder: Path) -> None:
    """Customers' data does not stay on the disk."""
    storage = Storage(file_of(10))
    async with connected(transport=storage, FULLSTORY_API_KEY=KEY) as server:
        await read(server)
        assert len(files_in(folder)) == 1

    assert everything_in(folder) == []


async def test_held_files_are_the_owner_s_alone(folder: Path) -> None:
    """No other user of the machine can read them."""
    storage = Storage(file_of(10))
    async with connected(transport=storage, FULLSTORY_API_KEY=KEY) as server:
        await read(server)
        (held,) = everything_in(folder)

        assert held.stat().st_mode & 0o077 == 0


async def test_server_that_reads_no_export_makes_no_folder(folder: Path) -> None:
    """Nothing is prepared that may never be used."""
    async with connected(app=create_app()) as server:
        await server.data("get_quotas")

        assert everything_in(folder) == []
