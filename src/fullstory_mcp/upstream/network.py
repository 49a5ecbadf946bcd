"""The pooled transport to the real API: TLS by the system's trust store, HTTP/1.1, kept alive."""

from urllib.request import getproxies, proxy_bypass

import httpx2 as httpx

KEPT_ALIVE = 64
KEEP_SECONDS = 60.0


def transport() -> httpx.AsyncBaseTransport:
    """A transport; the standard HTTPS_PROXY and NO_PROXY variables are honoured for https."""
    limits = httpx.Limits(
        max_connections=None, max_keepalive_connections=KEPT_ALIVE, keepalive_expiry=KEEP_SECONDS
    )
    direct = httpx.AsyncHTTPTransport(limits=limits)
    proxy = getproxies().get("https")
    if proxy is None:
        return direct
    return _ByProxy(direct, httpx.AsyncHTTPTransport(limits=limits, proxy=proxy))


class _ByProxy(httpx.AsyncBaseTransport):
    """Sends https through the proxy, except to hosts that NO_PROXY names."""

    def __init__(self, direct: httpx.AsyncBaseTransport, proxied: httpx.AsyncBaseTransport) -> None:
        self._direct = direct
        self._proxied = proxied

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        bypass = request.url.scheme != "https" or proxy_bypass(request.url.host)
        chosen = self._direct if bypass else self._proxied
        return await chosen.handle_async_request(request)

    async def aclose(self) -> None:
        await self._direct.aclose()
        await self._proxied.aclose()
