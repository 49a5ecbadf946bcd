"""OpenTelemetry spans: one for every tool call, its legs below it, and one for every OAuth outcome.

They hold a tool's name and how it ended. Never an argument, an answer, a token, an exception's text
or who the person is; a connection is told by its id. Nothing is recorded, and OpenTelemetry's SDK
not even imported, unless the operator names a collector in OpenTelemetry's own variables.
"""

import logging
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING

from opentelemetry import trace

from fullstory_mcp import __version__
from fullstory_mcp.audit.records import Record
from fullstory_mcp.errors import SettingsError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

logger = logging.getLogger(__name__)

TRACES_ENDPOINT = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
ENDPOINTS = (TRACES_ENDPOINT, "OTEL_EXPORTER_OTLP_ENDPOINT")
"""The variables that name a collector; without one of them there are no spans."""

PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
SPOKEN = "http/protobuf"

LEAVE_SECONDS = 5.0
"""How long the last spans may take: a collector that is away must not keep a leaving server."""

OAUTH_LOGGER = "fullstory_mcp.oauth"
OAUTH_FIELDS = ("oauth_event", "oauth_client", "oauth_outcome")
"""What the front door's log records carry; `oauth_client` is a host or a kind, never a name."""

CODES = {"UnknownTool": "-32602", "internal error": "-32603"}
ERRORS = {"refused": "tool_error", "failed": "tool_error", "cancelled": "cancelled"}
"""`error.type` of a call: the JSON-RPC code where one is answered, else by outcome; `tool_error`
is for a result that says `isError` (OpenTelemetry's semantic conventions for MCP, server spans)."""


class _Switch:
    """The tracer in use; None while no collector is named."""

    tracer: trace.Tracer | None = None


_NO_SPAN: AbstractContextManager[None] = nullcontext()


def call_span(tool: str) -> AbstractContextManager[trace.Span | None]:
    """Around one call: its span, or None where none is recorded; inside another call, its child."""
    if _Switch.tracer is None:
        return _NO_SPAN
    leg = trace.get_current_span().get_span_context().is_valid
    attributes = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": tool}
    if not leg:
        attributes["mcp.method.name"] = "tools/call"
    return _Switch.tracer.start_as_current_span(
        f"execute_tool {tool}" if leg else f"tools/call {tool}",
        kind=trace.SpanKind.INTERNAL if leg else trace.SpanKind.SERVER,
        attributes=attributes,
        record_exception=False,
        set_status_on_exception=False,
    )


def describe(span: trace.Span, record: Record) -> None:
    """Writes onto a call's span how it ended."""
    told: dict[str, str | int] = {
        "fullstory_mcp.outcome": record.outcome,
        "fullstory_mcp.reason": record.reason,
        "fullstory_mcp.upstream.status_code": record.status,
        "fullstory_mcp.connection.id": record.connection,
        "error.type": CODES.get(record.reason) or ERRORS.get(record.outcome, ""),
    }
    span.set_attributes({name: value for name, value in told.items() if value})
    if told["error.type"]:
        span.set_status(trace.StatusCode.ERROR)


class _OAuthSpans(logging.Handler):
    """Makes a span without length of every OAuth outcome that the front door logs."""

    def __init__(self, tracer: trace.Tracer) -> None:
        super().__init__(logging.INFO)
        self._tracer = tracer

    def emit(self, record: logging.LogRecord) -> None:
        """One outcome; other records of that logger are not ours to tell."""
        event, client, outcome = (str(getattr(record, name, "")) for name in OAUTH_FIELDS)
        if not event:
            return
        attributes = {
            "fullstory_mcp.oauth.event": event,
            "fullstory_mcp.oauth.client": client,
            "fullstory_mcp.oauth.outcome": outcome,
        }
        self._tracer.start_span(f"oauth {event}", attributes=attributes).end()


@contextmanager
def exporting() -> Iterator[None]:
    """While the server runs, sends spans to the collector that the environment names, if it names one.

    Everything is read from OpenTelemetry's own variables (its environment variable specification):
    the endpoint, headers, sampler, batch sizes, OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES. What is
    still to be sent is sent at the end, for a few seconds at most.

    Raises:
        SettingsError: OpenTelemetry cannot make use of those variables.
    """
    provider = _provider(os.environ)
    if provider is None:
        yield
        return
    tracer = provider.get_tracer("fullstory_mcp", __version__)
    handler = _OAuthSpans(tracer)
    oauth = logging.getLogger(OAUTH_LOGGER)
    level = oauth.level
    # Spans do not follow the log level; what goes to stderr is held back by its own handler.
    oauth.setLevel(min(oauth.getEffectiveLevel(), logging.INFO))
    oauth.addHandler(handler)
    _Switch.tracer = tracer
    try:
        yield
    finally:
        _Switch.tracer = None
        oauth.removeHandler(handler)
        oauth.setLevel(level)
        _leave(provider)


def _provider(environment: Mapping[str, str]) -> "TracerProvider | None":
    """OpenTelemetry's SDK with the OTLP exporter over HTTP; None where there is nothing to export."""
    endpoint = next((name for name in ENDPOINTS if environment.get(name)), None)
    if endpoint is None or environment.get("OTEL_TRACES_EXPORTER") == "none":
        return None
    protocol = next((environment[name] for name in PROTOCOLS if environment.get(name)), SPOKEN)
    if protocol != SPOKEN:
        logger.warning(
            "Spans are sent as %s alone, to %s; not by another protocol", SPOKEN, endpoint
        )
    try:
        return _sdk()
    except ImportError:
        logger.warning(
            "%s is set, but OpenTelemetry's SDK is not installed, so no spans are sent: "
            "pip install 'fullstory-mcp[hosted]'",
            endpoint,
        )
        return None
    except ValueError:
        raise SettingsError(
            f"{endpoint} is set, but OpenTelemetry cannot use the OTEL_ variables as they are."
        ) from None


def _sdk() -> "TracerProvider":
    """The SDK as the environment configures it; imported here, because most servers need none of it."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 - see above
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    ours = Resource({"service.version": __version__})
    found = ours.merge(Resource.create())
    if str(found.attributes["service.name"]).startswith("unknown_service"):
        found = found.merge(Resource({"service.name": "fullstory-mcp"}))
    provider = TracerProvider(resource=found, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


def _leave(provider: "TracerProvider") -> None:
    """Sends the last spans; the thread is given up where the collector does not take them."""
    sending = threading.Thread(target=provider.shutdown, daemon=True)
    sending.start()
    sending.join(LEAVE_SECONDS)
