"""A cursor opens only where it was given: same tool, same other arguments, same key, same process."""

import json
import re
from typing import Any

import pytest

from support import Connected, connected
from transports import KEY, Api, Reply
from visits import context, event, page

pytestmark = pytest.mark.anyio

NOT_OURS = (
    "Nothing was sent: 1 argument is not usable.\n"
    "- cursor: is not one that this tool gave, or the server has restarted since"
)
IN_TEXT = re.compile(r'cursor: "([^"]+)"')
HANDLE = re.compile(r"\bp\d+e\d+\b")
OTHERS = (
    "Nothing was sent: 1 argument is not usable.\n"
    "- cursor: belongs to a call with other arguments: repeat those, or leave it out"
)


async def a_cursor(server: Connected, tool: str = "list_segments", **arguments: Any) -> str:
    """A cursor that a call gives."""
    return str((await server.data(tool, **arguments))["cursor"])


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("list_segments", {"limit": 8}, OTHERS),
        ("list_segments", {}, OTHERS),
        ("list_segments", {"limit": 7, "creator": "pm@example.com"}, OTHERS),
        ("list_summary_profiles", {"limit": 7}, NOT_OURS),
        ("list_users", {}, NOT_OURS),
    ],
)
async def test_cursor_opens_only_for_its_own_call(
    tool: str, arguments: dict[str, Any], said: str
) -> None:
    """With another tool or other arguments it is refused, and nothing is sent."""
    async with connected() as server:
        cursor = await a_cursor(server, limit=7)
        server.sandbox.requests.clear()
        text = await server.error(tool, **arguments, cursor=cursor)
        sent = server.sent()

    assert text == said
    assert sent == []


async def test_cursor_of_one_key_does_not_open_with_another() -> None:
    """Two callers of one server cannot read on in each other's lists."""
    ring = {"FULLSTORY_MCP_SECRET_KEYS": "A" * 43}
    async with connected("architect", **ring) as server:
        cursor = await a_cursor(server, limit=7)
    async with connected("admin", **ring) as server:
        assert await server.error("list_segments", limit=7, cursor=cursor) == NOT_OURS
    async with connected("architect", **ring) as server:
        await server.data("list_segments", limit=7, cursor=cursor)


@pytest.mark.parametrize("cursor", ["", "x", "A" * 200, "page-2", "Mg"])
async def test_made_up_cursor_is_refused(cursor: str) -> None:
    """The API's own token, or an invented one, is no cursor."""
    async with connected() as server:
        text = await server.error("list_segments", cursor=cursor)
        sent = server.sent()

    assert text == NOT_OURS
    assert sent == []


async def test_cursor_after_a_restart_says_why_it_is_refused() -> None:
    """Without sealing keys of the operator, a cursor ends with the process."""
    async with connected() as server:
        cursor = await a_cursor(server, limit=7)
    async with connected() as server:
        assert await server.error("list_segments", limit=7, cursor=cursor) == NOT_OURS


async def test_cursor_fits_its_argument_however_long_the_arguments_are() -> None:
    """A call with much to repeat gives a cursor no longer than any other."""
    many = [f"Custom event number {n}" for n in range(2_000)]
    body = json.dumps(context(*(page(f"Page {n}", event("click")) for n in range(900))))
    async with connected(transport=Api(Reply(body)), FULLSTORY_API_KEY=KEY) as server:
        call = {"session_id": "1:2", "events": {"include_types": many}}
        first = await server.text("generate_context", **call)
        found = IN_TEXT.search(first)
        assert found
        again = await server.text("generate_context", **call, cursor=found[1])

    assert len(found[1]) < 400
    told = [set(HANDLE.findall(text)) for text in (first, again)]
    assert all(told)
    assert not told[0] & told[1]


@pytest.mark.parametrize("length", [10, 500, 2_500])
async def test_long_token_of_the_api_comes_back_whole(length: int) -> None:
    """The API's token is opaque and may be long; sealed, it still fits the argument."""
    token = ("t/+=&%" * length)[:length]
    items = [{"id": str(n), "text": "w" * 4_000} for n in range(9)]
    first = json.dumps({"segments": items, "nextPaginationToken": token})
    api = Api(Reply(first), Reply('{"segments": []}'))
    async with connected(transport=api, FULLSTORY_API_KEY=KEY) as server:
        answer = await server.call("list_segments")
        await server.data("list_segments", cursor=answer.structured_content["cursor"])

    assert api.requests[1].url.params["paginationToken"] == token
    assert len(answer.content[0].text) < 50_000


async def test_metered_list_says_that_reading_on_costs_again() -> None:
    """Only where it does cost an Activation: not where the answer is held, and never in a free list."""
    big = [{"id": str(n), "text": "w" * 4_000} for n in range(30)]
    api = Api(Reply(json.dumps({"events": big, "results": big})))
    told = {}
    for holds in ("true", "false"):
        fixed = {"FULLSTORY_API_KEY": KEY, "FULLSTORY_MCP_HOLD_ANSWERS": holds}
        async with connected(transport=api, **fixed) as server:
            told[holds] = await server.data("get_session_events", session_id="1:2", format="json")
            free = await server.data("list_sessions", uid="x")
        assert "cursor" in free
        assert "Activation" not in free["note"]

    assert told["false"]["more"] == "The same call with this cursor (1 Activation)."
    assert told["true"]["more"].endswith(" (no Activation within 10 minutes).")
