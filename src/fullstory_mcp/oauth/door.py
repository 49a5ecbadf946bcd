"""The front door as a whole: what stands before /mcp, the pages and endpoints beside it, and the sweeper."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx2 as httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, ExceptionHandler

from fullstory_mcp.catalogue import Tool
from fullstory_mcp.errors import StorageUnavailable
from fullstory_mcp.oauth import connections, consent, endpoints, metadata, registration, signin
from fullstory_mcp.oauth.access import AccessFile
from fullstory_mcp.oauth.answers import FOR_ANY_ORIGIN
from fullstory_mcp.oauth.external import ExternalTokens
from fullstory_mcp.oauth.fetching import Fetcher, direct
from fullstory_mcp.oauth.guard import Guard, Oversight, Rates, Verifier, unavailable
from fullstory_mcp.oauth.limits import Rate
from fullstory_mcp.oauth.model import Front, Shared
from fullstory_mcp.oauth.verify import StoredTokens
from fullstory_mcp.principal import Principal
from fullstory_mcp.sealing import Sealer
from fullstory_mcp.settings import Settings
from fullstory_mcp.storage import Database, Tx, keys, migrate, once, sweep
from fullstory_mcp.storage import connections as stored_connections
from fullstory_mcp.upstream import Upstream
from fullstory_mcp.upstream.network import transport

logger = logging.getLogger(__name__)

NOTE_SECONDS = 15.0
"""How long the use of a connection waits until it is written down."""

ROOMS = (endpoints, registration, consent, signin, connections)
"""Who serves the embedded authorization server's endpoints and pages."""


class FrontDoor:
    """The door of one hosted server, embedded or external; `monotonic` is in seconds."""

    def __init__(
        self,
        shared: Shared,
        tools: Mapping[str, Tool],
        monotonic: Callable[[], float],
        oversight: Oversight,
    ) -> None:
        self._oversight = oversight
        self.shared = shared
        self._tools = tools
        self.embedded = shared.settings.mode == "embedded"
        self._tokens = StoredTokens(shared, monotonic)
        self._verifier: Verifier = self._tokens if self.embedded else ExternalTokens(shared)
        settings = shared.settings
        self._rates = Rates(
            Rate(settings.client_calls_per_minute, monotonic),
            Rate(settings.key_calls_per_minute, monotonic),
        )

    @property
    def prefix(self) -> str:
        """The path of the public URL, which a proxy may leave before ours."""
        return self.shared.front.prefix

    def routes(self) -> list[Route]:
        """Everything but /mcp."""
        rooms = (metadata, *ROOMS) if self.embedded else (metadata,)
        return [route for room in rooms for route in room.routes(self.shared)]

    @property
    def handlers(self) -> Mapping[Any, ExceptionHandler]:
        """What is answered when the database is away."""
        return {StorageUnavailable: _storage_lost}

    def guarded(self, app: ASGIApp, most_body_bytes: int) -> Guard:
        """`app` behind the guard."""
        return Guard(
            app,
            verifier=self._verifier,
            front=self.shared.front,
            tools=self._tools,
            oversight=self._oversight,
            rates=self._rates,
            first_scopes=self.shared.settings.first_scopes,
            most_body_bytes=most_body_bytes,
        )

    async def check(self) -> None:
        """Looks before the start whether the database is there and as this version needs it.

        Raises:
            SettingsError: the database is not migrated.
            StorageUnavailable: it cannot be reached.
        """
        await self.shared.database.in_thread(migrate.check, self.shared.database)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """While the server runs: the database is swept."""
        shared = self.shared
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(sweep.keep_swept, shared.database, shared.clock)
                tasks.start_soon(self._keep_noting)
                yield
                tasks.cancel_scope.cancel()
            await self.note_use()
        finally:
            await shared.fetcher.aclose()

    async def note_use(self) -> None:
        """Writes down which connections were in use, for /connections to say; a loss is only logged."""
        try:
            await self._tokens.note_use()
        except StorageUnavailable as error:
            logger.warning("When connections were last used could not be noted: %s", error)

    async def _keep_noting(self) -> None:
        while True:
            await anyio.sleep(NOTE_SECONDS)
            await self.note_use()

    async def claim(self, nonce: str, until: int) -> bool:
        """Takes a confirmation's nonce: True for the first to bring it, on whichever replica."""
        return await self.shared.database.run(once.claim, f"confirmation:{nonce}", until)

    async def key_refused(self, principal: Principal) -> None:
        """Notes that Fullstory refused the key of a connection, for /connections to say."""
        if not self.embedded:
            return  # the operator's own keys, which no row names
        try:
            await self.shared.database.run(_refused, principal.connection, int(self.shared.clock()))
        except StorageUnavailable as error:
            logger.warning("A refused key could not be noted: %s", error)

    async def ready(self) -> str:
        """What keeps the door from working; "" when nothing does."""
        try:
            await self.shared.database.read(stored_connections.find, "")
        except StorageUnavailable as error:
            return str(error)
        return ""


def shared_by(  # noqa: PLR0913 - wiring names every part
    settings: Settings,
    sealer: Sealer,
    upstream: Upstream,
    *,
    clock: Callable[[], float],
    monotonic: Callable[[], float],
    outside: Callable[[], httpx.AsyncBaseTransport] | None = None,
    resolve: Callable[[str, int], Awaitable[list[str]]] | None = None,
) -> Shared:
    """What every room of the front door is given; `outside` and `resolve` stand in for the internet.

    Raises:
        SettingsError: the database's URL or the access file is not usable.
    """
    return Shared(
        front=Front(settings.public_url or ""),
        settings=settings,
        database=Database(settings.database_url.get_secret_value()),
        sealer=sealer,
        clock=clock,
        role_of=upstream.role,
        levels=upstream.provider.identity["levels"],
        fetcher=Fetcher(
            outside or direct,
            resolve,
            settings.private_hosts,
            outside or transport,
            monotonic=monotonic,
        ),
        access=AccessFile(settings.access_file, monotonic),
        identity_transport=outside,
    )


def _refused(tx: Tx, connection_id: str, now: int) -> None:
    connection = stored_connections.find(tx, connection_id)
    if connection is not None and connection.api_key_id is not None:
        keys.refused(tx, connection.api_key_id, now)


async def _storage_lost(_: Request, error: Exception) -> Response:
    """What a page or endpoint answers while the database is away.

    Pages of any site may read it, as they may what the endpoints for clients answer otherwise: it
    says nothing of anybody.
    """
    logger.error("%s", error)
    answer = unavailable()
    answer.headers.update(FOR_ANY_ORIGIN)
    return answer
