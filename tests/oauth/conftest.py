"""One replica without a door, before an internet of one good document or an issuer of tokens."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fullstory_mcp.oauth.external import ExternalTokens
from fullstory_mcp.oauth.model import Shared
from oauth.documented import URL, described
from oauth.issuer import ACCESS, EXTERNAL, Issuer
from oauth.outside import Outside, Page
from oauth.strangers import sharing
from support import Clock


@pytest.fixture
def outside() -> Outside:
    """An internet with one good document."""
    return Outside({URL: Page(described())})


@pytest.fixture
def clock() -> Clock:
    """The time of every replica."""
    return Clock()


@pytest.fixture
def shared(tmp_path: Path, outside: Outside, clock: Clock) -> Iterator[Shared]:
    """One replica."""
    with sharing(tmp_path, outside, clock=clock) as parts:
        yield parts


@pytest.fixture
def issuer() -> Issuer:
    """An authorization server with one RSA key."""
    return Issuer(Clock())


@pytest.fixture
def tokens(tmp_path: Path, issuer: Issuer) -> Iterator[ExternalTokens]:
    """The verifier of a replica that takes the issuer's tokens."""
    with sharing(tmp_path, issuer.outside, access=ACCESS, clock=issuer.clock, **EXTERNAL) as parts:
        yield ExternalTokens(parts)
