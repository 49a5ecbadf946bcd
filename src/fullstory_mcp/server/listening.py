"""The streams of `subscriptions/listen`: a few for one connection, and no longer than it is let in.

A stream never ends by itself, so whoever opened it has to be asked about again; and the SDK takes
only so many in one process, of which nobody may have them all.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import anyio
import mcp.types as t
from mcp.server.context import ServerRequestContext
from mcp.server.subscriptions import SUBSCRIPTION_ID_META_KEY, ListenHandler, SubscriptionBus
from mcp.shared.exceptions import MCPError

from fullstory_mcp.principal import Principal

logger = logging.getLogger(__name__)

MOST_STREAMS = 8
"""How many streams one connection may have open, in each process."""

LOOK_SECONDS = 60.0
"""How often it is looked whether those who listen are still let in."""

Still = Callable[[], Awaitable[bool]]


@dataclass(frozen=True, slots=True, eq=False)
class _Stream:
    connection: str
    still: Still
    scope: anyio.CancelScope


class Listening:
    """Serves `subscriptions/listen`.

    `principal` gives the caller of the request at hand, `still` what to ask later about whether they
    are still let in; without it there is one caller for good, who may open as many as the SDK takes.
    """

    def __init__(
        self,
        bus: SubscriptionBus,
        principal: Callable[[], Principal],
        still: Callable[[], Still] | None,
    ) -> None:
        self._handler = ListenHandler(bus)
        self._principal = principal
        self._still = still
        self._streams: set[_Stream] = set()

    async def __call__(
        self, ctx: ServerRequestContext[Any, Any], params: t.SubscriptionsListenRequestParams
    ) -> t.SubscriptionsListenResult:
        """Serves one stream until its client leaves, the server does, or the caller is let in no more.

        Raises:
            MCPError: the connection has as many as it may have.
        """
        if self._still is None:
            return await self._handler(ctx, params)
        connection = self._principal().connection
        if sum(each.connection == connection for each in self._streams) >= MOST_STREAMS:
            raise MCPError(
                code=t.INVALID_REQUEST,
                message=f"This connection has {MOST_STREAMS} subscriptions/listen streams open, "
                "which is the most: close one first.",
            )
        stream = _Stream(connection, self._still(), anyio.CancelScope())
        self._streams.add(stream)
        try:
            with stream.scope:
                return await self._handler(ctx, params)
        finally:
            self._streams.discard(stream)
        return t.SubscriptionsListenResult(_meta={SUBSCRIPTION_ID_META_KEY: ctx.request_id})

    @property
    def open(self) -> int:
        """How many streams are open, of callers who may be let in no more."""
        return len(self._streams)

    def close(self) -> None:
        """Ends every stream in good order."""
        self._handler.close()

    async def look(self) -> None:
        """Ends the streams of those who are let in no more."""
        for stream in list(self._streams):
            if not await _answered(stream.still):
                stream.scope.cancel()

    async def keep_looking(self) -> None:
        """Looks every minute, until cancelled."""
        while True:
            await anyio.sleep(LOOK_SECONDS)
            await self.look()


async def _answered(still: Still) -> bool:
    try:
        return await still()
    except Exception:
        logger.exception("Whether a listener is still let in could not be found out")
        return False
