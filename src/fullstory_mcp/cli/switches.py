"""Where freezes are kept: the database of a server for many, or the file of any other."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from fullstory_mcp.access import KeySource
from fullstory_mcp.access.freeze_file import SETTING, FreezeFile
from fullstory_mcp.access.freezes import EVERYONE, folded
from fullstory_mcp.cli.storage import opened
from fullstory_mcp.errors import SettingsError
from fullstory_mcp.settings import Settings

if TYPE_CHECKING:
    from fullstory_mcp.storage import Database

_LOOK_AT_FILE = (
    f"Servers on stdio, and over HTTP without sign-in, do not look there, but at the file that {SETTING} "
    "names."
)
_LOOK_AT_DATABASE = (
    "Servers that callers sign in to do not look there, but at their database: for those repeat the "
    f"command without {SETTING}."
)

Frozen = tuple[str, str, str]
"""Who, since when and why, as they are shown."""


@dataclass(frozen=True, slots=True)
class Names:
    """What one caller goes by: the names to find it by, and the one to show."""

    shown: str
    names: frozenset[str]


class Switch(Protocol):
    """Where freezes are kept."""

    @property
    def where(self) -> str:
        """The place, as it is shown."""

    @property
    def callers(self) -> str:
        """What one of `known` is."""

    @property
    def elsewhere(self) -> str:
        """Which servers look elsewhere, where that could be overlooked."""

    @property
    def crowd(self) -> str:
        """What all of `known` are."""

    def rows(self) -> list[Frozen]:
        """Every freeze."""

    def freeze(self, who: str, why: str) -> None:
        """Ends access."""

    def unfreeze(self, who: str) -> None:
        """Gives it back."""

    def known(self) -> list[Names]:
        """The callers that are known now."""


@dataclass(frozen=True, slots=True)
class _Table:
    """The database of a server for many."""

    database: "Database"
    elsewhere: str
    callers = "open connection"
    crowd = "open connections"

    @property
    def where(self) -> str:
        return f"the database ({self.database.name})"

    def rows(self) -> list[Frozen]:
        from fullstory_mcp.storage import freezes  # noqa: PLC0415 - needs the extra `hosted`

        with self.database.begin(reading=True) as tx:
            found = freezes.listed(tx)
        return [(row.who, _moment(row.at), row.why) for row in found]

    def freeze(self, who: str, why: str) -> None:
        from fullstory_mcp.storage import freezes  # noqa: PLC0415 - as above

        with self.database.begin() as tx:
            freezes.freeze(tx, who, why, int(time.time()))

    def unfreeze(self, who: str) -> None:
        from fullstory_mcp.storage import freezes  # noqa: PLC0415 - as above

        with self.database.begin() as tx:
            freezes.unfreeze(tx, who)

    def known(self) -> list[Names]:
        from fullstory_mcp.storage import freezes  # noqa: PLC0415 - as above

        with self.database.begin(reading=True) as tx:
            found = freezes.known(tx)
        return [
            _names(
                one.person,
                EVERYONE,
                "oauth",
                one.id,
                one.owner,
                one.client_id,
                urlsplit(one.client_id).hostname or "" if "://" in one.client_id else "",
                one.named_key,
                one.fingerprint,
            )
            for one in found
        ]


@dataclass(frozen=True, slots=True)
class _File:
    """The file of a server without a database."""

    file: FreezeFile
    settings: Settings
    elsewhere: str
    callers = "door"
    crowd = "callers differ by door"

    @property
    def where(self) -> str:
        return str(self.file.path)

    def rows(self) -> list[Frozen]:
        return [(who, row["at"], row["why"]) for who, row in self.file.rows().items()]

    def freeze(self, who: str, why: str) -> None:
        self.file.freeze(who, why, int(time.time()))

    def unfreeze(self, who: str) -> None:
        self.file.unfreeze(who)

    def known(self) -> list[Names]:
        """Where one key serves all, callers differ by the door alone."""
        try:
            key = KeySource(self.settings).current().fingerprint
        except SettingsError:
            key = ""
        return [_names(door, EVERYONE, key) for door in ("stdio", "http")]


@contextmanager
def switch() -> Iterator[Switch]:
    """The place that the settings name.

    Raises:
        SettingsError: they name none.
        StorageUnavailable: the database cannot be reached.
    """
    settings = Settings.read()
    by_database = settings.mode != "none" or "database_url" in settings.model_fields_set
    if settings.freeze_file is not None and settings.mode == "none":
        file = FreezeFile(settings.freeze_file)
        yield _File(file, settings, _LOOK_AT_DATABASE if by_database else "")
    elif by_database:
        with opened(settings) as database:
            from fullstory_mcp.storage import migrate  # noqa: PLC0415 - needs the extra `hosted`

            migrate.check(database)
            mixed = settings.mode == "none" or settings.freeze_file is not None
            yield _Table(database, _LOOK_AT_FILE if mixed else "")
    else:
        raise SettingsError(
            f"{SETTING} is not set: name the file that your servers look at, or give this command "
            "the settings of your server for many (FULLSTORY_MCP_DATABASE_URL)."
        )


def _names(shown: str, *others: str) -> Names:
    return Names(shown, frozenset(folded(name) for name in (shown, *others) if name))


def _moment(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
