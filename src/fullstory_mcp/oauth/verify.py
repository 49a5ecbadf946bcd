"""Who an access token of this server stands for: looked up, held for two seconds, never printed.

Every token leads to its connection, so that ending one is noticed by every replica at the next
look-up. A person who signed in is asked of the operator's access file again each time.
"""

import hashlib
import logging
from collections.abc import Callable

from fullstory_mcp.errors import StorageUnavailable
from fullstory_mcp.oauth.access import Identity
from fullstory_mcp.oauth.model import Shared
from fullstory_mcp.oauth.scopes import same_resource
from fullstory_mcp.principal import SCOPES, Key, Level, Principal, SealedKey
from fullstory_mcp.storage import connections, keys, tokens
from fullstory_mcp.storage.keys import StoredKey
from fullstory_mcp.storage.tokens import Granted

logger = logging.getLogger(__name__)

HELD_SECONDS = 2.0
"""How long a token that was found is taken for good without looking again."""

MOST_HELD = 10_000
LONGEST_TOKEN = 256


class StoredTokens:
    """Verifies the embedded front door's opaque tokens."""

    def __init__(self, shared: Shared, monotonic: Callable[[], float]) -> None:
        self._shared = shared
        self._monotonic = monotonic
        self._held: dict[str, tuple[float, int, Principal]] = {}
        self._used: dict[str, int] = {}

    async def verify(self, token: str) -> Principal | None:
        """Whom the token stands for; None where it is unknown, expired, or its connection ended.

        Raises:
            StorageUnavailable: nobody can say.
        """
        if len(token) > LONGEST_TOKEN:
            return None
        digest = hashlib.sha256(token.encode()).hexdigest()
        now = int(self._shared.clock())
        if (held := self._held.get(digest)) and held[0] > self._monotonic() and held[1] > now:
            return held[2]
        granted = await self._shared.database.read(tokens.standing, digest, now)
        principal = self._principal(granted) if granted and self._is_ours(granted) else None
        if granted is None or principal is None:
            self._held.pop(digest, None)
            return None
        if len(self._held) >= MOST_HELD:
            self._held.clear()
        self._held[digest] = (self._monotonic() + HELD_SECONDS, granted.expires_at, principal)
        self._used[granted.connection_id] = now
        return principal

    def _is_ours(self, granted: Granted) -> bool:
        """Whether the token is for this server (RFC 8707), as another may share the database."""
        return same_resource(granted.resource, self._shared.front.resource)

    def _principal(self, granted: Granted) -> Principal | None:
        source = self._of_named_key(granted) if granted.named_key else self._of_own_key(granted)
        if source is None:
            return None
        key, ceiling, most = source
        identity = Identity.from_json(granted.claims) if granted.claims else None
        scopes = frozenset(granted.scopes)
        page = self._shared.front.url("/connections")
        return Principal(
            key=key,
            name=granted.person,
            door="oauth",
            owner=granted.owner,
            email=identity.verified_email if identity else "",
            groups=identity.groups if identity else (),
            client=granted.client_name,
            client_id=granted.client_id,
            named_key=granted.named_key or "",
            connection=granted.connection_id,
            scopes=scopes if most is None else scopes & most,
            withheld=frozenset(granted.withheld),
            denied=frozenset() if most is None else frozenset(SCOPES) - most,
            ceiling=ceiling,
            mend=_mend_named(granted.named_key) if granted.named_key else _mend_own(page),
        )

    def _of_own_key(self, granted: Granted) -> "_Source | None":
        stored = granted.key
        if stored is None:
            return None
        if not self._shared.sealer.knows(stored.ring_id):
            # Connecting again stores the key anew, so the client is sent to do that.
            logger.error(
                "A connection's key was sealed by key %s of FULLSTORY_MCP_SECRET_KEYS, which is no "
                "longer there: put it back, or the person has to connect again",
                stored.ring_id,
            )
            return None
        return _sealed(stored, self._shared), None, None

    def _of_named_key(self, granted: Granted) -> "_Source | None":
        """The operator's key, while the access file still gives it to this person."""
        if granted.claims is None:
            return None
        named = self._shared.access.match(Identity.from_json(granted.claims))
        if named is None:
            return None
        return named.current(), named.ceiling, named.scopes

    async def note_use(self) -> None:
        """Writes down when each connection was last used; kept off the way of the calls themselves.

        Raises:
            StorageUnavailable: what was not written is written the next time.
        """
        used, self._used = self._used, {}
        try:
            await self._shared.database.run(connections.used, used)
        except StorageUnavailable:
            self._used = used | self._used
            raise


_Source = tuple[Key, Level | None, frozenset[str] | None]
"""A key, the level it is left at most, and the scopes it is left at most."""


def _sealed(stored: StoredKey, shared: Shared) -> SealedKey:
    return SealedKey(
        stored.fingerprint, stored.region, lambda: keys.open_key(shared.sealer, stored)
    )


def _mend_own(page: str) -> str:
    return (
        "Fullstory no longer accepts the API key behind this connection (401): it was revoked or "
        f"replaced. End the connection at {page} and connect again with a working key."
    )


def _mend_named(name: str | None) -> str:
    return (
        f"Fullstory does not accept the key “{name}” that this server has for you (401). "
        "Whoever runs the server must set a valid one; nothing has to be connected again."
    )
