"""The HTTP door: streamable HTTP at /mcp, /healthz and /readyz, stateless in both eras.

Stateless means that any replica answers any request. Answers go out as plain JSON where nothing
came before them on the modern wire, as an event stream otherwise, so that progress gets through.
Host and Origin are checked against loopback names, which stops DNS rebinding.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import uvicorn
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from fullstory_mcp.server.mcp import FullstoryServer

MOST_BODY_BYTES = 64 * 1024 * 1024
"""A batch of 50,000 rows is larger than the SDK's 4 MiB."""

LEAVE_SECONDS = 20

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")

SECURITY = TransportSecuritySettings(
    allowed_hosts=[name for host in _LOOPBACK for name in (host, f"{host}:*")],
    allowed_origins=[
        f"{scheme}://{name}"
        for scheme in ("http", "https")
        for host in _LOOPBACK
        for name in (host, f"{host}:*")
    ],
)

Ready = Callable[[], Awaitable[str]]
"""Says in a few words what keeps the server from working; "" when nothing does."""


def application(server: FullstoryServer, ready: Ready) -> ASGIApp:
    """The ASGI application; one instance runs once."""
    manager = StreamableHTTPSessionManager(
        app=server,
        stateless=True,
        security_settings=SECURITY,
        max_request_body_size=MOST_BODY_BYTES,
    )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with manager.run():
            yield

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_: Request) -> Response:
        why = await ready()
        if why:
            return JSONResponse({"status": "not ready", "why": why}, status_code=503)
        return JSONResponse({"status": "ready"})

    routes = [Route("/healthz", healthz), Route("/readyz", readyz)]
    return _McpFirst(manager, Starlette(routes=routes, lifespan=lifespan))


class _McpFirst:
    """Hands /mcp straight to the SDK: the framework's layers would only cost every call time."""

    def __init__(self, manager: StreamableHTTPSessionManager, rest: ASGIApp) -> None:
        self._manager = manager
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/mcp":
            await self._manager.handle_request(scope, receive, send)
        else:
            await self._rest(scope, receive, send)


async def run(app: ASGIApp, host: str, port: int) -> None:
    """Serves `app` until a signal; requests in flight may finish."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=LEAVE_SECONDS,
    )
    await uvicorn.Server(config).serve()
