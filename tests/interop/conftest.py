"""Node, the packages that hold other people's clients, and the HTTP doors for all of them."""

import json
from collections.abc import Iterator

import pytest

from databases import KINDS
from interop.authorizing import CLIENT_FILE, Documents, Hosted, database, hosting, serving_documents
from interop.programs import HERE, PACKAGES, Node
from server.doors import Served, environment, serving


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Node:
    """Node and its packages, where they are installed."""
    wanted = json.loads((HERE / "package.json").read_text())["dependencies"]
    missing = [name for name in wanted if not (PACKAGES / name / "package.json").exists()]
    if missing:
        pytest.skip(f"{', '.join(missing)} missing: run npm install --prefix tests/interop")
    return Node(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def sandboxed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """`fullstory-mcp serve --sandbox`, as anybody can start it."""
    command = ("-m", "fullstory_mcp", "serve", "--sandbox", "--port", "0")
    with serving(tmp_path_factory.mktemp("sandboxed"), environment(), *command) as served:
        yield served


@pytest.fixture(scope="session")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Documents]:
    """The host of client ID metadata documents."""
    with serving_documents(tmp_path_factory.mktemp("documents")) as served:
        yield served


@pytest.fixture(scope="session", params=KINDS)
def hosted(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, documents: Documents
) -> Iterator[Hosted]:
    """A server for many on each kind of database, which believes `documents`."""
    folder = tmp_path_factory.mktemp("hosted")
    access = folder / "access.toml"
    access.write_text(CLIENT_FILE)
    given = {**documents.settings, "FULLSTORY_MCP_ACCESS_FILE": str(access)}
    with (
        database(request, request.param, folder) as url,
        hosting(folder, url, **given) as served,
    ):
        yield Hosted(served, url)
