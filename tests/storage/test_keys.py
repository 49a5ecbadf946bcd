"""A pasted API key is stored so that only the ring opens it, and only in its own row."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from fullstory_mcp.errors import KeyUnsealable
from fullstory_mcp.sealing import Sealer
from fullstory_mcp.storage import Database, keys
from fullstory_mcp.storage.tables import api_keys
from storage.rows import API_KEY, NOW, RING, add_keys, stored_keys

SEALER = Sealer(RING[:1])


def test_stored_key_is_opened_by_the_ring(database: Database) -> None:
    """What was pasted is what is sent, also after another key has become the first."""
    with database.begin() as tx:
        key_id = keys.add(tx, SEALER, API_KEY, NOW)
        (stored,) = stored_keys(tx)

    assert stored.id == key_id
    assert (stored.fingerprint, stored.region) == (API_KEY.fingerprint, "na1")
    assert stored.ring_id == SEALER.first_id
    assert keys.open_key(Sealer((RING[1], RING[0])), stored).reveal() == API_KEY.reveal()


def test_no_column_holds_the_key(database: Database) -> None:
    """Whoever reads the database reads no key."""
    with database.begin() as tx:
        keys.add(tx, SEALER, API_KEY, NOW)
        row = tx.execute(select(api_keys)).one()

    assert API_KEY.mask(str(tuple(row))) == str(tuple(row))


def test_key_of_a_dropped_ring_key_says_which_one(database: Database) -> None:
    """The operator learns which key of the ring is missing, and nothing secret is told."""
    with database.begin() as tx:
        add_keys(tx, SEALER, 1)
        (stored,) = stored_keys(tx)
    with pytest.raises(KeyUnsealable) as refused:
        keys.open_key(Sealer(RING[1:]), stored)

    assert f"sealed under key {SEALER.first_id} of FULLSTORY_MCP_SECRET_KEYS" in str(refused.value)
    assert stored.sealed not in str(refused.value)


@pytest.mark.parametrize("change", ["another row's", "cut", "empty", "not base64"])
def test_altered_record_is_not_opened(database: Database, change: str) -> None:
    """A sealed key that was moved to another row, cut or replaced opens nothing."""
    with database.begin() as tx:
        add_keys(tx, SEALER, 2)
        one, other = stored_keys(tx)
    sealed = {
        "another row's": other.sealed,
        "cut": one.sealed[:-3],
        "empty": "",
        "not base64": "é{}",
    }[change]

    with pytest.raises(KeyUnsealable):
        keys.open_key(SEALER, replace(one, sealed=sealed))


def test_refusal_is_noted_for_its_key_alone(database: Database) -> None:
    """The page of connections can say which key Fullstory no longer takes."""
    with database.begin() as tx:
        first, _ = add_keys(tx, SEALER, 2)
        keys.refused(tx, first, NOW + 5)
        noted = {stored.id: stored.refused_at for stored in stored_keys(tx)}

    assert noted.pop(first) == NOW + 5
    assert list(noted.values()) == [None]
