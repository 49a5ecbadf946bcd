"""The ASGI app: takes a request, lets faults strike, and answers as the API would.

The way of a request: fault? - route (404, 405) - key and level (401, 403) - rate (429) -
body and query (400) - stored answer? - handler - recorded. Nothing here knows an endpoint.
"""

import asyncio
import json
import time
from collections.abc import Callable
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from fullstory_mcp.sandbox import checks, control, recorder, storage
from fullstory_mcp.sandbox.auth import admit
from fullstory_mcp.sandbox.errors import ApiError, documented_body, invalid
from fullstory_mcp.sandbox.faults import Fault
from fullstory_mcp.sandbox.idempotency import REPLAY_HEADER
from fullstory_mcp.sandbox.limits import DEFAULT_LIMITS, RateLimits
from fullstory_mcp.sandbox.recorder import BODY_KEPT, Recorded
from fullstory_mcp.sandbox.routes import ROUTES
from fullstory_mcp.sandbox.routing import Call, Json, Route, find
from fullstory_mcp.sandbox.state import Sandbox

MARK = ("X-Fullstory-Sandbox", "invented-data")
EVENT_QUOTA = 979_486


def create_app(
    *,
    seed: int = 42,
    clock: Callable[[], float] = time.time,
    rate_limits: RateLimits = DEFAULT_LIMITS,
    job_seconds: float = 3.0,
    event_quota: int = EVENT_QUOTA,
) -> Starlette:
    """Make a sandbox of its own; nothing is shared between two of them.

    seed          which invented world; the same seed gives the same world
    clock         seconds since 1970; everything that lasts or is limited reads it
    rate_limits   of each key
    job_seconds   how long deletions, imports and exports take on that clock
    event_quota   server events that may still be sent

    `app.state.sandbox` is its `Sandbox`.
    """
    sandbox = Sandbox(
        seed=seed,
        clock=clock,
        rate_limits=rate_limits,
        job_seconds=job_seconds,
        event_quota=event_quota,
    )
    app = Starlette(routes=[Mount("/", app=Door(sandbox))])
    app.state.sandbox = sandbox
    return app


class Door:
    """The one ASGI endpoint behind which the whole API lives."""

    def __init__(self, sandbox: Sandbox) -> None:
        """Serve this sandbox."""
        self._sandbox = sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        body = await request.body()
        path = raw_path(scope)
        if path == control.ROOT or path.startswith(f"{control.ROOT}/"):
            response = control.answer(self._sandbox, request.method, path, body)
            await _marked(response)(scope, receive, send)
            return
        noted = _note(request, path, body)
        recorder.record(self._sandbox.requests, noted)
        fault = self._sandbox.faults.strike(request.method, path)
        if fault is None:
            await self._send(self._answer(request, path, body), noted, scope, receive, send)
        else:
            await self._spoil(fault, request, body, noted, send)

    async def _send(
        self, response: Response, noted: Recorded, scope: Scope, receive: Receive, send: Send
    ) -> None:
        noted.status = response.status_code
        await _marked(response)(scope, receive, send)

    async def _spoil(
        self, fault: Fault, request: Request, body: bytes, noted: Recorded, send: Send
    ) -> None:
        """Answer as the fault says; the request takes effect only when it should."""
        real = None
        if fault.after or not fault.prevents:
            real = self._answer(request, noted.path, body)
        await asyncio.sleep(fault.delay)
        if fault.hang:
            await _wait_for_disconnect(request.receive)
            return
        response = _marked(_spoilt(fault, real))
        if fault.drop:
            await _drop(fault, response, send)
        await self._send(response, noted, request.scope, request.receive, send)

    def _answer(self, request: Request, path: str, body: bytes) -> Response:
        try:
            self._sandbox.later.settle(self._sandbox.now)
            if path.startswith(f"{storage.ROOT}/"):
                return storage.answer(self._sandbox, path, request.query_params, request.headers)
            return self._admitted(request, path, body)
        except ApiError as error:
            return JSONResponse(error.body, error.status, error.headers)

    def _admitted(self, request: Request, path: str, body: bytes) -> Response:
        route, parameters = find(ROUTES, request.method, path)
        key = admit(request.headers.get("authorization", ""), route.level)
        self._sandbox.buckets.take(key)
        query = dict(request.query_params)
        checks.shape(route.query)(query, "query")
        call = Call(self._sandbox, key, parameters, query, _parsed(route, body), _base_url(request))
        response = self._once(route, call, request, path, body)
        if route.metered and response.status_code < 400:
            self._sandbox.activations[key] += 1
        return response

    def _once(self, route: Route, call: Call, request: Request, path: str, body: bytes) -> Response:
        """Run the handler, or give the stored answer of the same idempotency key."""
        idempotency_key = request.headers.get("idempotency-key")
        if not route.idempotent or not idempotency_key:
            return _responded(route, call)
        store, slot = self._sandbox.idempotency, (call.key, path, idempotency_key)
        kept = store.find(slot, body)
        if kept is not None:
            headers = {REPLAY_HEADER: "true"}
            return Response(kept.body, kept.status, headers, "application/json")
        response = _responded(route, call)
        store.keep(slot, body, response.status_code, bytes(response.body))
        return response


def raw_path(scope: Scope) -> str:
    """Return the path as it was received, percent-escapes and all."""
    raw = scope.get("raw_path")
    return raw.decode("latin-1") if raw else quote(scope["path"])


def _note(request: Request, path: str, body: bytes) -> Recorded:
    return Recorded(
        method=request.method,
        path=path,
        query=request.url.query,
        headers=dict(request.headers),
        body=body[:BODY_KEPT],
        body_length=len(body),
    )


def _base_url(request: Request) -> str:
    host = request.headers.get("host") or request.url.netloc
    return f"{request.url.scheme}://{host}"


def _parsed(route: Route, body: bytes) -> Json:
    """Read the JSON body and check it against the route; nothing sent counts as `{}`."""
    if route.body is None or not body:
        return {}
    try:
        parsed = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise invalid("request body is not valid JSON") from None
    checks.shape(route.body)(parsed, "request body")
    return dict(parsed)


def _no_constant(word: str) -> None:
    """Refuse NaN and Infinity, which Python would read and JSON does not have."""
    raise ValueError(word)


def _responded(route: Route, call: Call) -> Response:
    try:
        answer = route.handler(call)
    except ApiError as error:
        return JSONResponse(error.body, error.status, error.headers)
    return answer if isinstance(answer, Response) else JSONResponse(answer)


def _marked(response: Response) -> Response:
    response.headers[MARK[0]] = MARK[1]
    return response


def _spoilt(fault: Fault, real: Response | None) -> Response:
    """Make the answer of a fault: its own, or the real one cut short."""
    response = real
    if fault.replaces or response is None:
        response = Response(_fault_body(fault), fault.status or 200, media_type="application/json")
    if fault.truncate:
        half = bytes(response.body)[: len(response.body) // 2]
        response = Response(half, response.status_code, media_type="application/json")
    for name, value in fault.headers.items():
        response.headers[name] = value
    return response


def _fault_body(fault: Fault) -> bytes:
    if fault.size is not None:
        return _filler(fault.size)
    if fault.body is not None:
        return fault.body
    return json.dumps(documented_body(fault.status or 500)).encode()


def _filler(size: int) -> bytes:
    """Make JSON of exactly `size` bytes: an object, or digits where none fits."""
    frame = b'{"filler":"%s"}'
    room = size - len(frame % b"")
    return b"1" * size if room < 0 else frame % (b"x" * room)


async def _drop(fault: Fault, response: Response, send: Send) -> None:
    """Send the headers and half of the body, then break."""
    start = {
        "type": "http.response.start",
        "status": response.status_code,
        "headers": response.raw_headers,
    }
    await send(start)
    half = bytes(response.body)[: len(response.body) // 2]
    await send({"type": "http.response.body", "body": half, "more_body": True})
    raise fault.drop_error("the sandbox dropped this connection")


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
