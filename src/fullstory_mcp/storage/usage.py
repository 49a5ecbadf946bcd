"""What each principal has spent in a day and a month, exact over all replicas."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import case, select

from fullstory_mcp.storage import Tx
from fullstory_mcp.storage.statements import Insert, inserting
from fullstory_mcp.storage.tables import usage

KEPT_SECONDS = 40 * 86_400
"""How long a count is kept past its period: a clock that jumps ahead and back grants nothing twice."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """A period (`2026-11-21` or `2026-11`), its end, and the most to spend in it, None for any."""

    period: str
    ends_at: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Spent:
    """So much more, or less, spent in a period; `owner` is a hash."""

    owner: str
    meter: str
    period: str
    ends_at: int
    amount: int


class Refused(Exception):
    """A period has too little left; raised through the transaction, so that it takes nothing."""

    def __init__(self, period: str) -> None:
        super().__init__(period)
        self.period = period


def take(tx: Tx, owner: str, meter: str, amount: int, periods: Sequence[Allowed]) -> None:
    """Spends `amount` in every period, or in none.

    Raises:
        Refused: a period has too little left; the transaction must end with it.
    """
    for allowed in sorted(periods, key=lambda one: one.period):
        if allowed.most is not None and amount > allowed.most:
            raise Refused(allowed.period)
        more = Spent(owner, meter, allowed.period, allowed.ends_at, amount)
        within = None if allowed.most is None else usage.c.spent + amount <= allowed.most
        taken = (
            _row(tx, more)
            .on_conflict_do_update(
                index_elements=list(usage.primary_key.columns),
                set_={"spent": usage.c.spent + amount},
                where=within,
            )
            .returning(usage.c.spent)
        )
        if tx.execute(taken).first() is None:
            raise Refused(allowed.period)


def add(tx: Tx, rows: Iterable[Spent]) -> None:
    """Adds what was spent, or takes it back where the amount is negative; nothing falls below zero."""
    # In one order everywhere, so that two replicas never wait for each other crosswise.
    for row in sorted(rows, key=lambda one: (one.owner, one.meter, one.period)):
        after = usage.c.spent + row.amount
        tx.execute(
            _row(tx, row).on_conflict_do_update(
                index_elements=list(usage.primary_key.columns),
                set_={"spent": case((after < 0, 0), else_=after)},
            )
        )


def spent(tx: Tx, owner: str, periods: Iterable[str]) -> dict[tuple[str, str], int]:
    """What an owner has spent, by meter and period; what was never spent is left out."""
    found = select(usage.c.meter, usage.c.period, usage.c.spent).where(
        usage.c.owner == owner, usage.c.period.in_(list(periods))
    )
    return {(row.meter, row.period): int(row.spent) for row in tx.execute(found)}


def _row(tx: Tx, row: Spent) -> Insert:
    return inserting(tx, usage).values(
        owner=row.owner,
        meter=row.meter,
        period=row.period,
        spent=max(0, row.amount),
        expires_at=row.ends_at + KEPT_SECONDS,
    )
