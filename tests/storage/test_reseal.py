"""`fullstory-mcp reseal` moves every stored API key under the ring's first key."""

import base64
import subprocess

import pytest

from command import fullstory_mcp
from fullstory_mcp.sealing import Sealer
from fullstory_mcp.storage import Database, keys
from storage.rows import API_KEY, RING, add_keys, stored_keys

OLD, NEW, LOST = RING


def resealed(url: str, *ring: bytes) -> subprocess.CompletedProcess[str]:
    """What comes of the command with these keys."""
    given = ",".join(base64.b64encode(key).decode() for key in ring)
    return fullstory_mcp("reseal", FULLSTORY_MCP_DATABASE_URL=url, FULLSTORY_MCP_SECRET_KEYS=given)


def ids(database: Database) -> dict[str, str]:
    """Which key of the ring has sealed each stored key."""
    with database.begin(reading=True) as tx:
        return {stored.id: stored.ring_id for stored in stored_keys(tx)}


def test_every_key_is_sealed_anew_over_all_batches(database: Database, database_url: str) -> None:
    """After it the older keys can be dropped, and each stored key opens to what it was."""
    count = keys.BATCH * 2 + 3
    with database.begin() as tx:
        add_keys(tx, Sealer((OLD,)), count)
    run = resealed(database_url, NEW, OLD)
    with database.begin(reading=True) as tx:
        opened = {keys.open_key(Sealer((NEW,)), stored).reveal() for stored in stored_keys(tx)}

    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith(
        f"{count} API keys were sealed anew under the first key of FULLSTORY_MCP_SECRET_KEYS.\n"
        "No stored API key needs the keys after it."
    )
    assert opened == {API_KEY.reveal()}


def test_second_run_finds_nothing_to_do(database: Database, database_url: str) -> None:
    """What is sealed under the first key already is left alone."""
    with database.begin() as tx:
        add_keys(tx, Sealer((NEW,)), 2)
        before = stored_keys(tx)
    run = resealed(database_url, NEW)
    with database.begin(reading=True) as tx:
        after = stored_keys(tx)

    assert run.stdout == (
        "0 API keys were sealed anew under the first key of FULLSTORY_MCP_SECRET_KEYS.\n"
    )
    assert after == before


def test_keys_that_cannot_be_opened_are_counted_and_kept(
    database: Database, database_url: str
) -> None:
    """One lost key of the ring stops nobody else's, and can still be put back."""
    lost = Sealer((LOST,)).first_id
    with database.begin() as tx:
        add_keys(tx, Sealer((LOST,)), 2)
        add_keys(tx, Sealer((OLD,)), 1)
    run = resealed(database_url, NEW, OLD)

    assert run.returncode == 1
    assert run.stdout == (
        "1 API key was sealed anew under the first key of FULLSTORY_MCP_SECRET_KEYS.\n"
    )
    assert run.stderr.startswith(
        f"fullstory-mcp: 2 API keys could not be opened, being sealed under {lost}, which "
        "FULLSTORY_MCP_SECRET_KEYS does not hold. Add that key at its end and run this again"
    )
    assert sorted(ids(database).values()) == sorted([lost, lost, Sealer((NEW,)).first_id])

    mended = resealed(database_url, NEW, OLD, LOST)

    assert (mended.returncode, mended.stderr) == (0, "")
    assert set(ids(database).values()) == {Sealer((NEW,)).first_id}


@pytest.mark.parametrize("missing", ["ring", "tables"])
def test_reseal_without_ring_or_tables_is_one_sentence(blank_url: str, missing: str) -> None:
    """The operator is told what to set or to run first."""
    run = resealed(blank_url, *(() if missing == "ring" else (NEW,)))
    fix = {
        "ring": "FULLSTORY_MCP_SECRET_KEYS is not set: there is no key to seal under.",
        "tables": "has no tables yet: run `fullstory-mcp migrate`.",
    }

    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.endswith(f"{fix[missing]}\n")
    assert run.stderr.count("\n") == 1
