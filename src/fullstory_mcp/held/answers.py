"""Answers of session reads, held for a while so that reading on costs no second Activation.

Only `cursor` and `at` read from here; every other call asks the API. An answer belongs to the key
that asked for it, lasts ten minutes, and the oldest go first when the room is used up.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json, to_json

HOLDS_SECONDS = 600.0
MOST_BYTES = 128 * 2**20


@dataclass(frozen=True, slots=True)
class _Held:
    body: bytes
    since: float


@dataclass(frozen=True, slots=True)
class HeldAnswer:
    """An answer as it came, and when (Unix time)."""

    data: Any
    since: float


class HeldAnswers:
    """Answers by owner (a key's fingerprint) and name; `on` is the operator's setting."""

    def __init__(
        self, clock: Callable[[], float], *, on: bool = True, most_bytes: int = MOST_BYTES
    ) -> None:
        self._clock = clock
        self._on = on
        self._most_bytes = most_bytes
        self._held: dict[tuple[str, str], _Held] = {}

    @property
    def on(self) -> bool:
        """Whether anything is held at all."""
        return self._on

    def get(self, owner: str, name: str) -> HeldAnswer | None:
        """The held answer, None where there is none or it is too old."""
        self._sweep()
        held = self._held.get((owner, name))
        return HeldAnswer(from_json(held.body), held.since) if held else None

    def put(self, owner: str, name: str, data: Any) -> None:
        """Holds an answer in place of an older one of the same name."""
        if not self._on:
            return
        self._sweep()
        self._held.pop((owner, name), None)
        self._held[owner, name] = _Held(to_json(data), self._clock())
        while self._held and sum(len(held.body) for held in self._held.values()) > self._most_bytes:
            self._held.pop(next(iter(self._held)))

    def _sweep(self) -> None:
        oldest = self._clock() - HOLDS_SECONDS
        for entry in [entry for entry, held in self._held.items() if held.since <= oldest]:
            del self._held[entry]
