"""What strangers point to is fetched from the public internet alone, small, quick and plain."""

import anyio
import httpx2 as httpx
import pytest

from fullstory_mcp.oauth.fetching import (
    AT_ONCE,
    FAILED_SECONDS,
    PER_HOST_A_MINUTE,
    Fetched,
    FetchRefused,
)
from oauth.outside import ADDRESS, Dripping, Outside, Page, fetcher, refused
from support import Clock

pytestmark = pytest.mark.anyio

URL = "https://app.example.com/client.json"


async def test_a_document_comes_from_the_address_that_was_checked() -> None:
    """The request goes to the address, and names the host for the certificate and the server."""
    outside = Outside({URL: Page({"a": 1}, headers={"cache-control": "public, max-age=600"})})

    found = await fetcher(outside).get(URL)

    assert found == Fetched(b'{"a": 1}', 600, "application/json")
    (request,) = outside.requests
    assert str(request.url) == f"https://{ADDRESS}/client.json"
    assert request.headers["host"] == "app.example.com"
    assert request.extensions["sni_hostname"] == "app.example.com"
    assert {"cookie", "authorization"}.isdisjoint(request.headers)


async def test_the_next_address_is_tried_where_one_is_dead() -> None:
    """A host with an IPv6 address is reached from a network without IPv6."""
    addresses = ["2606:2800:220:1::1", ADDRESS]
    outside = Outside({URL: Page({})}, {"app.example.com": addresses}, dead={addresses[0]})

    await fetcher(outside).get(URL)

    assert [request.url.host.strip("[]") for request in outside.requests] == addresses


@pytest.mark.parametrize(
    ("page", "why"),
    [
        (Page({}, 302, {"location": "https://169.254.169.254/"}), "redirects"),
        (Page({}, 301, {"location": URL}), "redirects"),
        (Page({}, 404), "status 404"),
        (Page({}, 500), "status 500"),
        (Page({}, 204), "status 204"),
        (Page(b"<html>", headers={"content-type": "text/html"}), "content type"),
        (Page({}, headers={"content-type": ""}), "content type"),
        (Page({}, headers={"content-type": "application/json5"}), "content type"),
        (Page(b"x", headers={"content-encoding": "gzip"}), "compressed"),
        (Page(b" " * (32 * 1024 + 1)), "larger than 32 KB"),
        (Page({}, error=httpx.ConnectError), "cannot be reached"),
        (Page({}, error=httpx.RemoteProtocolError), "cannot be reached"),
        (Page({}, error=httpx.ReadError), "cannot be reached"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_an_answer_that_is_no_small_json_document_is_refused(page: Page, why: str) -> None:
    """The reason names the kind of fault; a redirect is not followed."""
    outside = Outside({URL: page})

    assert why in await refused(outside, URL)
    assert len(outside.requests) == 1


@pytest.mark.parametrize(
    "content_type",
    ["application/json; charset=utf-8", "application/jwk-set+json", "Application/JSON"],
)
async def test_json_may_call_itself_more_precisely(content_type: str) -> None:
    """Key sets have a type of their own."""
    outside = Outside({URL: Page({}, headers={"content-type": content_type})})

    assert (await fetcher(outside).get(URL)).body == b"{}"


async def test_a_body_is_counted_while_it_comes() -> None:
    """A length that lies is not believed, and the rest is not read."""
    endless = Dripping(b" " * 1024, 1_000_000)
    outside = Outside({URL: Page(endless, headers={"content-length": "2"})})

    assert "larger than 32 KB" in await refused(outside, URL)
    assert endless.read <= 34 * 1024
    assert endless.closed


@pytest.mark.parametrize(
    "outside",
    [
        Outside(resolving_takes=60),
        Outside({URL: Page({}, wait=60)}),
        Outside({URL: Page(Dripping(b" ", 1000, wait=0.02))}),
    ],
    ids=["resolving", "answering", "dripping"],
)
async def test_all_of_it_together_has_its_time(outside: Outside) -> None:
    """A host that sends a byte now and then cannot hold us longer than one that sends nothing."""
    with anyio.fail_after(5):
        assert "within 0.1 seconds" in await refused(outside, URL, seconds=0.1)


async def test_one_fetch_answers_all_who_want_it_at_a_moment() -> None:
    """A page that a hundred people open at once is fetched once."""
    outside = Outside({URL: Page({"a": 1}, wait=0.05)})
    one = fetcher(outside)
    found: list[bytes] = []

    async def want() -> None:
        found.append((await one.get(URL)).body)

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(want)

    assert found == [b'{"a": 1}'] * 20
    assert len(outside.requests) == 1


async def test_who_gives_up_waiting_takes_nothing_from_the_others() -> None:
    """A browser that leaves does not fail the same page for another."""
    outside = Outside({URL: Page({"a": 1}, wait=0.05)})
    one = fetcher(outside)
    found: list[bytes] = []
    leaving = anyio.CancelScope()

    async def leave() -> None:
        with leaving:
            await one.get(URL)

    async def stay() -> None:
        found.append((await one.get(URL)).body)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(leave)
        await anyio.sleep(0.01)
        tasks.start_soon(stay)
        await anyio.sleep(0.01)
        leaving.cancel()

    assert found == [b'{"a": 1}']


async def test_only_so_many_are_fetched_at_once() -> None:
    """Slow hosts cannot open connections of ours without end."""
    urls = [f"https://h{number}.example.com/c.json" for number in range(30)]
    outside = Outside({url: Page({}, wait=0.01) for url in urls})
    one = fetcher(outside)

    async with anyio.create_task_group() as tasks:
        for url in urls:
            tasks.start_soon(one.get, url)

    assert len(outside.requests) == 30
    assert outside.most_at_once == AT_ONCE


async def test_what_failed_is_not_tried_again_at_once() -> None:
    """Reloading an error page does not hammer the host; a little later it is asked again."""
    outside = Outside({URL: Page({}, 500)})
    clock = Clock()
    one = fetcher(outside, monotonic=clock)
    for _ in range(3):
        with pytest.raises(FetchRefused, match="status 500"):
            await one.get(URL)
    assert len(outside.requests) == 1

    outside.pages[URL] = Page({})
    clock.time += FAILED_SECONDS
    assert (await one.get(URL)).body == b"{}"


async def test_one_host_is_asked_so_often_in_a_minute() -> None:
    """Strangers cannot make us hammer a host under ever new addresses."""
    outside = Outside()
    clock = Clock()
    one = fetcher(outside, monotonic=clock)
    for number in range(PER_HOST_A_MINUTE + 5):
        with pytest.raises(FetchRefused):
            await one.get(f"{URL}?{number}")
    assert len(outside.requests) == PER_HOST_A_MINUTE

    with pytest.raises(FetchRefused, match="too often"):
        await one.get(URL)
    with pytest.raises(FetchRefused, match="404"):
        await one.get("https://other.example.com/c.json")
    clock.time += 60
    with pytest.raises(FetchRefused, match="404"):
        await one.get(f"{URL}?later")


@pytest.mark.parametrize("entry", ["apps.internal", "APPS.internal:8443"])
async def test_a_host_of_the_organisations_own_may_be_private(entry: str) -> None:
    """The operator names it, with or without its port; every other private host stays refused."""
    url = "https://apps.internal:8443/c.json"
    outside = Outside({url: Page({})}, names={"apps.internal": ["10.0.0.5"]})
    one = fetcher(outside, private_hosts=[entry])

    assert (await one.get(url)).body == b"{}"
    assert str(outside.requests[0].url) == "https://10.0.0.5:8443/c.json"
    outside.names["other.internal"] = ["10.0.0.6"]
    with pytest.raises(FetchRefused):
        await one.get("https://other.internal/c.json")
    with pytest.raises(FetchRefused):
        await one.get("http://apps.internal:8443/c.json")


async def test_the_operators_own_address_is_only_kept_small_and_quick() -> None:
    """A key set inside the network, of any content type, through the operator's own transport."""
    url = "https://login.internal:8443/keys"
    theirs, ours = Outside(), Outside({url: Page({}, headers={"content-type": "text/plain"})})
    one = fetcher(theirs, trusted_transport=ours.transport)

    assert (await one.get(url, whose="operator")).body == b"{}"
    assert (theirs.resolved, theirs.requests) == ([], [])
    for bad, why in (
        ("http://login.internal/keys", "not https"),
        ("https://login.internal/none", "404"),
    ):
        with pytest.raises(FetchRefused, match=why):
            await one.get(bad, whose="operator")
    ours.pages[url] = Page(b" " * 100)
    with pytest.raises(FetchRefused, match="larger"):
        await one.get(url, whose="operator", most_bytes=99)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("no-store", 0), ("no-cache, max-age=9", 0), ("max-age=0", 0), ("private", None), ("", None)],
)
async def test_how_long_a_document_may_be_kept_is_told(header: str, seconds: int | None) -> None:
    """By its Cache-Control header alone."""
    outside = Outside({URL: Page({}, headers={"cache-control": header})})

    assert (await fetcher(outside).get(URL)).max_age == seconds
