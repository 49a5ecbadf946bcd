"""What holds for every page: its headers, and that strangers' words stay words."""

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from html.parser import HTMLParser

import httpx2 as httpx
import pytest
from starlette.requests import Request

from fullstory_mcp.oauth import consent
from fullstory_mcp.oauth.model import Asked
from oauth.consenting import begun, proven, shown_key, text_of
from oauth.harness import ALL_SCOPES, CHALLENGE, KEY, REDIRECT_URI, Door, hosting, submitted

pytestmark = pytest.mark.anyio

READ = "fullstory:read"


class _Tags(HTMLParser):
    """The tags and attributes of a page; `open` are those that were never closed."""

    VOID = frozenset({"meta", "input", "path", "rect"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.counts: Counter[str] = Counter()
        self.attributes: set[str] = set()
        self.headings: list[str] = []

    @property
    def seen(self) -> set[str]:
        """The names of all tags."""
        return set(self.counts)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes a tag."""
        self.counts[tag] += 1
        self.attributes |= {name for name, _ in attrs}
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Closes a tag."""
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Notes what stands in headings."""
        if self.open[-1:] == ["h1"]:
            self.headings.append(data)


async def _refused(door: Door) -> httpx.Response:
    return await shown_key(door, await begun(door), "na1.refused-key")


async def _nothing_ticked(door: Door) -> httpx.Response:
    return await submitted(door.client, await proven(door), {}, button="allow")


async def _replayed(door: Door) -> httpx.Response:
    page = await proven(door)
    await submitted(door.client, page, {"scope": [READ]}, button="allow")
    return await submitted(door.client, page, {"scope": [READ]}, button="allow")


async def _not_ours(door: Door) -> httpx.Response:
    return await door.client.post("/consent", data={"request": "x"})


async def _too_many(door: Door) -> httpx.Response:
    page = await begun(door)
    answers = [await shown_key(door, page, "na1.refused-key") for _ in range(21)]
    return answers[-1]


async def _connections(door: Door) -> httpx.Response:
    page = await proven(door)
    await submitted(door.client, page, {"scope": [READ]}, button="allow")
    return await door.client.get("/connections")


async def _who(door: Door) -> httpx.Response:
    return await door.client.get("/connections")


async def _unsafe(door: Door) -> httpx.Response:
    client = (await door.registered())["client_id"]
    question = door.question(client, redirect_uri="https://evil.example.com/")
    return await door.client.get("/authorize", params=question)


PAGES: dict[str, tuple[Callable[[Door], Awaitable[httpx.Response]], str]] = {
    "first step": (begun, "'self' http://127.0.0.1:53682"),
    "key refused": (_refused, "'self' http://127.0.0.1:53682"),
    "second step": (proven, "'self' http://127.0.0.1:53682 https:"),
    "nothing ticked": (_nothing_ticked, "'self' http://127.0.0.1:53682 https:"),
    "replayed": (_replayed, "'none'"),
    "not ours": (_not_ours, "'none'"),
    "too many tries": (_too_many, "'none'"),
    "unsafe redirect": (_unsafe, "'none'"),
    "who are you": (_who, "'self'"),
    "connections": (_connections, "'self'"),
}


@pytest.mark.parametrize(("page", "forms"), PAGES.values(), ids=PAGES)
async def test_every_page_is_closed_to_the_outside(
    page: Callable[[Door], Awaitable[httpx.Response]], forms: str
) -> None:
    """Nothing is loaded, framed, kept or told on; forms lead to us and back to the client alone."""
    async with hosting() as door:
        answer = await page(door)

    style = re.search(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert answer.headers["content-security-policy"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action {forms}; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    # A client may have opened a window for the consent and wait in another for it to come back.
    leads_back = "127.0.0.1" in forms
    opener = answer.headers.get("cross-origin-opener-policy")
    assert opener == (None if leads_back else "same-origin")


@pytest.mark.parametrize("page", [page for page, _ in PAGES.values()], ids=PAGES)
async def test_every_page_is_whole_without_script(
    page: Callable[[Door], Awaitable[httpx.Response]],
) -> None:
    """One language, title, main part and first heading; no script, no style attribute, no picture."""
    async with hosting() as door:
        answer = await page(door)

    tags = _Tags()
    tags.feed(answer.text)
    assert tags.open == []
    assert tags.seen.isdisjoint({"script", "img", "link", "iframe", "object"})
    assert tags.counts["main"] == tags.counts["h1"] == tags.counts["title"] == 1
    assert '<html lang="en">' in answer.text
    assert tags.attributes.isdisjoint({"style", "src", "srcset", "ping"})
    assert not [name for name in tags.attributes if name.startswith("on")]
    assert KEY not in answer.text


COOKIE = re.compile(
    r"__Host-fullstory-mcp(-visit)?=[A-Za-z0-9_-]{43}; HttpOnly; (Max-Age=900; )?Path=/; SameSite=lax; Secure"
)


async def test_cookies_are_bound_to_the_host() -> None:
    """Secure, unreadable to scripts, not sent with other sites' forms, and of no subdomain."""
    async with hosting() as door:
        client = (await door.registered())["client_id"]
        first = await door.client.get("/authorize", params=door.question(client))
        again = await door.client.get("/authorize", params=door.question(client))
        page = await proven(door)
        last = await submitted(door.client, page, {"scope": [READ]}, button="allow")

    assert COOKIE.fullmatch(first.headers["set-cookie"])
    assert "set-cookie" not in again.headers
    assert COOKIE.fullmatch(last.headers["set-cookie"])
    assert "-visit" in last.headers["set-cookie"]


async def test_a_trial_on_this_machine_has_plain_cookies() -> None:
    """Over http not every browser and client sends a Secure cookie back, not even to loopback."""
    async with hosting(FULLSTORY_MCP_PUBLIC_URL="http://127.0.0.1:8080") as door:
        client = (await door.registered())["client_id"]
        answer = await door.client.get("/authorize", params=door.question(client))

    assert answer.headers["set-cookie"].startswith("fullstory-mcp=")
    assert "Secure" not in answer.headers["set-cookie"]


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "{{ 7*7 }}{% raw %}",
    "</title><h1>You won</h1>",
    "javascript:alert(1)//",
)


@pytest.mark.parametrize("text", HOSTILE)
async def test_what_a_client_says_of_itself_is_text(text: str) -> None:
    """Name, host and state of a client reach no page as markup, in either step or later."""
    async with hosting() as door:
        page = await _asking(door, client_name=text, client_host=text, state=text)
        second = await shown_key(door, page)
        answer = await submitted(door.client, second, {"scope": [READ]}, button="allow")
        shown = await door.client.get("/connections")

    for each in (page, second, shown):
        tags = _Tags()
        tags.feed(each.text)
        assert tags.open == []
        assert tags.seen.isdisjoint({"script", "img"})
        assert not [name for name in tags.attributes if name.startswith("on")]
        assert tags.counts["h1"] == 1
        assert "You won" not in tags.headings
    assert answer.status_code == 303


HIDING = {
    "direction": ("Claude\u202egnp.exe", "Claudegnp.exe"),
    "zero width": ("Cla\u200bude", "Claude"),
    "lines": ("Claude\n\n\r\tCode", "Claude Code"),
    "control": ("Cla\x1b[31mude", "Cla[31mude"),
    "long": ("x" * 300, "x" * 59 + "…"),
    "nothing": ("\u200b", "an application without a name"),
    "fillers": ("\u115f\u1160\u3164\uffa0\u2800", "an application without a name"),
    "unwritten marks": ("\u034f\u180b\ufe0f\U000e0100", "an application without a name"),
    "fillers within": ("Clau\u3164de", "Claude"),
}


@pytest.mark.parametrize(("name", "shown"), HIDING.values(), ids=HIDING)
async def test_a_name_cannot_hide_what_it_is(name: str, shown: str) -> None:
    """Characters that change how a line reads are taken out, and a long name is cut."""
    async with hosting() as door:
        page = await _asking(door, client_name=name)

    assert f"<h1>Connect <bdi>{shown}</bdi> to Fullstory</h1>" in page.text


async def test_a_vouched_client_is_named_with_its_voucher() -> None:
    """A metadata document's host stands behind the name, and the page says which."""
    async with hosting() as door:
        page = await _asking(door, client_host="claude.ai", redirect_uri="https://claude.ai/cb")

    assert "An application that claude.ai vouches for" in text_of(page)
    assert "Nobody vouches" not in page.text
    assert "form-action 'self' https://claude.ai;" in page.headers["content-security-policy"]


async def _asking(door: Door, **given: object) -> httpx.Response:
    """The first step for a request that was found good, whatever its client is called."""
    usual = Asked(
        "client", "Test client", "", REDIRECT_URI, True, "state", tuple(ALL_SCOPES.split()),
        door.shared.front.resource, CHALLENGE,
    )  # fmt: skip
    request = Request({"type": "http", "method": "GET", "headers": []})
    answer = await consent.begin(door.shared, request, replace(usual, **given))
    cookie = answer.headers["set-cookie"].partition(";")[0].partition("=")
    door.client.cookies.set(cookie[0], cookie[2], domain="mcp.example.com")
    return await door.client.get(answer.headers["location"])
