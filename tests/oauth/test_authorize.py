"""/authorize: who may be sent where, and what is told to whom when something is wrong."""

import logging
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx2 as httpx
import pytest

from oauth.harness import CHALLENGE, REDIRECT_URI, Door, hosting, redirected

pytestmark = pytest.mark.anyio

ISSUER = "https://mcp.example.com"
CURSOR = "cursor://anysphere.cursor-mcp/oauth/callback"


async def asked(door: Door, client_id: str, **parameters: str | None) -> httpx.Response:
    """What comes of an authorization request."""
    return await door.client.get("/authorize", params=door.question(client_id, **parameters))


def goes_on(answer: httpx.Response) -> bool:
    """Whether the browser was sent to our own consent page."""
    place = urlsplit(answer.headers.get("location", ""))
    return answer.status_code == 303 and place.path == "/consent"


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_whole_request_goes_to_the_consent_page(database_url: str, method: str) -> None:
    """By query or by form (RFC 6749, section 3.1); nobody is given anything yet."""
    async with hosting(database_url) as door:
        question = door.question((await door.registered())["client_id"])
        if method == "GET":
            answer = await door.client.get("/authorize", params=question)
        else:
            # A browser's first form comes without a cookie and is asked to come again with what it has.
            again = await door.client.post("/authorize", data=question)
            answer = await door.client.get(again.headers["location"])

    assert goes_on(answer)
    assert answer.headers["cache-control"] == "no-store"


TOLERATED: dict[str, dict[str, str | None]] = {
    "no resource": {"resource": None},
    "resource with a last slash": {"resource": "https://mcp.example.com/mcp/"},
    "resource with the host in capitals": {"resource": "https://MCP.Example.COM/mcp"},
    "no state": {"state": None},
    "a long state": {"state": "s" * 2048},
    "no scope": {"scope": None},
    "unknown scopes": {"scope": "mail:read offline_access openid"},
    "query named as response mode": {"response_mode": "query"},
    "a prompt": {"prompt": "consent"},
    "an unknown parameter": {"audience": "somebody"},
    "another loopback port": {"redirect_uri": "http://127.0.0.1:1/callback"},
    "no redirect URI": {"redirect_uri": None},
}


@pytest.mark.parametrize("parameters", TOLERATED.values(), ids=TOLERATED)
async def test_what_known_clients_do_is_tolerated(parameters: dict[str, str | None]) -> None:
    """Where nothing is at stake a client is not sent away."""
    async with hosting() as door:
        answer = await asked(door, (await door.registered())["client_id"], **parameters)

    assert goes_on(answer)


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no response type": ({"response_type": None}, "invalid_request"),
    "implicit": ({"response_type": "token"}, "unsupported_response_type"),
    "hybrid": ({"response_type": "code id_token"}, "unsupported_response_type"),
    "fragment": ({"response_mode": "fragment"}, "invalid_request"),
    "form post": ({"response_mode": "form_post"}, "invalid_request"),
    "no PKCE": ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
    "no challenge": ({"code_challenge": None}, "invalid_request"),
    "no challenge method": ({"code_challenge_method": None}, "invalid_request"),
    "plain PKCE": ({"code_challenge_method": "plain"}, "invalid_request"),
    "PKCE method in small letters": ({"code_challenge_method": "s256"}, "invalid_request"),
    "short challenge": ({"code_challenge": CHALLENGE[:-1]}, "invalid_request"),
    "long challenge": ({"code_challenge": CHALLENGE + "A"}, "invalid_request"),
    "challenge of other characters": ({"code_challenge": "+" * 43}, "invalid_request"),
    "overlong challenge": ({"code_challenge": "A" * 300}, "invalid_request"),
    "foreign resource": ({"resource": "https://other.example/mcp"}, "invalid_target"),
    "resource of another path": ({"resource": "https://mcp.example.com/other"}, "invalid_target"),
    "resource without a path": ({"resource": "https://mcp.example.com"}, "invalid_target"),
    "resource with a query": ({"resource": "https://mcp.example.com/mcp?x=1"}, "invalid_target"),
    "resource with a fragment": ({"resource": "https://mcp.example.com/mcp#x"}, "invalid_target"),
    "resource with a user": ({"resource": "https://a@mcp.example.com/mcp"}, "invalid_target"),
    "resource at http": ({"resource": "http://mcp.example.com/mcp"}, "invalid_target"),
    "resource that is no URI": ({"resource": "https://[/mcp"}, "invalid_target"),
    "two resources, one foreign": (
        {"resource": ["https://mcp.example.com/mcp", "https://other.example/mcp"]},
        "invalid_target",
    ),
    "without a page": ({"prompt": "none"}, "interaction_required"),
    "overlong state": ({"state": "s" * 2049}, "invalid_request"),
    "state with a line break": ({"state": "a\r\nSet-Cookie: a=b"}, "invalid_request"),
    "overlong scope": ({"scope": "fullstory:read " * 200}, "invalid_request"),
    "scope with a null byte": ({"scope": "fullstory:read\x00"}, "invalid_request"),
}


@pytest.mark.parametrize(("parameters", "error"), WRONG.values(), ids=WRONG)
async def test_what_is_wrong_is_told_to_the_client(parameters: dict[str, Any], error: str) -> None:
    """By a redirect with error, state, and who answers (RFC 9207); the browser learns no more."""
    async with hosting() as door:
        answer = await asked(door, (await door.registered())["client_id"], **parameters)

    told = redirected(answer)
    assert answer.headers["location"].startswith(f"{REDIRECT_URI}?")
    assert told["error"] == error
    assert told["error_description"].isascii()
    assert told["iss"] == ISSUER
    assert told.get("state") == (None if "state" in parameters else "state-1")
    assert answer.headers["cache-control"] == "no-store"


DOUBLED = [
    "response_type",
    "state",
    "scope",
    "code_challenge",
    "code_challenge_method",
    "response_mode",
    "prompt",
    "nothing_we_know",
]


@pytest.mark.parametrize("name", DOUBLED)
async def test_a_doubled_parameter_is_refused(name: str) -> None:
    """Two values for one name are read differently by different programs (RFC 6749, section 3.1)."""
    async with hosting() as door:
        question = [*door.question((await door.registered())["client_id"]).items()]
        usual = dict(question).get(name, "query")
        question = [*((key, value) for key, value in question if key != name)]
        encoded = urlencode([*question, (name, usual), (name, usual)])
        answer = await door.client.get(f"/authorize?{encoded}")

    told = redirected(answer)
    assert told["error"] == "invalid_request"
    assert ("state" in told) == (name != "state")


async def test_the_same_resource_twice_is_one() -> None:
    """RFC 8707 allows several; all must be ours."""
    resource = "https://mcp.example.com/mcp"
    async with hosting() as door:
        client = await door.registered()
        answer = await asked(door, client["client_id"], resource=[resource, f"{resource}/"])  # type: ignore[arg-type]

    assert goes_on(answer)


UNSAFE: dict[str, dict[str, Any]] = {
    "no client": {"client_id": None},
    "unknown client": {"client_id": "nobody"},
    "client in another case": {"client_id": "FSMCP_CLIENT_X"},
    "overlong client": {"client_id": "c" * 2001},
    "client with a null byte": {"client_id": "a\x00b"},
    "client beyond ASCII": {"client_id": "ключ"},
    "two clients": {"client_id": ["one", "two"]},
    "two redirect URIs": {"redirect_uri": [REDIRECT_URI, "https://evil.example/"]},
    "the same redirect URI twice": {"redirect_uri": [REDIRECT_URI, REDIRECT_URI]},
    "foreign redirect URI": {"redirect_uri": "https://evil.example/"},
    "another path": {"redirect_uri": "http://127.0.0.1:53682/other"},
    "its own with a query": {"redirect_uri": f"{REDIRECT_URI}?next=https://evil.example"},
    "its own with a fragment": {"redirect_uri": f"{REDIRECT_URI}#x"},
    "its own host as a user": {"redirect_uri": "http://127.0.0.1:53682@evil.example/callback"},
    "its own host as a part": {"redirect_uri": "http://127.0.0.1.evil.example/callback"},
    "a backslash": {"redirect_uri": "http://127.0.0.1:53682\\@evil.example/callback"},
    "localhost for the address": {"redirect_uri": "http://localhost:53682/callback"},
    "a script": {"redirect_uri": "javascript:alert(document.domain)"},
    "a line break": {"redirect_uri": f"{REDIRECT_URI}\r\nLocation: https://evil.example"},
    "overlong redirect URI": {"redirect_uri": f"{REDIRECT_URI}?{'a' * 2000}"},
    "everything too long": {"redirect_uri": REDIRECT_URI, "noise": "n" * 9000},
}


@pytest.mark.parametrize("parameters", UNSAFE.values(), ids=UNSAFE)
async def test_where_a_redirect_could_be_misled_there_is_a_page(
    parameters: dict[str, Any],
) -> None:
    """Also with another error in the request: nothing of it may send the browser anywhere."""
    async with hosting() as door:
        client = await door.registered()
        question = {**door.question(client["client_id"], response_type="token"), **parameters}
        question = {name: value for name, value in question.items() if value is not None}
        answer = await door.client.get("/authorize", params=question)

    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert answer.headers["content-type"].startswith("text/html")
    assert "evil.example" not in answer.text
    assert ".." not in answer.text


@pytest.mark.parametrize("query", ["client_id=%ff", "a=" + "&a=" * 60, "\u00fc=1"])
async def test_a_query_that_cannot_be_read_is_a_page(query: str) -> None:
    """Bytes that are no UTF-8, or far too many parameters."""
    async with hosting() as door:
        answer = await door.client.get(f"/authorize?{query}")

    assert answer.status_code == 400
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"{}", "application/json"), (b"a=" + b"b" * 9000, "application/x-www-form-urlencoded")],
    ids=["json", "too long"],
)
async def test_a_form_that_cannot_be_read_is_a_page(content: bytes, kind: str) -> None:
    """The same for the other way of asking."""
    async with hosting() as door:
        answer = await door.client.post(
            "/authorize", content=content, headers={"Content-Type": kind}
        )

    assert answer.status_code == 400


async def test_a_client_with_several_addresses_must_name_one() -> None:
    """Which one would be a guess."""
    async with hosting() as door:
        client = await door.registered(redirect_uris=[REDIRECT_URI, CURSOR])
        unnamed = await asked(door, client["client_id"], redirect_uri=None)
        named = await asked(door, client["client_id"], redirect_uri=CURSOR)

    assert unnamed.status_code == 400
    assert goes_on(named)


async def test_an_error_goes_back_to_an_app_and_keeps_its_query() -> None:
    """What the client's address carried already stays as it was."""
    address = "https://example.com/cb?tenant=a%20b"
    async with hosting() as door:
        client = await door.registered(redirect_uris=[address, CURSOR])
        web = await asked(door, client["client_id"], redirect_uri=address, response_type="x")
        app = await asked(door, client["client_id"], redirect_uri=CURSOR, response_type="x")

    assert web.headers["location"].startswith(f"{address}&error=")
    assert app.headers["location"].startswith(f"{CURSOR}?error=")


async def test_state_comes_back_exactly() -> None:
    """Whatever visible characters it has."""
    state = "".join(map(chr, range(0x20, 0x7F)))
    async with hosting() as door:
        client = await door.registered()
        answer = await asked(door, client["client_id"], state=state, response_type="x")

    assert redirected(answer)["state"] == state


async def test_a_client_of_the_access_file_is_known() -> None:
    """The operator named it beforehand; nobody registered it."""
    access = """
        [[clients]]
        id = "our-agent"
        name = "Our agent"
        redirect_uris = ["https://agent.example.com/callback"]
    """
    async with hosting(access=access) as door:
        answer = await asked(door, "our-agent", redirect_uri="https://agent.example.com/callback")

    assert goes_on(answer)


async def test_outcomes_are_logged_without_what_was_sent(caplog: pytest.LogCaptureFixture) -> None:
    """A line for each, by which kind of client."""
    caplog.set_level(logging.DEBUG)
    async with hosting() as door:
        client = await door.registered()
        await asked(door, client["client_id"], state="a-secret-state")
        await asked(door, client["client_id"], state="a-secret-state", response_type="x")
        await asked(door, "nobody", state="a-secret-state")

    lines = [record.message for record in caplog.records if record.name == "fullstory_mcp.oauth"]
    assert lines == [
        "register by registered client: registered",
        "authorize by registered client: asked for consent",
        "authorize by registered client: unsupported_response_type",
        "authorize by unknown client: refused on a page",
    ]
    ours = [
        record for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))
    ]
    assert not [record for record in ours if "a-secret-state" in record.getMessage()]
