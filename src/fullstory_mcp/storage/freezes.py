"""Whose access is ended until it is given back; read by every replica every two seconds."""

from dataclasses import dataclass

from sqlalchemy import delete, func, select

from fullstory_mcp.storage import Tx
from fullstory_mcp.storage.statements import inserting
from fullstory_mcp.storage.tables import api_keys, connections, freezes


@dataclass(frozen=True, slots=True)
class Freeze:
    """A row of `freezes`: `who` as the command was given it, `*` for everyone."""

    who: str
    why: str
    at: int


@dataclass(frozen=True, slots=True)
class Known:
    """An open connection by the names that a freeze can end it by."""

    id: str
    owner: str
    person: str
    client_id: str
    client_host: str
    named_key: str
    fingerprint: str


def listed(tx: Tx) -> list[Freeze]:
    """Every freeze, oldest first."""
    rows = tx.execute(select(freezes).order_by(freezes.c.at, freezes.c.who))
    return [Freeze(row.who, row.why, row.at) for row in rows]


def reasons(tx: Tx) -> dict[str, str]:
    """Why, by who: what a server looks up."""
    return {freeze.who: freeze.why for freeze in listed(tx)}


def freeze(tx: Tx, who: str, why: str, now: int) -> None:
    """Ends somebody's access from now on; where it is ended already, the new reason stands."""
    tx.execute(
        inserting(tx, freezes)
        .values(who=who, why=why, at=now)
        .on_conflict_do_update(index_elements=[freezes.c.who], set_={"why": why, "at": now})
    )


def unfreeze(tx: Tx, who: str) -> bool:
    """Gives access back, whoever asked; whether it was ended."""
    gone = delete(freezes).where(freezes.c.who == who).returning(freezes.c.who)
    return tx.execute(gone).first() is not None


def known(tx: Tx) -> list[Known]:
    """Every open connection, most recently used first."""
    named = select(
        connections.c.id,
        connections.c.owner,
        connections.c.person,
        connections.c.client_id,
        connections.c.client_host,
        func.coalesce(connections.c.named_key, "").label("named_key"),
        func.coalesce(api_keys.c.fingerprint, "").label("fingerprint"),
    )
    last = func.coalesce(connections.c.used_at, connections.c.created_at)
    rows = tx.execute(
        named.select_from(
            connections.outerjoin(api_keys, connections.c.api_key_id == api_keys.c.id)
        )
        .where(connections.c.ended_at.is_(None))
        .order_by(last.desc(), connections.c.id)
    )
    return [Known(**row) for row in rows.mappings()]
