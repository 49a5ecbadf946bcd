"""The HTTP door as the network sees it: health, who may speak to it, how much, and how it leaves."""

import time
from pathlib import Path
from urllib.parse import urlsplit

import anyio
import httpx2 as httpx
import pytest
from mcp import Client

from fullstory_mcp.sandbox import Fault
from fullstory_mcp.server.http import LEAVE_SECONDS
from server.doors import (
    LEGACY,
    MODERN,
    MODES,
    STARTS_IN,
    Api,
    Served,
    environment,
    http_client,
    serving,
    until,
)
from server.wire import answer, asked

pytestmark = pytest.mark.anyio

ERAS = pytest.mark.parametrize("era", [MODERN, LEGACY])
QUOTAS = {"name": "get_quotas", "arguments": {}}
MEGABYTE = 2**20


async def test_a_running_server_is_healthy_and_ready(served: Served) -> None:
    """Both questions need no key."""
    async with http_client(served) as http:
        healthy, ready = await http.get("/healthz"), await http.get("/readyz")

    assert (healthy.status_code, healthy.json()) == (200, {"status": "ok"})
    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"FULLSTORY_API_KEY": "na1.nobody-knows-me"}, "does not accept the key"),
        ({"FULLSTORY_API_URL": "http://127.0.0.1:1"}, "did not say"),
    ],
    ids=["refused key", "unreachable API"],
)
async def test_a_server_that_cannot_work_says_why_it_is_not_ready(
    running_api: Api, tmp_path: Path, given: dict[str, str], why: str
) -> None:
    """It is healthy all the same: restarting would not help."""
    env = environment(running_api, **given)
    with serving(tmp_path, env) as served:
        async with http_client(served) as http:
            healthy, ready = await http.get("/healthz"), await http.get("/readyz")

    assert (healthy.status_code, ready.status_code) == (200, 503)
    assert why in ready.json()["why"]


@ERAS
@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("Host", "fullstory.example.com", 421),
        ("Host", "127.0.0.1.example.com", 421),
        ("Origin", "https://evil.example.com", 403),
        ("Origin", "null", 403),
        ("Origin", "http://localhost:6274", 200),
    ],
)
async def test_only_this_machine_may_speak(
    served: Served, era: str, header: str, value: str, status: int
) -> None:
    """A page in a browser can reach a loopback address; its Host or Origin gives it away."""
    request = asked("tools/call", QUOTAS, era)
    request["headers"][header] = value
    async with http_client(served) as http:
        response = await http.post("/mcp", **request)

    assert response.status_code == status


async def test_there_is_no_stream_to_wait_on(served: Served) -> None:
    """Without sessions nothing could come over GET, and there is nothing to DELETE."""
    with anyio.fail_after(STARTS_IN):
        async with http_client(served) as http:
            opened = await http.get("/mcp", headers={"Accept": "text/event-stream"})
            ended = await http.delete("/mcp")

    assert (opened.status_code, ended.status_code) == (405, 405)
    assert opened.headers["allow"] == "POST"


@ERAS
async def test_a_batch_of_fifty_thousand_rows_gets_through(
    served: Served, api: Api, era: str
) -> None:
    """It is larger than the SDK's 4 MiB, and it reaches the API whole."""
    rows = [
        {"uid": f"customer-{number}", "properties": {"plan": "a" * 60}} for number in range(50_000)
    ]
    params = {"name": "create_user_import", "arguments": {"requests": rows}}
    request = asked("tools/call", params, era)
    async with http_client(served) as http:
        response = await http.post("/mcp", **request)

    assert len(request["content"]) > 5 * MEGABYTE
    assert not answer(response.text)["result"]["isError"]
    assert api.sandbox.requests[-1].body_length > 4 * MEGABYTE


@pytest.mark.parametrize(
    ("length", "body"),
    [
        (f"Content-Length: {65 * MEGABYTE}", []),
        ("Transfer-Encoding: chunked", [b"100000\r\n" + b"x" * MEGABYTE + b"\r\n"] * 65),
    ],
    ids=["declared", "undeclared"],
)
async def test_a_larger_body_is_refused(served: Served, length: str, body: list[bytes]) -> None:
    """By its declared length before it is read, or as it comes; the server stays up."""
    host = urlsplit(served.url).netloc
    head = (
        f"POST /mcp HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        f"Accept: application/json, text/event-stream\r\n{length}\r\n\r\n"
    )
    with anyio.fail_after(STARTS_IN):
        async with (
            await anyio.connect_tcp(*host.split(":")) as stream,
            anyio.create_task_group() as group,
        ):
            group.start_soon(_send, stream, [head.encode(), *body])
            status = await stream.receive()
            group.cancel_scope.cancel()
    async with http_client(served) as http:
        healthy = await http.get("/healthz")

    assert status.startswith(b"HTTP/1.1 413 ")
    assert healthy.status_code == 200


async def _send(stream: anyio.abc.ByteSendStream, parts: list[bytes]) -> None:
    for part in parts:
        await stream.send(part)


@ERAS
async def test_requests_with_the_same_id_do_not_hang(served: Served, api: Api, era: str) -> None:
    """Two clients may well count alike; each gets its own answer."""
    api.sandbox.faults.add(Fault(path="/v2/organization/quotas", delay=0.3))
    heard: dict[str, dict] = {}

    async def ask(http: httpx.AsyncClient, name: str, arguments: dict) -> None:
        params = {"name": name, "arguments": arguments}
        response = await http.post("/mcp", **asked("tools/call", params, era, number=7))
        heard[name] = answer(response.text)

    with anyio.fail_after(STARTS_IN):
        async with http_client(served) as http, anyio.create_task_group() as group:
            group.start_soon(ask, http, "get_quotas", {})
            group.start_soon(ask, http, "get_me", {})

    assert heard["get_quotas"]["id"] == heard["get_me"]["id"] == 7
    assert "session_quota" in heard["get_quotas"]["result"]["structuredContent"]
    assert "role" in heard["get_me"]["result"]["structuredContent"]


async def test_a_signal_to_stop_lets_requests_in_flight_finish(api: Api, tmp_path: Path) -> None:
    """Both eras get their answers, a subscription is ended, and nothing stays on the disk."""
    api.sandbox.faults.add(Fault(method="POST", path="/v2/users$", delay=0.8))
    disk = tmp_path / "disk"
    disk.mkdir()
    answers: list[dict] = []

    async def write(http: httpx.AsyncClient, era: str) -> None:
        params = {"name": "create_user", "arguments": {"uid": f"last-{era}"}}
        response = await http.post("/mcp", **asked("tools/call", params, era))
        answers.append(answer(response.text))

    async def listen(connection: Client, *, task_status: anyio.abc.TaskStatus[None]) -> None:
        async with connection.listen(tools_list_changed=True) as events:
            task_status.started()
            async for _ in events:
                pass

    with serving(tmp_path, environment(api, TMPDIR=str(disk))) as served:
        async with (
            http_client(served) as http,
            Client(served.mcp, mode=MODES[MODERN]) as connection,
            anyio.create_task_group() as group,
        ):
            await _hold_an_export(connection)
            held = list(disk.rglob("*.ndjson"))
            await group.start(listen, connection)
            group.start_soon(write, http, MODERN)
            group.start_soon(write, http, LEGACY)
            await until(lambda: api.asked().count("POST /v2/users") == 2)
            begun = time.monotonic()
            served.process.terminate()
        code = await anyio.to_thread.run_sync(served.process.wait)

    assert time.monotonic() - begun < LEAVE_SECONDS
    assert [row["result"]["isError"] for row in answers] == [False, False]
    assert (code, len(held), list(disk.iterdir())) == (0, 1, [])


async def _hold_an_export(connection: Client) -> None:
    listed = await connection.call_tool("list_event_exports", {"start": 0})
    newest = listed.structured_content["exports"][0]["Id"]
    await connection.call_tool("get_event_export", {"id": newest})


@pytest.mark.parametrize("version", ["2024-11-05", "2025-03-26", "2025-06-18", LEGACY])
async def test_older_clients_are_served_at_their_own_version(served: Served, version: str) -> None:
    """Each gets the version it asks for, the list, and an answer that its version knows."""
    hello = {
        "protocolVersion": version,
        "capabilities": {},
        "clientInfo": {"name": "old", "version": "1"},
    }
    async with http_client(served) as http:
        opened = await http.post("/mcp", **asked("initialize", hello, version))
        listed = await http.post("/mcp", **asked("tools/list", era=version))
        called = await http.post("/mcp", **asked("tools/call", QUOTAS, version))

    assert answer(opened.text)["result"]["protocolVersion"] == version
    assert len(answer(listed.text)["result"]["tools"]) > 40
    assert "session_quota" in answer(called.text)["result"]["content"][0]["text"]
