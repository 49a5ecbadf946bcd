"""Spendings in the database of a server for many: one count for all its replicas."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fullstory_mcp.policy import Metered
from fullstory_mcp.policy.model import METERED
from fullstory_mcp.storage import Database
from fullstory_mcp.storage import usage as stored
from fullstory_mcp.usage.periods import Span
from fullstory_mcp.usage.store import Delta


@dataclass(frozen=True, slots=True)
class InDatabase:
    """A `Store` on the table `usage`."""

    database: Database

    async def take(
        self, owner: str, meter: Metered, amount: int, most: Mapping[Span, int | None]
    ) -> Span | None:
        """As `Store.take`, in one transaction.

        Raises:
            StorageUnavailable: nobody can say what is left.
        """
        spans = {span.name: span for span in most}
        periods = [stored.Allowed(span.name, span.ends_at, most[span]) for span in most]
        try:
            await self.database.run(stored.take, owner, meter, amount, periods)
        except stored.Refused as refused:
            return spans[refused.period]
        return None

    async def add(self, deltas: Sequence[Delta]) -> None:
        """As `Store.add`, in one transaction.

        Raises:
            StorageUnavailable: nothing was added.
        """
        rows = [
            stored.Spent(one.owner, one.meter, one.span.name, one.span.ends_at, one.amount)
            for one in deltas
        ]
        await self.database.run(stored.add, rows)

    async def spent(self, owner: str, spans: Sequence[Span]) -> Mapping[tuple[Metered, Span], int]:
        """As `Store.spent`.

        Raises:
            StorageUnavailable: nobody can say.
        """
        found = await self.database.read(stored.spent, owner, [span.name for span in spans])
        return {
            (meter, span): found[meter, span.name]
            for meter in METERED
            for span in spans
            if (meter, span.name) in found
        }
