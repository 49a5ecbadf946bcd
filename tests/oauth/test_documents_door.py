"""A client that describes itself at its own address, before the running server."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from oauth.harness import Door, hosting, result_of
from oauth.outside import Dripping, Outside, Page

pytestmark = pytest.mark.anyio

URL = "https://app.example.com/oauth/client.json"
JWKS_URL = "https://app.example.com/oauth/jwks.json"


def described(**more: Any) -> dict[str, Any]:
    """A document as Claude Code publishes one: loopback without a port."""
    return {
        "client_id": URL,
        "client_name": "Our <App>",
        "redirect_uris": ["http://127.0.0.1/callback"],
        "token_endpoint_auth_method": "none",
        **more,
    }


@pytest.fixture
def outside() -> Outside:
    """An internet with one good document, and names that lead behind us."""
    names = {
        "localhost": ["127.0.0.1"],
        "169.254.169.254": ["169.254.169.254"],
        "metadata.example.com": ["169.254.169.254"],
        "rebinding.example.com": [["93.184.216.34", "127.0.0.1"]],
    }
    return Outside({URL: Page(described())}, names)


@pytest.fixture
async def door(outside: Outside) -> AsyncIterator[Door]:
    """A hosted server in front of that internet."""
    async with hosting(outside=outside.transport, resolve=outside.resolve) as running:
        yield running


async def test_a_client_that_never_registered_connects(door: Door, outside: Outside) -> None:
    """From its document to a call, on a port that the document does not name; fetched once in all."""
    page = await door.client.get("/authorize", params=door.question(URL), follow_redirects=True)
    assert "Our &lt;App&gt;" in page.text
    assert "app.example.com" in page.text

    given = await door.consented(URL)
    answer = await door.redeemed(URL, given["code"])
    assert answer.status_code == 200, answer.text
    called = await door.call(answer.json()["access_token"], "get_quotas")

    assert not result_of(called).get("isError")
    assert outside.asked() == [URL]


@pytest.mark.parametrize(
    ("url", "page", "why"),
    [
        (URL, Page(described(client_id=f"{URL}?")), "does not name its own address"),
        (URL, Page(Dripping(b" " * 1024, 10_000)), "larger than 32 KB"),
        (URL, Page({}, 302, {"location": "https://app.example.com/2"}), "redirects"),
        (URL, Page(described(), 404), "status 404"),
        (URL, Page(described(), headers={"content-type": "text/html"}), "content type"),
        (URL, Page(described(client_secret="s3cret")), "everybody can read"),
        ("https://169.254.169.254/client.json", Page({}), "no public address"),
        ("https://localhost/client.json", Page({}), "no public address"),
        ("https://metadata.example.com/client.json", Page({}), "no public address"),
        ("https://rebinding.example.com/client.json", Page({}), "no public address"),
    ],
)
async def test_a_description_that_cannot_be_used_is_told_on_a_page(
    door: Door, outside: Outside, url: str, page: Page, why: str
) -> None:
    """Nobody is sent on to the address that the request names, and no secret is repeated."""
    outside.pages[URL] = page

    answer = await door.client.get("/authorize", params=door.question(url))

    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert why in answer.text
    assert "s3cret" not in answer.text
    assert all(request.url.host == "93.184.216.34" for request in outside.requests)


async def test_a_redirect_that_the_document_does_not_name_is_refused(door: Door) -> None:
    """An open redirect would hand the code to whoever asked."""
    question = door.question(URL, redirect_uri="https://evil.example.com/callback")

    answer = await door.client.get("/authorize", params=question)

    assert answer.status_code == 400
    assert "location" not in answer.headers


async def test_a_client_may_sign_with_the_keys_at_its_address(door: Door, outside: Outside) -> None:
    """Also with a key that it published only after its old ones were fetched."""
    outside.pages[URL] = Page(
        described(token_endpoint_auth_method="private_key_jwt", jwks_uri=JWKS_URL)
    )
    for name in ("one", "two"):
        key = ECKey.generate_key("P-256", {"kid": name})
        outside.pages[JWKS_URL] = Page({"keys": [key.as_dict(private=False)]})
        given = await door.consented(URL)
        now = int(door.clock())
        claims = {"iss": URL, "sub": URL, "aud": door.public_url, "iat": now, "exp": now + 60}
        assertion = jwt.encode({"alg": "ES256", "kid": name}, {**claims, "jti": name}, key)
        answer = await door.redeemed(
            URL,
            given["code"],
            client_assertion=assertion,
            client_assertion_type="urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        )
        assert answer.status_code == 200, (name, answer.text)
        door.clock.time += 61

    assert outside.asked().count(JWKS_URL) == 2
