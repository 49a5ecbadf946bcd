"""Who a client id stands for, however it became known, and with which keys it proves itself.

the access file     clients that the operator named beforehand
an https URL        a client ID metadata document, fetched from there
anything else       a client that registered itself
"""

import hashlib
import hmac
from typing import Any

from authlib.oauth2.rfc6749 import ClientMixin
from joserfc.jwk import KeySet
from pydantic_core import from_json

from fullstory_mcp.oauth.client import Client
from fullstory_mcp.oauth.documents import Documents
from fullstory_mcp.oauth.keysets import key_set_of
from fullstory_mcp.oauth.model import Shared
from fullstory_mcp.storage import clients as stored
from fullstory_mcp.storage.clients import StoredClient

LONGEST_ID = 2_000


class Clients:
    """Every client that this server knows."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._documents = Documents(shared)

    async def find(self, client_id: str, address: str, *, stale: bool = False) -> Client | None:
        """The client of this id; None where it is unknown, or its registration has expired.

        `address` is the network address that asks. With `stale`, its metadata document may be of
        yesterday where it cannot be had: for what is connected already.

        Raises:
            FetchRefused: its metadata document cannot be had or is not usable; the text is why.
        """
        if not client_id or len(client_id) > LONGEST_ID:
            return None
        if known := self._shared.access.clients.get(client_id):
            return known
        if client_id.startswith("https://"):
            return await self._documents.client(client_id, address, stale=stale)
        now = int(self._shared.clock())
        found = await self._shared.database.read(stored.find, client_id, now)
        return None if found is None else registered(found)

    async def keys_of(self, client: Client, kid: str | None, address: str) -> KeySet | None:
        """The public keys with which the client signs, `kid` among them if anywhere; None for none.

        Raises:
            FetchRefused: they cannot be had from where the client says.
        """
        if client.jwks is not None:
            return key_set_of(client.jwks)
        if client.jwks_uri is not None:
            return await self._documents.key_set(client, kid, address)
        return None


class KnownClient(ClientMixin):  # type: ignore[misc] # authlib has no types
    """A client as authlib asks about it."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def check_client_secret(self, client_secret: str) -> bool:
        """Whether it is the client's secret; compared in constant time."""
        expected = self.client.secret_hash
        given = hashlib.sha256(client_secret.encode()).hexdigest()
        return expected is not None and hmac.compare_digest(given, expected)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Whether the client proves itself so; the same at every endpoint."""
        del endpoint
        return method == self.client.method

    def check_grant_type(self, grant_type: str) -> bool:
        """Every client may use each grant that the server offers."""
        del grant_type
        return True


def registered(row: StoredClient) -> Client:
    """The client of a stored registration."""
    data: dict[str, Any] = from_json(row.registration)
    return Client(
        id=row.id,
        name=data["client_name"],
        kind="registered",
        redirect_uris=tuple(data["redirect_uris"]),
        method=data["token_endpoint_auth_method"],
        secret_hash=row.secret_hash,
        jwks=data.get("jwks"),
        jwks_uri=data.get("jwks_uri"),
    )
