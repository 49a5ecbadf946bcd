"""How often a key may ask: a bucket of tokens per key, and a window for downloads.

Both read the sandbox's clock, so a test can let a minute pass without waiting for it.
"""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from fullstory_mcp.sandbox.errors import too_many


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Requests per second that a key earns, and the most it can save up for a burst."""

    per_second: float = 200.0
    burst: int = 400


DEFAULT_LIMITS = RateLimits()


class TokenBuckets:
    """One token bucket per key; an empty one answers 429 with `Retry-After: 1`."""

    def __init__(self, limits: RateLimits, clock: Callable[[], float]) -> None:
        """Start every key with a full bucket."""
        self._limits = limits
        self._clock = clock
        self._held: dict[str, tuple[float, float]] = {}

    def take(self, key: str) -> None:
        """Spend one request of this key, or raise the 429."""
        now = self._clock()
        tokens, since = self._held.get(key, (float(self._limits.burst), now))
        earned = max(now - since, 0.0) * self._limits.per_second
        tokens = min(tokens + earned, float(self._limits.burst))
        if tokens < 1:
            self._held[key] = (tokens, now)
            raise too_many(1)
        self._held[key] = (tokens - 1, now)


class Window:
    """At most `most` uses in any `seconds`, per key; used for legacy downloads."""

    def __init__(self, most: int, seconds: float, clock: Callable[[], float]) -> None:
        """Start with nothing used."""
        self._most = most
        self._seconds = seconds
        self._clock = clock
        self._used: dict[str, deque[float]] = {}

    def take(self, key: str) -> None:
        """Note one use, or raise the 429 that says when the oldest use leaves the window."""
        now = self._clock()
        used = self._used.setdefault(key, deque())
        while used and used[0] <= now - self._seconds:
            used.popleft()
        if len(used) >= self._most:
            raise too_many(max(math.ceil(used[0] + self._seconds - now), 1))
        used.append(now)
