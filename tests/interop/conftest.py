"""Node, the packages that hold other people's clients, and one HTTP door for all of them."""

import json
from collections.abc import Iterator

import pytest

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
