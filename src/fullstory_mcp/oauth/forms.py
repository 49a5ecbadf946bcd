"""Reads the parameters of OAuth requests strictly: form-encoded, bounded, each name once.

Values are visible ASCII and spaces (RFC 6749, appendix A); a parameter without a value counts as
left out (section 3.1). `resource` alone may come several times (RFC 8707, section 2).
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.requests import Request

from fullstory_mcp.oauth.answers import Refused

MOST_BODY = 16_384
"""Bytes of a request's body, at any endpoint of ours for programs."""

MOST_PARAMETERS = 50

FORM = "application/x-www-form-urlencoded"

REPEATABLE = "resource"

SHORT, LONG = 200, 2_000

LIMITS: Mapping[str, int] = {
    "client_assertion": 8_000,
    "client_assertion_type": SHORT,
    "client_id": LONG,
    "client_secret": LONG,
    "code": LONG,
    "code_challenge": SHORT,
    "code_challenge_method": SHORT,
    "code_verifier": SHORT,
    "grant_type": SHORT,
    "prompt": SHORT,
    "redirect_uri": LONG,
    "refresh_token": LONG,
    "resource": LONG,
    "response_mode": SHORT,
    "response_type": SHORT,
    "scope": LONG,
    "state": 2_048,
    "token": 8_000,
    "token_type_hint": SHORT,
}
"""The parameters that mean something here, and the most characters of each; others are ignored."""

_VISIBLE = re.compile(r"[ -~]*")


class Unreadable(Exception):
    """The parameters are not form-encoded UTF-8, or far too many."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters that mean something here: the first value of each, those that came twice.

    `faults` is what is wrong with them, by name; "" as a name stands for one without a meaning here.
    """

    values: Mapping[str, str]
    resources: tuple[str, ...]
    faults: Mapping[str, str]

    def get(self, name: str) -> str | None:
        """The value of a parameter; None where it was left out or is faulty."""
        return None if name in self.faults else self.values.get(name)

    @property
    def fault(self) -> str | None:
        """The first thing that is wrong, as a sentence; None where all is well."""
        for name, why in self.faults.items():
            return f"{name or 'A parameter'} {why}."
        return None


def parameters(encoded: bytes) -> Parameters:
    """The parameters in a query or a form.

    Raises:
        Unreadable: it is not form-encoded UTF-8.
    """
    try:
        pairs = parse_qsl(
            encoded.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MOST_PARAMETERS,
        )
    except ValueError:
        raise Unreadable from None
    given = [(name, value) for name, value in pairs if value]
    known = [(name, value) for name, value in given if name in LIMITS]
    resources = tuple(value for name, value in known if name == REPEATABLE)
    return Parameters(dict(reversed(known)), resources, _faults(pairs))


async def body_of(request: Request, most: int = MOST_BODY) -> bytes:
    """A request's body.

    Raises:
        Refused: it is longer than `most` bytes; not more than that is read of it.
    """
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise Refused("invalid_request", f"The body is longer than {most} bytes.", 413)
    return body


async def form_of(request: Request) -> Parameters:
    """The parameters in the body of a request to an endpoint for programs.

    Raises:
        Refused: the body is too long, not form-encoded, or a parameter is doubled, overlong or not
            plain text.
    """
    if media_type(request) != FORM:
        raise Refused("invalid_request", f"The body must be {FORM}.")
    try:
        found = parameters(await body_of(request))
    except Unreadable:
        raise Refused("invalid_request", "The body is not form-encoded UTF-8.") from None
    if found.fault:
        raise Refused("invalid_request", found.fault)
    return found


def media_type(request: Request) -> str:
    """The type of a request's body, without its parameters."""
    return request.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def _faults(pairs: list[tuple[str, str]]) -> dict[str, str]:
    faults: dict[str, str] = {}
    for name, count in Counter(name for name, _ in pairs).items():
        if count > 1 and name != REPEATABLE:
            faults[name if name in LIMITS else ""] = "is given more than once"
    for name, value in pairs:
        most = LIMITS.get(name)
        if most is None:
            continue
        if len(value) > most:
            faults[name] = f"is longer than {most} characters"
        elif not _VISIBLE.fullmatch(value):
            faults[name] = "has characters other than visible ASCII"
    return faults
