"""The official conformance suite's `authorization` command against a running server."""

import json
from pathlib import Path

import httpx2 as httpx
import pytest

from interop.authorizing import Hosted, Person, accompanied, free_port
from interop.programs import Node
from interop.test_conformance import SUITE
from server.doors import STARTS_IN

pytestmark = pytest.mark.anyio

CHECKS = {
    "authorization-server-metadata",
    "authorization-server-metadata-cimd",
    "authorization-code-grant",
}


async def test_authorization_suite_passes_without_a_warning(
    node: Node, hosted: Hosted, tmp_path: Path
) -> None:
    """Every check succeeds: the metadata, and a code for the client that is known beforehand."""
    command = node.command(
        *(SUITE, "authorization", "--url", hosted.served.url, "--client-id", "conformance"),
        *("--resource", hosted.served.mcp, "-p", str(free_port()), "-o", str(tmp_path)),
    )
    async with httpx.AsyncClient(timeout=STARTS_IN) as web:
        await accompanied(Person(web), command, node.environment)

    assert statuses(tmp_path) == [(name, "SUCCESS") for name in sorted(CHECKS)]


def statuses(folder: Path) -> list[tuple[str, str]]:
    """Every check that the suite wrote down, and what came of it."""
    return sorted(
        (check["id"], check["status"])
        for file in folder.rglob("checks.json")
        for check in json.loads(file.read_text())
    )
