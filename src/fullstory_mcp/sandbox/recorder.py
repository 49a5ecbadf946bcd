"""What the sandbox was asked: the last requests, for tests and for curious people."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

KEPT = 1_000
BODY_KEPT = 64 * 1024


@dataclass(slots=True)
class Recorded:
    """One request as it came in.

    `path` is raw (percent-encoded as received), header names are lower-case, `body` is cut
    at 64 KB while `body_length` tells its full size in bytes, and `status` is what was
    answered: 0 as long as nothing was.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    body_length: int
    status: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return the request for people; a key that is not the sandbox's own is not shown."""
        headers = dict(self.headers)
        if "authorization" in headers and not headers["authorization"].startswith(_OWN_KEYS):
            headers["authorization"] = "(not shown)"
        return {
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "headers": headers,
            "body": self.body.decode("utf-8", "replace"),
            "body_length": self.body_length,
            "status": self.status,
        }


_OWN_KEYS = "Basic na1.sandbox-"


def record(requests: list[Recorded], entry: Recorded) -> None:
    """Append a request and let the oldest go beyond the last 1,000."""
    requests.append(entry)
    del requests[:-KEPT]
