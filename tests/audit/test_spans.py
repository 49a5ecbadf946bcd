"""Spans reach a collector, a real one: each call and each OAuth outcome, and nothing that was said."""

import logging
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from mcp.shared.exceptions import MCPError

from audit.collector import Collector, attributes, collecting
from command import environment
from fullstory_mcp.audit import exporting, spans
from fullstory_mcp.errors import SettingsError
from fullstory_mcp.oauth.answers import told
from fullstory_mcp.principal import ApiKey, Principal
from support import connected

pytestmark = pytest.mark.anyio

STRANGER = "nora.quist@example.com"
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
ERROR = 2
SERVER, INTERNAL = 2, 1


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A collector that the environment names."""
    with collecting() as running:
        monkeypatch.setenv(ENDPOINT, running.url)
        yield running


async def test_call_is_a_span_by_the_conventions(collector: Collector) -> None:
    """Name, kind and attributes are those of OpenTelemetry's conventions for MCP."""
    with exporting():
        async with connected() as server:
            await server.data("list_sessions", email=STRANGER)

    span = collector.spans["tools/call list_sessions"]
    assert attributes(span) == {
        "mcp.method.name": "tools/call",
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "list_sessions",
        "fullstory_mcp.outcome": "answered",
        "fullstory_mcp.upstream.status_code": 200,
    }
    assert (span.kind, span.status.code, span.parent_span_id) == (SERVER, 0, b"")
    assert span.end_time_unix_nano > span.start_time_unix_nano
    assert collector.resource["service.name"] == "fullstory-mcp"


async def test_leg_of_a_composite_is_a_span_below_its_call(collector: Collector) -> None:
    """What a tool did on the way belongs to its trace, each in its own time."""
    with exporting():
        async with connected() as server:
            await server.text("review_user", uid="cust-1042")

    call = collector.spans["tools/call review_user"]
    leg = collector.spans["execute_tool list_sessions"]
    assert (leg.trace_id, leg.parent_span_id) == (call.trace_id, call.span_id)
    assert (leg.kind, "mcp.method.name" in attributes(leg)) == (INTERNAL, False)


ENDS = [
    ("list_webhook_endpoints", {}, "refused", "NotPermitted", "tool_error"),
    ("list_sessions", {"mail": STRANGER}, "refused", "InvalidArguments", "tool_error"),
    ("get_user", {"id": "5721348069376000"}, "failed", "NotFound", "tool_error"),
    (STRANGER, {}, "refused", "UnknownTool", "-32602"),
]


@pytest.mark.parametrize(("tool", "arguments", "outcome", "reason", "kind"), ENDS)
async def test_call_that_was_not_answered_is_an_error(  # noqa: PLR0913, PLR0917 - one row of the table
    tool: str, arguments: dict, outcome: str, reason: str, kind: str, collector: Collector
) -> None:
    """Its kind is told, never its text, and an unknown tool not even by name."""
    with exporting():
        async with connected("architect") as server:
            try:
                await server.call(tool, **arguments)
            except MCPError:
                tool = "?"

    span = collector.spans[f"tools/call {tool}"]
    told_of = attributes(span)
    assert (told_of["fullstory_mcp.outcome"], told_of["fullstory_mcp.reason"]) == (outcome, reason)
    assert (told_of["error.type"], span.status.code) == (kind, ERROR)
    assert (span.status.message, list(span.events)) == ("", [])
    assert told_of.get("fullstory_mcp.upstream.status_code") == (
        404 if outcome == "failed" else None
    )


async def test_nothing_that_was_said_and_nobodys_name_is_in_a_span(collector: Collector) -> None:
    """Neither arguments, answers, keys nor the person; the connection is told by its id."""
    key = "eu1.Zq8Xw3Lm9TkVb7Np2Rd5Hs6Jc"
    caller = Principal(ApiKey(key), STRANGER, client="Claude of Nora", connection="connection-7")
    with exporting():
        async with connected() as server:
            audit = server.parts.pipeline.audit
            async with audit.call(caller, "get_user") as record:
                record.outcome = "answered"
            with pytest.raises(RuntimeError):
                async with audit.call(caller, "get_me"):
                    raise RuntimeError(f"{key} of {STRANGER}")

    (sent,) = collector.bodies
    seen = attributes(collector.spans["tools/call get_user"])
    assert seen["fullstory_mcp.connection.id"] == "connection-7"
    assert attributes(collector.spans["tools/call get_me"])["error.type"] == "-32603"
    for said in (STRANGER, "Nora", key, key[4:12], caller.key.fingerprint):
        assert said.encode() not in sent


async def test_oauth_outcome_is_a_span_whatever_is_logged(collector: Collector) -> None:
    """A refusal at the token endpoint can be counted though the log shows warnings alone."""
    before = logging.getLogger("fullstory_mcp.oauth").level
    with exporting():
        told("token", "claude.ai", "invalid_grant")
        logging.getLogger("fullstory_mcp.oauth").info("something else of the front door")
    told("token", "claude.ai", "after the end")

    assert list(collector.spans) == ["oauth token"]
    assert attributes(collector.spans["oauth token"]) == {
        "fullstory_mcp.oauth.event": "token",
        "fullstory_mcp.oauth.client": "claude.ai",
        "fullstory_mcp.oauth.outcome": "invalid_grant",
    }
    assert logging.getLogger("fullstory_mcp.oauth").level == before


async def test_operator_names_the_service(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenTelemetry's own variables are honoured."""
    monkeypatch.setenv("OTEL_SERVICE_NAME", "fullstory-eu")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=production")
    with exporting():
        async with connected() as server:
            await server.data("get_me")

    assert collector.resource["service.name"] == "fullstory-eu"
    assert collector.resource["deployment.environment.name"] == "production"


@pytest.mark.parametrize("variable", ["OTEL_TRACES_EXPORTER", "OTEL_SDK_DISABLED"])
async def test_operator_can_turn_spans_off(
    variable: str, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A collector for something else on the machine gets nothing of ours then."""
    monkeypatch.setenv(variable, "none" if variable == "OTEL_TRACES_EXPORTER" else "true")
    with exporting():
        async with connected() as server:
            await server.data("get_me")

    assert collector.bodies == []


def test_another_protocol_is_warned_of(
    collector: Collector, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A port for gRPC would never understand us, and the operator should not have to guess."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    with exporting():
        pass

    assert "http/protobuf alone" in caplog.text
    assert collector.bodies == []


def test_unusable_variables_stop_the_start_with_a_sentence(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a configuration is not silently dropped."""
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "1")
    with pytest.raises(SettingsError, match=ENDPOINT), exporting():
        pass

    assert collector.bodies == []


def test_collector_that_is_away_does_not_keep_a_leaving_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The last spans are given up after a few seconds."""
    monkeypatch.setenv(ENDPOINT, "http://127.0.0.1:1")
    monkeypatch.setattr(spans, "LEAVE_SECONDS", 0.1)
    with exporting():
        told("token", "claude.ai", "invalid_grant")
        begun = time.monotonic()

    assert time.monotonic() - begun < 2


PROBE = """
import sys
import fullstory_mcp.cli.main
from fullstory_mcp import wiring
from fullstory_mcp.server import stdio
from fullstory_mcp.audit import exporting
from fullstory_mcp.audit.spans import call_span
with exporting(), call_span("get_me") as span:
    print(span, "opentelemetry.sdk" in sys.modules, "opentelemetry.exporter" in sys.modules)
"""


def test_without_a_collector_nothing_of_the_sdk_is_imported() -> None:
    """A server that exports nothing pays nothing, stdio above all."""
    kept = {name: value for name, value in environment().items() if not name.startswith("OTEL_")}
    run = subprocess.run(
        [sys.executable, "-c", PROBE], env=kept, capture_output=True, text=True, check=True
    )

    assert run.stdout == "None False False\n"
