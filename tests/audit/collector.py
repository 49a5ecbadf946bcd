"""A collector of spans, as an operator would run one: OTLP over HTTP, on a port of its own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue


@dataclass
class Collector:
    """What arrived: `spans` decoded, `bodies` as they came."""

    url: str
    bodies: list[bytes] = field(default_factory=list)

    @property
    def batches(self) -> list[Any]:
        """Everything that arrived, each batch with the resource it is from."""
        requests = [ExportTraceServiceRequest.FromString(body) for body in self.bodies]
        return [batch for request in requests for batch in request.resource_spans]

    @property
    def spans(self) -> dict[str, Any]:
        """Spans by name."""
        scopes = [scope for batch in self.batches for scope in batch.scope_spans]
        return {span.name: span for scope in scopes for span in scope.spans}

    @property
    def resource(self) -> dict[str, Any]:
        """Who sent the first batch."""
        return attributes(self.batches[0].resource)


def attributes(of: Any) -> dict[str, Any]:
    """The attributes of a span or resource."""
    return {pair.key: _value(pair.value) for pair in of.attributes}


def _value(value: AnyValue) -> Any:
    return getattr(value, value.WhichOneof("value"))


@contextmanager
def collecting() -> Iterator[Collector]:
    """A running collector."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Takes a batch."""
            collector.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector = Collector(f"http://127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield collector
        server.shutdown()
