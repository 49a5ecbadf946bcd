"""Things that take effect later on the sandbox's clock.

Nothing runs by itself: before each request the sandbox settles what has become due, in
order. A test that moves its clock therefore sees the effect at its next request.
"""

import heapq
from collections.abc import Callable
from itertools import count


class Schedule:
    """Effects waiting for their moment (milliseconds since 1970)."""

    def __init__(self) -> None:
        """Start with nothing due."""
        self._waiting: list[tuple[int, int, Callable[[], None]]] = []
        self._order = count()

    def at(self, moment: int, effect: Callable[[], None]) -> None:
        """Have `effect` happen at `moment`."""
        heapq.heappush(self._waiting, (moment, next(self._order), effect))

    def settle(self, now: int) -> None:
        """Let everything happen that is due by `now`."""
        while self._waiting and self._waiting[0][0] <= now:
            heapq.heappop(self._waiting)[2]()
