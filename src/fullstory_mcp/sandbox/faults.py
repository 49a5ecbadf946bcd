"""Faults on demand: what a network, a proxy or a bad day of the API can do to an answer.

A fault replaces or spoils the answers to matching requests. With `after` the real handler
takes effect first and only its answer is lost, which is what idempotency keys are for.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from fullstory_mcp.sandbox.errors import invalid


@dataclass(slots=True)
class Fault:
    """One fault, and for which requests.

    method    HTTP method, or None for all
    path      regular expression matched at the start of the raw path
    times     how many requests it hits, or None for ever
    status    status answered instead of the real one
    headers   headers set on the answer
    body      bytes answered instead of the documented error body
    size      answer a JSON body of exactly this many bytes
    delay     seconds to wait before answering; alone it delays the real answer
    hang      never answer
    truncate  cut the real body in half, with a Content-Length that agrees
    drop      break the connection in the middle of the answer: `drop_error` is raised after
              the headers went out (a server closes the connection; in process it surfaces,
              so pass the HTTP client's own error type there)
    after     let the request take effect first
    """

    method: str | None = None
    path: str = "/"
    times: int | None = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    size: int | None = None
    delay: float = 0.0
    hang: bool = False
    truncate: bool = False
    drop: bool = False
    drop_error: type[Exception] = ConnectionResetError
    after: bool = False

    @property
    def replaces(self) -> bool:
        """True when the answer is not the real one."""
        return self.status is not None or self.body is not None or self.size is not None

    @property
    def prevents(self) -> bool:
        """True when the request does not reach its handler (unless `after` says so)."""
        return self.replaces or self.hang or self.drop

    def matches(self, method: str, path: str) -> bool:
        """Tell whether a request with this method and raw path is hit."""
        return self.method in {None, method} and re.match(self.path, path) is not None


class FaultBoard:
    """The faults in force, oldest first; the first that matches is used."""

    def __init__(self) -> None:
        """Start without faults."""
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Put a fault in force, behind those already there."""
        self._faults.append(fault)

    def clear(self) -> None:
        """Take all faults away."""
        self._faults.clear()

    def __len__(self) -> int:
        """Count the faults in force."""
        return len(self._faults)

    def strike(self, method: str, path: str) -> Fault | None:
        """Return the fault that hits this request and use it up by one, or None."""
        for fault in self._faults:
            if fault.matches(method, path):
                self._use(fault)
                return fault
        return None

    def _use(self, fault: Fault) -> None:
        if fault.times is None:
            return
        fault.times -= 1
        if fault.times <= 0:
            self._faults.remove(fault)

    def as_json(self) -> list[dict[str, Any]]:
        """Return the faults in force as JSON can say them."""
        return [_as_json(fault) for fault in self._faults]


_IN_JSON: Mapping[str, type | tuple[type, ...]] = {
    "method": str,
    "path": str,
    "times": int,
    "status": int,
    "headers": dict,
    "body": str,
    "size": int,
    "delay": (int, float),
    "hang": bool,
    "truncate": bool,
    "drop": bool,
    "after": bool,
}


def from_json(raw: Mapping[str, Any]) -> Fault:
    """Make a fault of what `POST /sandbox/faults` was sent; a wrong field raises the 400."""
    for name, value in raw.items():
        if name not in _IN_JSON or not isinstance(value, _IN_JSON[name]):
            raise invalid(f"fault field {name} is unknown or of the wrong type")
    if "path" in raw and not _compiles(raw["path"]):
        raise invalid("fault field path is not a regular expression")
    body = raw["body"].encode() if "body" in raw else None
    return Fault(**{**raw, "body": body})


def _compiles(expression: str) -> bool:
    try:
        re.compile(expression)
    except re.error:
        return False
    return True


def _as_json(fault: Fault) -> dict[str, Any]:
    said = {item.name: getattr(fault, item.name) for item in fields(fault)}
    said["body"] = None if fault.body is None else fault.body.decode("utf-8", "replace")
    said["headers"] = dict(fault.headers)
    del said["drop_error"]
    return said
