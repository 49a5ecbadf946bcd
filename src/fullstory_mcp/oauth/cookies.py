"""The cookies by which a browser is known: random values, of which only hashes are stored.

They are read as the bytes that the browser sent. Parsers made for convenience take more for white
space than HTTP does (U+00A0, U+0085), and browsers hold a name that begins with such a character to
no prefix's rules: a host beside ours could have set it for the whole domain.
"""

import hashlib
import re
import secrets
from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response

from fullstory_mcp.oauth.model import Front

COOKIE = "fullstory-mcp"
"""The cookie by which a browser is known until it is closed."""

VISIT_COOKIE = "fullstory-mcp-visit"
"""The cookie of a person who showed who they are on `/connections`."""

_VALUE = re.compile(rb"[A-Za-z0-9_-]{43}")


def cookie_of(request_id: str) -> str:
    """The cookie of whoever showed who they are for the authorization request of this id."""
    return f"{COOKIE}-{request_id[:8]}"


def known(front: Front, request: Request, name: str = COOKIE) -> str | None:
    """The hash of the browser's cookie, None where it brought none that could be ours.

    Of two with one name nobody can say which is ours, so they count as none.
    """
    wanted = cookie_name(front, name).encode()
    values = [value for each, value in _sent(request) if each == wanted]
    if len(values) != 1 or not _VALUE.fullmatch(values[0]):
        return None
    return hashlib.sha256(values[0]).hexdigest()


def hand_out(front: Front, response: Response, name: str = COOKIE, age: int | None = None) -> str:
    """Gives the browser a new cookie, for `age` seconds or until it is closed; returns its hash."""
    value = secrets.token_urlsafe(32)
    _set(front, response, name, value, age)
    return hashlib.sha256(value.encode()).hexdigest()


def take_back(front: Front, response: Response, name: str) -> None:
    """Makes the browser forget a cookie."""
    _set(front, response, name, "", 0)


def cookie_name(front: Front, name: str) -> str:
    """The cookie's name with the prefix that binds it to this host (RFC 6265bis, 4.1.3.2).

    A trial at http on this machine goes without: not every browser and client counts it as secure.
    """
    return name if _in_trial(front) else f"__Host-{name}"


def _sent(request: Request) -> Iterator[tuple[bytes, bytes]]:
    """Every cookie as it was sent (RFC 6265, section 4.2.1), also over several header lines."""
    for header, line in request.scope["headers"]:
        if header == b"cookie":
            for piece in line.split(b";"):
                name, _, value = piece.strip(b" \t").partition(b"=")
                yield name, value


def _set(front: Front, response: Response, name: str, value: str, age: int | None) -> None:
    response.set_cookie(
        cookie_name(front, name),
        value,
        max_age=age,
        path="/",
        secure=not _in_trial(front),
        httponly=True,
        samesite="lax",
    )


def _in_trial(front: Front) -> bool:
    return front.on_loopback and front.origin.startswith("http:")
