"""The person's browser: whether a form came from our own page, what it says, and how often it came.

A form is believed with the browser's cookie (SameSite=Lax: other sites' forms come without it), a
token sealed to the browser and to the form, and the `Sec-Fetch-Site` and `Origin` that browsers of
today add.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import parse_qsl

from starlette.requests import Request

from fullstory_mcp.oauth.addresses import site_of
from fullstory_mcp.oauth.model import Front, Shared
from fullstory_mcp.sealing import Sealer, Unsealable
from fullstory_mcp.storage import Tx, counters

T = TypeVar("T")

Limit = tuple[int, int]
"""How many, and in how many seconds."""

FORM_SECONDS = 3600
"""How long a form may be sent after it was shown."""

MOST_FORM_BYTES = 16_384
MOST_FORM_FIELDS = 30

BROWSER_TRIES = (10, 600)
"""Most tries of a key from one browser, and in how many seconds."""

ADDRESS_TRIES, SITE_TRIES = (50, 3600), (250, 3600)
"""The same from one network address, and from an IPv6 site with all its networks."""

ADDRESS_REQUESTS, SITE_REQUESTS = (60, 60), (300, 60)
"""Most requests that may begin to wait for a person from there, and in how many seconds."""

_FORM = "application/x-www-form-urlencoded"
_WITH_PORT = re.compile(r"\[(?P<six>[^]]+)\](?::[0-9]+)?|(?P<four>[0-9.]+):[0-9]+")


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
    """Counts a try of a key; None where it may go on, else how many seconds to wait at most.

    The browser comes last: past the others' limit, who throws the cookie away adds no counters.
    """
    counted = _from(address, "key", ADDRESS_TRIES, SITE_TRIES)
    return _counted(tx, {**counted, f"key-by-browser:{browser}": BROWSER_TRIES}, now)


def count_request(tx: Tx, address: str, now: int) -> int | None:
    """The same for a request that is to wait for a person."""
    return _counted(tx, _from(address, "request", ADDRESS_REQUESTS, SITE_REQUESTS), now)


def address_of(shared: Shared, request: Request) -> str:
    """The caller's network address as far as it can be believed; an IPv6 one by its /64.

    With proxies in front, it is the entry of `X-Forwarded-For` that the outermost of them added;
    some add the port.
    """
    direct = request.client.host if request.client else ""
    entries = [
        entry.strip()
        for line in request.headers.getlist("x-forwarded-for")
        for entry in line.split(",")
    ]
    proxies = shared.settings.proxies
    named = entries[-proxies] if 0 < proxies <= len(entries) else direct
    if ported := _WITH_PORT.fullmatch(named):
        named = ported["six"] or ported["four"]
    try:
        address = ipaddress.ip_address(named)
    except ValueError:
        return direct
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return str(ipaddress.IPv6Network((address, 64), strict=False))
        # What a socket for both kinds calls a caller by IPv4.
        address = address.ipv4_mapped
    return str(address)


def _from(address: str, what: str, of_address: Limit, of_site: Limit) -> dict[str, Limit]:
    limits = {f"{what}-by-address:{address}": of_address}
    site = site_of(address)
    return limits if site == address else {**limits, f"{what}-by-site:{site}": of_site}


def _counted(tx: Tx, limits: Mapping[str, Limit], now: int) -> int | None:
    """What one limit refuses does not count for the next."""
    for name, (most, seconds) in limits.items():
        if counters.count(tx, name, seconds, now) > most:
            return seconds - now % seconds
    return None


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
