"""The official TypeScript client lists and calls, over both doors and in both eras."""

import json
import sys

import pytest

from fullstory_mcp.catalogue import load_catalogue
from interop.programs import Node
from server.doors import LEGACY, MODERN, Served


@pytest.mark.parametrize(("era", "version"), [("legacy", LEGACY), (MODERN, MODERN)])
@pytest.mark.parametrize("door", ["stdio", "http"])
def test_typescript_client_lists_and_calls(
    node: Node, sandboxed: Served, door: str, era: str, version: str
) -> None:
    """Lists, reads, is refused, and asks its user before a deletion where the era lets it."""
    stdio = {"command": sys.executable, "args": ["-m", "fullstory_mcp", "stdio", "--sandbox"]}
    given = {"era": era, **({"url": sandboxed.mcp} if door == "http" else stdio)}

    ended = node.run("client.mjs", json.dumps(given))

    assert ended.returncode == 0, ended.stderr
    heard = json.loads(ended.stdout)
    assert (heard["version"], heard["server"]) == (version, "fullstory-mcp")
    assert heard["tools"] == list(load_catalogue().tools)
    assert heard["read"]["session_quota"]["limit"] == "100000"
    assert heard["refused"]
    assert heard["unknown"] == -32602
    assert len(heard["asked"]) == (era == MODERN)
    assert ("not agreed to" if era == MODERN else "confirmation: ") in heard["deleted"]
