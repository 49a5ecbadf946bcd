"""When a failed try is repeated, and after how long: the rows of provider.json, walked.

A policy row gives, for each kind of failure, how many tries there may be in all; for timeouts,
how many may time out. Waiting in all is bounded, and so is the whole call.
"""

import email.utils
import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from fullstory_mcp.errors import UpstreamError

FailureKind = Literal[
    "rate_limited", "server_error", "disconnected", "timed_out", "conflict", "refused", "busy"
]
"""The first four have a row in every policy; the others are never repeated."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A try that did not bring an answer.

    `seconds` is the wait that the API asked for; `sent` is False where nothing can have been done.
    """

    kind: FailureKind
    error: UpstreamError
    seconds: float | None = None
    sent: bool = True


@dataclass(slots=True)
class Plan:
    """The tries of one call; `left` of the call's time is asked of the caller."""

    retry: Mapping[str, Any]
    policy: str
    tries: int = 0
    timeouts: int = 0
    waited: float = field(default=0.0)

    def wait(self, failure: Failure, left: float) -> float | None:
        """Seconds to wait before the next try, or None where there is to be none."""
        self.tries += 1
        self.timeouts += failure.kind == "timed_out"
        most: Mapping[str, int] = self.retry["policies"][self.policy]
        done = self.timeouts if failure.kind == "timed_out" else self.tries
        if done >= most.get(failure.kind, 1) or self.tries >= max(most.values()):
            return None
        seconds = self._backoff() if failure.seconds is None else failure.seconds
        if self.waited + seconds > self.retry["wait_seconds"] or seconds >= left:
            return None
        self.waited += seconds
        return seconds

    def _backoff(self) -> float:
        row = self.retry["backoff"]
        seconds: float = min(row["first"] * row["factor"] ** (self.tries - 1), row["most"])
        return seconds * (1 + random.uniform(-row["jitter"], row["jitter"]))  # noqa: S311 - not a secret


def retry_after(value: str | None, now: float) -> float | None:
    """Seconds asked for by a `Retry-After` header, in either form (seconds, HTTP date).

    `now` is Unix time. None where the header is missing or unreadable. Source: RFC 9110, 10.2.3.
    """
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(value).timestamp() - now
        except (ValueError, OverflowError):
            return None
    return max(0.0, math.ceil(seconds)) if math.isfinite(seconds) else None
