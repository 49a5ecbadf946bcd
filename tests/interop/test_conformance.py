"""The official conformance suite against `fullstory-mcp serve --sandbox`, for both eras.

Most of its scenarios call fixture tools by name (test_simple_text, ...) that a product does not
have. The tables below hold every scenario to one of three lists, so that a new one, or one that
begins to fail or to pass, is noticed.
"""

import json
import re
import subprocess
from pathlib import Path

import pytest

from interop.programs import ENOUGH, Node
from server.doors import LEGACY, MODERN, Served

SUITE = "node_modules/@modelcontextprotocol/conformance/dist/index.js"

MUST_PASS = {
    MODERN: {
        "tools-list",
        "prompts-list",
        "resources-list",
        "caching",
        "server-sse-multiple-streams",
        "sep-2164-resource-not-found",
        "dns-rebinding-protection",
        "http-header-validation",
        "input-required-result-missing-input-response",
        "input-required-result-unsupported-methods",
        "input-required-result-ignore-extra-params",
        "input-required-result-validate-input",
    },
    LEGACY: {
        "server-initialize",
        "ping",
        "tools-list",
        "prompts-list",
        "resources-list",
        "dns-rebinding-protection",
    },
}
"""Scenarios that need no fixture: every check of theirs must pass."""

MUST_FAIL_ONLY = {
    (MODERN, "server-stateless"): {
        # Diagnostic tools: test_missing_capability, test_streaming_elicitation, test_logging_tool.
        "sep-2575-server-rejects-undeclared-capability",
        "sep-2575-missing-capability-http-400",
        "sep-2575-http-server-no-independent-requests-on-stream",
        "sep-2575-server-no-log-without-loglevel",
    },
}
"""Scenarios that need a fixture for a few checks: all their other checks must pass."""

NOT_OURS = {
    r"tools-call-.*": "calls fixture tools, some for sampling and logging, which are deprecated",
    r"json-schema-2020-12|http-custom-header-server-validation": "reads fixture tools' schemas",
    r"elicitation-.*": "calls fixture tools that push questions: no sessions, so no pushing",
    r"resources-(read-.*|templates-read|(un)?subscribe)": "reads fixture resources; sessions do "
    "not tell that they changed",
    r"prompts-get-.*|completion-complete": "gets fixture prompts and completes their arguments",
    r"logging-set-level": "logging is deprecated; nothing is logged to clients",
    r"input-required-result-.*": "calls fixture tools that ask; tests/server/test_confirmation.py "
    "holds our own question to the same rules",
    r"tasks-.*": "an extension that the SDK does not have; jobs are ids in ordinary arguments",
    r"server-session-lifecycle|server-sse-polling|server-sse-multiple-streams": "needs sessions, "
    "and every request stands alone here (the last one: in the older era)",
}
"""Scenarios that a product of this kind cannot pass, or that find nothing to check, and why."""


@pytest.fixture(scope="session")
def failed(
    node: Node, sandboxed: Served, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, set[str]]]:
    """Era -> scenario -> the checks that failed; both eras are run at once, they wait a lot."""
    folders = {era: tmp_path_factory.mktemp(era) for era in (MODERN, LEGACY)}
    running = [
        subprocess.Popen(
            node.command(
                SUITE, "server", "--url", sandboxed.mcp, "--requirements", era, "-o", str(folder)
            ),
            env=node.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for era, folder in folders.items()
    ]
    try:
        for process in running:
            process.wait(ENOUGH)
    finally:
        for process in running:
            process.kill()
    return {era: _failures(folder) for era, folder in folders.items()}


def _failures(folder: Path) -> dict[str, set[str]]:
    """What each scenario's checks.json says; its folder is `server-<scenario>-<time>`."""
    return {
        re.sub(r"^server-(.*?)-\d{4}-\d\d-\d\dT.*$", r"\1", path.parent.name): {
            check["id"] for check in json.loads(path.read_text()) if check["status"] == "FAILURE"
        }
        for path in folder.glob("*/checks.json")
    }


@pytest.mark.parametrize(
    ("era", "scenario"), [(era, name) for era, names in MUST_PASS.items() for name in sorted(names)]
)
def test_a_scenario_without_fixtures_passes(
    failed: dict[str, dict[str, set[str]]], era: str, scenario: str
) -> None:
    """Every check of it."""
    assert failed[era][scenario] == set()


@pytest.mark.parametrize(("era", "scenario"), MUST_FAIL_ONLY)
def test_a_scenario_with_some_fixtures_fails_for_them_alone(
    failed: dict[str, dict[str, set[str]]], era: str, scenario: str
) -> None:
    """What does not need the fixture passes."""
    assert failed[era][scenario] == MUST_FAIL_ONLY[era, scenario]


@pytest.mark.parametrize("era", [MODERN, LEGACY])
def test_every_other_scenario_is_known_not_to_be_ours(
    failed: dict[str, dict[str, set[str]]], era: str
) -> None:
    """A new scenario must be put on one of the lists."""
    held = MUST_PASS[era] | {name for of, name in MUST_FAIL_ONLY if of == era}
    unknown = [
        name
        for name in failed[era].keys() - held
        if not any(re.fullmatch(pattern, name) for pattern in NOT_OURS)
    ]

    assert unknown == []
