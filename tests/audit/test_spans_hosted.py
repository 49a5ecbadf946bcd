"""Spans of a server for many: calls, refusals and OAuth outcomes, and nobody's secret or name."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from mcp import Client

from audit.collector import Collector, attributes, collecting
from command import environment
from fullstory_mcp.audit import exporting
from oauth.harness import KEY, VERIFIER, followed, hosting, redirected, submitted
from oauth.identity_provider import ADA
from oauth.organisation import KEY as NAMED_KEY
from oauth.organisation import organisation, sent_to
from server.doors import serving

pytestmark = pytest.mark.anyio

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
STRANGER = "nora.quist@example.com"


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A collector that the environment names."""
    with collecting() as running:
        monkeypatch.setenv(ENDPOINT, running.url)
        yield running


async def test_way_from_registration_to_a_call_is_told_without_a_secret(
    collector: Collector,
) -> None:
    """Each outcome is a span; tokens, codes, keys and arguments are in none."""
    with exporting():
        async with hosting() as door:
            tokens = await door.connect(grant="fullstory:read")
            refused = await door.redeemed(tokens["client_id"], "fsmcp_ac_made-up")
            await door.call(tokens["access_token"], "list_sessions", email=STRANGER)
            await door.call(tokens["access_token"], "get_user", id="5721348069376000")

    (sent,) = collector.bodies
    calls = [attributes(span) for name, span in collector.spans.items() if "tools/call" in name]
    assert refused.status_code == 400
    assert {"oauth register", "oauth authorize", "oauth consent", "oauth token"} <= set(
        collector.spans
    )
    assert (
        attributes(collector.spans["oauth token"])["fullstory_mcp.oauth.outcome"] == "invalid_grant"
    )
    assert [call["fullstory_mcp.outcome"] for call in calls] == ["answered", "failed"]
    assert all(len(call["fullstory_mcp.connection.id"]) > 20 for call in calls)
    for said in (
        STRANGER,
        KEY,
        VERIFIER,
        "5721348069376000",
        tokens["access_token"],
        tokens["refresh_token"],
        "fsmcp_ac_",
        "Test client",
    ):
        assert said.encode() not in sent


async def test_person_who_signed_in_is_not_in_a_span(collector: Collector) -> None:
    """The log may say who called; what leaves for a collector does not."""
    with exporting():
        async with organisation() as (door, at):
            client = (await door.registered())["client_id"]
            begun = await door.client.get("/authorize", params=door.question(client))
            there = await sent_to(door, await followed(door.client, begun))
            page = await followed(door.client, await door.client.get(at.sign_in(there)))
            answer = await submitted(
                door.client, page, {"scope": ["fullstory:read"]}, button="allow"
            )
            tokens = await door.redeemed(client, redirected(answer)["code"])
            await door.call(tokens.json()["access_token"], "get_me")

    (sent,) = collector.bodies
    assert attributes(collector.spans["tools/call get_me"])["fullstory_mcp.outcome"] == "answered"
    assert "oauth sign-in" in collector.spans
    for said in (ADA["email"], ADA["sub"], NAMED_KEY):
        assert said.encode() not in sent


async def test_server_that_ends_sends_its_last_spans(tmp_path: Path) -> None:
    """Over HTTP with one key, as a process of its own, told to stop."""
    with collecting() as collector:
        env = environment(FULLSTORY_MCP_LOG_LEVEL="info", **{ENDPOINT: collector.url})
        command = ("-m", "fullstory_mcp", "serve", "--sandbox", "--port", "0")
        with serving(tmp_path, env, *command) as served:
            async with Client(served.mcp) as client:
                await client.call_tool("get_me", {})
            served.process.terminate()
            code = served.process.wait()

    assert code == 0
    assert "tools/call get_me" in collector.spans
