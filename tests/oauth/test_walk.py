"""What `doctor` finds on the way of a client: nothing at a sound door, else the fault and its fix."""

import httpx2 as httpx
import pytest

from fullstory_mcp.oauth.model import Front
from fullstory_mcp.oauth.walk import walked
from oauth import proxies
from oauth.harness import hosting
from oauth.identity_provider import ISSUER as PROVIDER
from oauth.identity_provider import SETTINGS, IdentityProvider
from oauth.issuer import ACCESS, EXTERNAL, ISSUER, JWKS_URL, Issuer
from oauth.outside import Page
from oauth.proxies import Proxy, faults, found
from support import Clock

pytestmark = pytest.mark.anyio

PREFIXED = "https://tools.example.com/fullstory"
KEYS = {"SUPPORT_KEY": "na1.sandbox-admin", "READER_KEY": "na1.sandbox-standard"}


@pytest.mark.parametrize("url", ["https://mcp.example.com", PREFIXED, "http://127.0.0.1:8765"])
async def test_sound_door_has_no_fault(url: str) -> None:
    """At the root of a host, under a path, and in a trial without TLS."""
    async with hosting(FULLSTORY_MCP_PUBLIC_URL=url) as door:
        findings = await found(door)

    assert faults(findings) == {}
    assert [each.name for each in findings if each.mark == "good"] == [
        "Resource",
        "Root",
        "Server",
        "Challenge",
        "Token",
        "Body size",
        "Browsers",
        "Register",
        "Consent",
        "Signed",
    ]


async def test_path_may_be_taken_away_by_the_proxy() -> None:
    """Both ways of passing on a prefixed path work."""
    async with hosting(FULLSTORY_MCP_PUBLIC_URL=PREFIXED) as door:
        findings = await found(door, Proxy(door.app, proxies.moving("/fullstory/", "/")))

    assert faults(findings) == {}


async def test_what_was_registered_on_the_way_expires_by_itself() -> None:
    """A day later nobody can tell that doctor was here."""
    async with hosting() as door:
        await found(door)
        door.clock.time += 24 * 3600 + 1
        answer = await door.client.get("/authorize", params=door.question("fsmcp_client_none"))
        findings = await found(door)

    assert answer.status_code == 400
    assert faults(findings) == {}


async def test_server_with_another_public_url_is_named() -> None:
    """The settings that doctor reads are not those that the server was started with."""
    async with hosting() as door, hosting(FULLSTORY_MCP_PUBLIC_URL=PREFIXED) as other:
        named = faults(await found(door, Proxy(other.app)))

    assert "FULLSTORY_MCP_PUBLIC_URL and start it again" in named["Resource"]
    assert f"is “{PREFIXED}/mcp”, not “https://mcp.example.com/mcp”" in named["Resource"]


async def test_server_without_a_front_door_is_named() -> None:
    """The address may lead to a server that anyone may use."""
    async with hosting() as door:
        named = faults(await found(door, Proxy(door.app, proxies.answering(200, "/mcp"))))

    assert "has no front door" in named["Challenge"]


REASONS = [
    (httpx.ConnectError("x"), "could not be reached"),
    (httpx.ConnectTimeout("x"), "did not answer within 10 seconds"),
    (httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED]"), "its certificate is not trusted"),
]


@pytest.mark.parametrize(("error", "words"), REASONS)
async def test_without_any_answer_the_walk_ends_at_once(error: Exception, words: str) -> None:
    """One fault is enough then, and doctor does not wait for eight more."""

    class Dead(httpx.AsyncBaseTransport):
        async def handle_async_request(self, _: httpx.Request) -> httpx.Response:
            raise error

    async with hosting() as door:
        findings = await found(door, Dead())

    assert list(faults(findings)) == ["Resource"]
    assert words in faults(findings)["Resource"]
    assert findings[-1].name == "Clients"


async def test_name_that_nobody_knows_and_port_that_nobody_listens_on_are_told_apart() -> None:
    """Over the real network: the fix is another one."""
    texts = []
    for url in ("https://no-such-host.invalid", "http://127.0.0.1:1"):
        async with hosting(FULLSTORY_MCP_PUBLIC_URL=url) as door:
            texts += [each.text async for each in walked(door.shared) if each.name == "Resource"]

    assert "its name is not known here" in texts[0]
    assert "nothing listens there" in texts[1]


async def test_scheme_that_the_operator_left_out_is_told() -> None:
    """It may be meant, and is told all the same."""
    async with hosting(FULLSTORY_MCP_REDIRECT_SCHEMES="vscode") as door:
        findings = await found(door)

    assert faults(findings) == {}
    assert [each.name for each in findings if "Cursor cannot connect" in each.text] == ["Register"]


async def test_asking_too_often_is_no_fault() -> None:
    """It is counted like everyone, and says so instead of guessing."""
    async with hosting() as door:
        for _ in range(7):
            findings = await found(door)

    assert faults(findings) == {}
    assert [each.name for each in findings if "too often" in each.text] == ["Signed"]


async def test_clocks_apart_are_named() -> None:
    """A signed assertion is of now or of nobody."""
    async with hosting() as door:

        def after(_: httpx.Request, answer: httpx.Response) -> httpx.Response:
            answer.headers["date"] = "Thu, 01 Jan 2026 00:00:00 GMT"
            return answer

        def late(request: httpx.Request) -> httpx.Request:
            if request.url.path == "/token":
                door.clock.time += 3600
            return request

        named = faults(await found(door, Proxy(door.app, late, after)))

    assert "seconds apart. Set both by NTP" in named["Signed"]


async def test_identity_provider_is_asked() -> None:
    """Its metadata and keys are there, and the operator is told the redirect URI to register."""
    clock = Clock()
    provider = IdentityProvider(clock)
    given = {**SETTINGS, "access": "", "outside": provider.transport, "clock": clock}
    async with hosting(**given) as door:
        well = await found(door)
        provider.metadata = {"issuer": "https://other.example.com"}
        other = faults(await found(door))
        provider.metadata = {"jwks_uri": None}
        without = faults(await found(door))

    assert well[0].text.endswith("https://mcp.example.com/signin/callback")
    assert "names another issuer" in other["Sign-in"]
    assert "does not name jwks_uri" in without["Sign-in"]
    assert f"{PROVIDER}/.well-known/openid-configuration".endswith(provider.requests[0])


EXTERNALS = [
    ({}, ""),
    ({"issuer": "https://login.example.com"}, "names another issuer"),
    ({"code_challenge_methods_supported": ["plain"]}, "S256"),
    ({"jwks_uri": None}, "FULLSTORY_MCP_TOKEN_JWKS_URL"),
    (None, "there is no metadata there"),
]


@pytest.mark.parametrize(("change", "words"), EXTERNALS)
async def test_token_issuer_is_asked(
    change: dict | None, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Metadata that clients refuse, or keys that cannot be had, are faults of the issuer's side."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    issuer = Issuer(Clock())
    place = f"{ISSUER}/.well-known/openid-configuration"
    usual = {
        "issuer": ISSUER,
        "jwks_uri": JWKS_URL,
        "code_challenge_methods_supported": ["S256"],
    }
    if change is None:
        del issuer.outside.pages[place]
    else:
        issuer.outside.pages[place] = Page({**usual, **change})
    async with hosting(access=ACCESS, outside=lambda: issuer.outside, **EXTERNAL) as door:
        findings = await found(door)

    assert list(faults(findings)) == (["Issuer"] if words else [])
    assert words in faults(findings).get("Issuer", "")
    assert [each.name for each in findings][1:] == [
        "Resource",
        "Root",
        "Challenge",
        "Token",
        "Body size",
        "Browsers",
    ]


def test_nothing_that_was_received_is_shown() -> None:
    """A long or hostile value in a document is cut, and without control characters."""
    from fullstory_mcp.oauth.walk.discovery import _other

    text = str(_other("issuer", Front("https://a.example").issuer, "\x1b[31m" + "x" * 999))
    assert "\x1b" not in text
    assert len(text) < 600
