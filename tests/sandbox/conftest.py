"""A sandbox with a clock that only moves when told, and a client for each key."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import httpx2 as httpx
import pytest
from starlette.applications import Starlette

from fullstory_mcp.sandbox import Sandbox, create_app

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()


@pytest.fixture
def hands() -> list[float]:
    """Hold the moment (seconds since 1970) that the sandbox's clock shows."""
    return [NOON]


@pytest.fixture
def clock(hands: list[float]) -> Callable[[], float]:
    """Make the clock that reads the hands."""
    return lambda: hands[0]


@pytest.fixture
def pass_time(hands: list[float]) -> Callable[[float], None]:
    """Move the clock on by some seconds."""

    def move(seconds: float) -> None:
        hands[0] += seconds

    return move


@pytest.fixture
def app(clock: Callable[[], float]) -> Starlette:
    """Make a sandbox with the default settings."""
    return create_app(clock=clock)


@pytest.fixture
def sandbox(app: Starlette) -> Sandbox:
    """Give the state behind the app."""
    state: Sandbox = app.state.sandbox
    return state


Connect = Callable[[Starlette, str], httpx.AsyncClient]


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Open clients of any app in process; they are closed after the test."""
    async with AsyncExitStack() as stack:

        def opened(app: Starlette, key: str = "") -> httpx.AsyncClient:
            client = httpx.AsyncClient(
                transport=httpx.ASGITransport(app=app),
                base_url="https://api.fullstory.com",
                headers={"Authorization": f"Basic {key}"} if key else {},
            )
            stack.push_async_callback(client.aclose)
            return client

        yield opened


@pytest.fixture
def admin(app: Starlette, connect: Connect) -> httpx.AsyncClient:
    """Connect with the Admin key."""
    return connect(app, "na1.sandbox-admin")


@pytest.fixture
def architect(app: Starlette, connect: Connect) -> httpx.AsyncClient:
    """Connect with the Architect key."""
    return connect(app, "na1.sandbox-architect")


@pytest.fixture
def standard(app: Starlette, connect: Connect) -> httpx.AsyncClient:
    """Connect with the Standard key."""
    return connect(app, "na1.sandbox-standard")


@pytest.fixture
def anonymous(app: Starlette, connect: Connect) -> httpx.AsyncClient:
    """Connect without a key."""
    return connect(app, "")
