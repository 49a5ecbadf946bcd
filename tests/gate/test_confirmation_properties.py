"""No sequence of calls makes a change that is to be confirmed without a valid token for that call."""

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support import Connected, confirmation_in, connected

CALLS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("delete_user", {"uid": "cust-1042"}),
    ("delete_user", {"id": "cust-1042"}),
    ("delete_summary_profile", {"id": "cust-1042"}),
    ("delete_webhook_endpoint", {"id": "cust-1042"}),
    ("create_annotation", {"text": "cust-1042"}),
    ("update_webhook_endpoint", {"id": "cust-1042", "disabled": True}),
    ("create_user_import", {"requests": [{"uid": "cust-1042"}, {"uid": "cust-1043"}]}),
)
POLICY = """
version = 1
[presets.all]
areas = { users = "full", webhooks = "full", summary_profiles = "full", annotations = "full" }
[presets.all.confirm]
create_annotation = "always"
update_webhook_endpoint = "always"
create_user_import = 1
[[principals]]
door = "stdio"
preset = "all"
"""
HOLDS = 600

ask = st.tuples(st.just("ask"), st.sampled_from(CALLS))
redeem = st.tuples(
    st.just("redeem"), st.sampled_from(CALLS), st.integers(0, 5), st.sampled_from(["", "A", "cut"])
)
rehearse = st.tuples(st.just("rehearse"), st.sampled_from(CALLS))
wait = st.tuples(st.just("wait"), st.sampled_from([1, 250, 599, 601]))


@dataclass
class Model:
    """What must be true: each token given, the call it is for, its end, and whether it was used."""

    tokens: list[tuple[str, Any, float]] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    changed: int = 0

    def takes(self, call: Any, number: int, change: str, now: float) -> str:
        """The token to send; notes a change where it must be accepted."""
        if not self.tokens:
            return "no token yet"
        token, meant_for, until = self.tokens[number % len(self.tokens)]
        if change:
            return token[:-1] if change == "cut" else token + change
        if call == meant_for and now <= until and token not in self.used:
            self.used.add(token)
            self.changed += 1
        return token


async def play(policy: Path, steps: list[Any]) -> None:
    """Makes the calls and compares, after each, what was changed with what may have been."""
    async with connected(FULLSTORY_MCP_POLICY_FILE=str(policy)) as server:
        model = Model()
        for step in steps:
            await STEPS[step[0]](server, model, *step[1:])
            assert len(server.changes()) == model.changed


async def _ask(server: Connected, model: Model, call: Any) -> None:
    tool, arguments = call
    token = confirmation_in(await server.call(tool, **arguments))
    model.tokens.append((token, call, int(server.clock.time + HOLDS)))


async def _redeem(server: Connected, model: Model, call: Any, number: int, change: str) -> None:
    tool, arguments = call
    token = model.takes(call, number, change, server.clock.time)
    await server.call(tool, **arguments, confirmation=token)


async def _rehearse(server: Connected, _: Model, call: Any) -> None:
    tool, arguments = call
    await server.call(tool, **arguments, dry_run=True)


async def _wait(server: Connected, _: Model, seconds: float) -> None:
    server.clock.time += seconds


STEPS: dict[str, Any] = {
    "ask": _ask,
    "redeem": _redeem,
    "rehearse": _rehearse,
    "wait": _wait,
}


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A policy that confirms some writes."""
    path = tmp_path_factory.mktemp("policy") / "policy.toml"
    path.write_text(POLICY, encoding="utf-8")
    return path


@settings(max_examples=60)
@given(steps=st.lists(ask | redeem | redeem | rehearse | wait, max_size=14))
def test_nothing_is_changed_without_a_valid_token_for_that_call(
    policy: Path, steps: list[Any]
) -> None:
    """Whatever is asked, tried, redeemed, altered and waited for: one change for each valid token."""
    anyio.run(partial(play, policy, steps))
