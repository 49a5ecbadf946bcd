"""Fetches JSON documents that strangers point to, without being led into the network behind us.

A stranger's URL is https, on port 443, of a public host. The host is resolved first; if any of its
addresses is not public nothing is sent, and the connection goes to an address that was looked at,
with the certificate checked for the name. So a name that resolves differently a moment later (DNS
rebinding) leads nowhere. There are no redirects, cookies or credentials, and no proxy: behind one
the checked address could not be enforced, so HTTPS_PROXY is not honoured here. Hosts in
`private_hosts` may have any port and any address.

An operator's own URL (`trusted`) is only kept small and quick: it may be private, and goes through
the transport that the operator's proxy settings made.
"""

import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field

import anyio
import httpx2 as httpx

from fullstory_mcp.errors import CallerError
from fullstory_mcp.oauth.addresses import is_public, resolved
from fullstory_mcp.settings import is_loopback

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Every address of a host, for a connection to a port; raises OSError where there is none."""

MOST_BYTES = 32 * 1024
SECONDS = 5.0
CONNECT_SECONDS = 2.0
"""How long one address is tried, so that the next one has a chance."""
AT_ONCE = 8
ADDRESSES_TRIED = 3
FAILED_SECONDS = 5.0
"""How long a stranger's URL that failed is not tried again."""

MOST_FAILED = 1_000
PER_HOST_A_MINUTE = 30
"""How often strangers can make us ask one host, so that we are no hammer in their hand."""

HTTPS = 443

_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_URL = re.compile(
    rf"(?P<scheme>https?)://(?P<host>{_LABEL}(?:\.{_LABEL})*|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{{1,5}}))?"
    r"(?P<target>/[!$-;=?-Z\[\]_a-z~]*)?"
)
"""One strict reading of a URL: ASCII, no userinfo, no fragment, nothing that parsers disagree on."""

_JSON = re.compile(r"application/(?:[a-z0-9.+-]+\+)?json", re.IGNORECASE)
_MAX_AGE = re.compile(r"max-age=\"?(\d{1,9})", re.IGNORECASE)
_NOT_STORED = re.compile(r"\b(?:no-store|no-cache)\b", re.IGNORECASE)


class FetchRefused(CallerError):
    """Nothing was fetched; the text is half a sentence why, without anything that was received."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document as it came; `max_age` in seconds, 0 for "do not keep", None where it did not say."""

    body: bytes
    max_age: int | None
    content_type: str


@dataclass(frozen=True, slots=True)
class Place:
    """A URL in the only parts that count."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def netloc(self) -> str:
        """Host and port as the Host header names them."""
        usual = HTTPS if self.scheme == "https" else 80
        return self.host if self.port == usual else f"{self.host}:{self.port}"


@dataclass(slots=True)
class _Flight:
    lock: anyio.Lock = field(default_factory=anyio.Lock)
    outcome: Fetched | FetchRefused | None = None
    waiting: int = 0


def direct() -> httpx.AsyncBaseTransport:
    """The transport for strangers' documents: no proxy, and no connection kept.

    A kept connection is known by its address alone, and its certificate was checked for one name.
    """
    limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=0)
    return httpx.AsyncHTTPTransport(limits=limits)


def place_of(url: str) -> Place:
    """The parts of a URL.

    Raises:
        FetchRefused: it is not one that could be fetched from anywhere.
    """
    parts = _URL.fullmatch(url)
    if parts is None:
        raise FetchRefused("its address is not a plain https URL")
    scheme = parts["scheme"]
    port = int(parts["port"] or (HTTPS if scheme == "https" else 80))
    if not 0 < port < 65536:
        raise FetchRefused("its address names an impossible port")
    return Place(scheme, parts["host"].lower(), port, parts["target"] or "/")


class Fetcher:
    """Gets JSON documents, so many at once, and each URL once for all who want it at a moment.

    `transport` is called once, at the first fetch of a stranger's URL; `trusted_transport` at the
    first of the operator's own (the same one if left out). `resolve` is the system's resolver;
    `monotonic` counts seconds; a fetch has `seconds` for resolving, connecting and reading in all.
    """

    def __init__(  # noqa: PLR0913 - wiring names every part
        self,
        transport: Callable[[], httpx.AsyncBaseTransport] = direct,
        resolve: Resolve = resolved,
        private_hosts: Collection[str] = (),
        trusted_transport: Callable[[], httpx.AsyncBaseTransport] | None = None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        seconds: float = SECONDS,
    ) -> None:
        self._make = {False: transport, True: trusted_transport or transport}
        self._transports: dict[bool, httpx.AsyncBaseTransport] = {}
        self._resolve = resolve
        self._private_hosts = frozenset(host.lower() for host in private_hosts)
        self._places = anyio.Semaphore(AT_ONCE)
        self._flights: dict[tuple[str, bool], _Flight] = {}
        self._monotonic = monotonic
        self._seconds = seconds
        self._failed: dict[str, tuple[float, FetchRefused]] = {}
        self._asked: Counter[str] = Counter()
        self._minute = 0

    async def aclose(self) -> None:
        """Closes what is open; a later fetch would open it again."""
        transports, self._transports = self._transports, {}
        for transport in transports.values():
            await transport.aclose()

    async def get(
        self,
        url: str,
        *,
        most_bytes: int = MOST_BYTES,
        trusted: bool = False,
    ) -> Fetched:
        """The document at `url`.

        Raises:
            FetchRefused: why there is none.
        """
        flight = self._flights.setdefault((url, trusted), _Flight())
        flight.waiting += 1
        try:
            async with flight.lock:
                if flight.outcome is None:
                    flight.outcome = await self._outcome(url, most_bytes, trusted)
        finally:
            flight.waiting -= 1
            if not flight.waiting:
                del self._flights[url, trusted]
        if isinstance(flight.outcome, FetchRefused):
            raise FetchRefused(str(flight.outcome))
        return flight.outcome

    async def _outcome(self, url: str, most_bytes: int, trusted: bool) -> Fetched | FetchRefused:
        if (failed := self._failed.get(url)) and not trusted and failed[0] > self._monotonic():
            return failed[1]
        outcome = await self._tried(url, most_bytes, trusted)
        if isinstance(outcome, FetchRefused) and not trusted:
            while len(self._failed) >= MOST_FAILED:
                del self._failed[next(iter(self._failed))]
            self._failed[url] = (self._monotonic() + FAILED_SECONDS, outcome)
        return outcome

    async def _tried(self, url: str, most_bytes: int, trusted: bool) -> Fetched | FetchRefused:
        try:
            place = place_of(url)
            with anyio.fail_after(self._seconds):
                async with self._places:
                    if trusted:
                        return await self._trusted(place, most_bytes)
                    self._count(place.host)
                    return await self._strangers(place, most_bytes)
        except FetchRefused as refused:
            return refused
        except TimeoutError:
            return FetchRefused(f"it did not come within {self._seconds:g} seconds")
        except (httpx.HTTPError, OSError, ValueError):
            # ValueError: a host name that TLS cannot carry.
            return FetchRefused("its host cannot be reached, or shows no certificate for its name")

    def _count(self, host: str) -> None:
        minute = int(self._monotonic() // 60)
        if minute != self._minute:
            self._minute = minute
            self._asked.clear()
        self._asked[host] += 1
        if self._asked[host] > PER_HOST_A_MINUTE:
            raise FetchRefused("its host was asked too often in the last minute; try again in one")

    async def _trusted(self, place: Place, most_bytes: int) -> Fetched:
        if place.scheme != "https" and not is_loopback(place.host):
            raise FetchRefused("its address is not https")
        return await self._exchange(place, place.host, most_bytes, trusted=True)

    async def _strangers(self, place: Place, most_bytes: int) -> Fetched:
        """Asks one address after the other, all of which were looked at before any is connected to."""
        if place.scheme != "https":
            raise FetchRefused("its address is not https")
        addresses = await self._addresses(place)
        for address in addresses[:-1]:
            try:
                return await self._exchange(place, address, most_bytes, trusted=False)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return await self._exchange(place, addresses[-1], most_bytes, trusted=False)

    async def _addresses(self, place: Place) -> list[str]:
        """The addresses to try; what is private and what does not exist are told in the same words."""
        private = {place.host, f"{place.host}:{place.port}"} & self._private_hosts
        if place.port != HTTPS and not private:
            raise FetchRefused(f"its address has a port other than {HTTPS}")
        try:
            addresses = await self._resolve(place.host.strip("[]"), place.port)
        except (OSError, UnicodeError):
            addresses = []
        if not addresses or not (private or all(is_public(address) for address in addresses)):
            raise FetchRefused("its host has no public address, or also one that is not public")
        return addresses[:ADDRESSES_TRIED]

    async def _exchange(
        self, place: Place, address: str, most_bytes: int, *, trusted: bool
    ) -> Fetched:
        host = f"[{address}]" if ":" in address.strip("[]") and address[0] != "[" else address
        request = httpx.Request(
            "GET",
            f"{place.scheme}://{host}:{place.port}{place.target}",
            headers={
                "Host": place.netloc,
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                "Connection": "close",
                "User-Agent": "fullstory-mcp",
            },
            extensions={
                "sni_hostname": place.host.strip("[]"),
                "timeout": {"connect": CONNECT_SECONDS, "read": None, "write": None, "pool": None},
            },
        )
        if trusted not in self._transports:
            self._transports[trusted] = self._make[trusted]()
        response = await self._transports[trusted].handle_async_request(request)
        try:
            return await _read(response, most_bytes, any_type=trusted)
        finally:
            await response.aclose()


async def _read(response: httpx.Response, most_bytes: int, *, any_type: bool) -> Fetched:
    """The answer, if it is a small JSON document; how long it says it is does not count."""
    content_type = response.headers.get("content-type", "").partition(";")[0].strip()
    if response.is_redirect:
        raise FetchRefused("it redirects, which is not followed")
    if response.status_code != 200:
        raise FetchRefused(f"its host answered with status {response.status_code}")
    if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise FetchRefused("it came compressed, which was not asked for")
    if not any_type and not _JSON.fullmatch(content_type):
        raise FetchRefused("its content type is not application/json")
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > most_bytes:
            raise FetchRefused(f"it is larger than {most_bytes // 1024} KB")
    return Fetched(bytes(body), _max_age(response.headers.get("cache-control", "")), content_type)


def _max_age(cache_control: str) -> int | None:
    """How long a document may be kept (RFC 9111 section 5.2.2)."""
    if _NOT_STORED.search(cache_control):
        return 0
    found = _MAX_AGE.search(cache_control)
    return int(found[1]) if found else None
