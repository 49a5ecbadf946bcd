"""Fixtures for every test; what they are made of is in support.py."""

import os

import pytest
from hypothesis import HealthCheck, settings

from snapshotting import Snapshots

pytest_plugins = ["databases"]

# The same examples on every run and however busy the machine: a failure is repeatable.
settings.register_profile(
    "steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Lets a reviewed change of a snapshot be accepted."""
    parser.addoption("--update-snapshots", action="store_true", help="rewrite tests/snapshots")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Lets a skip fail the run in CI, which has everything that a test may need."""
    reporter = session.config.pluginmanager.getplugin("terminalreporter")
    if os.environ.get("CI") == "true" and (skipped := reporter.stats.get("skipped")):
        reporter.write_line(f"\n{len(skipped)} skipped, and nothing may be in CI", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def snapshots(request: pytest.FixtureRequest) -> Snapshots:
    """The texts kept in snapshots/."""
    return Snapshots(update=bool(request.config.getoption("--update-snapshots")))


@pytest.fixture
def anyio_backend() -> str:
    """Asynchronous tests run on asyncio, as the server does."""
    return "asyncio"


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own FULLSTORY_* variables must not reach a test."""
    for name in [name for name in os.environ if name.startswith("FULLSTORY_")]:
        monkeypatch.delenv(name)
