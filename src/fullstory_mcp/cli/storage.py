"""`fullstory-mcp migrate` and `fullstory-mcp reseal`: what an operator does to the database by hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from fullstory_mcp.errors import KeyUnsealable, SettingsError
from fullstory_mcp.sealing import Sealer
from fullstory_mcp.settings import Settings

if TYPE_CHECKING:
    from fullstory_mcp.storage import Database


def run_migrate() -> None:
    """Brings the tables up to date and says so; safe while replicas do the same.

    Raises:
        SettingsError: a setting is not usable, or the tables are those of a newer version.
        StorageUnavailable: the database cannot be reached.
    """
    with opened(Settings.read()) as database:
        from fullstory_mcp.storage import migrate  # noqa: PLC0415 - needs the extra `hosted`

        changed = migrate.upgrade(database)
        state = "were brought up to date" if changed else "are up to date already"
        click.echo(f"{database.name}: the tables {state} ({migrate.NEWEST}).")


def run_reseal() -> None:
    """Seals every stored API key under the first key of the ring and says how many.

    Replicas must know that key before, and may go on meanwhile.

    Raises:
        KeyUnsealable: some keys could not be opened; the others are sealed anew all the same.
        SettingsError: there is no key to seal under, or the tables are not those of this version.
        StorageUnavailable: the database cannot be reached.
    """
    settings = Settings.read()
    if not settings.secret_keys:
        raise SettingsError("FULLSTORY_MCP_SECRET_KEYS is not set: there is no key to seal under.")
    sealer = Sealer(settings.seal_keys())
    with opened(settings) as database:
        resealed, unopened = _reseal(database, sealer)
    click.echo(_counted(resealed))
    if unopened:
        raise KeyUnsealable(_lost(sealer, unopened))
    if len(settings.secret_keys) > 1:
        click.echo(
            "No stored API key needs the keys after it. Remove them in an hour, when cursors, "
            "confirmations and consent pages that are under way are done with them."
        )


def _reseal(database: "Database", sealer: Sealer) -> tuple[int, list[str]]:
    """How many keys were sealed anew, and under which keys those were that could not be opened."""
    from fullstory_mcp.storage import keys, migrate  # noqa: PLC0415 - needs the extra `hosted`

    migrate.check(database)
    resealed, unopened, last = 0, list[str](), ""
    while True:
        with database.begin() as tx:
            batch = keys.reseal(tx, sealer, last)
        if not batch.last:
            return resealed, unopened
        resealed += batch.keys
        unopened += batch.unopened
        last = batch.last


@contextmanager
def opened(settings: Settings) -> Iterator["Database"]:
    """The database that the settings name, closed afterwards.

    Raises:
        SettingsError: the extra `hosted` is not installed, or the URL names no database.
    """
    try:
        from fullstory_mcp.storage import Database  # noqa: PLC0415 - needs the extra `hosted`
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"The database needs {error.name}, which is not installed: install fullstory-mcp with "
            'its extra "hosted", as in pip install -c constraints.txt ".[hosted]".'
        ) from None
    database = Database(settings.database_url.get_secret_value())
    try:
        yield database
    finally:
        database.close()


def _counted(resealed: int) -> str:
    what = "1 API key was" if resealed == 1 else f"{resealed} API keys were"
    return f"{what} sealed anew under the first key of FULLSTORY_MCP_SECRET_KEYS."


def _lost(sealer: Sealer, ring_ids: list[str]) -> str:
    what = "1 API key" if len(ring_ids) == 1 else f"{len(ring_ids)} API keys"
    unknown = sorted({ring_id for ring_id in ring_ids if not sealer.knows(ring_id)})
    if not unknown:
        return f"{what} could not be opened, being altered: their owners must connect again."
    return (
        f"{what} could not be opened, being sealed under {', '.join(unknown)}, which "
        "FULLSTORY_MCP_SECRET_KEYS does not hold. Add that key at its end and run this again; "
        "without it, the owners must connect again."
    )
