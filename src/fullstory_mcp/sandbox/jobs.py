"""Work that takes a while: batch imports and operations.

Neither runs in the background. Each knows when it will be done and tells its state for the
moment it is asked about.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fullstory_mcp.sandbox import times

WEEK = 7 * times.DAY

STEPS = ((0, "queued"), (10, "searching"), (35, "exporting"), (85, "compressing"))
"""Percentage from which on a segment export is in this step."""


@dataclass(slots=True)
class Job:
    """A batch import of `kind` users or events; the rows appear when it is done."""

    id: str
    kind: str
    created: int
    finished: int
    size: int
    imports: list[dict[str, Any]] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)

    def running(self, now: int) -> bool:
        """Tell whether it is still at work."""
        return now < self.finished

    def status(self, now: int) -> str:
        """Say PROCESSING, then COMPLETED, or FAILED when a single row failed."""
        if self.running(now):
            return "PROCESSING"
        return "FAILED" if self.errors else "COMPLETED"

    def as_json(self, now: int) -> dict[str, Any]:
        """Return the `job` object of an answer."""
        said = {"id": self.id, "status": self.status(now), "created": times.stamp(self.created)}
        if not self.running(now):
            said["finished"] = times.stamp(self.finished)
        return said


@dataclass(slots=True)
class Operation:
    """A long operation: a segment export, or the deletion of a user.

    `export` is the request of an export and `export_id` what #25 takes once it is done.
    """

    id: str
    type: str
    details: Mapping[str, Any]
    created: int
    finished: int
    export_id: str = ""
    export: Mapping[str, Any] = field(default_factory=dict)
    cancelled: int | None = None

    def state(self, now: int) -> str:
        """Say PENDING, COMPLETED, or FAILED when it was cancelled."""
        if self.cancelled is not None:
            return "FAILED"
        return "PENDING" if now < self.finished else "COMPLETED"

    def percent(self, now: int) -> int:
        """Estimate how much is done, 0 to 100; a cancelled one stands still."""
        until = now if self.cancelled is None else self.cancelled
        if until >= self.finished:
            return 100
        return max(100 * (until - self.created) // (self.finished - self.created), 0)

    def as_json(self, now: int) -> dict[str, Any]:
        """Return the operation as e07 and e08 do."""
        state = self.state(now)
        return {
            "id": self.id,
            "type": self.type,
            "details": dict(self.details),
            "state": state,
            "createdAt": times.stamp(self.created),
            "estimatePctComplete": self.percent(now),
            "step": self._step(now),
            **_ENDINGS[state](self),
        }

    def _step(self, now: int) -> str:
        percent = self.percent(now)
        if percent == 100:
            return "done"
        return [name for least, name in STEPS if percent >= least][-1]

    def completed(self) -> dict[str, Any]:
        """Return what a completed operation tells in addition."""
        results: dict[str, str] = {}
        if self.export_id:
            expires = times.stamp(self.finished + WEEK)
            results = {"searchExportId": self.export_id, "expires": expires}
        return {"results": results, "errorDetails": "", "finishedAt": times.stamp(self.finished)}

    def failed(self) -> dict[str, Any]:
        """Return what a failed operation tells in addition."""
        at = self.cancelled or self.finished
        return {"errorDetails": "cancelled", "finishedAt": times.stamp(at)}


_ENDINGS: Mapping[str, Callable[[Operation], dict[str, Any]]] = {
    "PENDING": lambda _: {},
    "COMPLETED": Operation.completed,
    "FAILED": Operation.failed,
}
