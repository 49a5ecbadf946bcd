"""Requests that wait for a decision, and the connections that come of them, as rows."""

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from fullstory_mcp.sealing import Sealer
from fullstory_mcp.storage import Database, Tx, authorizations, connections, keys
from fullstory_mcp.storage.authorizations import Authorization
from fullstory_mcp.storage.connections import Connection
from fullstory_mcp.storage.tables import api_keys
from storage.rows import API_KEY, NOW, RING

WAITING = Authorization("a-1", "browser", "{}", NOW, NOW + 600)
STANDING = Connection(
    id="c-1",
    owner="key:1",
    person="API key",
    claims=None,
    client_id="client",
    client_name="Client",
    client_host="",
    redirect_host="127.0.0.1",
    api_key_id=None,
    named_key=None,
    scopes="fullstory:read",
    withheld="",
    resource="https://mcp.example.com/mcp",
    created_at=NOW,
)


@pytest.mark.parametrize("proof", [None, "sealed"])
def test_request_is_decided_once(database: Database, proof: str | None) -> None:
    """Whoever read it before it was decided comes too late, and the proof is forgotten."""
    waiting = replace(WAITING, proof=proof)
    with database.begin() as tx:
        authorizations.begin(tx, waiting)
        decided = [authorizations.decide(tx, waiting, NOW) for _ in range(2)]
        after = authorizations.find(tx, waiting.id)

    assert decided == [True, False]
    assert after == replace(waiting, proof=None, decided_at=NOW)


def test_request_is_not_decided_by_what_was_shown_before(database: Database) -> None:
    """A form that was shown for one key does not count for the next one, nor for another browser."""
    with database.begin() as tx:
        authorizations.begin(tx, WAITING)
        proven = authorizations.prove(tx, "a-1", "another browser", "first", NOW)
        shown = replace(WAITING, proof="first", browser="another browser")
        decided = [
            authorizations.decide(tx, read, NOW)
            for read in (WAITING, replace(shown, proof="second"), replace(shown, browser="browser"))
        ]
        in_the_end = authorizations.decide(tx, shown, NOW)

    assert proven
    assert decided == [False, False, False]
    assert in_the_end


def test_sign_in_is_taken_up_once(database: Database) -> None:
    """Of two answers of the identity provider one is looked at."""
    with database.begin() as tx:
        authorizations.begin(tx, WAITING)
        begun = [authorizations.remember(tx, WAITING, "session", NOW) for _ in range(2)]
        waiting = replace(WAITING, proof="session")
        taken = [authorizations.remember(tx, waiting, None, NOW) for _ in range(2)]

    assert begun == [True, False]
    assert taken == [True, False]


def test_last_proof_counts(database: Database) -> None:
    """With the browser that brought it: the one before is shut out."""
    with database.begin() as tx:
        authorizations.begin(tx, WAITING)
        for number in range(2):
            authorizations.prove(tx, "a-1", f"browser {number}", f"proof {number}", NOW)
        after = authorizations.find(tx, "a-1")

    assert after == replace(WAITING, browser="browser 1", proof="proof 1")


def test_request_that_expired_is_closed(database: Database) -> None:
    """For a proof as for a decision, to the second."""
    with database.begin() as tx:
        authorizations.begin(tx, WAITING)
        late = [
            authorizations.remember(tx, WAITING, "session", NOW + 600),
            authorizations.prove(tx, "a-1", "browser", "sealed", NOW + 600),
            authorizations.decide(tx, WAITING, NOW + 600),
        ]
        in_time = authorizations.decide(tx, WAITING, NOW + 599)

    assert late == [False, False, False]
    assert in_time


def test_key_goes_with_its_last_connection(database: Database) -> None:
    """The row of a connection stays to tell why it ended; its key does not."""
    with database.begin() as tx:
        key_id = keys.add(tx, Sealer(RING), API_KEY, NOW)
        for name in ("c-1", "c-2"):
            connections.create(tx, replace(STANDING, id=name, api_key_id=key_id))
        left = []
        for name in ("c-1", "c-2"):
            connections.end(tx, name, "because", NOW + 1)
            left.append(_count(tx))
        ended = connections.owned(tx, "key:1")

    assert left == [1, 0]
    assert [(each.ended_at, each.ended_why) for each in ended] == [(NOW + 1, "because")] * 2


def test_connection_is_ended_once(database: Database) -> None:
    """The first reason stays."""
    with database.begin() as tx:
        connections.create(tx, STANDING)
        ended = [connections.end(tx, "c-1", why, NOW) for why in ("first", "second")]
        unknown = connections.end(tx, "c-9", "never", NOW)
        row = connections.find(tx, "c-1")

    assert ended == [True, False]
    assert not unknown
    assert row is not None
    assert row.ended_why == "first"


def test_refusal_of_a_key_is_read_with_its_connection(database: Database) -> None:
    """The page that lists connections needs no second look."""
    with database.begin() as tx:
        key_id = keys.add(tx, Sealer(RING), API_KEY, NOW)
        connections.create(tx, replace(STANDING, api_key_id=key_id))
        keys.refused(tx, key_id, NOW + 7)
        (row,) = connections.owned(tx, "key:1")

    assert row.refused_at == NOW + 7


def _count(tx: Tx) -> int:
    return tx.scalar(select(func.count()).select_from(api_keys))
