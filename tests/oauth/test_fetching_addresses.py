"""Where a stranger's URL may lead: the public internet, by an address that was looked at."""

import pytest

from fullstory_mcp.oauth.fetching import Fetcher, FetchRefused
from oauth.outside import ADDRESS, Outside, Page, fetcher, refused

pytestmark = pytest.mark.anyio

URL = "https://app.example.com/client.json"
NOT_PUBLIC = "no public address"


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["169.254.169.254"],
        ["10.0.0.5"],
        ["172.16.3.4"],
        ["192.168.1.1"],
        ["100.64.0.1"],
        ["100.100.100.200"],
        ["168.63.129.16"],
        ["0.0.0.0"],  # noqa: S104 - an address to refuse, none to listen on
        ["224.0.0.1"],
        ["240.0.0.1"],
        ["255.255.255.255"],
        ["192.0.0.8"],
        ["198.18.0.1"],
        ["::1"],
        ["::"],
        ["fe80::1%eth0"],
        ["fe80::1"],
        ["fd00:ec2::254"],
        ["fec0::1"],
        ["ff02::1"],
        ["::ffff:127.0.0.1"],
        ["::ffff:169.254.169.254"],
        ["::127.0.0.1"],
        ["2002:7f00:1::"],
        ["2002:a9fe:a9fe::"],
        ["64:ff9b::a9fe:a9fe"],
        ["64:ff9b:1::1"],
        ["2001:db8::1"],
        ["2001::1"],
        ["3fff::1"],
        ["not an address"],
        [],
        [ADDRESS, "10.0.0.5"],
        ["2606:2800:220:1::1", "::1"],
    ],
    ids=str,
)
async def test_a_name_that_leads_behind_us_is_refused(addresses: list[str]) -> None:
    """One address that is not public among several is enough, and nothing is sent to any."""
    outside = Outside({URL: Page({})}, names={"app.example.com": addresses})

    assert NOT_PUBLIC in await refused(outside, URL)
    assert outside.requests == []


@pytest.mark.parametrize(
    "address", [ADDRESS, "2606:2800:220:1::1", "64:ff9b::5db8:d822", "::ffff:93.184.216.34"]
)
async def test_a_public_address_of_any_kind_is_taken(address: str) -> None:
    """Also one that leads to a public IPv4 host through NAT64."""
    outside = Outside({URL: Page({})}, names={"app.example.com": [address]})

    await fetcher(outside).get(URL)

    assert outside.requests[0].url.host.strip("[]") == address


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/c.json",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/c.json",
        "https://[::ffff:7f00:1]/c.json",
        "https://localhost/c.json",
        "https://127.1/c.json",
        "https://2130706433/c.json",
        "https://0x7f000001/c.json",
    ],
)
async def test_this_machine_is_refused_however_it_is_written(url: str) -> None:
    """The system's own resolver is asked, as for a real request."""
    outside = Outside({url: Page({})})

    with pytest.raises(FetchRefused, match=NOT_PUBLIC):
        await Fetcher(outside.transport).get(url)
    assert outside.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "http://app.example.com/c.json",
        "ftp://app.example.com/c.json",
        "file:///etc/passwd",
        "https:/app.example.com/c.json",
        "https://user@app.example.com/c.json",
        "https://app.example.com@169.254.169.254/c.json",
        "https://app.example.com:8443/c.json",
        "https://app.example.com:0/c.json",
        "https://app.example.com:99999/c.json",
        "https://app.example.com/c.json#top",
        "https://app.example.com\\@169.254.169.254/c.json",
        "https://app.example.com/c.json\r\nHost: evil",
        "https://app.example.com /c.json",
        "https://app.example.com./c.json",
        "https://app..example.com/c.json",
        "https://аpp.example.com/c.json",
        "https://[fe80::1%25eth0]/c.json",
        "https:///c.json",
        "",
    ],
)
async def test_only_a_plain_https_address_is_even_resolved(url: str) -> None:
    """Whatever two parsers could read differently is refused."""
    outside = Outside()

    assert "its address" in await refused(outside, url)
    assert (outside.resolved, outside.requests) == ([], [])


async def test_a_name_that_changes_its_mind_is_resolved_once() -> None:
    """DNS rebinding: the second answer would be private, and nobody asks for it."""
    outside = Outside({URL: Page({})}, names={"app.example.com": [[ADDRESS], ["127.0.0.1"]]})

    await fetcher(outside).get(URL)

    assert outside.resolved == ["app.example.com"]
    assert [request.url.host for request in outside.requests] == [ADDRESS]
