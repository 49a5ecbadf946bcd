"""Which addresses are out in the public, who has how many, and the system's way from a name to addresses."""

import asyncio
import ipaddress
import socket
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

import anyio

LOOKUPS_AT_ONCE = 4
"""How many names a resolver looks up at once, those included that nobody waits for any more."""

SITE_BITS = 48
"""An IPv6 site has so much to itself, and so 65,536 networks of a household's size (RFC 6177)."""

_NOT_FOR_STRANGERS = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT; some clouds serve their metadata in it
        "168.63.129.16/32",  # Azure's platform, from inside Azure alone
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "224.0.0.0/3",
        "2001::/23",
        "2001:db8::/32",
        "3fff::/20",
    )
)
"""What older versions of `ipaddress` take for public (IANA special-purpose registries, and one cloud)."""

_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_LAST_32_BITS = 0xFFFF_FFFF


def is_public(text: str) -> bool:
    """Whether an address can be anybody's on the internet, also the IPv4 address inside an IPv6 one."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        inner = _embedded(address)
        if inner is not None:
            return is_public(str(inner))
        if address.scope_id is not None or address not in _GLOBAL_UNICAST:
            return False
    return (
        address.is_global
        and not address.is_multicast
        and not any(address in network for network in _NOT_FOR_STRANGERS)
    )


def _embedded(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that packets would reach: mapped, by 6to4, or by NAT64 (RFC 6052)."""
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & _LAST_32_BITS)
    return address.ipv4_mapped or address.sixtofour


def site_of(address: str) -> str:
    """Who has an address or network as a whole: an IPv6 one's /48; any other text is its own site."""
    try:
        network = ipaddress.ip_network(address, strict=False)
    except ValueError:
        return address
    if network.version == 4 or network.prefixlen < SITE_BITS:
        return address
    return str(network.supernet(new_prefix=SITE_BITS))


class Resolver:
    """Looks names up in threads of its own, so that slow names hold up nobody else's.

    A look-up cannot be cut short: one that nobody waits for any more keeps its place until the
    system gives it up.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(LOOKUPS_AT_ONCE, "names")
        self._places = anyio.Semaphore(LOOKUPS_AT_ONCE)

    async def __call__(self, host: str, port: int) -> list[str]:
        """Every address of `host`, as the system prefers them.

        Raises:
            OSError: it has none.
        """
        loop = asyncio.get_running_loop()
        await self._places.acquire()

        def leave(_: Future[list[str]]) -> None:
            with suppress(RuntimeError):  # the loop has ended meanwhile, and everything with it
                loop.call_soon_threadsafe(self._places.release)

        looking = self._threads.submit(_looked_up, host, port)
        looking.add_done_callback(leave)
        return await asyncio.wrap_future(looking)


def _looked_up(host: str, port: int) -> list[str]:
    rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(row[4][0]) for row in rows))
