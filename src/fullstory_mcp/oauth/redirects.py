"""Where a browser may be sent back to: is an address acceptable at all, and is it the client's own.

Pure: addresses are judged as the text that they are, because what reads them later (a browser, an
app) may read an odd one differently from us. Whatever is odd is refused.
"""

import re
from collections.abc import Collection, Iterable
from urllib.parse import parse_qsl, urlsplit

MOST_CHARACTERS = 2_000

NEVER = frozenset({"javascript", "data", "file", "vbscript", "blob", "about", "ws", "wss", "ftp"})
"""Schemes that no setting allows: they run, or read, what they are given."""

OURS = frozenset({"code", "state", "iss", "error", "error_description", "error_uri"})
"""What our answers add to the address: it must not be there already."""

_CHARACTERS = re.compile(r"(?:[A-Za-z0-9._~:/?\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+")
"""RFC 3986 without `#`: no spaces, controls, backslashes, quotes, brackets or other alphabets."""

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.+)")

_HOST = re.compile(
    r"(?P<host>(?!-)[A-Za-z0-9-]{1,63}(?:\.(?!-)[A-Za-z0-9-]{1,63})*|\[[0-9A-Fa-f:.]+\])"
    r"(?P<port>:[0-9]{1,5})?"
)
"""A name of letters, digits and hyphens without a last dot, or an IPv6 address; perhaps a port."""

_LOOPBACK = re.compile(
    r"(?P<host>http://(?:localhost|127\.0\.0\.1|\[::1\]))(?P<port>:[0-9]{1,5})?(?P<rest>[/?].*)?"
)
"""RFC 8252, section 7.3, and `localhost`, which clients use in spite of section 8.3."""


def fault(address: str, schemes: Collection[str]) -> str | None:
    """Why a browser is never sent to `address`, as half a sentence; None where it may be.

    `schemes` are the private-use ones that the operator allows (RFC 8252, section 7.1).
    """
    if not 0 < len(address) <= MOST_CHARACTERS:
        return f"must have 1 to {MOST_CHARACTERS} characters"
    if "#" in address:
        return "must not have a fragment"
    if not _CHARACTERS.fullmatch(address):
        return "has characters that an address cannot have"
    found = _SCHEME.fullmatch(address)
    if found is None:
        return "must be absolute, beginning with a scheme"
    scheme, rest = found[1].lower(), found[2]
    if scheme in {"http", "https"}:
        why = _web_fault(scheme, address, rest)
    else:
        why = _app_fault(scheme, rest, schemes)
    return why or _query_fault(address)


def matches(requested: str, registered: str) -> bool:
    """Whether the requested address is the registered one.

    Exactly the same text; a loopback address may name any port (RFC 8252, section 7.3).
    """
    if requested == registered:
        return True
    one, other = _LOOPBACK.fullmatch(requested), _LOOPBACK.fullmatch(registered)
    if one is None or other is None or not _usable_port(one["port"]):
        return False
    return (one["host"], one["rest"]) == (other["host"], other["rest"])


def chosen(
    requested: str | None, registered: Iterable[str], schemes: Collection[str]
) -> str | None:
    """The address to go back to; None where the requested one is not the client's, or it is unclear.

    Left out, it is the only one that the client has (RFC 6749, section 3.1.2.3).
    """
    usable = [each for each in registered if fault(each, schemes) is None]
    if requested is None:
        return usable[0] if len(usable) == 1 else None
    if fault(requested, schemes) is not None:
        return None
    return requested if any(matches(requested, each) for each in usable) else None


def _web_fault(scheme: str, address: str, rest: str) -> str | None:
    if not rest.startswith("//"):
        return "must name a host"
    authority = re.split(r"[/?]", rest[2:], maxsplit=1)[0]
    if "@" in authority:
        return "must not have a user name"
    found = _HOST.fullmatch(authority)
    if found is None or not _usable_port(found["port"]):
        return "must name a plain host"
    try:
        urlsplit(address)  # it knows which texts in brackets are an address
    except ValueError:
        return "must name a plain host"
    if scheme == "http" and not _LOOPBACK.fullmatch(address):
        return "must be https (http only on localhost, 127.0.0.1 or [::1])"
    return None


def _app_fault(scheme: str, rest: str, schemes: Collection[str]) -> str | None:
    allowed = {each.lower() for each in schemes} - NEVER
    if scheme not in allowed:
        return "has a scheme that this server does not send people to"
    if rest.startswith("//") and "@" in re.split(r"[/?]", rest[2:], maxsplit=1)[0]:
        return "must not have a user name"
    return None


def _query_fault(address: str) -> str | None:
    names = {name for name, _ in parse_qsl(address.partition("?")[2], keep_blank_values=True)}
    return "already has a parameter that the answer adds" if names & OURS else None


def _usable_port(port: str | None) -> bool:
    return port is None or 0 < int(port[1:]) <= 65_535
