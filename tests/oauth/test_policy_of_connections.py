"""A policy over connections: it wins over scopes, knows people by what was proved, and counts over clients."""

import json
from pathlib import Path

import pytest

from oauth.harness import hosting, result_of

pytestmark = pytest.mark.anyio

POLICY = """
version = 1
[presets.reading]
areas = {{ sessions = "read", organization = "read", annotations = "{annotations}" }}
budgets = {{ day = {{ calls = 2 }} }}
[[principals]]
{row}
preset = "reading"
"""


def policy(folder: Path, row: str = 'door = "oauth"', annotations: str = "off") -> dict[str, str]:
    """Settings with a policy of one row."""
    path = folder / "policy.toml"
    path.write_text(POLICY.format(row=row, annotations=annotations), encoding="utf-8")
    return {"FULLSTORY_MCP_POLICY_FILE": str(path)}


def told(answer: object) -> str:
    """The text of a tool's answer."""
    return str(result_of(answer)["content"][0]["text"])  # type: ignore[arg-type] # an answer


@pytest.mark.parametrize(("annotations", "status"), [("off", 200), ("read", 200), ("full", 403)])
async def test_nobody_is_sent_to_consent_to_what_the_policy_refuses(
    tmp_path: Path, annotations: str, status: int
) -> None:
    """A step-up is asked for only where it helps; else the call itself says who refused."""
    async with hosting(**policy(tmp_path, annotations=annotations)) as door:
        token = (await door.connect(grant="fullstory:read"))["access_token"]
        answer = await door.call(token, "create_annotation", text="x")

    assert answer.status_code == status
    if status == 200:
        assert "the policy" in told(answer)
    else:
        assert "insufficient_scope" in answer.headers["www-authenticate"]


async def test_budget_is_the_persons_over_all_clients_and_connections(
    tmp_path: Path, database_url: str
) -> None:
    """Connecting once more, with another client, does not begin anew."""
    async with hosting(database_url, **policy(tmp_path)) as door:
        tokens = [(await door.connect())["access_token"] for _ in range(3)]
        answers = [await door.call(token, "get_me") for token in tokens]

    errors = [bool(result_of(answer).get("isError")) for answer in answers]
    assert errors == [False, False, True]
    assert "budget" in told(answers[2])


async def test_person_who_pasted_a_key_is_nobody_that_a_row_could_name_by_address(
    tmp_path: Path,
) -> None:
    """A policy for addresses serves nothing to whom no sign-in vouches for."""
    async with hosting(**policy(tmp_path, row='person = "*@example.com"')) as door:
        token = (await door.connect())["access_token"]
        listed = result_of(await door.mcp(token, "tools/list"))
        refused = told(await door.call(token, "get_me"))

    assert listed["tools"] == []
    assert "the operator's policy does not know this caller" in refused


async def test_refused_scope_is_in_the_audit_as_any_other_refusal(tmp_path: Path) -> None:
    """What never reached the way of calls was decided all the same, and is written down twice."""
    audit = tmp_path / "audit.jsonl"
    async with hosting(FULLSTORY_MCP_AUDIT_FILE=str(audit)) as door:
        token = (await door.connect(grant="fullstory:read"))["access_token"]
        answer = await door.call(token, "create_annotation", text="Release of Nora")

    assert answer.status_code == 403
    decided, ended = (json.loads(line) for line in audit.read_text().splitlines())
    assert (decided["kind"], decided["decision"]) == ("decided", "refused")
    assert decided["rule"] == "scope fullstory:write"
    assert (ended["kind"], ended["outcome"]) == ("ended", "refused")
    assert decided["tool"] == ended["tool"] == "create_annotation"
    assert "Nora" not in audit.read_text()


async def test_nothing_of_the_database_stays_open(tmp_path: Path, database_url: str) -> None:
    """What is written last, of the audit and of calls, does not leave a connection behind."""
    async with hosting(database_url, **policy(tmp_path)) as door:
        token = (await door.connect())["access_token"]
        await door.call(token, "get_me")
        pool = door.shared.database.engine.pool

    assert door.shared.database.engine.pool is not pool, "the pool was not let go"
    assert door.shared.database.engine.pool.checkedin() == 0
