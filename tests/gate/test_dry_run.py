"""Every tool that changes something can be tried: all is checked, the request is shown, nothing is sent."""

import json
from pathlib import Path
from typing import Any

import pytest

from fullstory_mcp.catalogue import Tool, load_catalogue
from support import ERAS, connected

pytestmark = pytest.mark.anyio

CHANGING = [tool for tool in load_catalogue().tools.values() if tool.gate.effect != "read"]
EXAMPLES = [
    pytest.param(tool, example, id=f"{tool.name}-{number}")
    for tool in CHANGING
    for number, example in enumerate(tool.examples)
]


@pytest.mark.parametrize(("tool", "example"), EXAMPLES)
async def test_dry_run_shows_the_very_request_and_sends_nothing(
    tool: Tool, example: dict[str, Any]
) -> None:
    """What is shown is what the same call then sends, but for the key and for secrets."""
    async with connected() as server:
        shown = (await server.data(tool.name, **example["arguments"], dry_run=True))["would_send"]
        assert server.sent() == []
        await server.confirmed(tool.name, **example["arguments"])
        sent = server.sandbox.requests[-1]

    path = sent.path + (f"?{sent.query}" if sent.query else "")
    assert (shown["method"], shown["url"].partition("127.0.0.1:1")[2]) == (sent.method, path)
    body = json.loads(sent.body) if sent.body else None
    if body and "secret" in body:
        body["secret"] = "(not shown)"
    assert shown.get("body") == body
    assert "sandbox" not in json.dumps(shown).lower()


async def test_dry_run_shows_no_secret() -> None:
    """A signing secret is not repeated, however it was given."""
    async with connected() as server:
        text = await server.text(
            "create_webhook_endpoint",
            url="https://hooks.example.com/x",
            secret="s3cret-of-ours",
            eventTypes=[{"eventName": "note.created"}],
            dry_run=True,
        )

    assert "s3cret-of-ours" not in text
    assert "(not shown)" in text


@pytest.mark.parametrize("mode", ERAS)
async def test_dry_run_of_a_deletion_asks_nobody_and_gives_no_token(mode: str) -> None:
    """It says that the call would ask first; what it answers confirms nothing."""
    async with connected(mode=mode) as server:
        text = await server.text("delete_user", uid="cust-1042", dry_run=True)

    assert "The call will ask for a confirmation first." in text
    assert "confirmation:" not in text


async def test_dry_run_is_refused_where_the_call_would_be(tmp_path: Path) -> None:
    """Level, arguments and policy are checked as for the call itself."""
    policy = tmp_path / "policy.toml"
    policy.write_text(
        """
        version = 1
        [presets.small]
        areas = { users = "full" }
        limits = { rows = 2 }
        [[principals]]
        door = "stdio"
        preset = "small"
        """,
        encoding="utf-8",
    )
    async with connected("standard") as server:
        assert "not permitted" in await server.error("delete_user", uid="x", dry_run=True)
        assert "users: " not in await server.error("create_user", dry_run=True, display_name=1)
    async with connected(FULLSTORY_MCP_POLICY_FILE=str(policy)) as server:
        told = await server.error(
            "create_user_import", requests=[{"uid": str(n)} for n in range(3)], dry_run=True
        )
        assert "comes to 3 rows; the policy leaves 2 a call" in told
        assert "not permitted" in await server.error("create_annotation", text="x", dry_run=True)
        assert server.sent() == []


async def test_dry_run_spends_nothing(tmp_path: Path) -> None:
    """Neither a call nor an event is counted against a budget."""
    policy = tmp_path / "policy.toml"
    policy.write_text(
        """
        version = 1
        [presets.one]
        areas = { events = "full" }
        budgets = { day = { calls = 1, server_events = 1 } }
        [[principals]]
        door = "stdio"
        preset = "one"
        """,
        encoding="utf-8",
    )
    event = {"name": "paid", "user": {"uid": "cust-1042"}}
    async with connected(FULLSTORY_MCP_POLICY_FILE=str(policy)) as server:
        for _ in range(3):
            await server.data("create_event", **event, dry_run=True)
        assert not (await server.call("create_event", **event)).is_error
        refused = await server.error("create_event", **event)
        tried = await server.error("create_event", **event, dry_run=True)

    assert tried == refused, "a dry run answers as the call itself would"
