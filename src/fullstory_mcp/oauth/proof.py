"""What a person has shown of who they are: a key that Fullstory accepts, or a checked sign-in.

A proof waits sealed in the row of its authorization request and can be opened for that row alone.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from fullstory_mcp.errors import KeyRefused, RateLimited, UpstreamError
from fullstory_mcp.oauth import browser
from fullstory_mcp.oauth.access import Identity
from fullstory_mcp.oauth.model import Shared
from fullstory_mcp.principal import ApiKey, Level
from fullstory_mcp.sealing import Sealer, Unsealable

RETRY_SECONDS = 30
"""When to try again where Fullstory did not say."""


@dataclass(frozen=True, slots=True)
class KeyProof:
    """A key that Fullstory accepted; `level` is None where its role is none that is known."""

    key: ApiKey
    level: Level | None

    @property
    def owner(self) -> str:
        """Whose connections are this person's: those of everyone who has the key."""
        return f"key:{hashlib.sha256(self.key.reveal().encode()).hexdigest()}"

    @property
    def person(self) -> str:
        """How the person is shown."""
        return f"API key {self.key.fingerprint[:8]} ({self.counts_as.capitalize()})"

    @property
    def counts_as(self) -> Level:
        """The level that the key counts as: the least, in doubt."""
        return self.level or "standard"


@dataclass(frozen=True, slots=True)
class FormerKey:
    """A key that Fullstory refuses: nothing can be connected with it, but its connections ended."""

    owner: str
    person: str


@dataclass(frozen=True, slots=True)
class PersonProof:
    """Who signed in with the organisation."""

    identity: Identity

    @property
    def owner(self) -> str:
        """Whose connections are this person's: the issuer's name for them, which never changes."""
        return self.identity.owner

    @property
    def person(self) -> str:
        """How the person is shown."""
        return self.identity.shown


@dataclass(frozen=True, slots=True)
class SigningIn:
    """No proof yet: what must be remembered while the person is at the identity provider."""

    session: Mapping[str, Any]


Proof = KeyProof | PersonProof | SigningIn


class Refused(Exception):
    """A key that proves nothing: the text is for the person, `status` and `seconds` for HTTP."""

    def __init__(self, status: int, text: str, seconds: int | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.seconds = seconds


class KeyNotAccepted(Refused):
    """A key that Fullstory refuses; `former` tells whose connections were made with it."""

    def __init__(self, key: ApiKey) -> None:
        super().__init__(
            422,
            "Fullstory does not accept this key. Check that you copied all of it and that it was "
            "not revoked, or make a new one in Fullstory.",
        )
        person = f"API key {key.fingerprint[:8]}, which Fullstory no longer accepts"
        self.former = FormerKey(KeyProof(key, None).owner, person)


def sealed(sealer: Sealer, row: str, proof: Proof) -> str:
    """A proof as it waits in the row of that id."""
    match proof:
        case KeyProof(key, level):
            content: dict[str, Any] = {"key": key.reveal(), "level": level}
        case PersonProof(identity):
            content = {"identity": identity.to_json()}
        case SigningIn(session):
            content = {"session": dict(session)}
    return sealer.seal(_purpose(row), content)


def opened(sealer: Sealer, row: str, text: str | None) -> Proof | None:
    """What `sealed` made for that row; None where there is nothing or the ring cannot open it."""
    if text is None:
        return None
    try:
        content = sealer.open(_purpose(row), text)
    except Unsealable:
        return None
    match content:
        case {"key": str(key), "level": level}:
            return KeyProof(ApiKey(key), level)
        case {"identity": str(identity)}:
            return PersonProof(Identity.from_json(identity))
        case {"session": dict(session)}:
            return SigningIn(session)
        case _:
            return None


async def of_key(shared: Shared, request: Request, browser_hash: str, pasted: str) -> KeyProof:
    """The proof that a pasted key is; Fullstory is asked.

    Raises:
        KeyNotAccepted: Fullstory refuses it.
        Refused: it looks like no key, too many were tried, or Fullstory does not answer. The key is
            not repeated.
    """
    try:
        key = ApiKey(pasted.strip())
    except ValueError:
        raise Refused(
            422,
            "That does not look like a Fullstory API key: it is one piece of text without spaces. "
            "Copy the whole key and paste it again.",
        ) from None
    wait = await shared.database.run(
        browser.count_try, browser_hash, browser.address_of(shared, request), int(shared.clock())
    )
    if wait is not None:
        minutes = -(-wait // 60)
        text = f"Too many keys were tried from here. Try again in {_minutes(minutes)}."
        raise Refused(429, text, wait)
    try:
        role = await shared.role_of(key)
    except KeyRefused:
        raise KeyNotAccepted(key) from None
    except UpstreamError as error:
        seconds = error.seconds if isinstance(error, RateLimited) else None
        raise Refused(
            503,
            "Fullstory did not answer just now, so the key could not be checked. Nothing was "
            "stored. Paste it again in a moment.",
            seconds or RETRY_SECONDS,
        ) from None
    return KeyProof(key, shared.levels.get(role))


def _minutes(count: int) -> str:
    return "a minute" if count == 1 else f"{count} minutes"


def _purpose(row: str) -> str:
    return f"authorization:{row}"
