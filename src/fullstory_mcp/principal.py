"""Who is asking: the API key behind a call, which cannot be printed by accident, and what was granted.

What a key may do is not decided here (`access`, `gate`); how it is sent, in `upstream`.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

Level = Literal["standard", "architect", "admin"]
LEVELS: tuple[Level, ...] = ("standard", "architect", "admin")
"""Permission levels of a key, least first: each contains the ones before it."""

Door = Literal["stdio", "http", "oauth"]

SCOPES = ("fullstory:read", "fullstory:write", "fullstory:delete")
"""What a connection may be granted, one for each effect that a tool has."""

_USABLE = re.compile(r"[!-~]{8,512}")
_PIECE = 8
_WORDLIKE_PIECE = 12


class ApiKey:
    """An API key whose `repr`, `str` and equality never show it.

    Raises:
        ValueError: the text has spaces, control or non-ASCII characters, or is shorter than 8 or
            longer than 512 characters. The message does not repeat it.
    """

    __slots__ = ("_value", "fingerprint")

    def __init__(self, value: str) -> None:
        if not _USABLE.fullmatch(value):
            raise ValueError("the key must be 8 to 512 visible ASCII characters without spaces")
        self._value = value
        self.fingerprint = hashlib.sha256(value.encode()).hexdigest()[:16]

    def reveal(self) -> str:
        """The key itself; for the Authorization header alone."""
        return self._value

    @property
    def region(self) -> str | None:
        """The prefix before the first dot (`na1`, `eu1`); None for keys from before August 2022."""
        head, dot, _ = self._value.partition(".")
        return head if dot and len(head) <= 4 else None

    def mask(self, text: str) -> str:
        """`text` without this key and without recognisable pieces of it (8 characters and more)."""
        text = text.replace(self._value, "[key]")
        secret = self._value.partition(".")[2] if self.region else self._value
        for start, end in reversed(_shared_runs(text, secret)):
            text = f"{text[:start]}[key]{text[end:]}"
        return text

    def __repr__(self) -> str:
        return f"ApiKey({self.region or 'no region'}, …)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ApiKey | SealedKey) and other.fingerprint == self.fingerprint

    def __hash__(self) -> int:
        return hash(self.fingerprint)


def _shared_runs(text: str, secret: str) -> list[tuple[int, int]]:
    """Where `text` repeats 8 or more characters of `secret`.

    A run of letters alone must be 12 long: shorter ones are ordinary words ("standard").
    """
    runs: list[tuple[int, int]] = []
    at = 0
    while at + _PIECE <= len(text):
        end = at + _PIECE
        if text[at:end] not in secret:
            at += 1
            continue
        while end < len(text) and text[at : end + 1] in secret:
            end += 1
        if end - at >= _WORDLIKE_PIECE or not text[at:end].isalpha():
            runs.append((at, end))
            at = end
        else:
            at += 1
    return runs


class SealedKey:
    """An API key that stays sealed until it is sent: `open_key` is called for each use.

    Raises, when used, what `open_key` raises.
    """

    __slots__ = ("_open_key", "fingerprint", "region")

    def __init__(
        self, fingerprint: str, region: str | None, open_key: Callable[[], ApiKey]
    ) -> None:
        self.fingerprint = fingerprint
        self.region = region
        self._open_key = open_key

    def reveal(self) -> str:
        """The key itself; for the Authorization header alone."""
        return self._open_key().reveal()

    def mask(self, text: str) -> str:
        """`text` without this key, as `ApiKey.mask`."""
        return self._open_key().mask(text)

    def __repr__(self) -> str:
        return f"SealedKey({self.region or 'no region'}, …)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ApiKey | SealedKey) and other.fingerprint == self.fingerprint

    def __hash__(self) -> int:
        return hash(self.fingerprint)


Key = ApiKey | SealedKey


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller as every room below the doors knows it.

    `door` is where the call came in: stdio, http (one key for all callers of this machine) or oauth.
    `name` is how the person is shown, or the door; `owner` is who it is, by what was proved and never
    changes: the door, `key:<hash>` or `oidc:<issuer>#<subject>`. `email` (verified, in small letters)
    and `groups` are what an issuer vouches for. `client` is the OAuth client's name, which it chose
    itself, and `client_id` its id. `named_key` is the operator's name of the key; `connection` the id
    of what was granted.

    `scopes` are the granted ones, None where nothing is limited by scopes; `withheld` those that the
    person was asked for and refused; `denied` those that the operator leaves to nobody with this key.
    `ceiling` is the level that the operator leaves this person at most. `mend` says what to do when
    the key is refused.
    """

    key: Key
    name: str = "stdio"
    door: Door = "stdio"
    owner: str = "stdio"
    email: str = ""
    groups: tuple[str, ...] = ()
    client: str = ""
    client_id: str = ""
    named_key: str = ""
    connection: str = ""
    scopes: frozenset[str] | None = None
    withheld: frozenset[str] = frozenset()
    denied: frozenset[str] = frozenset()
    ceiling: Level | None = None
    mend: str = ""

    @property
    def client_host(self) -> str:
        """The host that vouches for the client: that of its metadata document; "" where none does."""
        return urlsplit(self.client_id).hostname or "" if "://" in self.client_id else ""
