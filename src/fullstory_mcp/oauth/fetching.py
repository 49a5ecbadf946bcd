"""Fetches JSON documents that strangers point to, without being led into the network behind us.

A stranger's URL is https, on port 443, of a public host. The host is resolved first; if any of its
addresses is not public nothing is sent, and the connection goes to an address that was looked at,
with the certificate checked for the name. So a name that resolves differently a moment later (DNS
rebinding) leads nowhere. There are no redirects, cookies or credentials, and no proxy: behind one
the checked address could not be enforced, so HTTPS_PROXY is not honoured here. Hosts in
`private_hosts` may have any port and any address.

An operator's own URL is only kept small and quick: it may be private, and goes through the
transport that the operator's proxy settings made.

Whose URL it is also says with whom it shares places and look-ups of names: what strangers make us
fetch takes nothing from the apps that people have connected.
"""

import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from typing import Literal, get_args

import anyio
import httpx2 as httpx

from fullstory_mcp.oauth.addresses import Resolver, is_public
from fullstory_mcp.oauth.fetched import Fetched, FetchRefused, Gone, read
from fullstory_mcp.settings import is_loopback

__all__ = ["FetchRefused", "Fetched", "Fetcher", "Gone", "Place", "Whose", "place_of"]

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Every address of a host, for a connection to a port; raises OSError where there is none."""

Whose = Literal["stranger", "kept", "connected", "operator"]
"""Who named a URL: anybody; anybody, and it was good before; an app that a person connected; the operator."""

_Asked = tuple[str, Whose]
"""A URL, and who named it: what one of them may not have, another may."""

MOST_BYTES = 32 * 1024
SECONDS = 5.0
CONNECT_SECONDS = 2.0
"""How long one address is tried, so that the next one has a chance."""
AT_ONCE = 8
"""How many URLs of one kind are fetched at once."""

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
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
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

    `transport` is called once, at the first fetch of a URL that is not the operator's;
    `trusted_transport` at the first of the operator's own (the same one if left out). `resolve` is
    the system's resolver where it is None; `monotonic` counts seconds; a fetch has `seconds` for
    resolving, connecting and reading in all.
    """

    def __init__(  # noqa: PLR0913 - wiring names every part
        self,
        transport: Callable[[], httpx.AsyncBaseTransport] = direct,
        resolve: Resolve | None = None,
        private_hosts: Collection[str] = (),
        trusted_transport: Callable[[], httpx.AsyncBaseTransport] | None = None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        seconds: float = SECONDS,
    ) -> None:
        self._make = {False: transport, True: trusted_transport or transport}
        self._transports: dict[bool, httpx.AsyncBaseTransport] = {}
        self._resolve: dict[Whose, Resolve] = {
            whose: resolve or Resolver() for whose in get_args(Whose)
        }
        self._private_hosts = frozenset(host.lower() for host in private_hosts)
        self._places = {whose: anyio.Semaphore(AT_ONCE) for whose in get_args(Whose)}
        self._flights: dict[_Asked, _Flight] = {}
        self._monotonic = monotonic
        self._seconds = seconds
        self._failed: dict[_Asked, tuple[float, FetchRefused]] = {}
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
        whose: Whose = "stranger",
    ) -> Fetched:
        """The document at `url`.

        Raises:
            FetchRefused: why there is none.
        """
        asked = (url, whose)
        flight = self._flights.setdefault(asked, _Flight())
        flight.waiting += 1
        try:
            async with flight.lock:
                if flight.outcome is None:
                    flight.outcome = await self._outcome(asked, most_bytes)
        finally:
            flight.waiting -= 1
            if not flight.waiting:
                del self._flights[asked]
        if isinstance(flight.outcome, FetchRefused):
            raise type(flight.outcome)(str(flight.outcome))
        return flight.outcome

    async def _outcome(self, asked: _Asked, most_bytes: int) -> Fetched | FetchRefused:
        if (failed := self._failed.get(asked)) and failed[0] > self._monotonic():
            return failed[1]
        outcome = await self._tried(*asked, most_bytes)
        if isinstance(outcome, FetchRefused) and asked[1] != "operator":
            while len(self._failed) >= MOST_FAILED:
                del self._failed[next(iter(self._failed))]
            self._failed[asked] = (self._monotonic() + FAILED_SECONDS, outcome)
        return outcome

    async def _tried(self, url: str, whose: Whose, most_bytes: int) -> Fetched | FetchRefused:
        try:
            place = place_of(url)
            with anyio.fail_after(self._seconds):
                async with self._places[whose]:
                    if whose == "operator":
                        return await self._operators(place, most_bytes)
                    if whose == "stranger":
                        self._count(place.host)
                    return await self._elsewhere(place, whose, most_bytes)
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

    async def _operators(self, place: Place, most_bytes: int) -> Fetched:
        if place.scheme != "https" and not is_loopback(place.host):
            raise FetchRefused("its address is not https")
        return await self._exchange(place, place.host, most_bytes, trusted=True)

    async def _elsewhere(self, place: Place, whose: Whose, most_bytes: int) -> Fetched:
        """Asks one address after the other, all of which were looked at before any is connected to."""
        if place.scheme != "https":
            raise FetchRefused("its address is not https")
        addresses = await self._addresses(place, whose)
        for address in addresses[:-1]:
            try:
                return await self._exchange(place, address, most_bytes, trusted=False)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return await self._exchange(place, addresses[-1], most_bytes, trusted=False)

    async def _addresses(self, place: Place, whose: Whose) -> list[str]:
        """The addresses to try; what is private and what does not exist are told in the same words."""
        private = {place.host, f"{place.host}:{place.port}"} & self._private_hosts
        if place.port != HTTPS and not private:
            raise FetchRefused(f"its address has a port other than {HTTPS}")
        try:
            addresses = await self._resolve[whose](place.host.strip("[]"), place.port)
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
            return await read(response, most_bytes, any_type=trusted)
        finally:
            await response.aclose()
