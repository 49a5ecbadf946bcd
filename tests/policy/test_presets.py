"""The presets that `policy init` copies: what each gives, and that no upgrade gives more."""

import dataclasses
from pathlib import Path

import pytest

from checkout import ROOT
from fullstory_mcp.cli.policy import PRESETS
from fullstory_mcp.cli.policy.making import text_of
from fullstory_mcp.policy import Rules
from fullstory_mcp.policy.file import PolicyFile
from fullstory_mcp.policy.newer import NEWER
from fullstory_mcp.policy.reading import checked
from fullstory_mcp.policy.telling import told
from policy.pages import CATALOGUE, STDIO, caller
from snapshotting import Snapshots

SHIPPED, FAULTS = checked(text_of(), CATALOGUE)
TOOLS = CATALOGUE.tools.values()


def allowed(rules: Rules, effect: str = "") -> set[str]:
    """The tools that a preset gives, or those with an effect."""
    return {t.name for t in TOOLS if rules.allows(t) and effect in ("", t.gate.effect)}


def test_they_are_sound_and_have_their_names() -> None:
    """And nobody has one of them before the operator says so."""
    assert FAULTS == []
    assert tuple(SHIPPED.presets) == PRESETS
    assert SHIPPED.rows == ()


def test_what_each_gives_is_reviewed(snapshots: Snapshots) -> None:
    """Tool by tool, with its limits, confirmations and budgets."""
    parts = [
        f"## {rules.name}\n" + "".join(f"{name}\n" for name in sorted(allowed(rules)))
        + "".join(f"- {line}\n" for _, line in told(rules))
        for rules in SHIPPED.presets.values()
    ]  # fmt: skip
    snapshots.check("policy_presets.md", "\n".join(parts))


def test_they_keep_their_word() -> None:
    """Support changes nothing, ingest reads nobody, and only admin touches webhooks."""
    presets = SHIPPED.presets

    assert allowed(presets["support"], "write") | allowed(presets["support"], "delete") == set()
    assert not {"get_user", "list_users", "list_sessions"} & allowed(presets["ingest"])
    assert allowed(presets["ingest"], "delete") == set()
    assert allowed(presets["admin"]) == set(CATALOGUE.tools)
    webhooks = {tool.name for tool in TOOLS if tool.area == "webhooks"}
    assert [name for name, rules in presets.items() if allowed(rules) & webhooks] == ["admin"]


@pytest.mark.parametrize("name", PRESETS)
def test_what_cannot_be_taken_back_is_confirmed(name: str) -> None:
    """Where webhooks go, annotations, and batches of over 100 rows, in every preset that gives them."""
    rules = SHIPPED.presets[name]
    asked = {
        "create_webhook_endpoint": 0,
        "update_webhook_endpoint": 0,
        "create_annotation": 0,
        "create_user_import": 100,
        "create_event_import": 100,
    }

    assert rules.confirm == {tool: over for tool, over in asked.items() if tool in allowed(rules)}


def test_a_tool_of_a_later_version_is_off_until_the_file_says_otherwise() -> None:
    """Whatever its area is given; naming the tool or the version gives it."""
    text = text_of(("admin",))
    later = dataclasses.replace(CATALOGUE.tools["get_user"], name="get_user_twice")
    catalogue = dataclasses.replace(CATALOGUE, tools={**CATALOGUE.tools, later.name: later})

    def gives(text: str) -> bool:
        policy, faults = checked(text, catalogue, {later.name: "0.10.0"})
        assert faults == []
        return policy.presets["admin"].allows(later)

    assert not gives(text)
    assert gives(text.replace('as_of = "0.1.0"', 'as_of = "0.10.0"'))
    assert gives(text.replace('as_of = "0.1.0"', ""))
    assert gives(text.replace("[presets.admin]", '[presets.admin]\ntools.get_user_twice = "read"'))


def test_every_tool_that_came_later_says_with_which_version(snapshots: Snapshots) -> None:
    """Add a new tool to policy/newer.py, not to this list: it is of the first version with policies."""
    first = [name for name in sorted(CATALOGUE.tools) if name not in NEWER]

    snapshots.check("policy_first_tools.txt", "\n".join(first) + "\n")
    assert set(NEWER) <= set(CATALOGUE.tools)


def test_the_example_has_the_presets_and_a_row_for_each_kind_of_caller() -> None:
    """It can be used as it stands."""
    path = ROOT / "deploy" / "policy.example.toml"
    presets, _, _ = text_of().partition("# Who has which preset")
    file = PolicyFile(Path(path), CATALOGUE)
    callers = (
        caller(client_id="https://claude.ai/c.json"),
        caller(groups=("fullstory-admins",), client_id="fsmcp_client_1"),
        caller(named_key="pipeline", email="", client_id=""),
        caller(email="bo@example.com"),
        STDIO,
    )
    given = [ruling.by.split(",")[0] for who in callers if (ruling := file.ruling(who))]

    assert path.read_text(encoding="utf-8").startswith(presets)
    assert given == [f"preset {n}" for n in ("analyst", "admin", "ingest", "support", "analyst")]
