"""Envelope fields that mean nothing are left out; results and custom properties never are."""

import json
from typing import Any

import pytest

from fullstory_mcp.catalogue import Tool, load_catalogue
from fullstory_mcp.shaping.text import JSON_NOTE
from support import connected
from transports import KEY, Api, Reply

pytestmark = pytest.mark.anyio

TOOLS = load_catalogue().tools
EMPTY: list[Any] = [None, "", {}, []]
FULL: list[Any] = [0, False, "x", {"a": None}, [None], 0.0]

DROPPING = [
    (tool, name)
    for tool in TOOLS.values()
    for name in sorted(tool.shape.drop)
    if name not in tool.shape.next
]
each_dropped = pytest.mark.parametrize(
    ("tool", "name"), DROPPING, ids=[f"{tool.name}-{name}" for tool, name in DROPPING]
)


async def answers(tool: Tool, bodies: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the tool makes of each body."""
    api = Api(*(Reply(json.dumps(body)) for body in bodies), role=None)
    fixed = {"FULLSTORY_API_KEY": KEY, "FULLSTORY_KEY_LEVEL": "admin"}
    async with connected(transport=api, **fixed) as server:
        return [await server.data(tool.name, **tool.examples[0]["arguments"]) for _ in bodies]


async def answered(tool: Tool, body: dict[str, Any]) -> dict[str, Any]:
    """What the tool makes of one body."""
    return (await answers(tool, [body]))[0]


def placed(tool: Tool, fields: dict[str, Any]) -> dict[str, Any]:
    """A body with these fields: of the one item of a list, or of the answer itself."""
    return {tool.shape.items: [fields]} if tool.shape.kind == "list" else fields


@each_dropped
async def test_named_field_is_left_out_when_it_is_empty_and_kept_when_it_is_not(
    tool: Tool, name: str
) -> None:
    """Null and empty mean nothing there; zero and false do mean something."""
    empty = [placed(tool, {"id": "1", name: value}) for value in EMPTY]
    full = [placed(tool, {"id": "1", name: value}) for value in FULL]
    told = await answers(tool, [*empty, *full])

    assert told == [placed(tool, {"id": "1"})] * len(empty) + full


@each_dropped
async def test_nothing_below_properties_is_left_out(tool: Tool, name: str) -> None:
    """A customer's own property may have the name of an envelope field, and be empty."""
    body = placed(tool, {"id": "1", "properties": {name: None, "inner": {name: ""}, "plan": None}})

    assert await answered(tool, body) == body


@pytest.mark.parametrize(
    "tool",
    [tool for tool in TOOLS.values() if tool.shape.kind == "list"],
    ids=lambda tool: tool.name,
)
@pytest.mark.parametrize("items", [[], None])
async def test_empty_list_is_told_as_an_empty_list(tool: Tool, items: object) -> None:
    """No results is a result."""
    body: Any = items
    for name in reversed(tool.shape.items.split(".")):
        body = {name: body}

    assert await answered(tool, body) == body


async def test_fields_that_no_file_names_are_kept_even_when_empty() -> None:
    """What the vendor adds tomorrow is passed on."""
    body = {"id": "1", "uid": "", "email": None, "brand_new": {}, "is_being_deleted": False}

    assert await answered(TOOLS["get_user"], body) == body


async def test_next_token_is_not_shown_beside_our_cursor() -> None:
    """A model that sees two tokens uses the wrong one."""
    body = {"segments": [{"id": "1"}], "nextPaginationToken": "api-token"}
    answer = await answered(TOOLS["list_segments"], body)

    assert set(answer) == {"segments", "note", "cursor"}
    assert "api-token" not in json.dumps(answer)


async def test_all_on_one_page_is_not_counted() -> None:
    """A short list is just the list, beside the warning that every answer carries."""
    body = {"segments": [{"id": "1", "name": "Everyone"}], "nextPaginationToken": ""}

    assert await answered(TOOLS["list_segments"], body) == {"segments": body["segments"]}


async def test_deleting_tool_says_what_it_did_beside_what_the_api_says() -> None:
    """`{}` becomes words; anything more is kept beside them."""
    for body, more in (("{}", {}), ('{"id": "op-1"}', {"id": "op-1", "note": JSON_NOTE})):
        async with connected(transport=Api(Reply(body)), FULLSTORY_API_KEY=KEY) as server:
            result = await server.confirmed("delete_user", uid="cust-1042")

        assert result.structured_content == {"done": TOOLS["delete_user"].shape.done, **more}
