"""Cursors: following them gives every item exactly once, with notes that count truly."""

import json
import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2 as httpx
import pytest

from fullstory_mcp.catalogue import Tool, load_catalogue
from support import Connected, connected
from transports import KEY, Api

pytestmark = pytest.mark.anyio

TOOLS = load_catalogue().tools
LISTS = [tool for tool in TOOLS.values() if tool.shape.kind == "list"]
PAGED = [tool for tool in LISTS if tool.endpoint.page]

SHOWN = re.compile(r"Shown: (\d+)–(\d+) of (more than )?(\d+)\.")


async def pages(server: Connected, tool: str, **arguments: Any) -> AsyncIterator[dict[str, Any]]:
    """Every answer from the first to the one without a cursor."""
    cursor: dict[str, str] = {}
    for _ in range(200):
        answer = await server.data(tool, **arguments, **cursor)
        yield answer
        if "cursor" not in answer:
            return
        cursor = {"cursor": answer["cursor"]}
    raise AssertionError("the cursors never end")


async def followed(server: Connected, tool: str, items: str, **arguments: Any) -> list[Any]:
    """All items of all pages; every note on the way must be true."""
    found: list[Any] = []
    answers = [answer async for answer in pages(server, tool, **arguments)]
    for answer in answers:
        shown = _at(answer, items)
        if len(answers) > 1 and shown:
            first, last, _, total = _note(answer)
            assert (first, last) == (len(found) + 1, len(found) + len(shown))
            assert total >= last
        found += shown
    if len(answers) > 1:
        assert answers[-1]["note"].endswith("That is the end.")
        *_, open_end, total = _note(answers[-1])
        assert (open_end, total) == (None, len(found))
    return found


def _note(answer: dict[str, Any]) -> tuple[int, int, str | None, int]:
    match = SHOWN.match(answer["note"])
    assert match, answer["note"]
    return int(match[1]), int(match[2]), match[3], int(match[4])


def _at(data: Any, dotted: str) -> list[Any]:
    for name in dotted.split("."):
        data = data[name]
    assert isinstance(data, list)
    return data


class Pages(Api):
    """An API whose list has pages of 12, in the way that the tool's file describes."""

    def __init__(self, tool: Tool, items: list[Any]) -> None:
        super().__init__()
        self._tool = tool
        self._items = items

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """The page that the request's token asks for."""
        http, shape = self._tool.endpoint, self._tool.shape
        start = int(request.url.params.get(http.page, "0")) if http.page else 0
        end = start + 12 if http.page else len(self._items)
        body: dict[str, Any] = self._nested(self._items[start:end])
        if http.page:
            body[shape.next[0]] = str(end) if end < len(self._items) else ""
        if shape.total:
            body[shape.total] = str(len(self._items))
        return httpx.Response(200, stream=httpx.ByteStream(json.dumps(body).encode()))

    def _nested(self, items: list[Any]) -> dict[str, Any]:
        value: Any = items
        for name in reversed(self._tool.shape.items.split(".")):
            value = {name: value}
        return dict(value)


@pytest.mark.parametrize(("count", "words"), [(37, 1), (61, 300), (23, 4_000)])
@pytest.mark.parametrize("tool", LISTS, ids=lambda tool: tool.name)
async def test_cursors_give_every_item_exactly_once_and_in_order(
    tool: Tool, count: int, words: int
) -> None:
    """Across the API's pages and ours alike, with notes that count truly."""
    items = [{"id": str(n), "text": "word " * (words if n % 3 else 1)} for n in range(count)]
    api = Pages(tool, items)
    async with connected(transport=api, FULLSTORY_API_KEY=KEY) as server:
        found = await followed(server, tool.name, tool.shape.items, **tool.examples[0]["arguments"])

    assert found == items


async def _segments(server: Connected) -> tuple[list[str], int]:
    rows = await followed(server, "list_segments", "segments", limit=7)
    return [row["id"] for row in rows], 25


async def _users(server: Connected) -> tuple[list[str], int]:
    rows = await followed(server, "list_users", "results")
    searchable = [person for person in server.sandbox.world.people.values() if person.searchable]
    return [row["id"] for row in rows], len(searchable)


async def _operations(server: Connected) -> tuple[list[str], int]:
    for number in range(1, 8):
        await server.confirmed("delete_user", uid=f"cust-10{number:02}")
    rows = await followed(server, "list_operations", "operations", limit=3)
    return [row["id"] for row in rows], 7


async def _webhooks(server: Connected) -> tuple[list[str], int]:
    for number in range(9):
        await server.data(
            "create_webhook_endpoint",
            url=f"https://hooks.example.com/{number}",
            secret="s",
            eventTypes=[{"eventName": "note.created"}],
        )
    rows = await followed(server, "list_webhook_endpoints", "endpoints", limit=4)
    return [row["id"] for row in rows], 11


async def _profiles(server: Connected) -> tuple[list[str], int]:
    for number in range(5):
        await server.data("create_summary_profile", name=f"Profile {number}")
    rows = await followed(server, "list_summary_profiles", "profiles", limit=3)
    return [row["id"] for row in rows], 7


async def _imported(server: Connected, tool: str) -> tuple[list[str], int]:
    kind = "user" if "user" in tool else "event"
    good = {"uid": "{}"} if kind == "user" else {"name": "Paid", "properties": {"n": "{}"}}
    bad = {"id": "none-{}"} if kind == "user" else {"name": "Paid", "session": {"id": "none-{}"}}
    rows = [
        json.loads(json.dumps(bad if n % 2 else good).replace("{}", str(n))) for n in range(230)
    ]
    job = (await server.data(f"create_{kind}_import", requests=rows))["job"]["id"]
    server.clock.time += 10
    status = await server.data(f"get_{kind}_import", job_id=job)
    found = await followed(server, tool, "results", job_id=job)
    expected = status["imports" if tool.endswith("items") else "errors"]
    return [json.dumps(row, sort_keys=True) for row in found], expected


async def _user_items(server: Connected) -> tuple[list[str], int]:
    return await _imported(server, "list_user_import_items")


async def _user_errors(server: Connected) -> tuple[list[str], int]:
    return await _imported(server, "list_user_import_errors")


async def _event_items(server: Connected) -> tuple[list[str], int]:
    return await _imported(server, "list_event_import_items")


async def _event_errors(server: Connected) -> tuple[list[str], int]:
    return await _imported(server, "list_event_import_errors")


async def _session(server: Connected) -> tuple[list[str], int]:
    listed = await server.data("list_sessions", uid="cust-1042")
    session = listed["results"][0]["id"]
    asked = {"session_id": session, "format": "json", "max_tokens": 1_000}
    answers = [answer async for answer in pages(server, "get_session_events", **asked)]
    events = [event for answer in answers for event in answer["events"]]
    handles = [event.pop("handle") for event in events]
    story = server.sandbox.world.story(server.sandbox.world.sessions[session])
    assert len(answers) > 1
    assert len(set(handles)) == len(events)
    return [json.dumps(event, sort_keys=True) for event in events], len(story.moments)


WALKS: list[Callable[[Connected], Any]] = [
    _segments, _users, _operations, _webhooks, _profiles, _session,
    _user_items, _user_errors, _event_items, _event_errors,
]  # fmt: skip


@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk.__name__.strip("_"))
async def test_whole_list_of_the_sandbox_is_read_by_its_cursors(walk: Any) -> None:
    """Every one of them exactly once, whatever the page size."""
    async with connected() as server:
        found, expected = await walk(server)

    assert len(found) == len(set(found)) == expected > 0
