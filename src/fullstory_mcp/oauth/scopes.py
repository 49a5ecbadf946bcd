"""What a client asks for, in words of ours: known scopes, and whether a resource is ours. Pure."""

from urllib.parse import urlsplit

from fullstory_mcp.principal import SCOPES


def known_scopes(asked: str | None) -> tuple[str, ...]:
    """The scopes among `asked` that mean something here; others are left out (RFC 6749, 3.3)."""
    named = set((asked or "").split())
    return tuple(scope for scope in SCOPES if scope in named)


def same_resource(given: str, ours: str) -> bool:
    """Whether two resource indicators are one (RFC 8707, section 2).

    The case of the host and a last slash make no difference, as clients add and change them;
    anything else does.
    """
    try:
        one, other = urlsplit(given), urlsplit(ours)
    except ValueError:
        return False
    return (
        (one.scheme, one.netloc.lower()) == (other.scheme, other.netloc.lower())
        and one.path.removesuffix("/") == other.path.removesuffix("/")
        and "?" not in given
        and "#" not in given
    )
