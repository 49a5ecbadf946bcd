"""Every example of every tool file: it binds, becomes the documented request, and is understood."""

import json
from typing import Any
from urllib.parse import parse_qsl

import pytest

from fullstory_mcp.catalogue import JSON, Tool, load_catalogue
from support import connected

pytestmark = pytest.mark.anyio

EXAMPLES = [
    pytest.param(tool, example, id=f"{tool.name}-{number}")
    for tool in load_catalogue().tools.values()
    for number, example in enumerate(tool.examples)
]

each_example = pytest.mark.parametrize(("tool", "example"), EXAMPLES)


@each_example
async def test_example_becomes_exactly_the_request_that_it_shows(
    tool: Tool, example: dict[str, Any]
) -> None:
    """Method, path, query and body are the documented ones, with nothing added or lost."""
    async with connected() as server:
        await server.confirmed(tool.name, **example["arguments"])
        # The first request is the question after the role.
        sent = server.sandbox.requests[1:]

    if tool.http is None:
        assert sent == []
        return
    request = sent[0]
    assert request.method == tool.http.method
    assert request.path == example["path"]
    assert dict(parse_qsl(request.query, keep_blank_values=True)) == example.get("query", {})
    assert _parsed(request.body) == example.get("body")


@each_example
async def test_example_is_understood_by_the_api(tool: Tool, example: dict[str, Any]) -> None:
    """The sandbox takes every field of it: it answers, or knows nothing of that invented id."""
    async with connected() as server:
        server.sandbox.webhooks.clear()
        result = await server.confirmed(tool.name, **example["arguments"])
        statuses = [request.status for request in server.sandbox.requests[1:]]

    assert set(statuses) <= {200, 404}
    assert result.is_error is (404 in statuses)


def _parsed(body: bytes) -> JSON | None:
    return json.loads(body) if body else None
