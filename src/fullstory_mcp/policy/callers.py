"""Callers made up from what a row or an operator says of them, to ask a policy about."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from fullstory_mcp.policy.rows import Row, host_of, is_client, is_person
from fullstory_mcp.principal import Door, Principal, SealedKey


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody of whom this much is known; the person `*@example.com` is any other of that domain."""

    person: str = ""
    groups: tuple[str, ...] = ()
    key: str = ""
    client: str = ""
    door: Door | None = None

    @classmethod
    def of(cls, row: Row) -> "Caller":
        """Somebody of whom nothing is known but that the row fits."""
        groups = (row.group,) if row.group else ()
        return cls(row.person, groups, row.key, row.client, row.door)

    @property
    def label(self) -> str:
        """Who it is, as a row is told."""
        groups = [("group", group) for group in self.groups]
        given = [("person", self.person), *groups, ("key", self.key), ("client", self.client)]
        return ", ".join(
            f"{name} {value}" for name, value in [*given, ("door", self.door)] if value
        )

    def and_also(self, other: "Caller") -> "Caller | None":
        """Somebody of whom both are true, None where nobody can be."""
        person = _narrower(self.person, other.person, is_person)
        key = _narrower(self.key, other.key, str.__eq__)
        client = _narrower(self.client, other.client, _is_of)
        if person is None or key is None or client is None:
            return None
        groups = tuple(dict.fromkeys((*self.groups, *other.groups)))
        doors = {self.door, other.door} - {None}
        if person or groups or client:
            doors |= {"oauth"} if doors else set()
        if len(doors) > 1:
            return None
        return Caller(person, groups, key, client, self.door or other.door)

    def principal(self) -> Principal:
        """The caller as its door would tell of it; through OAuth where nothing says otherwise."""
        return Principal(
            key=SealedKey("", None, _no_key),
            name=self.label,
            door=self.door or "oauth",
            email=self.person.lower() if self.person.isascii() else "",
            groups=self.groups,
            client_id=self._client_id(),
            named_key=self.key,
        )

    def _client_id(self) -> str:
        """The id: a host stands for the address that it vouches with."""
        is_host = "." in self.client and "://" not in self.client
        return f"https://{self.client}/" if is_host else self.client


def _narrower(one: str, other: str, covers: Callable[[str, str], bool]) -> str | None:
    """Which of two values, of the same part, says more; None where nobody fits both."""
    if not one or not other or covers(one, other):
        return other or one
    return one if covers(other, one) else None


def _is_of(wanted: str, client: str) -> bool:
    return is_client(wanted, client, host_of(client))


def _no_key() -> NoReturn:
    raise LookupError("a caller made up has no key")
