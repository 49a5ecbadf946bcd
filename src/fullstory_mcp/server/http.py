"""The HTTP door: streamable HTTP at /mcp, /healthz and /readyz, stateless in both eras.

Stateless means that any replica answers any request. Answers go out as plain JSON where nothing
came before them on the modern wire, as an event stream otherwise, so that progress gets through.
Without a front door Host and Origin are checked against loopback names, which stops DNS rebinding.
Behind one every call needs a token that a foreign page does not have; its guard checks Origin.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from types import FrameType
from typing import Any, Protocol

import anyio
import uvicorn
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from sse_starlette.sse import AppStatus
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, ExceptionHandler, Receive, Scope, Send

from fullstory_mcp.errors import tell
from fullstory_mcp.server.mcp import FullstoryServer

logger = logging.getLogger(__name__)

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


class Door(Protocol):
    """What stands before /mcp where the server is for many."""

    @property
    def prefix(self) -> str:
        """The path of the public URL, which a proxy may leave before ours."""

    def routes(self) -> list[Route]:
        """Everything it serves beside /mcp."""

    def guarded(self, app: ASGIApp, most_body_bytes: int) -> ASGIApp:
        """`app`, reached by callers alone who may."""

    def open(self) -> AbstractAsyncContextManager[None]:
        """While the server runs."""

    @property
    def handlers(self) -> Mapping[Any, ExceptionHandler]:
        """What its routes answer when an error of ours escapes them."""


def application(server: FullstoryServer, ready: Ready, door: Door | None = None) -> ASGIApp:
    """The ASGI application; one instance runs once."""
    manager = StreamableHTTPSessionManager(
        app=server,
        stateless=True,
        security_settings=SECURITY if door is None else None,
        max_request_body_size=MOST_BODY_BYTES,
    )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with (
            door.open() if door else nullcontext(),
            manager.run(),
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(server.listening.keep_looking)
            yield
            tasks.cancel_scope.cancel()

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_: Request) -> Response:
        try:
            why = await ready()
        except Exception as error:
            logger.exception("The question whether this server is ready failed unexpectedly")
            why = tell(error)
        if why:
            return JSONResponse({"status": "not ready", "why": why}, status_code=503)
        return JSONResponse({"status": "ready"})

    routes = [Route("/healthz", healthz), Route("/readyz", readyz)]
    mcp: ASGIApp = manager.handle_request
    if door is None:
        return _McpFirst(mcp, _rest(routes, lifespan), server.end_streams)
    rest = _rest([*routes, *door.routes()], lifespan, door.handlers)
    guarded = door.guarded(mcp, MOST_BODY_BYTES)
    return _McpFirst(guarded, rest, server.end_streams, door.prefix)


def _rest(
    routes: list[Route],
    lifespan: Callable[[Starlette], AbstractAsyncContextManager[None]],
    handlers: Mapping[Any, ExceptionHandler] | None = None,
) -> Starlette:
    """Everything beside /mcp."""
    rest = Starlette(routes=routes, lifespan=lifespan, exception_handlers=handlers)
    # It would lead to whatever host and scheme the request names.
    rest.router.redirect_slashes = False
    return rest


class _McpFirst:
    """Hands /mcp straight on: the framework's layers would only cost every call time.

    GET, the handshake era's stream for what a server says unasked, is refused as the protocol
    allows: without sessions nothing could ever come over it, and it would never end.
    """

    def __init__(
        self, mcp: ASGIApp, rest: ASGIApp, end_streams: Callable[[], None], prefix: str = ""
    ) -> None:
        self._mcp = mcp
        self._rest = rest
        self._prefix = prefix
        self.end_streams = end_streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._prefix and scope.get("path", "").startswith(f"{self._prefix}/"):
            # A proxy may pass the public path on as it is, or without its prefix.
            path = scope["path"].removeprefix(self._prefix)
            scope = {**scope, "path": path, "raw_path": path.encode()}
        if scope["type"] != "http" or scope["path"] != "/mcp":
            await self._rest(scope, receive, send)
        elif scope["method"] != "POST":
            await Response(status_code=405, headers={"Allow": "POST"})(scope, receive, send)
        else:
            await self._mcp(scope, receive, send)


class _Server(uvicorn.Server):
    """Leaves by returning, so that what was opened is closed."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Notes a signal; uvicorn would raise it again at the end, and the process die of it."""
        del sig, frame
        self.force_exit = self.should_exit
        self.should_exit = True

    async def shutdown(self, sockets: list[Any] | None = None) -> None:
        """Ends what would never end by itself, then waits for what is in flight."""
        if isinstance(self.config.app, _McpFirst):
            self.config.app.end_streams()
        await super().shutdown(sockets)


async def run(app: ASGIApp, host: str, port: int) -> None:
    """Serves `app` until a signal; requests in flight may finish, a second signal cuts them off."""
    # The event streams in flight are answers, and each has an end of its own.
    AppStatus.disable_automatic_graceful_drain()  # type: ignore[no-untyped-call]  # it is untyped
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        # Whatever else is installed: httptools refuses header values that MCP lets clients send.
        http="h11",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=LEAVE_SECONDS,
    )
    await _Server(config).serve()
