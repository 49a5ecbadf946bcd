"""Principal × tool × level × scope × policy: list and call agree everywhere, and say why in reviewed words.

Every tool is called with an argument that no tool has: the gate comes before the arguments, so the
answer tells which of the two refused, and nothing is ever sent.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from fullstory_mcp.catalogue import load_catalogue
from fullstory_mcp.errors import InvalidArguments, NotPermitted
from fullstory_mcp.pipeline import Call
from fullstory_mcp.principal import LEVELS, SCOPES, ApiKey, Level, Principal
from fullstory_mcp.wiring import Parts
from snapshotting import Snapshots
from support import connected

pytestmark = pytest.mark.anyio

TOOLS = load_catalogue().tools

POLICIES = {
    "no policy": None,
    "nobody": """
        version = 1
        [presets.support]
        areas = { sessions = "read" }
        [[principals]]
        person = "somebody.else@example.com"
        preset = "support"
    """,
    "support": """
        version = 1
        [presets.support]
        areas = { sessions = "read", users = "read" }
        tools = { generate_summary = "off", create_annotation = "full" }
        [[principals]]
        door = "stdio"
        preset = "support"
        [[principals]]
        person = "*@example.com"
        preset = "support"
    """,
    "by client and key": """
        version = 1
        [presets.everything]
        areas = { sessions = "full", users = "full", webhooks = "full", exports = "read" }
        [presets.reading]
        areas = { sessions = "read", users = "read" }
        tools = { get_user = "off" }
        [[principals]]
        person = "ana@example.com"
        client = "claude.example"
        preset = "everything"
        [[principals]]
        key = "robots"
        preset = "reading"
        [[principals]]
        door = "stdio"
        preset = "everything"
    """,
}

KEY = {level: ApiKey(f"na1.sandbox-{level}") for level in LEVELS}


def ana(level: Level, *scopes: str) -> Principal:
    """Ana by OAuth, with Claude, granted these scopes."""
    return Principal(
        KEY[level],
        "Ana",
        "oauth",
        "oidc:https://id.example.com#1",
        email="ana@example.com",
        client="Claude",
        client_id="https://claude.example/client.json",
        connection="c-ana",
        scopes=frozenset(scopes),
    )


def callers(level: Level) -> dict[str, Principal]:
    """Who calls, each with a key of that level."""
    return {
        "stdio": Principal(KEY[level]),
        "Ana, all scopes": ana(level, *SCOPES),
        "Ana, to read": ana(level, "fullstory:read"),
        "Ana, to write": ana(level, "fullstory:write"),
        "Ana by another client": replace(
            ana(level, *SCOPES), client_id="https://other.example/c.json"
        ),
        "Ana, whom nobody vouches for": replace(
            ana(level, *SCOPES), email="", owner="key:1", name="ana@example.com"
        ),
        "a robot": replace(
            ana(level, *SCOPES), email="robot@example.org", named_key="robots", owner="oidc:x#9"
        ),
        "Ana, who withheld writing": replace(
            ana(level, "fullstory:read"), withheld=frozenset({"fullstory:write"})
        ),
    }


@pytest.fixture(params=POLICIES)
async def served(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Parts]:
    """A server under one of the policies; its name is in `settings.policy_file`."""
    settings = {}
    if text := POLICIES[request.param]:
        path = tmp_path / f"{request.param}.toml"
        path.write_text(text, encoding="utf-8")
        settings["FULLSTORY_MCP_POLICY_FILE"] = str(path)
    async with connected("admin", **settings) as server:
        yield server.parts
        assert server.sent() == []


async def reasons(parts: Parts, principal: Principal) -> dict[str, str]:
    """Why each tool is refused, "" where the gate lets it through."""
    told = {}
    for name in TOOLS:
        try:
            await parts.pipeline.call(Call(principal, name, {"no_such_argument": 1}))
        except NotPermitted as error:
            told[name] = str(error).removeprefix(f"{name} is not permitted: ")
        except InvalidArguments:
            told[name] = ""
    assert set(told) == set(TOOLS), "a call was answered by something else"
    return told


@pytest.mark.parametrize("level", LEVELS)
async def test_list_and_call_agree_for_every_principal_under_every_policy(
    served: Parts, level: Level
) -> None:
    """What is listed can be called, but for what only a scope is missing for; nothing else can."""
    for who, principal in callers(level).items():
        listed = {one.tool.name for one in await served.pipeline.listed(principal)}
        told = await reasons(served, principal)
        allowed = {name for name, why in told.items() if not why}
        asked_for = {
            name
            for name, why in told.items()
            if why.startswith("this connection was not granted") and "it was not asked for" in why
        }

        assert listed == allowed | asked_for, who


@pytest.mark.parametrize("level", LEVELS)
async def test_policy_only_narrows_what_level_and_scopes_allow(served: Parts, level: Level) -> None:
    """No policy opens a tool that the same caller would not have without one."""
    async with connected("admin") as without:
        for who, principal in callers(level).items():
            free = await reasons(without.parts, principal)
            told = await reasons(served, principal)

            opened = {name for name, why in told.items() if not why and free[name]}
            assert opened == set(), who


async def test_reasons_are_the_reviewed_ones(tmp_path: Path, snapshots: Snapshots) -> None:
    """Each refusal names what decided and what would help, in words that change only on purpose."""
    lines = []
    for policy, text in POLICIES.items():
        if text is None:
            continue
        path = tmp_path / "policy.toml"
        path.write_text(text, encoding="utf-8")
        async with connected("admin", FULLSTORY_MCP_POLICY_FILE=str(path)) as server:
            for who, principal in callers("architect").items():
                lines.append(f"policy “{policy}”, {who}")
                by_reason: dict[str, list[str]] = {}
                for name, why in (await reasons(server.parts, principal)).items():
                    by_reason.setdefault(why or "allowed", []).append(name)
                for why, names in sorted(by_reason.items()):
                    lines.append(f"    {why}\n        {', '.join(names)}")
    snapshots.check("policy_reasons.txt", "\n".join(lines) + "\n")
