"""Codes and tokens without the consent pages, which have tests of their own."""

import base64
import hashlib
import secrets
from dataclasses import replace
from typing import Any

import httpx2 as httpx

from fullstory_mcp.oauth.grants import issue_code
from fullstory_mcp.oauth.model import Asked
from fullstory_mcp.storage import Tx, connections, tokens
from fullstory_mcp.storage.connections import Connection
from oauth.harness import CHALLENGE, REDIRECT_URI, VERIFIER, Door

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
READ_WRITE = ("fullstory:read", "fullstory:write")


async def issued(
    door: Door, client_id: str, scopes: tuple[str, ...] = READ_WRITE, **asked: Any
) -> str:
    """A code for a new connection of a client, as the consent page gives one out."""
    resource = door.shared.front.resource
    usual = Asked(
        client_id, "Test client", "", REDIRECT_URI, True, None, scopes, resource, CHALLENGE
    )
    now = int(door.clock())
    connection = Connection(
        id=secrets.token_urlsafe(16),
        owner="key:test",
        person="a test",
        claims=None,
        client_id=client_id,
        client_name="Test client",
        client_host="",
        redirect_host="127.0.0.1",
        api_key_id=None,
        named_key=None,
        scopes=" ".join(scopes),
        withheld="",
        resource=resource,
        created_at=now,
    )

    def made(tx: Tx) -> str:
        connections.create(tx, connection)
        return issue_code(tx, replace(usual, **asked), connection.id, scopes, now)

    return await door.shared.database.run(made)


def redeeming(door: Door, client_id: str, code: str) -> dict[str, str]:
    """The form that redeems a code of a public client."""
    return {
        "grant_type": "authorization_code",
        "client_id": client_id,
        "code": code,
        "redirect_uri": REDIRECT_URI,
        "code_verifier": VERIFIER,
        "resource": door.shared.front.resource,
    }


async def redeemed(door: Door, client_id: str, code: str, /, **changes: Any) -> httpx.Response:
    """The answer to a code; a parameter given as None is left out."""
    form = {**redeeming(door, client_id, code), **changes}
    return await door.client.post(
        "/token", data={name: value for name, value in form.items() if value is not None}
    )


async def granted(door: Door, client_id: str, **asked: Any) -> dict[str, Any]:
    """Tokens of a new connection of a public client."""
    code = await issued(door, client_id, **asked)
    answer = await redeemed(door, client_id, code)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def refreshed(door: Door, client_id: str, token: str, **form: str) -> httpx.Response:
    """The answer to a public client's refresh."""
    return await door.token(
        grant_type="refresh_token", client_id=client_id, refresh_token=token, **form
    )


async def works(door: Door, access_token: str) -> bool:
    """Whether an access token stands for a connection; read past the guard's two seconds."""
    digest = hashlib.sha256(access_token.encode()).hexdigest()
    now = int(door.clock())
    return await door.shared.database.read(tokens.standing, digest, now) is not None


def basic(client_id: str, secret: str) -> dict[str, str]:
    """The header of client_secret_basic."""
    pair = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


def error_of(answer: httpx.Response) -> tuple[int, str]:
    """A refusal's status and code."""
    return answer.status_code, answer.json()["error"]
