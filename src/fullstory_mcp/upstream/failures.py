"""What a status, a broken connection or an unreadable body is told as."""

import re
from collections.abc import Callable
from typing import Any

from fullstory_mcp import wire
from fullstory_mcp.catalogue import Provider
from fullstory_mcp.errors import (
    Forbidden,
    KeyRefused,
    NotFound,
    QuotaSpent,
    RateLimited,
    Rejected,
    Unavailable,
    Unreadable,
    UpstreamError,
)
from fullstory_mcp.principal import Key
from fullstory_mcp.upstream.request import Outgoing

MOST_CHARACTERS = 500
_LOOKED_AT = 64 * MOST_CHARACTERS
"""Characters of a message that are cleaned before it is cut: looking for a key takes time."""

UNCERTAIN = " It may have taken effect all the same: look before you repeat it."
REPEATABLE = (
    " It may have taken effect all the same. To repeat it without doing it twice, send the same"
    ' call with idempotency_key: "{key}".'
)
NOTHING_SENT = " Nothing was sent."


def said(body: bytes, provider: Provider, key: Key) -> str:
    """The API's own message: one line, at most 500 characters, pieces of the key masked; "" if none."""
    text = body[:_LOOKED_AT].decode(errors="replace")
    if text.lstrip()[:1] == "<":
        return ""
    try:
        parsed = wire.read(body)
    except ValueError:
        parsed = None
    if isinstance(parsed, dict):
        named = (parsed.get(name) for name in provider.errors["message"])
        text = next((value for value in named if isinstance(value, str) and value), "")
    line = re.sub(r"[\s\x00-\x1f\x7f-\x9f]+", " ", key.mask(text[:_LOOKED_AT])).strip()
    return line if len(line) <= MOST_CHARACTERS else f"{line[: MOST_CHARACTERS - 1]}…"


def of_status(
    status: int, message: str, seconds: float | None, request: Outgoing, provider: Provider
) -> UpstreamError:
    """The error for an HTTP status that is no success, with what the tool says of that status."""
    quoted = f": “{message}”" if message else ""
    if status == 429:
        return _too_many(message, quoted, seconds, request, provider)
    if status >= 500:
        return unavailable(
            f"Fullstory answered with an error ({status}){quoted}.", request, status=status
        )
    make = _STATUS.get(status, _other)
    error = make(status, quoted)
    instead = request.says.get(str(status))
    return type(error)(f"{error} {instead}", status=status) if instead else error


def _too_many(
    message: str, quoted: str, seconds: float | None, request: Outgoing, provider: Provider
) -> UpstreamError:
    if is_quota(message, request, provider):
        spent = provider.errors["quotas"][request.meter]
        return QuotaSpent(f"{spent['what']} (429){quoted}. {spent['instead']}", status=429)
    wait = "a while" if seconds is None else counted_seconds(seconds)
    return RateLimited(
        f"Fullstory's rate limit is reached (429){quoted}. Nothing was done. Try again in {wait}.",
        seconds=None if seconds is None else int(seconds),
    )


def counted_seconds(seconds: float) -> str:
    """Whole seconds in words, never zero: what is told is never too early."""
    whole = max(1, round(seconds))
    return f"{whole} second{'' if whole == 1 else 's'}"


def is_quota(message: str, request: Outgoing, provider: Provider) -> bool:
    """Whether a 429 says that what the call is metered by is spent, rather than a rate limit reached."""
    words = provider.errors["quotas"].get(request.meter, {}).get("words", ())
    return any(word in message.lower() for word in words)


def unavailable(what: str, request: Outgoing, *, status: int = 0, sent: bool = True) -> Unavailable:
    """No usable answer; says whether the call may have taken effect."""
    return Unavailable(f"{what}{_effect(request, sent=sent)}", status=status)


def unreadable(what: str, request: Outgoing, *, status: int) -> Unreadable:
    """A success whose body cannot be read."""
    return Unreadable(f"{what}{_effect(request, sent=True)}", status=status)


def _effect(request: Outgoing, *, sent: bool) -> str:
    if not sent:
        return NOTHING_SENT
    if request.idempotency_key:
        return REPEATABLE.format(key=request.idempotency_key)
    return UNCERTAIN if request.changes else " Try again later."


def _other(status: int, quoted: str) -> UpstreamError:
    if 300 <= status < 400:
        return Unreadable(
            f"The address answered with a redirect ({status}), which is never followed with the key. "
            "Check FULLSTORY_API_URL.",
            status=status,
        )
    return Rejected(f"Fullstory refused the request ({status}){quoted}.", status=status)


_STATUS: dict[int, Callable[[int, str], UpstreamError]] = {
    400: lambda status, quoted: Rejected(
        f"Fullstory refused the request ({status}){quoted}. Correct the arguments and call again.",
        status=status,
    ),
    401: lambda status, quoted: KeyRefused(
        f"Fullstory does not accept the API key ({status}){quoted}. The key is missing, wrong or "
        "revoked: whoever runs this server must set a valid one.",
        status=status,
    ),
    403: lambda status, quoted: Forbidden(
        f"The API key may not do this ({status}){quoted}. It needs a higher permission level, or "
        "the feature is not switched on for the account; explain_access tells the key's level.",
        status=status,
    ),
    404: lambda status, quoted: NotFound(
        f"Fullstory knows no such thing ({status}){quoted}. Check the id.", status=status
    ),
    409: lambda status, quoted: Rejected(
        f"Fullstory refused the request ({status}){quoted}. Where an idempotency_key was given: it "
        "was used for another body, or its first call is still running.",
        status=status,
    ),
}


def parsed(body: bytes, request: Outgoing, status: int) -> Any:
    """The JSON of a successful answer; None for an empty body.

    Raises:
        Unreadable: the body is HTML or cut JSON.
    """
    if not body.strip():
        return None
    try:
        return wire.read(body)
    except ValueError:
        page = body.lstrip()[:1] == b"<"
        what = "an HTML page, as a proxy would send," if page else "JSON that is cut off or broken"
        message = f"Instead of Fullstory's answer came {what} (status {status})."
        raise unreadable(message, request, status=status) from None
