"""What a route is, what a handler gets, and how a raw path finds its route.

Paths are matched as they were received: a part is decoded only after the split, so that an
encoded slash inside an id (`%2F`) stays inside it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from starlette.responses import Response

from fullstory_mcp.sandbox.checks import Shape
from fullstory_mcp.sandbox.errors import ApiError, not_found
from fullstory_mcp.sandbox.state import Sandbox

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One admitted request, checked against its route: what a handler works with."""

    sandbox: Sandbox
    key: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Json
    base_url: str


Handler = Callable[[Call], Json | Response]


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint: who may call it, what it takes, and who answers.

    level       least level of the key: standard, architect or admin
    query       check of each query parameter; others are refused
    body        check of each body field, or None when it takes no body
    metered     costs an Activation
    idempotent  honours Idempotency-Key
    """

    method: str
    path: str
    level: str
    handler: Handler
    query: Shape = field(default_factory=dict)
    body: Shape | None = None
    metered: bool = False
    idempotent: bool = False

    def match(self, parts: list[str]) -> dict[str, str] | None:
        """Return the decoded path parameters, or None when the path is another."""
        names = self.path.split("/")
        if len(names) != len(parts):
            return None
        found = {}
        for name, part in zip(names, parts, strict=True):
            if name.startswith("{") and part:
                found[name[1:-1]] = unquote(part)
            elif name != part:
                return None
        return found


def find(routes: Iterable[Route], method: str, raw_path: str) -> tuple[Route, dict[str, str]]:
    """Find the route of a request; fixed words win over parameters.

    Raises 404 for a path that does not exist and 405, with Allow, for another method.
    """
    parts = raw_path.split("/")
    matches = [(route, found) for route in routes if (found := route.match(parts)) is not None]
    if not matches:
        raise not_found()
    fitting = [(route, found) for route, found in matches if route.method == method]
    if not fitting:
        allow = ", ".join(sorted({route.method for route, _ in matches}))
        raise ApiError(405, headers={"Allow": allow})
    return min(fitting, key=lambda pair: len(pair[1]))
