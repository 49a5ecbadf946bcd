"""The inspector's command line lists (strictly) and calls, over both doors and in both eras."""

import json
import sys

import pytest

from fullstory_mcp.catalogue import load_catalogue
from interop.programs import Node
from server.doors import Served

INSPECTOR = "node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js"
EACH = [
    pytest.mark.parametrize("era", ["legacy", "modern"]),
    pytest.mark.parametrize("door", ["stdio", "http"]),
]


def inspected(node: Node, served: Served, door: str, era: str, *asked: str) -> dict:
    """The answer to one method, which must come without a complaint."""
    target = {
        "http": [served.mcp, "--transport", "http"],
        "stdio": [sys.executable, "-m", "fullstory_mcp", "stdio", "--sandbox"],
    }[door]
    options = ["--cli", *target, "--protocol-era", era, "--format", "json", *asked]
    ended = node.run(INSPECTOR, *options)
    assert ended.returncode == 0, ended.stderr
    parsed = json.loads(ended.stdout)
    return dict(parsed.get("result", parsed))


@EACH[0]
@EACH[1]
def test_inspector_finds_no_fault_in_the_list(
    node: Node, sandboxed: Served, door: str, era: str
) -> None:
    """`--strict` would end with 6 for a schema that clients cannot take."""
    listed = inspected(node, sandboxed, door, era, "--method", "tools/list", "--strict")

    assert [tool["name"] for tool in listed["tools"]] == list(load_catalogue().tools)


@EACH[0]
@EACH[1]
def test_inspector_calls_a_tool(node: Node, sandboxed: Served, door: str, era: str) -> None:
    """A person trying a tool by hand gets its answer."""
    asked = [
        "--method",
        "tools/call",
        "--tool-name",
        "list_sessions",
        "--tool-arg",
        "uid=cust-1042",
    ]
    result = inspected(node, sandboxed, door, era, *asked)

    assert result["structuredContent"]["results"]
