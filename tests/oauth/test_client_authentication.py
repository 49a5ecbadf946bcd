"""How a client shows at the token endpoint that it is itself, and that nobody else can."""

import base64
import hashlib
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx2 as httpx
import pytest

from oauth.harness import Door, hosting
from oauth.issuing import ASSERTION, basic, error_of, issued, redeeming

pytestmark = pytest.mark.anyio

REFUSED = (401, "invalid_client")


async def redeemed(
    door: Door, client_id: str, *, bare: bool = False, headers: Any = None, **form: str
) -> httpx.Response:
    """A code redeemed with a client's credentials; `bare` leaves client_id out of the form."""
    given = {**redeeming(door, client_id, await issued(door, client_id)), **form}
    if bare:
        del given["client_id"]
    return await door.client.post("/token", data=given, headers=headers or {})


async def test_a_public_client_names_itself(database_url: str) -> None:
    """Its proof is PKCE."""
    async with hosting(database_url) as door:
        client = await door.registered()
        answer = await redeemed(door, client["client_id"])

    assert answer.status_code == 200


@pytest.mark.parametrize("bare", [True, False])
async def test_http_basic_works_with_and_without_client_id_in_the_form(bare: bool) -> None:
    """The name in the header is enough (RFC 6749, section 2.3.1)."""
    async with hosting() as door:
        client = await door.registered(token_endpoint_auth_method="client_secret_basic")
        headers = basic(client["client_id"], client["client_secret"])
        answer = await redeemed(door, client["client_id"], bare=bare, headers=headers)

    assert answer.status_code == 200


async def test_http_basic_is_decoded_once_more() -> None:
    """Name and secret are form-encoded before they are put together."""
    access = """
        [[clients]]
        id = "https agent:ü"
        name = "Our agent"
        redirect_uris = ["http://127.0.0.1/callback"]
        method = "client_secret_basic"
        secret_sha256 = "@"
    """
    secret = "a secret: 100%"
    access = access.replace("@", hashlib.sha256(secret.encode()).hexdigest())
    client_id = "https agent:ü"
    async with hosting(access=access) as door:
        headers = basic(quote(client_id, safe=""), quote(secret, safe=""))
        answer = await redeemed(door, client_id, bare=True, headers=headers)

    assert answer.status_code == 200


async def test_a_secret_in_the_form_works() -> None:
    """client_secret_post."""
    async with hosting() as door:
        client = await door.registered(token_endpoint_auth_method="client_secret_post")
        answer = await redeemed(door, client["client_id"], client_secret=client["client_secret"])

    assert answer.status_code == 200


async def test_a_lost_client_is_told_so(database_url: str) -> None:
    """401 invalid_client: clients then register again."""
    async with hosting(database_url) as door:
        client = await door.registered()
        code = await issued(door, client["client_id"])
        door.clock.time += 24 * 3600
        answer = await door.client.post("/token", data=redeeming(door, client["client_id"], code))

    assert error_of(answer) == REFUSED
    assert "www-authenticate" not in answer.headers


async def test_who_tried_http_basic_is_challenged_so(database_url: str) -> None:
    """RFC 6749, section 5.2."""
    async with hosting(database_url) as door:
        form = {"grant_type": "refresh_token", "refresh_token": "x"}
        answer = await door.client.post("/token", data=form, headers=basic("nobody", "secret"))

    assert error_of(answer) == REFUSED
    assert answer.headers["www-authenticate"].startswith("Basic ")


def _both(client: dict[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    secret = client["client_secret"]
    return basic(client["client_id"], secret), {"client_secret": secret}


def _assertion_too(client: dict[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    form = {"client_assertion_type": ASSERTION, "client_assertion": "e30.e30.e30"}
    return basic(client["client_id"], client["client_secret"]), form


def _wrong_secret(client: dict[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    return basic(client["client_id"], "x" * 43), {}


def _raw(header: str) -> Callable[[dict[str, Any]], tuple[dict[str, str], dict[str, str]]]:
    return lambda _: ({"Authorization": header}, {})


def _encoded(raw: bytes) -> str:
    return "Basic " + base64.b64encode(raw).decode()


CREDENTIALS: dict[str, tuple[Any, tuple[int, str]]] = {
    "header and form": (_both, (400, "invalid_request")),
    "header and assertion": (_assertion_too, (400, "invalid_request")),
    "wrong secret": (_wrong_secret, REFUSED),
    "another client in the form": (
        lambda client: (basic("somebody", client["client_secret"]), {}),
        (400, "invalid_request"),
    ),
    "no secret": (lambda client: (basic(client["client_id"], ""), {}), REFUSED),
    "no colon": (_raw(_encoded(b"client")), REFUSED),
    "no base64": (_raw("Basic %%%"), REFUSED),
    "nothing": (_raw("Basic"), REFUSED),
    "not UTF-8": (_raw(_encoded(b"\xff:\xff")), REFUSED),
    "a null byte": (_raw(_encoded(b"a\x00:b")), REFUSED),
    "secret in the form instead": (
        lambda client: ({}, {"client_secret": client["client_secret"]}),
        REFUSED,
    ),
    "no credentials": (lambda _: ({}, {}), REFUSED),
}


@pytest.mark.parametrize(("made", "error"), CREDENTIALS.values(), ids=CREDENTIALS)
async def test_a_confidential_client_is_held_to_its_one_way(
    made: Any, error: tuple[int, str]
) -> None:
    """No second way beside it, no weaker way instead of it."""
    async with hosting() as door:
        client = await door.registered(token_endpoint_auth_method="client_secret_basic")
        headers, form = made(client)
        answer = await redeemed(door, client["client_id"], headers=headers, **form)

    assert error_of(answer) == error
    assert client["client_secret"] not in answer.text


async def test_a_public_client_has_no_secret_to_show() -> None:
    """Whatever it sends as one is wrong."""
    async with hosting() as door:
        client_id = (await door.registered())["client_id"]
        posted = await redeemed(door, client_id, client_secret="anything")
        header = await redeemed(door, client_id, headers=basic(client_id, "anything"))

    assert error_of(posted) == error_of(header) == REFUSED
