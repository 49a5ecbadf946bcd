"""Where spendings are kept: what every store must do, and the one of a server without a database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from fullstory_mcp.policy import Metered
from fullstory_mcp.usage.periods import Span


@dataclass(frozen=True, slots=True)
class Delta:
    """So much more (or less) spent by one owner of one meter in one span."""

    owner: str
    meter: Metered
    span: Span
    amount: int


class Store(Protocol):
    """What is spent, by owner (the hash of a principal's `owner`), meter and span.

    Raises, where it is a database: StorageUnavailable.
    """

    async def take(
        self, owner: str, meter: Metered, amount: int, most: Mapping[Span, int | None]
    ) -> Span | None:
        """Spends `amount` in every span at once, or in none.

        `most` is what may be spent in all in each span, None for no limit.

        Returns:
            None when it is spent, else the first span that has too little left.
        """

    async def add(self, deltas: Sequence[Delta]) -> None:
        """Adds what was spent elsewhere, or takes it back, all at once; nothing falls below zero."""

    async def spent(self, owner: str, spans: Sequence[Span]) -> Mapping[tuple[Metered, Span], int]:
        """What an owner has spent; what was never spent is left out."""


@dataclass(frozen=True, slots=True)
class InProcess:
    """Spendings that live as long as the process, for a server whose callers share one key."""

    _spent: dict[tuple[str, Metered, Span], int] = field(default_factory=dict)

    async def take(
        self, owner: str, meter: Metered, amount: int, most: Mapping[Span, int | None]
    ) -> Span | None:
        """As `Store.take`; nothing is awaited, so nobody comes between."""
        for span, limit in most.items():
            if limit is not None and self._of(owner, meter, span) + amount > limit:
                return span
        for span in most:
            self._spent[owner, meter, span] = self._of(owner, meter, span) + amount
        return None

    async def add(self, deltas: Sequence[Delta]) -> None:
        """As `Store.add`."""
        for delta in deltas:
            before = self._of(delta.owner, delta.meter, delta.span)
            self._spent[delta.owner, delta.meter, delta.span] = max(0, before + delta.amount)

    async def spent(self, owner: str, spans: Sequence[Span]) -> Mapping[tuple[Metered, Span], int]:
        """As `Store.spent`."""
        return {
            (meter, span): amount
            for (whose, meter, span), amount in self._spent.items()
            if whose == owner and span in spans
        }

    def _of(self, owner: str, meter: Metered, span: Span) -> int:
        return self._spent.get((owner, meter, span), 0)
