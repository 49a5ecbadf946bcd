"""Over real TLS: the connection goes to the checked address, and the certificate is for the name."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from fullstory_mcp.oauth.fetching import Fetcher, FetchRefused, direct
from oauth.certificates import Authority, Server, serving

pytestmark = pytest.mark.anyio

NAME = "app.example.test"
"""A name that no resolver knows: whoever connects by name reaches nothing."""


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """An authority that this process trusts."""
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    return made


@pytest.fixture
def server(authority: Authority) -> Iterator[Server]:
    """An https server whose certificate is for NAME."""
    with serving(authority.certificate(NAME)) as running:
        yield running


@asynccontextmanager
async def fetching(*private: str) -> AsyncIterator[Fetcher]:
    """The real transport, and a resolver by which every name is this machine."""

    async def here(host: str, port: int) -> list[str]:
        del host, port
        return ["127.0.0.1"]

    fetcher = Fetcher(direct, here, private)
    try:
        yield fetcher
    finally:
        await fetcher.aclose()


async def test_the_name_is_asked_for_at_the_address_that_was_checked(server: Server) -> None:
    """Nothing resolves the name a second time, and TLS and HTTP both name it."""
    async with fetching(NAME) as fetcher:
        found = await fetcher.get(f"https://{NAME}:{server.port}/client.json")

    assert found.body == b"{}"
    assert server.names == [NAME]
    assert server.hosts == [f"{NAME}:{server.port}"]


async def test_a_certificate_for_another_name_is_refused(server: Server) -> None:
    """Also right after the same address showed a good one for its own name: nothing is kept."""
    async with fetching(NAME, "other.example.test") as fetcher:
        await fetcher.get(f"https://{NAME}:{server.port}/client.json")
        with pytest.raises(FetchRefused, match="no certificate for its name"):
            await fetcher.get(f"https://other.example.test:{server.port}/client.json")

    assert server.names == [NAME, "other.example.test"]
    assert server.hosts == [f"{NAME}:{server.port}"]


async def test_an_address_is_no_name(server: Server) -> None:
    """A certificate of the name does not do for the bare address."""
    async with fetching("127.0.0.1") as fetcher:
        with pytest.raises(FetchRefused, match="no certificate for its name"):
            await fetcher.get(f"https://127.0.0.1:{server.port}/client.json")


async def test_an_unknown_authority_is_refused(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A certificate that anyone can make proves nothing."""
    (tmp_path / "another").mkdir()
    monkeypatch.setenv("SSL_CERT_FILE", str(Authority(tmp_path / "another").file))
    async with fetching(NAME) as fetcher:
        with pytest.raises(FetchRefused, match="no certificate for its name"):
            await fetcher.get(f"https://{NAME}:{server.port}/client.json")

    assert server.hosts == []


async def test_this_machine_is_not_even_connected_to_unless_it_is_named(server: Server) -> None:
    """A name that leads to loopback is refused before any packet."""
    async with fetching() as fetcher:
        for url in (f"https://{NAME}/c.json", f"https://{NAME}:{server.port}/c.json"):
            with pytest.raises(FetchRefused):
                await fetcher.get(url)

    assert server.connections == 0


async def test_a_proxy_of_the_environment_is_not_used(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind a proxy nobody could say which address was connected to."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with fetching(NAME) as fetcher:
        await fetcher.get(f"https://{NAME}:{server.port}/client.json")

    assert server.connections == 1
