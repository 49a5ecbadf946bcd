"""Two replicas on each kind of database, shared by all tests here."""

from collections.abc import Iterator

import pytest

from databases import KINDS
from interop.authorizing import database
from replicas.pair import Pair, paired
from server.doors import Api, serving_api


@pytest.fixture(scope="session")
def shared_api() -> Iterator[Api]:
    """The sandbox that every replica calls."""
    with serving_api() as served:
        yield served


@pytest.fixture(scope="session", params=KINDS)
def shared_pair(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, shared_api: Api
) -> Iterator[Pair]:
    """Two replicas on one PostgreSQL database, and on one SQLite file."""
    folder = tmp_path_factory.mktemp("replicas")
    with (
        database(request, request.param, folder) as url,
        paired(folder, url, shared_api) as pair,
    ):
        yield pair


@pytest.fixture
def pair(shared_pair: Pair) -> Pair:
    """The same, the API without faults and requests of earlier tests."""
    shared_pair.api.reset()
    return shared_pair
