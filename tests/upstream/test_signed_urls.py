"""An export's file comes from a signed URL, fetched by a client that never knew the key."""

import json

import anyio
import httpx2 as httpx
import pytest

from fullstory_mcp.errors import Unavailable
from fullstory_mcp.sandbox import Fault
from fullstory_mcp.upstream import Files, Hosts
from support import Connected, connected
from transports import KEY, Api, Reply

pytestmark = pytest.mark.anyio

HOSTS = {
    "FULLSTORY_API_URL": "https://api.example.com",
    "FULLSTORY_EXPORT_URL": "https://export.example.com",
}
ROWS = '{"IndvId":"1"}\n{"IndvId":"2"}\n'
GONE = "The export's link no longer works ({}). Call again for a new one."
SILENT = "The storage that holds the export did not answer. Try again."


def link(location: object) -> Reply:
    """What #25 answers."""
    return Reply(json.dumps({"location": location, "expires": "2026-11-21T10:05:00Z"}))


async def finished_export(server: Connected) -> str:
    """The id of an export of the sandbox that is ready to be read."""
    wanted = {"segmentId": "sbCrash", "type": "TYPE_INDIVIDUAL", "format": "FORMAT_NDJSON"}
    started = await server.data(
        "create_segment_export", **wanted, timeRange={"start": "", "end": ""}
    )
    server.clock.time += 10
    operation = await server.data("get_operation", id=started["operationId"])
    return str(operation["results"]["searchExportId"])


async def test_signed_url_is_fetched_without_the_key() -> None:
    """The storage refuses a request that carries an Authorization header; ours carries none."""
    async with connected("architect") as server:
        export = await finished_export(server)
        await server.data("get_search_export", id=export)
        stored = [r for r in server.sandbox.requests if r.path.startswith("/sandbox-storage")]

    assert len(stored) == 1
    assert stored[0].status == 200
    assert "authorization" not in stored[0].headers
    assert "sandbox-architect" not in json.dumps(dict(stored[0].headers))


@pytest.mark.parametrize(
    "location",
    [
        "https://storage.example.net/bucket/file.gz?Signature=abc%2Fdef&Expires=1",
        "HTTPS://storage.example.net:8443/file",
        "https://api.example.com/file",
        "https://export.example.com/file",
    ],
)
async def test_any_https_address_is_fetched_as_it_is_signed(location: str) -> None:
    """Storage lies anywhere; its query is a signature and is not rewritten."""
    api = Api(link(location), Reply(ROWS))
    async with connected(transport=api, FULLSTORY_API_KEY=KEY, **HOSTS) as server:
        answer = await server.data("get_search_export", id="5TQ0")

    assert [row["IndvId"] for row in answer["rows"]] == ["1", "2"]
    assert str(api.requests[1].url).lower() == location.lower()
    assert dict(api.requests[1].headers).keys() == {"host", "user-agent", "accept-encoding"}


@pytest.mark.parametrize(
    "location",
    [
        "http://storage.example.net/file",
        "http://api.example.com/file",
        "http://127.0.0.1/file",
        "ftp://storage.example.net/file",
        "file:///etc/hostname",
        "//storage.example.net/file",
        "/exports/file",
        "storage.example.net/file",
        "https:///file",
        "https://[broken/file",
        "https://storage.example.net:notaport/file",
        "javascript:alert(1)",
        "",
    ],
)
async def test_link_that_is_no_safe_address_is_not_fetched(location: str) -> None:
    """Only https, or the API's own host, is fetched; everything else is refused in words."""
    api = Api(link(location), Reply(ROWS))
    async with connected(transport=api, FULLSTORY_API_KEY=KEY, **HOSTS) as server:
        text = await server.error("get_search_export", id="5TQ0")

    assert text == "The export's link is not an https address; the file was not fetched."
    assert len(api.requests) == 1


async def test_own_host_may_be_plain_http_where_the_api_itself_is() -> None:
    """A sandbox on this machine signs URLs of its own address."""
    api = Api(link("http://127.0.0.1:4010/file"), Reply(ROWS))
    own = {"FULLSTORY_API_URL": "http://127.0.0.1:4010"}
    async with connected(transport=api, FULLSTORY_API_KEY=KEY, **own) as server:
        answer = await server.data("get_search_export", id="5TQ0")

    assert len(answer["rows"]) == 2


@pytest.mark.parametrize("answer", ["{}", '{"location": null}', '{"location": 7}', "[]", ""])
async def test_answer_without_a_link_is_told_as_such(answer: str) -> None:
    """An API that gives no link gives no rows, and no guess is made."""
    async with connected(transport=Api(Reply(answer)), FULLSTORY_API_KEY=KEY) as server:
        text = await server.error("get_search_export", id="5TQ0")

    assert text == "Fullstory's answer has no link to the export's file."


@pytest.mark.parametrize("status", [301, 302, 307])
async def test_redirect_of_the_storage_is_not_followed(status: int) -> None:
    """A signed address that sends elsewhere is an error."""
    away = Reply("", status, {"Location": "http://elsewhere.example.net/"})
    api = Api(link("https://storage.example.net/file"), away)
    async with connected(transport=api, FULLSTORY_API_KEY=KEY, **HOSTS) as server:
        text = await server.error("get_search_export", id="5TQ0")

    assert text == f"The storage that holds the export answered {status}. Try again."
    assert len(api.requests) == 2


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply("expired", 400), GONE.format(400)),
        (Reply("expired", 403), GONE.format(403)),
        (Reply("expired", 404), GONE.format(404)),
        (Reply("expired", 410), GONE.format(410)),
        (Reply("oops", 500), "The storage that holds the export answered 500. Try again."),
        (Reply(error=httpx.ReadError), SILENT),
        (Reply(error=httpx.ConnectError), SILENT),
        (Reply("plain", headers={"Content-Encoding": "gzip"}),
         "The export's file could not be decompressed."),
    ],
)  # fmt: skip
async def test_storage_that_fails_is_told_with_what_helps(reply: Reply, said: str) -> None:
    """An expired link is told apart from a storage that is down, and a next call can succeed."""
    file = link("https://storage.example.net/file")
    api = Api(file, reply, file, Reply(ROWS))
    async with connected(transport=api, FULLSTORY_API_KEY=KEY, **HOSTS) as server:
        text = await server.error("get_search_export", id="5TQ0")
        again = await server.data("get_search_export", id="5TQ0")

    assert text == said
    assert len(again["rows"]) == 2


async def test_export_of_the_api_that_is_badly_zipped_is_told_too() -> None:
    """The legacy export is the API's own body: what spoils it is named the same way."""
    api = Api(Reply("plain", headers={"Content-Encoding": "gzip"}))
    async with connected(transport=api, FULLSTORY_API_KEY=KEY, **HOSTS) as server:
        text = await server.error("get_event_export", id="1")

    assert text == "Fullstory's answer could not be decompressed. Try again later."


class Discard:
    """A sink that keeps nothing."""

    def begin(self) -> None:
        """Nothing to forget."""

    def write(self, chunk: bytes) -> None:
        """Drops the bytes."""


async def test_storage_that_falls_silent_is_given_up() -> None:
    """What is not endured is silence, before the first byte as after it."""

    class Silent(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await anyio.sleep_forever()
            raise AssertionError(request)

    hosts = Hosts("https://api.example.com", "https://export.example.com")
    files = Files(Silent, hosts, idle_seconds=0.05)
    with anyio.fail_after(5), pytest.raises(Unavailable, match="did not answer"):
        await files.fetch("https://storage.example.net/file", Discard())


async def test_link_and_its_expiry_stand_beside_the_rows() -> None:
    """Who wants the whole file can fetch it, and knows until when."""
    async with connected("architect") as server:
        export = await finished_export(server)
        answer = await server.data("get_search_export", id=export)

    assert answer["location"].startswith("http://127.0.0.1:1/sandbox-storage/exports/")
    assert answer["expires"].endswith("Z")


async def test_expired_link_of_the_sandbox_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """Five minutes pass between the link and its use: the text says to call again."""
    async with connected("architect") as server:
        export = await finished_export(server)
        server.sandbox.faults.add(Fault(path="/sandbox-storage", status=403, times=1))
        text = await server.error("get_search_export", id=export)
        answer = await server.data("get_search_export", id=export)

    assert text == GONE.format(403)
    assert answer["rows"]
    assert "Signature" not in caplog.text
