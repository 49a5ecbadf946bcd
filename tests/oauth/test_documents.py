"""Clients that describe themselves at their own address: what is believed of it, and for how long."""

from pathlib import Path
from typing import Any

import pytest

from fullstory_mcp.oauth.documents import Documents
from fullstory_mcp.oauth.fetching import FetchRefused
from fullstory_mcp.oauth.model import Shared
from oauth.documented import REDIRECT, URL, described, why_not
from oauth.outside import Dripping, Outside, Page
from oauth.strangers import HERE, sharing

pytestmark = pytest.mark.anyio


async def test_a_client_is_what_its_document_says(shared: Shared) -> None:
    """And the host that the document is at vouches for it."""
    client = await Documents(shared).client(URL, HERE)

    assert client is not None
    assert (client.id, client.name, client.kind) == (URL, "App", "document")
    assert (client.redirect_uris, client.method) == ((REDIRECT,), "none")
    assert client.host == "app.example.com"


CLAUDE_CODE = {
    "client_name": "Claude Code",
    "redirect_uris": ["http://localhost/callback", "http://127.0.0.1/callback"],
    "grant_types": ["authorization_code", "refresh_token"],
    "response_types": ["code"],
    "token_endpoint_auth_method": "none",
}
VSCODE = {
    "client_name": "Visual Studio Code",
    "grant_types": [
        "authorization_code",
        "refresh_token",
        "urn:ietf:params:oauth:grant-type:device_code",
    ],
    "redirect_uris": ["http://127.0.0.1:33418/", "https://vscode.dev/redirect", "odd://elsewhere"],
    "token_endpoint_auth_method": "none",
    "application_type": "native",
}
CHATGPT = {
    "client_name": "ChatGPT",
    "redirect_uris": ["https://chatgpt.com/connector/oauth/abc"],
    "token_endpoint_auth_method": "private_key_jwt",
    "token_endpoint_auth_methods_supported": ["private_key_jwt", "none"],
    "token_endpoint_auth_signing_alg": "RS256",
    "jwks_uri": "https://chatgpt.com/oauth/jwks.json",
}


@pytest.mark.parametrize("document", [CLAUDE_CODE, VSCODE, CHATGPT], ids=lambda d: d["client_name"])
async def test_documents_of_known_clients_are_taken(
    shared: Shared, outside: Outside, document: dict[str, Any]
) -> None:
    """In the shape in which they are published: no port, unknown grants, several methods, an odd URI."""
    outside.pages[URL] = Page({"client_id": URL, **document})

    client = await Documents(shared).client(URL, HERE)

    assert client is not None
    assert client.method == "none"
    known = [each for each in document["redirect_uris"] if not each.startswith("odd:")]
    assert list(client.redirect_uris) == known


async def test_a_client_that_signs_names_its_keys(shared: Shared, outside: Outside) -> None:
    """By an address, which is fetched by the same rules when they are needed."""
    document = {**CHATGPT, "token_endpoint_auth_methods_supported": ["private_key_jwt"]}
    outside.pages[URL] = Page({"client_id": URL, **document})

    client = await Documents(shared).client(URL, HERE)

    assert client is not None
    assert (client.method, client.jwks_uri) == ("private_key_jwt", document["jwks_uri"])


PRIVATE_JWK = {"kty": "OKP", "crv": "Ed25519", "x": "A" * 43, "d": "A" * 43}
SECRET_JWK = {"kty": "oct", "k": "c2VjcmV0"}


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"client_id": "https://app.example.com/other.json"}, "its own address"),
        ({"client_id": URL.upper()}, "its own address"),
        ({"client_id": f"{URL}/"}, "its own address"),
        ({"client_id": [URL]}, "its own address"),
        ({"client_id": None}, "its own address"),
        ({"redirect_uris": None}, "redirect_uris"),
        ({"redirect_uris": []}, "redirect_uris"),
        ({"redirect_uris": REDIRECT}, "redirect_uris"),
        ({"redirect_uris": [5, {}]}, "must be text"),
        ({"redirect_uris": [REDIRECT] * 51}, "redirect_uris"),
        ({"redirect_uris": ["javascript:alert(1)"]}, "its redirect URI has a scheme"),
        ({"redirect_uris": ["http://app.example.com/cb"]}, "its redirect URI must be https"),
        ({"token_endpoint_auth_method": "client_secret_basic"}, "token_endpoint_auth_method"),
        ({"token_endpoint_auth_method": "tls_client_auth"}, "token_endpoint_auth_method"),
        ({"token_endpoint_auth_method": {}}, "token_endpoint_auth_method"),
        ({"client_secret": "s3cret"}, "everybody can read"),
        ({"client_secret_expires_at": 0}, "everybody can read"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "one of `jwks` and `jwks_uri`"),
        (
            {"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "http://a.example/k"},
            "`jwks_uri` is not https",
        ),
        (
            {"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "file:///etc/passwd"},
            "not a plain https URL",
        ),
        (
            {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [PRIVATE_JWK]}},
            "no public key",
        ),
        (
            {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [SECRET_JWK]}},
            "no public key",
        ),
        ({"grant_types": ["client_credentials"]}, "leave out authorization_code"),
        ({"grant_types": 5}, "leave out authorization_code"),
        ({"response_types": ["token"]}, "leave out code"),
    ],
)
async def test_a_document_that_lies_or_asks_too_much_is_refused(
    shared: Shared, outside: Outside, more: dict[str, Any], why: str
) -> None:
    """The person who is sent here reads where it is and what is wrong with it; it is not kept."""
    outside.pages[URL] = Page(described(**more))

    told = await why_not(shared)

    assert why in told
    assert told.startswith("This app's description at app.example.com cannot be used: ")
    assert "s3cret" not in told
    outside.pages[URL] = Page(described())
    assert await Documents(shared).client(URL, HERE) is not None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'{"client_id"',
        b"\xff\xfe{}",
        b"[" * 30_000,
        b'{"a": NaN}',
        b"\xef\xbb\xbf{}",
    ],
)
async def test_what_is_no_json_object_is_refused(
    shared: Shared, outside: Outside, body: bytes
) -> None:
    """Cut, nested without end, of another encoding: told, and nothing of it repeated."""
    outside.pages[URL] = Page(body)

    assert "it is not" in await why_not(shared)


@pytest.mark.parametrize(
    ("page", "why"),
    [
        (Page({}, 302, {"location": "https://app.example.com/other"}), "redirects"),
        (Page(Dripping(b" " * 1024, 10_000)), "larger than 32 KB"),
        (Page({}, 404), "404"),
    ],
)
async def test_a_document_that_cannot_be_had_is_refused_with_the_reason(
    shared: Shared, outside: Outside, page: Page, why: str
) -> None:
    """Whoever handles the failure of a fetch handles this too."""
    outside.pages[URL] = page

    with pytest.raises(FetchRefused, match=why):
        await Documents(shared).client(URL, HERE)


@pytest.mark.parametrize("host", ["169.254.169.254", "localhost", "rebound.example.com"])
async def test_a_document_behind_us_is_refused(shared: Shared, outside: Outside, host: str) -> None:
    """By its address, by a name of this machine, or by a name that leads there."""
    outside.names = {
        "169.254.169.254": ["169.254.169.254"],
        "localhost": ["127.0.0.1"],
        "rebound.example.com": ["169.254.169.254"],
    }

    assert "no public address" in await why_not(shared, f"https://{host}/client.json")
    assert outside.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "http://app.example.com/client.json",
        "https://app.example.com",
        "https://app.example.com/",
        "https://app.example.com/?a=b",
        "https://app.example.com/a/../b",
        "https://app.example.com/./b",
        "https://app.example.com/a/%2e%2E/b",
        "https://app.example.com/a/..",
        "https://app.example.com/c#top",
        "https://user:pw@app.example.com/c",
        "https://app.example.com/" + "a" * 2_000,
        "https://app.example.com/ c",
        "https://",
        "client-1",
        "",
    ],
)
async def test_what_no_document_could_have_as_its_address_is_no_client(
    shared: Shared, outside: Outside, url: str
) -> None:
    """Nothing is resolved or fetched for it."""
    assert await Documents(shared).client(url, HERE) is None
    assert outside.resolved == []


async def test_the_operator_may_choose_whose_documents_are_taken(
    tmp_path: Path, outside: Outside
) -> None:
    """Other hosts are not even asked."""
    chosen = {"FULLSTORY_MCP_METADATA_HOSTS": "Claude.ai, app.example.com"}
    with sharing(tmp_path, outside, **chosen) as parts:
        assert await Documents(parts).client(URL, HERE) is not None
        assert "its operator chose" in await why_not(parts, "https://evil.example.com/c.json")
    assert outside.resolved == ["app.example.com"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (None, "app.example.com"),
        ("", "app.example.com"),
        (5, "app.example.com"),
        ("  Our \n\t App ", "Our App"),
        ("Cl\u202eedua\u202c \u200bApp\x00\x1b[31m", "Cledua App[31m"),
        ("\u2028\u2066\ufeff", "app.example.com"),
        ("\u115f\u1160\u3164\uffa0\u2800", "app.example.com"),
        ("é" * 300, "é" * 100),
        ("<b>App</b>", "<b>App</b>"),
    ],
)
async def test_a_name_is_one_visible_line(
    shared: Shared, outside: Outside, name: object, shown: str
) -> None:
    """Without signs that reorder or hide what is beside them; escaping is the page's business."""
    outside.pages[URL] = Page(described(client_name=name))

    client = await Documents(shared).client(URL, HERE)

    assert client is not None
    assert client.name == shown
