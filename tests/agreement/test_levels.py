"""A key one level too low: the API answers 403, and our gate refuses before anything is sent."""

from typing import Any
from urllib.parse import urlencode

import httpx2 as httpx
import pytest

from fullstory_mcp.catalogue import Tool, load_catalogue
from fullstory_mcp.principal import LEVELS
from fullstory_mcp.sandbox import create_app
from support import connected

pytestmark = pytest.mark.anyio

TOOLS = [tool for tool in load_catalogue().tools.values() if tool.http]
GUARDED = [tool for tool in TOOLS if tool.gate.level != "standard"]


def below(tool: Tool) -> str:
    """The level that just does not do."""
    return LEVELS[LEVELS.index(tool.gate.level) - 1]


async def raw_status(tool: Tool, example: dict[str, Any], level: str) -> int:
    """What the API itself answers to the example's request, sent by hand with a key of `level`."""
    transport = httpx.ASGITransport(app=create_app())
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
        query = urlencode(example.get("query", {}))
        response = await client.request(
            tool.endpoint.method,
            f"{example['path']}{'?' if query else ''}{query}",
            json=example.get("body"),
            headers={"Authorization": f"Basic na1.sandbox-{level}"},
        )
    return response.status_code


@pytest.mark.parametrize("tool", GUARDED, ids=lambda tool: tool.name)
async def test_api_answers_403_where_the_gate_refuses_before_sending(tool: Tool) -> None:
    """Both know the same bound; ours is asked first and costs no request."""
    example = tool.examples[0]
    status = await raw_status(tool, example, below(tool))
    async with connected(below(tool)) as server:
        text = await server.error(tool.name, **example["arguments"])
        sent = server.sent()

    assert status == 403
    assert text.startswith(
        f"{tool.name} is not permitted: it needs an {tool.gate.level.title()} key"
    )
    assert sent == []


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
async def test_level_that_the_gate_asks_for_is_enough_for_the_api(tool: Tool) -> None:
    """No tool is shown to a key that the API then turns away."""
    for example in tool.examples:
        assert await raw_status(tool, example, tool.gate.level) not in (401, 403)


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
async def test_gate_that_is_relaxed_too_far_ends_at_the_api(tool: Tool) -> None:
    """An override lets the call through here; whether the key may is still Fullstory's to say."""
    relaxed = {"FULLSTORY_MCP_LEVEL_OVERRIDES": f"{tool.name}=standard"}
    async with connected("standard", **relaxed) as server:
        result = await server.confirmed(tool.name, **tool.examples[0]["arguments"])
        sent = server.sandbox.requests[1:]

    refused = "The API key may not do this (403)" in result.content[0].text
    assert sent
    assert refused is (tool.gate.level != "standard")
