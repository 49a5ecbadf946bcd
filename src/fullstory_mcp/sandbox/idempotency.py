"""Answers kept under an Idempotency-Key, so that a repeated create happens once.

Kept 24 hours per API key and path. Server errors and 429 are not kept.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from fullstory_mcp.sandbox.errors import ApiError

KEPT_SECONDS = 24 * 3600.0
REPLAY_HEADER = "Idempotent-Replay"


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored answer: its status, its body, the digest of the request it answered."""

    digest: bytes
    status: int
    body: bytes
    until: float


class IdempotencyStore:
    """Remembers first answers by (API key, path, idempotency key)."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Start empty."""
        self._clock = clock
        self._kept: dict[tuple[str, str, str], Kept] = {}

    def find(self, slot: tuple[str, str, str], body: bytes) -> Kept | None:
        """Return the first answer to this very request, or None when it is new.

        The same key with another body raises the 409.
        """
        kept = self._kept.get(slot)
        if kept is None or kept.until <= self._clock():
            return None
        if kept.digest != sha256(body).digest():
            message = "Idempotency-Key was used with another request body"
            raise ApiError(409, message, "idempotency_conflict")
        return kept

    def keep(self, slot: tuple[str, str, str], body: bytes, status: int, answer: bytes) -> None:
        """Store an answer for 24 hours, unless it is one that a retry may change."""
        if status == 429 or status >= 500:
            return
        until = self._clock() + KEPT_SECONDS
        self._kept[slot] = Kept(sha256(body).digest(), status, answer, until)
