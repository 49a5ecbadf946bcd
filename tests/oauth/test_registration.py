"""Clients that register themselves (RFC 7591): what they may ask for, and what they get."""

from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey

from oauth.harness import REDIRECT_URI, hosting
from oauth.issuing import error_of

pytestmark = pytest.mark.anyio

CURSOR = [
    "cursor://anysphere.cursor-mcp/oauth/callback",
    "https://www.cursor.com/agents/mcp/oauth/callback",
    "http://localhost:8787/callback",
]
EC = ECKey.generate_key("P-256").as_dict(private=False)


async def test_a_public_client_gets_an_id_and_no_secret(database_url: str) -> None:
    """`none` means that there is no secret (a library of the trade hands one out all the same)."""
    async with hosting(database_url) as door:
        answer = await door.client.post(
            "/register",
            json={"redirect_uris": CURSOR, "token_endpoint_auth_method": "none"},
        )

    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()
    assert told["client_id"]
    assert told["client_id_issued_at"] == int(door.clock())
    assert told["redirect_uris"] == CURSOR
    assert told["token_endpoint_auth_method"] == "none"
    assert "client_secret" not in told


@pytest.mark.parametrize("method", [None, "client_secret_basic", "client_secret_post"])
async def test_a_confidential_client_gets_a_secret_that_does_not_expire(method: str | None) -> None:
    """Left out, the method is client_secret_basic (RFC 7591, section 2)."""
    given = {"token_endpoint_auth_method": method} if method else {}
    async with hosting() as door:
        answer = await door.client.post("/register", json={"redirect_uris": CURSOR, **given})

    told = answer.json()
    assert told["token_endpoint_auth_method"] == (method or "client_secret_basic")
    assert len(told["client_secret"]) >= 43
    assert told["client_secret_expires_at"] == 0


async def test_what_a_client_may_do_beyond_our_means_is_left_out() -> None:
    """VS Code names device_code, others implicit: they work all the same (RFC 7591, section 3.2.1)."""
    async with hosting() as door:
        told = await door.registered(
            grant_types=["authorization_code", "urn:ietf:params:oauth:grant-type:device_code"],
            response_types=["code", "token"],
            scope="mail:read",
            application_type="native",
            software_statement_of_mine={"a": 1},
        )

    assert told["grant_types"] == ["authorization_code", "refresh_token"]
    assert told["response_types"] == ["code"]
    assert "software_statement_of_mine" not in told


NAMES = {
    "plain": ("Claude", "Claude"),
    "missing": (None, "Unnamed client"),
    "blank": ("  \n ", "Unnamed client"),
    "control": ("Cla\x00u\x1bde\r\nCode", "Claude Code"),
    "direction": ("\u202eedualC\u2066", "edualC"),
    "invisible": ("Cl\u200baude\ufeff", "Claude"),
    "blank letters": ("\u115f\u1160\u3164\uffa0\u2800", "Unnamed client"),
    "long": ("x" * 5000, "x" * 100),
}


@pytest.mark.parametrize(("given", "shown"), NAMES.values(), ids=NAMES)
async def test_a_name_is_kept_as_one_short_visible_line(given: str | None, shown: str) -> None:
    """It is shown to people who decide by it."""
    async with hosting() as door:
        named = {} if given is None else {"client_name": given}
        answer = await door.client.post(
            "/register", json={"redirect_uris": [REDIRECT_URI], **named}
        )

    assert answer.json()["client_name"] == shown


REDIRECTS: dict[str, Any] = {
    "missing": None,
    "none": [],
    "too many": [f"https://example.com/{number}" for number in range(11)],
    "not a list": "https://example.com/cb",
    "not text": [17],
    "one bad of three": [*CURSOR[:2], "javascript:alert(1)"],
    "plain http": ["http://example.com/cb"],
    "data": ["data:text/html,x"],
    "userinfo": ["https://good.example@evil.example/"],
    "fragment": ["https://example.com/#x"],
    "unlisted scheme": ["slack://callback"],
}


@pytest.mark.parametrize("uris", REDIRECTS.values(), ids=REDIRECTS)
async def test_one_bad_redirect_uri_refuses_the_whole(uris: Any) -> None:
    """The client is told which, and why; what it sent is not repeated."""
    async with hosting() as door:
        answer = await door.client.post("/register", json={"redirect_uris": uris})

    assert error_of(answer) == (400, "invalid_redirect_uri")
    for each in uris if isinstance(uris, list) else ():
        assert str(each) not in answer.json()["error_description"]


async def test_the_bad_one_is_named_by_its_place() -> None:
    """Clients register several at once."""
    async with hosting() as door:
        answer = await door.client.post(
            "/register", json={"redirect_uris": [*CURSOR, "javascript:alert(1)"]}
        )

    assert "redirect_uris[3]" in answer.json()["error_description"]


METADATA: dict[str, dict[str, Any]] = {
    "unknown method": {"token_endpoint_auth_method": "tls_client_auth"},
    "method that is no text": {"token_endpoint_auth_method": ["none"]},
    "no code grant": {"grant_types": ["client_credentials"]},
    "grants that are no list": {"grant_types": "authorization_code"},
    "no code response": {"response_types": ["token"]},
    "name that is no text": {"client_name": {"de": "x"}},
    "no key": {"token_endpoint_auth_method": "private_key_jwt"},
    "keys twice": {
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": {"keys": [EC]},
        "jwks_uri": "https://example.com/jwks",
    },
    "keys at http": {
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks_uri": "http://example.com/jwks",
    },
    "keys at a user name": {
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks_uri": "https://a@example.com/jwks",
    },
    **{
        name: {"token_endpoint_auth_method": "private_key_jwt", "jwks": jwks}
        for name, jwks in {
            "no keys": {"keys": []},
            "keys that are no list": {"keys": EC},
            "no set": [EC],
            "no key of a known kind": {"keys": [{"kty": "PQ"}]},
            "a kind that is no text": {"keys": [{"kty": ["EC"]}]},
            "a key that is no object": {"keys": ["EC"]},
            "a broken key": {"keys": [{"kty": "EC", "crv": "P-256", "x": "a", "y": "b"}]},
            "a private key": {"keys": [ECKey.generate_key("P-256").as_dict(private=True)]},
            "a shared secret": {"keys": [OctKey.generate_key(256).as_dict(private=True)]},
            "a weak key": {"keys": [{"kty": "RSA", "n": "_" * 170 + "8", "e": "AQAB"}]},
            "too many keys": {"keys": [EC] * 11},
        }.items()
    },
}


@pytest.mark.parametrize("metadata", METADATA.values(), ids=METADATA)
async def test_what_cannot_be_registered_is_refused(metadata: dict[str, Any]) -> None:
    """invalid_client_metadata, with what to do."""
    async with hosting() as door:
        answer = await door.client.post(
            "/register", json={"redirect_uris": [REDIRECT_URI], **metadata}
        )

    assert error_of(answer) == (400, "invalid_client_metadata")
    assert answer.json()["error_description"]


async def test_public_keys_are_registered() -> None:
    """EC and RSA keys of a usable size."""
    keys = [EC, RSAKey.generate_key(2048).as_dict(private=False)]
    async with hosting() as door:
        told = await door.registered(
            token_endpoint_auth_method="private_key_jwt", jwks={"keys": keys}
        )

    assert told["jwks"] == {"keys": keys}


BODIES = {
    "nothing": (b"", "application/json", 400),
    "no JSON": (b"{", "application/json", 400),
    "a list": (b"[]", "application/json", 400),
    "not UTF-8": (b'{"a":"\xff"}', "application/json", 400),
    "deep": (b"[" * 10_000, "application/json", 400),
    "a form": (b"redirect_uris=x", "application/x-www-form-urlencoded", 400),
    "too long": (b'{"a":"' + b"x" * 17_000 + b'"}', "application/json", 413),
}


@pytest.mark.parametrize(("body", "kind", "status"), BODIES.values(), ids=BODIES)
async def test_a_body_that_is_no_small_json_object_is_refused(
    body: bytes, kind: str, status: int
) -> None:
    """At most 16 KB."""
    async with hosting() as door:
        answer = await door.client.post("/register", content=body, headers={"Content-Type": kind})

    assert answer.status_code == status
