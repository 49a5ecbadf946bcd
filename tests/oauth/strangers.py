"""The front door's shared parts in front of an internet of the test's own, and a database of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fullstory_mcp.oauth.access import AccessFile
from fullstory_mcp.oauth.fetching import SECONDS, Fetcher
from fullstory_mcp.oauth.model import Front, Shared
from fullstory_mcp.principal import ApiKey
from fullstory_mcp.sealing import Sealer
from fullstory_mcp.settings import Settings
from fullstory_mcp.storage import Database, migrate
from oauth.outside import Outside
from support import Clock

PUBLIC_URL = "https://mcp.example.com"

HERE = "203.0.113.7"
"""The network address that asks."""

NAMED_KEYS = {
    "SUPPORT_KEY": "na1.Zq8Xw3Lm9TkVb7Np2Rd5Hs6Jc",
    "READER_KEY": "na1.Hs6JcZq8Xw3Lm9TkVb7Np2Rd5",
}
"""The environment that an access file's keys are in."""


@contextmanager
def sharing(
    folder: Path,
    outside: Outside,
    *,
    access: str | None = None,
    clock: Clock | None = None,
    seconds: float = SECONDS,
    **settings: Any,
) -> Iterator[Shared]:
    """One replica's parts; several in one folder are replicas on one database."""
    clock = clock or Clock()
    path = None
    if access is not None:
        path = folder / "access.toml"
        path.write_text(access)
        settings["FULLSTORY_MCP_ACCESS_FILE"] = str(path)
    given = Settings.read(
        FULLSTORY_MCP_PUBLIC_URL=PUBLIC_URL, **{"FULLSTORY_MCP_AUTH": "none"} | settings
    )
    database = Database(f"sqlite:///{folder}/strangers.db")
    migrate.upgrade(database)
    fetcher = Fetcher(
        outside.transport, outside.resolve, given.private_hosts, monotonic=clock, seconds=seconds
    )
    try:
        yield Shared(
            front=Front(PUBLIC_URL),
            settings=given,
            database=database,
            sealer=Sealer(),
            clock=clock,
            role_of=_no_role,
            levels={},
            fetcher=fetcher,
            access=AccessFile(path, clock, NAMED_KEYS),
        )
    finally:
        database.close()


async def _no_role(key: ApiKey) -> str:
    raise AssertionError(key)
