"""Doors that tests share: one sandbox, one HTTP server, one client for each door and era."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from mcp import Client

from server.doors import (
    HIDDEN,
    LEGACY,
    MODERN,
    Api,
    Door,
    Served,
    environment,
    serving,
    serving_api,
)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Shared clients live as long as the session, so its event loop must too."""
    return "asyncio"


@pytest.fixture(scope="session")
def running_api() -> Iterator[Api]:
    """The sandbox that the shared doors stand before."""
    with serving_api() as api:
        yield api


@pytest.fixture
def api(running_api: Api) -> Api:
    """The same, without the faults and requests of other tests."""
    running_api.reset()
    return running_api


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the shared doors write their logs."""
    return tmp_path_factory.mktemp("doors")


@pytest.fixture(scope="session")
def settings(running_api: Api) -> dict[str, str]:
    """The environment of the shared doors: the Admin key, one tool excluded."""
    return environment(running_api, FULLSTORY_MCP_EXCLUDE_TOOLS=HIDDEN)


@pytest.fixture(scope="session")
def served(settings: dict[str, str], folder: Path) -> Iterator[Served]:
    """The shared HTTP door."""
    with serving(folder, settings) as server:
        yield server


@pytest.fixture(
    scope="session",
    params=[(kind, era) for kind in ("stdio", "http") for era in (MODERN, LEGACY)],
    ids=" ".join,
)
def door(
    request: pytest.FixtureRequest, settings: dict[str, str], served: Served, folder: Path
) -> Door:
    """Each door in each protocol era, with the Admin key."""
    kind, era = request.param
    return Door(kind, era, settings, served, folder / f"{kind}-{era}.log")


@pytest.fixture(scope="session")
async def client(door: Door) -> AsyncIterator[Client]:
    """One client of each door in each era, connected once."""
    async with door.connected() as connection:
        yield connection
