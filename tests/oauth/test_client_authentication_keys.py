"""Clients that prove themselves by a signed assertion (private_key_jwt, RFC 7523)."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from oauth.assertions import ISSUER, KEY, NOW, by_key, signed
from oauth.harness import Door, hosting
from oauth.issuing import error_of, issued, redeeming

pytestmark = pytest.mark.anyio

REFUSED = (401, "invalid_client")
UNSIGNED = '{"alg":"none"}'


async def signing(door: Door, *keys: Any) -> str:
    """A client that signs with `keys`."""
    public = [key.as_dict(private=False) for key in keys or (KEY,)]
    client = await door.registered(
        token_endpoint_auth_method="private_key_jwt", jwks={"keys": public}
    )
    return client["client_id"]


KEYS = {
    "ES256": KEY,
    "RS256": RSAKey.generate_key(2048, parameters={"kid": "r"}),
    "PS256": RSAKey.generate_key(2048, parameters={"kid": "p"}),
    "Ed25519": OKPKey.generate_key("Ed25519", parameters={"kid": "e"}),
}


@pytest.mark.parametrize("alg", KEYS)
async def test_a_client_signs_with_its_key(database_url: str, alg: str) -> None:
    """Every algorithm that the metadata names."""
    async with hosting(database_url) as door:
        client_id = await signing(door, *KEYS.values())
        answer = await by_key(door, client_id, signed(client_id, KEYS[alg], alg))

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "audience", [ISSUER, f"{ISSUER}/token", [ISSUER], ["https://other.example", f"{ISSUER}/token"]]
)
async def test_an_assertion_is_for_us(audience: Any) -> None:
    """The issuer, or the token endpoint as clients had it before."""
    async with hosting() as door:
        client_id = await signing(door)
        answer = await by_key(door, client_id, signed(client_id, aud=audience))

    assert answer.status_code == 200


CLAIMS: dict[str, dict[str, Any]] = {
    "no audience": {"aud": None},
    "foreign audience": {"aud": "https://other.example"},
    "audience of our resource": {"aud": f"{ISSUER}/mcp"},
    "audience that is no text": {"aud": {"a": ISSUER}},
    "no issuer": {"iss": None},
    "another issuer": {"iss": "somebody"},
    "no expiry": {"exp": None},
    "expired": {"exp": NOW - 31},
    "holding too long": {"exp": NOW + 3600},
    "expiry that is no number": {"exp": "soon"},
    "expiry that is true": {"exp": True},
    "endless": {"exp": float("inf")},
    "expiry that is nothing": {"exp": float("nan")},
    "issued in the future": {"iat": NOW + 120},
    "not yet good": {"nbf": NOW + 120},
    "jti that is no text": {"jti": 7},
}


@pytest.mark.parametrize("changes", CLAIMS.values(), ids=CLAIMS)
async def test_an_assertion_that_says_something_else_is_refused(changes: dict[str, Any]) -> None:
    """Each claim of RFC 7523, section 3."""
    async with hosting() as door:
        client_id = await signing(door)
        answer = await by_key(door, client_id, signed(client_id, **changes))
        right = await by_key(door, client_id, signed(client_id))

    assert error_of(answer) == REFUSED
    assert right.status_code == 200


async def test_an_assertion_counts_once(database_url: str) -> None:
    """Also on another replica; another one of the same client is well."""
    async with hosting(database_url) as door, hosting(database_url, clock=door.clock) as other:
        client_id = await signing(door)
        assertion = signed(client_id)
        first = await by_key(door, client_id, assertion)
        again = await by_key(other, client_id, assertion)
        fresh = await by_key(other, client_id, signed(client_id))

    assert (first.status_code, fresh.status_code) == (200, 200)
    assert error_of(again) == REFUSED


async def test_an_assertion_without_a_name_counts_once_too() -> None:
    """Naming it (`jti`) is optional; the text itself is remembered."""
    async with hosting() as door:
        client_id = await signing(door)
        assertion = signed(client_id, jti=None)
        first = await by_key(door, client_id, assertion)
        again = await by_key(door, client_id, assertion)

    assert first.status_code == 200
    assert error_of(again) == REFUSED


async def test_the_other_signature_that_fits_makes_no_second_assertion() -> None:
    """Who saw an ECDSA signature (r, s) can write (r, n - s), which is as good."""
    async with hosting() as door:
        client_id = await signing(door)
        assertion = signed(client_id, jti=None)
        first = await by_key(door, client_id, assertion)
        again = await by_key(door, client_id, _twin(assertion))
        alone = await by_key(door, client_id, _twin(signed(client_id, jti=None, iat=NOW - 1)))

    assert (first.status_code, alone.status_code) == (200, 200)
    assert error_of(again) == REFUSED


P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def _twin(assertion: str) -> str:
    """The same assertion by ES256 with the other value that its signature may have."""
    head, claims, signature = assertion.split(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    other = (P256_ORDER - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")
    return f"{head}.{claims}.{base64.urlsafe_b64encode(raw[:32] + other).rstrip(b'=').decode()}"


def _part(raw: str) -> str:
    return base64.urlsafe_b64encode(raw.encode()).rstrip(b"=").decode()


def _headed(header: str, client_id: str) -> str:
    """A JWT about the client with a header of choice, and nothing that could be a signature."""
    return f"{_part(header)}.{_part(json.dumps({'sub': client_id}))}.AAAA"


def _unsigned(client_id: str) -> str:
    claims = f'{{"iss":"{client_id}","sub":"{client_id}","aud":"{ISSUER}","exp":{NOW + 60}}}'
    return f"{_part(UNSIGNED)}.{_part(claims)}."


def _by_public_key(client_id: str) -> str:
    """Signed with what everybody knows of the key as a shared secret (RFC 8725, section 2.1)."""
    known = base64.urlsafe_b64decode(KEY.as_dict(private=False)["x"] + "==")
    return signed(client_id, OctKey.import_key(known, {"kid": "one"}), "HS256")


def _tampered(client_id: str) -> str:
    head, claims, signature = signed(client_id).split(".")
    return ".".join([head, claims, ("A" if signature[0] != "A" else "B") + signature[1:]])


ASSERTIONS: dict[str, Callable[[str], str]] = {
    "of another key": lambda client_id: signed(client_id, ECKey.generate_key("P-256")),
    "of another key by the same name": lambda client_id: signed(
        client_id, ECKey.generate_key("P-256", parameters={"kid": "one"})
    ),
    "unsigned": _unsigned,
    "signed with the public key as a secret": _by_public_key,
    "tampered": _tampered,
    "no JWT": lambda _: "nonsense",
    "empty parts": lambda _: "..",
    "claims that are no object": lambda _: f"{_part(UNSIGNED)}.{_part('[]')}.AAAA",
    "a header without an algorithm": lambda client_id: _headed("{}", client_id),
    "a header that is no object": lambda client_id: _headed("[]", client_id),
    "an algorithm that is no text": lambda client_id: _headed('{"alg":{}}', client_id),
    "an unknown critical header": lambda client_id: _headed(
        '{"alg":"ES256","crit":["x"],"x":1,"kid":"one"}', client_id
    ),
    "a key name that is no text": lambda client_id: _headed('{"alg":"ES256","kid":{}}', client_id),
    "about nobody": lambda client_id: signed(client_id, sub=None),
    "about a number": lambda client_id: signed(client_id, sub=7),
}


@pytest.mark.parametrize("made", ASSERTIONS.values(), ids=ASSERTIONS)
async def test_what_the_client_did_not_sign_is_refused(made: Callable[[str], str]) -> None:
    """401, whatever it is; never an error of ours."""
    async with hosting() as door:
        client_id = await signing(door)
        answer = await by_key(door, client_id, made(client_id))

    assert error_of(answer) == REFUSED


async def test_an_assertion_about_another_client_is_refused() -> None:
    """The form names one client and the assertion another."""
    async with hosting() as door:
        mine, other = await signing(door), await signing(door)
        answer = await by_key(door, mine, signed(other))

    assert error_of(answer) == (400, "invalid_request")


FORMS = {
    "another type": {"client_assertion_type": "urn:example:saml2"},
    "no type": {"client_assertion_type": ""},
    "no assertion": {"client_assertion": ""},
}


@pytest.mark.parametrize("changes", FORMS.values(), ids=FORMS)
async def test_half_an_assertion_is_none(changes: dict[str, str]) -> None:
    """It does not fall back to a public client."""
    async with hosting() as door:
        client_id = await signing(door)
        answer = await by_key(door, client_id, signed(client_id), **changes)

    assert error_of(answer) == REFUSED


async def test_a_client_that_signs_is_not_let_in_without() -> None:
    """Its id alone is public."""
    async with hosting() as door:
        client_id = await signing(door)
        form = redeeming(door, client_id, await issued(door, client_id))
        answer = await door.client.post("/token", data=form)

    assert error_of(answer) == REFUSED


async def test_a_public_client_does_not_sign() -> None:
    """Nobody vouched for a key of its."""
    async with hosting() as door:
        client_id = (await door.registered())["client_id"]
        answer = await by_key(door, client_id, signed(client_id))

    assert error_of(answer) == REFUSED
