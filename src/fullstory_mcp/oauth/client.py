"""What is known of an OAuth client, whichever way it became known."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Method = Literal["none", "client_secret_basic", "client_secret_post", "private_key_jwt"]
METHODS: tuple[Method, ...] = (
    "none",
    "client_secret_basic",
    "client_secret_post",
    "private_key_jwt",
)
"""How a client may prove at the token endpoint that it is itself."""


OPERATOR = "the operator of this server"
"""Who vouches for the clients of the access file."""


@dataclass(frozen=True, slots=True)
class Client:
    """An OAuth client, however it became known.

    `method` is how it authenticates. `secret_hash` is of the secret where it has one; `jwks` or
    `jwks_uri` give its public keys for `private_key_jwt`. `host` is who vouches for it: the host of
    its metadata document, `OPERATOR` for a client of the access file, "" where it only said its name
    itself.
    """

    id: str
    name: str
    kind: Literal["known", "document", "registered"]
    redirect_uris: tuple[str, ...]
    method: Method = "none"
    secret_hash: str | None = None
    jwks: Mapping[str, Any] | None = None
    jwks_uri: str | None = None
    host: str = ""
