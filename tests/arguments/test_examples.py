"""Every example of every tool file: it binds, becomes the documented request, and is understood.

A tool without a request of its own becomes its legs; those of its example stand in this file.
"""

import json
import re
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
endpoints_example = pytest.mark.parametrize(
    ("tool", "example"), [case for case in EXAMPLES if case.values[0].http is not None]
)
our_example = pytest.mark.parametrize(
    ("tool", "example"), [case for case in EXAMPLES if case.values[0].http is None]
)

FIRST = "/v2/sessions/6152388101963776%3A4823597165576192"
SECOND = "/v2/sessions/6152388101963776%3A5501347212099584"
PROFILE = "7b7a6f0e-52a4-4a7c-8f0e-2f2f6a0d9c11"
OWN_LEGS = {
    "explain_access": [[], []],
    "get_usage": [["GET /v2/organization/quotas? "]],
    "read_session": [[f"POST {FIRST}/context? {{}}"]],
    "compare_sessions": [[f"POST {FIRST}/context? {{}}", f"POST {SECOND}/context? {{}}"]],
    "summarize_sessions": [[f"GET {FIRST}/summary?config_profile={PROFILE} "]],
    "review_user": [
        ["GET /v2/sessions?uid=cust-10482&limit=5 "],
        ["GET /v2/sessions?email=nora.quist%40example.com&limit=3 "],
    ],
    "find_friction": [
        [
            "GET /v2/sessions?uid=cust-10482&limit=5 ",
            "GET /v2/sessions?uid=nora.quist%40example.com&email=nora.quist%40example.com&limit=5 ",
        ]
    ],
}
"""For each example of a tool of ours, what it sends by itself: method, path, query, body."""
A_READING = re.compile(r"POST /v2/sessions/\d+%3A\d+/context\? \{\}")


@endpoints_example
async def test_example_becomes_exactly_the_request_that_it_shows(
    tool: Tool, example: dict[str, Any]
) -> None:
    """Method, path, query and body are the documented ones, with nothing added or lost."""
    async with connected() as server:
        await server.confirmed(tool.name, **example["arguments"])
        # The first request is the question after the role.
        sent = server.sandbox.requests[1:]

    assert tool.http is not None
    # Before a deletion its object is looked up.
    request = sent[-1] if tool.gate.effect == "delete" else sent[0]
    assert request.method == tool.http.method
    assert request.path == example["path"]
    assert dict(parse_qsl(request.query, keep_blank_values=True)) == example.get("query", {})
    assert _parsed(request.body) == example.get("body")


@our_example
async def test_example_of_a_tool_of_ours_sends_the_legs_it_stands_for_and_no_more(
    tool: Tool, example: dict[str, Any]
) -> None:
    """The legs carry what the caller gave; then only the sessions that they found are read."""
    async with connected() as server:
        await server.confirmed(tool.name, **example["arguments"])
        sent = server.sandbox.requests[1:]

    own = OWN_LEGS[tool.name][tool.examples.index(example)]
    lines = [f"{one.method} {one.path}?{one.query} {one.body.decode()}" for one in sent]
    found = [line for line in lines if line not in own]
    assert sorted(lines[: len(own)]) == sorted(own)
    assert len(found) == len(set(found)) == example["arguments"].get("max_sessions", 0)
    assert all(A_READING.fullmatch(line) for line in found)


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
