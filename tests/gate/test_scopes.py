"""Scopes narrow a key: what each set of them lists and lets through, at every level."""

from itertools import combinations

import pytest

from fullstory_mcp.catalogue import load_catalogue
from fullstory_mcp.principal import LEVELS, SCOPES, Level
from oauth.harness import ALL_SCOPES, Door, hosting, result_of

pytestmark = pytest.mark.anyio

SUBSETS = [chosen for size in (1, 2, 3) for chosen in combinations(SCOPES, size)]


def expected(level: Level, scopes: tuple[str, ...]) -> set[str]:
    """The tools of a level whose effect has its scope, read off the catalogue alone."""
    reach = LEVELS[: LEVELS.index(level) + 1]
    return {
        name
        for name, tool in load_catalogue().tools.items()
        if tool.gate.level in reach and f"fullstory:{tool.gate.effect}" in scopes
    }


async def listed(door: Door, token: str) -> set[str]:
    """The names in tools/list."""
    return {tool["name"] for tool in result_of(await door.mcp(token, "tools/list"))["tools"]}


@pytest.mark.parametrize("level", LEVELS)
async def test_a_list_holds_what_was_granted_of_what_the_key_may_do(level: Level) -> None:
    """For every set of granted scopes, and the rest refused, the list is exactly theirs."""
    async with hosting(FULLSTORY_MCP_CLIENT_CALLS_PER_MINUTE="0") as door:
        for scopes in SUBSETS:
            tokens = await door.connect(key=f"na1.sandbox-{level}", grant=" ".join(scopes))
            assert await listed(door, tokens["access_token"]) == expected(level, scopes)


@pytest.mark.parametrize("level", LEVELS)
async def test_a_scope_never_gives_what_the_level_does_not(level: Level) -> None:
    """With every scope granted the list is the level's own."""
    async with hosting() as door:
        tokens = await door.connect(key=f"na1.sandbox-{level}", grant=ALL_SCOPES)
        assert await listed(door, tokens["access_token"]) == expected(level, SCOPES)


async def test_the_access_explained_names_what_was_granted_and_what_would_help() -> None:
    """explain_access tells a connection's scopes, and for a missing one where it is allowed."""
    async with hosting() as door:
        token = (await door.connect(grant="fullstory:read"))["access_token"]
        answer = result_of(await door.call(token, "explain_access", tool="create_user"))
    told = answer["structuredContent"]
    assert told["connection"]["granted"] == ["fullstory:read"]
    assert told["connection"]["withheld"] == ["fullstory:delete", "fullstory:write"]
    assert "did not allow it" in told["why"]
    assert "consent page" in told["would_help"]
