"""Authorization requests that wait for a person's decision, each bound to one browser.

Every change is one statement that also asks whether the request is still open, so that a form sent
twice, or to two replicas at once, is taken once.
"""

from dataclasses import asdict, dataclass

from sqlalchemy import ColumnElement, and_, insert, select, update

from fullstory_mcp.storage import Tx
from fullstory_mcp.storage.tables import authorizations as table


@dataclass(frozen=True, slots=True)
class Authorization:
    """A row of `authorizations`.

    `browser` is the hash of the cookie that may answer it, `request` the checked request as JSON,
    and `proof` what the person has shown so far, sealed.
    """

    id: str
    browser: str
    request: str
    created_at: int
    expires_at: int
    proof: str | None = None
    decided_at: int | None = None


def begin(tx: Tx, authorization: Authorization) -> None:
    """Stores a request that waits from now on."""
    tx.execute(insert(table).values(asdict(authorization)))


def find(tx: Tx, id: str) -> Authorization | None:  # noqa: A002 - the column's name
    """The request of this id, open or not; None where there is none."""
    row = tx.execute(select(table).where(table.c.id == id)).mappings().first()
    return None if row is None else Authorization(**row)


def remember(tx: Tx, before: Authorization, proof: str | None, now: int) -> bool:
    """Puts something else in the place of the proof that `before` has; None takes it away.

    Returns:
        Whether it was done: not where the request is closed or has changed meanwhile.
    """
    changed = update(table).where(_as_it_was(before, now)).values(proof=proof)
    return tx.execute(changed.returning(table.c.id)).first() is not None


def prove(tx: Tx, id: str, browser: str, proof: str, now: int) -> bool:  # noqa: A002 - the column's name
    """Takes a proof together with the browser that brought it: from now on the request is that one's.

    The last one counts, since a form that is sent twice has one answer that arrives. Nobody gets at
    another's proof by it: the proof that is replaced is gone.

    Returns:
        Whether the request was still open.
    """
    changed = update(table).where(_open(id, now)).values(proof=proof, browser=browser)
    return tx.execute(changed.returning(table.c.id)).first() is not None


def decide(tx: Tx, before: Authorization, now: int) -> bool:
    """Closes a request for good and forgets its proof.

    Returns:
        Whether it was this call that closed it: never twice, and not where it has changed.
    """
    closed = update(table).where(_as_it_was(before, now)).values(decided_at=now, proof=None)
    return tx.execute(closed.returning(table.c.id)).first() is not None


def _as_it_was(before: Authorization, now: int) -> ColumnElement[bool]:
    same = table.c.proof.is_(None) if before.proof is None else table.c.proof == before.proof
    return and_(_open(before.id, now), table.c.browser == before.browser, same)


def _open(id: str, now: int) -> ColumnElement[bool]:  # noqa: A002 - the column's name
    return and_(table.c.id == id, table.c.decided_at.is_(None), table.c.expires_at > now)
