"""API keys that people pasted: each sealed to the id of its row, opened only to be sent."""

import secrets
from dataclasses import dataclass

from sqlalchemy import insert, select, update

from fullstory_mcp.errors import KeyUnsealable
from fullstory_mcp.principal import ApiKey
from fullstory_mcp.sealing import Sealer, Unsealable
from fullstory_mcp.storage import Tx
from fullstory_mcp.storage.tables import api_keys

BATCH = 200
"""How many keys are sealed anew in one transaction."""


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A stored key, sealed. `refused_at` is when Fullstory last refused it (Unix seconds)."""

    id: str
    sealed: str
    fingerprint: str
    region: str | None
    refused_at: int | None

    @property
    def ring_id(self) -> str:
        """Which key of the ring sealed it."""
        return Sealer.ring_id(self.sealed)


@dataclass(frozen=True, slots=True)
class Resealed:
    """What became of one batch: how many keys were sealed anew, and the last id that was looked at.

    `unopened` names, for each key that could not be opened, the ring's key that it was sealed under.
    `last` is "" where nothing was left to look at.
    """

    keys: int
    unopened: tuple[str, ...]
    last: str


def add(tx: Tx, sealer: Sealer, key: ApiKey, now: int) -> str:
    """Stores a key, sealed.

    Returns:
        The id of its row.
    """
    key_id = secrets.token_urlsafe(16)
    row = {"fingerprint": key.fingerprint, "region": key.region, "created_at": now}
    tx.execute(insert(api_keys).values(id=key_id, **row, **_sealed(sealer, key_id, key)))
    return key_id


def open_key(sealer: Sealer, stored: StoredKey) -> ApiKey:
    """The key itself.

    Raises:
        KeyUnsealable: it was sealed under a key that the ring no longer holds, or altered.
    """
    try:
        return ApiKey(str(sealer.open(_purpose(stored.id), stored.sealed)))
    except (Unsealable, ValueError):
        raise KeyUnsealable(_why(sealer, stored)) from None


def refused(tx: Tx, id: str, now: int) -> None:  # noqa: A002 - the column's name
    """Notes that Fullstory refused a key."""
    tx.execute(update(api_keys).where(api_keys.c.id == id).values(refused_at=now))


def reseal(tx: Tx, sealer: Sealer, after: str = "") -> Resealed:
    """Seals the next keys, by id after `after`, under the first key of the ring.

    Those that are so sealed already are passed over, those that no key of the ring opens are left
    as they are. Replicas may go on meanwhile: what a key opens to does not change.
    """
    rows = tx.execute(
        select(
            api_keys.c.id,
            api_keys.c.sealed,
            api_keys.c.fingerprint,
            api_keys.c.region,
            api_keys.c.refused_at,
        )
        .where(api_keys.c.id > after, api_keys.c.ring_id != sealer.first_id)
        .order_by(api_keys.c.id)
        .limit(BATCH)
    )
    batch = [StoredKey(**row) for row in rows.mappings()]
    unopened = tuple(stored.ring_id for stored in batch if not _reseal_one(tx, sealer, stored))
    return Resealed(len(batch) - len(unopened), unopened, batch[-1].id if batch else "")


def _reseal_one(tx: Tx, sealer: Sealer, stored: StoredKey) -> bool:
    try:
        key = open_key(sealer, stored)
    except KeyUnsealable:
        return False
    tx.execute(
        update(api_keys).where(api_keys.c.id == stored.id).values(_sealed(sealer, stored.id, key))
    )
    return True


def _sealed(sealer: Sealer, key_id: str, key: ApiKey) -> dict[str, str]:
    return {
        "sealed": sealer.seal(_purpose(key_id), key.reveal()),
        "ring_id": sealer.first_id,
    }


def _purpose(key_id: str) -> str:
    return f"api_key:{key_id}"


def _why(sealer: Sealer, stored: StoredKey) -> str:
    if sealer.knows(stored.ring_id):
        return "A stored API key cannot be opened: its record was altered. Connect again."
    return (
        f"A stored API key was sealed under key {stored.ring_id} of FULLSTORY_MCP_SECRET_KEYS, which "
        "is no longer there. Put that key back, or connect again."
    )
