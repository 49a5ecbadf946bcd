"""The inspector's command line signs in as a person at a terminal would, and calls."""

import json
import os

import httpx2 as httpx
import pytest

from interop.authorizing import Hosted, Person, accompanied, free_port
from interop.programs import Node
from interop.test_inspector import INSPECTOR
from server.doors import STARTS_IN

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("era", ["legacy", "modern"])
async def test_inspector_signs_in_and_calls(node: Node, hosted: Hosted, era: str) -> None:
    """It asks for everything at once, and its person's browser leads it to the answer."""
    command = node.command(
        *(INSPECTOR, "--cli", hosted.served.mcp, "--transport", "http", "--protocol-era", era),
        *("--method", "tools/call", "--tool-name", "get_quotas", "--format", "json"),
        *("--callback-url", f"http://127.0.0.1:{free_port()}/oauth/callback"),
    )
    env = {**node.environment, "MCP_AUTO_OPEN_ENABLED": "false"}
    ours, terminal = os.openpty()  # without a terminal it asks nobody
    try:
        async with httpx.AsyncClient(timeout=STARTS_IN) as web:
            person = Person(web)
            said = await accompanied(person, command, env, terminal)
    finally:
        os.close(terminal)
        os.close(ours)

    assert person.allowed == [["fullstory:read", "fullstory:write", "fullstory:delete"]]
    assert "session_quota" in json.loads(said[-1])["result"]["structuredContent"]
