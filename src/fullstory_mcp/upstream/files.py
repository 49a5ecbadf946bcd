"""Fetches an export's file from its pre-signed URL, by a client that never knew a key."""

from collections.abc import Callable
from urllib.parse import urlsplit

import anyio
import httpx2 as httpx

from fullstory_mcp.errors import NotFound, Unavailable, Unreadable
from fullstory_mcp.upstream.client import PATIENCE
from fullstory_mcp.upstream.errand import Sink
from fullstory_mcp.upstream.request import USER_AGENT, Hosts

IDLE_SECONDS = 10.0
"""How long the storage may be silent."""

GONE = frozenset({400, 403, 404, 410})
"""What object stores answer when a link has expired."""


class Files:
    """Downloads by URL: https, or the API's own host; no redirect is followed."""

    def __init__(
        self,
        transport: Callable[[], httpx.AsyncBaseTransport],
        hosts: Hosts,
        *,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._make_transport = transport
        self._idle_seconds = idle_seconds
        self._own = {urlsplit(host)[:2] for host in (hosts.api, hosts.export)}

    async def fetch(self, url: str, sink: Sink) -> None:
        """Writes the file to `sink` as it comes.

        Raises:
            UpstreamError: the address is not allowed, the link has expired, or the storage failed.
        """
        request = self._request(url)
        transport = self._make_transport()
        try:
            with anyio.fail_after(self._idle_seconds) as patience:
                await self._stream(transport, request, sink, patience)
        except (TimeoutError, httpx.TransportError):
            raise Unavailable(
                "The storage that holds the export did not answer. Try again."
            ) from None
        except httpx.DecodingError:
            raise Unreadable("The export's file could not be decompressed.") from None
        finally:
            await transport.aclose()

    def _request(self, url: str) -> httpx.Request:
        """The request for a link that may be fetched; everything else is refused."""
        headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
        try:
            parts = urlsplit(url)
            request = httpx.Request("GET", url, headers=headers, extensions=PATIENCE)
            safe = (parts.scheme == "https" and parts.hostname) or parts[:2] in self._own
        except (ValueError, httpx.InvalidURL):
            safe = False
        if not safe:
            raise Unreadable("The export's link is not an https address; the file was not fetched.")
        return request

    async def _stream(
        self,
        transport: httpx.AsyncBaseTransport,
        request: httpx.Request,
        sink: Sink,
        patience: anyio.CancelScope,
    ) -> None:
        response = await transport.handle_async_request(request)
        try:
            _refuse(response.status_code)
            sink.begin()
            async for chunk in response.aiter_bytes():
                patience.deadline = anyio.current_time() + self._idle_seconds
                sink.write(chunk)
        finally:
            await response.aclose()


def _refuse(status: int) -> None:
    if status in GONE:
        raise NotFound(
            f"The export's link no longer works ({status}). Call again for a new one.",
            status=status,
        )
    if not 200 <= status < 300:
        raise Unavailable(
            f"The storage that holds the export answered {status}. Try again.", status=status
        )
