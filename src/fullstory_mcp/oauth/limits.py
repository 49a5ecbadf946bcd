"""How often one connection, and all with one key, may call: a bucket each, in this process.

A bucket holds a minute's worth and fills evenly. Each replica counts for itself: counting together
would cost every call a write.
"""

import math
from collections.abc import Callable

MINUTE = 60.0
MOST_BUCKETS = 20_000


class Rate:
    """At most `per_minute` requests a minute for each name; 0 is no limit. `clock` is in seconds."""

    def __init__(self, per_minute: int, clock: Callable[[], float]) -> None:
        self._most = float(per_minute)
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait(self, name: str) -> int:
        """Takes one from the bucket of `name`; if it is empty, how many seconds until there is one."""
        if not self._most:
            return 0
        now = self._clock()
        left, since = self._buckets.get(name, (self._most, now))
        left = min(self._most, left + (now - since) * self._most / MINUTE)
        if left < 1:
            return max(1, math.ceil((1 - left) * MINUTE / self._most))
        if len(self._buckets) >= MOST_BUCKETS and name not in self._buckets:
            self._forget_full(now)
        self._buckets[name] = (left - 1, now)
        return 0

    def _forget_full(self, now: float) -> None:
        """Drops buckets that a minute has filled again; they would begin full anyway."""
        self._buckets = {
            name: bucket for name, bucket in self._buckets.items() if now - bucket[1] < MINUTE
        }
