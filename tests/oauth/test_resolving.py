"""Names that strangers make us look up: in threads of their own, few at once, however slow they are."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import anyio
import pytest

from fullstory_mcp.oauth.addresses import LOOKUPS_AT_ONCE, Resolver, site_of
from fullstory_mcp.oauth.fetching import Fetcher, FetchRefused
from oauth.outside import Outside
from server.doors import until

pytestmark = pytest.mark.anyio

SOON = 3.0
"""Seconds within which the system finds its own name; a look-up that hangs takes longer than a test."""


@dataclass
class Names:
    """The system's resolver with names of a stranger's that hang until the test is over."""

    over: threading.Event = field(default_factory=threading.Event)
    hanging: int = 0
    most_hanging: int = 0
    asked: int = 0

    def look_up(self, host: Any, *_: Any, **__: Any) -> Any:
        """As `socket.getaddrinfo`, but slow for some."""
        if "slow" not in str(host):
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 443))]
        self.asked += 1
        self.hanging += 1
        self.most_hanging = max(self.most_hanging, self.hanging)
        self.over.wait(30)
        self.hanging -= 1
        raise socket.gaierror


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[Names]:
    """In the place of the system's resolver."""
    made = Names()
    monkeypatch.setattr(socket, "getaddrinfo", made.look_up)
    yield made
    made.over.set()


async def fetched(fetcher: Fetcher, url: str, whose: Any = "stranger") -> None:
    """One fetch that may fail."""
    try:
        await fetcher.get(url, whose=whose)
    except FetchRefused:
        return


async def test_slow_names_of_strangers_hold_up_nobody_else(names: Names) -> None:
    """Neither the loop's own look-ups nor those for apps that are connected wait for them."""
    outside = Outside()
    one = Fetcher(outside.transport, seconds=0.2)
    async with anyio.create_task_group() as tasks:
        for number in range(40):
            tasks.start_soon(fetched, one, f"https://slow{number}.example.com/c.json")
        await anyio.sleep(0.05)
        with anyio.fail_after(SOON):
            await anyio.getaddrinfo("api.example.com", 443)
            await fetched(one, "https://app.example.com/c.json", "connected")

    assert outside.asked() == ["https://app.example.com/c.json"]
    assert names.most_hanging <= LOOKUPS_AT_ONCE


async def test_a_look_up_keeps_its_place_until_the_system_gives_it_up(names: Names) -> None:
    """Who no longer waits for one cannot begin the next beside it."""
    one = Fetcher(Outside().transport, seconds=0.05)
    for number in range(2 * LOOKUPS_AT_ONCE):
        await fetched(one, f"https://slow{number}.example.com/c.json")
    assert (names.asked, names.hanging) == (LOOKUPS_AT_ONCE, LOOKUPS_AT_ONCE)

    names.over.set()
    await until(lambda: names.hanging == 0)
    with anyio.fail_after(SOON):
        assert await Resolver()("app.example.com", 443) == ["93.184.216.34"]
        await fetched(one, "https://slow.example.com/c.json")
    assert names.asked == LOOKUPS_AT_ONCE + 1


async def test_a_name_without_an_address_is_told_as_such() -> None:
    """As the system tells it."""
    with pytest.raises(OSError, match=r".+"):
        await Resolver()("name.invalid", 443)


@pytest.mark.parametrize(
    ("address", "site"),
    [
        ("2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("2001:db8:1:ffff::1", "2001:db8:1::/48"),
        ("203.0.113.7", "203.0.113.7"),
        ("", ""),
        ("a name", "a name"),
    ],
)
def test_a_site_is_what_one_caller_has(address: str, site: str) -> None:
    """An IPv6 one has many networks; what is no address is itself."""
    assert site_of(address) == site
