"""The person's browser: which one it is, whether a form came from our own page, and what it says.

A browser is known by a random cookie of which only the hash is stored. A form is believed with that
cookie (SameSite=Lax: other sites' forms come without it), a token sealed to the browser and to the
form, and the `Sec-Fetch-Site` and `Origin` that browsers of today add.
"""

import hashlib
import ipaddress
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from fullstory_mcp.oauth.model import Front, Shared
from fullstory_mcp.sealing import Sealer, Unsealable
from fullstory_mcp.storage import Tx, counters

T = TypeVar("T")

COOKIE = "fullstory-mcp"
"""The cookie by which a browser is known until it is closed."""

VISIT_COOKIE = "fullstory-mcp-visit"
"""The cookie of a person who showed who they are on `/connections`."""

FORM_SECONDS = 3600
"""How long a form may be sent after it was shown."""

MOST_FORM_BYTES = 16_384
MOST_FORM_FIELDS = 30

BROWSER_TRIES = (10, 600)
"""Most tries of a key from one browser, and in how many seconds."""

ADDRESS_TRIES = (50, 3600)
"""Most tries of a key from one network address, and in how many seconds."""

_FORM = "application/x-www-form-urlencoded"
_VALUE = re.compile(r"[A-Za-z0-9_-]{43}")


class Unusable(Exception):
    """A form that is not ours, or not whole; its text is for the person, `status` for HTTP."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form, each with the values it was sent with."""

    fields: dict[str, list[str]]

    def one(self, name: str) -> str:
        """The value of a field that may come once; "" where it is missing.

        Raises:
            Unusable: it came more than once.
        """
        values = self.fields.get(name, [])
        if len(values) > 1:
            raise Unusable("A field of the form was sent twice.")
        return values[0] if values else ""

    def all(self, name: str) -> list[str]:
        """Every value of a field."""
        return self.fields.get(name, [])


def known(front: Front, request: Request, name: str = COOKIE) -> str | None:
    """The hash of the browser's cookie, None where it brought none that could be ours."""
    value = request.cookies.get(cookie_name(front, name), "")
    return _hash(value) if _VALUE.fullmatch(value) else None


def hand_out(front: Front, response: Response, name: str = COOKIE, age: int | None = None) -> str:
    """Gives the browser a new cookie, for `age` seconds or until it is closed; returns its hash."""
    value = secrets.token_urlsafe(32)
    _set(front, response, name, value, age)
    return _hash(value)


def take_back(front: Front, response: Response, name: str) -> None:
    """Makes the browser forget a cookie."""
    _set(front, response, name, "", 0)


def cookie_name(front: Front, name: str) -> str:
    """The cookie's name with the prefix that binds it to this host (RFC 6265bis, 4.1.3.2).

    A trial at http on this machine goes without: not every browser and client counts it as secure.
    """
    return name if _in_trial(front) else f"__Host-{name}"


def form_token(shared: Shared, browser: str, form: str) -> str:
    """A token that only this form sent by this browser may bring, for an hour."""
    return shared.sealer.seal(_purpose(browser, form), int(shared.clock()))


async def form_of(shared: Shared, request: Request) -> Form:
    """The form that a browser sent.

    Raises:
        Unusable: it came from another site, is too large, or is no form.
    """
    _require_our_page(shared.front, request)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise Unusable("This address takes the form of its own page only.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_FORM_BYTES:
            raise Unusable("The form is larger than any that this page sends.", 413)
    try:
        text = body.decode("ascii")
        pairs = parse_qsl(
            text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FORM_FIELDS
        )
    except ValueError:
        raise Unusable("The form cannot be read.") from None
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return Form(fields)


def require_token(shared: Shared, browser: str, form: str, token: str) -> None:
    """Passes where the token was made for this browser and this form within the hour.

    Raises:
        Unusable: it was not.
    """
    try:
        made_at = _opened(shared.sealer, _purpose(browser, form), token)
    except Unsealable:
        raise Unusable("The form was not made for this browser.", 403) from None
    if not 0 <= shared.clock() - made_at <= FORM_SECONDS:
        raise Unusable("The form was open for more than an hour.", 403)


def chosen(answers: Mapping[str, T], form: Form) -> T:
    """The answer to the button that was pressed; without any, to a key that was entered.

    Raises:
        Unusable: it is none of the page's buttons.
    """
    action = form.one("action") or "key"
    if action not in answers:
        raise Unusable("The form does not say what was chosen.")
    return answers[action]


def count_try(tx: Tx, browser: str, address: str, now: int) -> int | None:
    """Counts a try of a key; None where it may go on, else how many seconds to wait at most."""
    for name, (most, seconds) in (
        (f"key-by-browser:{browser}", BROWSER_TRIES),
        (f"key-by-address:{address}", ADDRESS_TRIES),
    ):
        if counters.count(tx, name, seconds, now) > most:
            return seconds - now % seconds
    return None


def address_of(shared: Shared, request: Request) -> str:
    """The caller's network address as far as it can be believed; an IPv6 one by its /64.

    With proxies in front, it is the entry of `X-Forwarded-For` that the outermost of them added.
    """
    direct = request.client.host if request.client else ""
    entries = [
        entry.strip()
        for line in request.headers.getlist("x-forwarded-for")
        for entry in line.split(",")
    ]
    proxies = shared.settings.proxies
    named = entries[-proxies] if 0 < proxies <= len(entries) else direct
    try:
        address = ipaddress.ip_address(named)
    except ValueError:
        return direct
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((address, 64), strict=False))


def _require_our_page(front: Front, request: Request) -> None:
    """Refuses what a browser itself says comes from elsewhere.

    Our pages send no referrer, for which browsers send `Origin: null` with a form (Fetch, "append a
    request Origin header"): it says nothing, and the cookie and the token decide.
    """
    origin = request.headers.get("origin", "null")
    site = request.headers.get("sec-fetch-site", "same-origin")
    if origin not in {"null", front.origin} or site != "same-origin":
        raise Unusable("The form was sent by another site.", 403)


def _opened(sealer: Sealer, purpose: str, token: str) -> int:
    made_at = sealer.open(purpose, token)
    if not isinstance(made_at, int):
        raise Unsealable
    return made_at


def _purpose(browser: str, form: str) -> str:
    return f"form:{browser}:{form}"


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


def _hash(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
