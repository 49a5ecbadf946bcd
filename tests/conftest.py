"""Fixtures for every test; what they are made of is in support.py."""

import os

import pytest


@pytest.fixture
def anyio_backend() -> str:
    """Asynchronous tests run on asyncio, as the server does."""
    return "asyncio"


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own FULLSTORY_* variables must not reach a test."""
    for name in [name for name in os.environ if name.startswith("FULLSTORY_")]:
        monkeypatch.delenv(name)
