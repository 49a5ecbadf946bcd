"""The rows that say who has which preset: whom each fits, and which row leaves nobody to another."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from fullstory_mcp.policy.model import Rules, Ruling
from fullstory_mcp.principal import Door, Principal

MATCHERS = ("person", "group", "key", "client", "door")
"""What a row can ask of a caller, in the order in which it is told."""

VOUCHED = ("person", "group", "client")
"""What only a caller who came through OAuth has."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of `[[principals]]`; a caller must fit everything that it gives ("" where it does not).

    `person` is a verified e-mail address in small letters, or `*@` and a domain; `key` the operator's
    name of a key, or the fingerprint that logs show of it; `client` the host that vouches for the
    client, or its exact id, never the name that it chose itself.
    """

    preset: str
    person: str = ""
    group: str = ""
    key: str = ""
    client: str = ""
    door: Door | None = None

    @property
    def label(self) -> str:
        """Whom the row means, as `person ana@example.com, client claude.ai`."""
        given = [(name, getattr(self, name)) for name in MATCHERS]
        return ", ".join(f"{name} {value}" for name, value in given if value)

    def fits(self, principal: Principal) -> bool:
        """Whether the row means this caller."""
        return (
            (not self.person or is_person(self.person, principal.email))
            and (not self.group or self.group in principal.groups)
            and (not self.key or self.key in (principal.named_key, principal.key.fingerprint))
            and (
                not self.client
                or is_client(self.client, principal.client_id, principal.client_host)
            )
            and (not self.door or self.door == principal.door)
        )

    def covers(self, other: "Row") -> bool:
        """Whether whoever fits `other` fits this row too."""
        return (
            (not self.person or is_person(self.person, other.person))
            and self.group in ("", other.group)
            and self.key in ("", other.key)
            and (not self.client or is_client(self.client, other.client, host_of(other.client)))
            and self.door in (None, other.door, other.implied_door)
        )

    @property
    def implied_door(self) -> Door | None:
        """The one door that callers of this row can come through, None where any will do."""
        return "oauth" if any(getattr(self, name) for name in VOUCHED) else self.door


@dataclass(frozen=True, slots=True)
class Policy:
    """The whole file, everything in it checked.

    `later` are the tools that came with versions after the one that the file is for: off in every
    preset that does not name them.
    """

    presets: Mapping[str, Rules] = field(default_factory=dict)
    rows: tuple[Row, ...] = ()
    later: tuple[str, ...] = ()

    def ruling(self, principal: Principal) -> Ruling:
        """What the first row that fits gives; nothing where none does."""
        for number, row in enumerate(self.rows, 1):
            if row.fits(principal):
                return Ruling(self.presets[row.preset], f"row {number}: {row.label}")
        return Ruling(None)


def host_of(client: str) -> str:
    """The host that a row's client means: of an id that is an address, or the text itself."""
    return urlsplit(client).hostname or "" if "://" in client else client.lower()


def is_client(wanted: str, client_id: str, host: str) -> bool:
    """Whether a row's client is the one with this id, or the host that vouches for it."""
    return wanted == client_id or wanted.lower() == host


def is_person(wanted: str, email: str) -> bool:
    """Whether a row's person has this address, or is anybody of its domain; addresses are ASCII."""
    if not email.isascii():
        return False
    if not wanted.startswith("*@"):
        return wanted == email
    local, _, domain = email.rpartition("@")
    return bool(local) and "@" not in local and wanted == f"*@{domain}"
