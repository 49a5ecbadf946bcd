"""The sandbox's own doors below `/sandbox`: what it is, its faults, what it was asked.

These are no part of the vendor's API; they need no key and no fault strikes them.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from starlette.responses import JSONResponse, Response

from fullstory_mcp.sandbox import faults
from fullstory_mcp.sandbox.auth import KEYS
from fullstory_mcp.sandbox.errors import ApiError, invalid, not_found
from fullstory_mcp.sandbox.state import Sandbox
from fullstory_mcp.sandbox.world import shop

ROOT = "/sandbox"

_Door = Callable[[Sandbox, bytes], dict[str, Any]]


def answer(sandbox: Sandbox, method: str, path: str, body: bytes) -> Response:
    """Answer one request below `/sandbox`."""
    try:
        return JSONResponse(_door(method, path)(sandbox, body))
    except ApiError as error:
        return JSONResponse(error.body, error.status, error.headers)


def _door(method: str, path: str) -> _Door:
    doors = _DOORS.get(path.rstrip("/"))
    if doors is None:
        raise not_found()
    if method not in doors:
        raise ApiError(405, headers={"Allow": ", ".join(doors)})
    return doors[method]


def _about(sandbox: Sandbox, _body: bytes) -> dict[str, Any]:
    return {
        "about": "A stand-in for Fullstory's Server API. All its data is invented.",
        "organization": shop.ORG_NAME,
        "seed": sandbox.seed,
        "keys": dict(KEYS),
        "how": {
            "authorize": "Authorization: Basic na1.sandbox-standard",
            "try": "GET /v2/sessions?uid=cust-1042",
            "faults": "POST, GET, DELETE /sandbox/faults",
            "requests": "GET, DELETE /sandbox/requests",
            "strict": "Unknown body fields and query parameters are refused with 400.",
        },
    }


def _list_faults(sandbox: Sandbox, _body: bytes) -> dict[str, Any]:
    return {"faults": sandbox.faults.as_json()}


def _add_fault(sandbox: Sandbox, body: bytes) -> dict[str, Any]:
    try:
        raw = json.loads(body)
    except ValueError:
        raise invalid("request body is not valid JSON") from None
    if not isinstance(raw, dict):
        raise invalid("a fault is an object")
    sandbox.faults.add(faults.from_json(raw))
    return _list_faults(sandbox, body)


def _clear_faults(sandbox: Sandbox, body: bytes) -> dict[str, Any]:
    sandbox.faults.clear()
    return _list_faults(sandbox, body)


def _list_requests(sandbox: Sandbox, _body: bytes) -> dict[str, Any]:
    return {"requests": [noted.as_json() for noted in sandbox.requests]}


def _clear_requests(sandbox: Sandbox, body: bytes) -> dict[str, Any]:
    sandbox.requests.clear()
    return _list_requests(sandbox, body)


_DOORS: Mapping[str, Mapping[str, _Door]] = {
    ROOT: {"GET": _about},
    f"{ROOT}/faults": {"GET": _list_faults, "POST": _add_fault, "DELETE": _clear_faults},
    f"{ROOT}/requests": {"GET": _list_requests, "DELETE": _clear_requests},
}
