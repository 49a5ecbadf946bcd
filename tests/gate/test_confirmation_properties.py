"""No sequence of calls deletes anything without a valid token for exactly that call."""

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st

from support import Connected, confirmation_in, connected

CALLS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("delete_user", {"uid": "cust-1042"}),
    ("delete_user", {"id": "cust-1042"}),
    ("delete_summary_profile", {"id": "cust-1042"}),
    ("delete_webhook_endpoint", {"id": "cust-1042"}),
)
HOLDS = 600

ask = st.tuples(st.just("ask"), st.sampled_from(CALLS))
redeem = st.tuples(
    st.just("redeem"), st.sampled_from(CALLS), st.integers(0, 5), st.sampled_from(["", "A", "cut"])
)
wait = st.tuples(st.just("wait"), st.sampled_from([1, 250, 599, 601]))


@dataclass
class Model:
    """What must be true: each token given, the call it is for, its end, and whether it was used."""

    tokens: list[tuple[str, Any, float]] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    deleted: int = 0

    def takes(self, call: Any, number: int, change: str, now: float) -> str:
        """The token to send; notes a deletion where it must be accepted."""
        if not self.tokens:
            return "no token yet"
        token, meant_for, until = self.tokens[number % len(self.tokens)]
        if change:
            return token[:-1] if change == "cut" else token + change
        if call == meant_for and now <= until and token not in self.used:
            self.used.add(token)
            self.deleted += 1
        return token


async def play(steps: list[Any]) -> None:
    """Makes the calls and compares, after each, what was deleted with what may have been."""
    async with connected() as server:
        model = Model()
        for step in steps:
            await STEPS[step[0]](server, model, *step[1:])
            deletes = [row for row in server.sent() if row.startswith("DELETE")]
            assert len(deletes) == model.deleted


async def _ask(server: Connected, model: Model, call: Any) -> None:
    tool, arguments = call
    token = confirmation_in(await server.call(tool, **arguments))
    model.tokens.append((token, call, int(server.clock.time + HOLDS)))


async def _redeem(server: Connected, model: Model, call: Any, number: int, change: str) -> None:
    tool, arguments = call
    token = model.takes(call, number, change, server.clock.time)
    await server.call(tool, **arguments, confirmation=token)


async def _wait(server: Connected, _: Model, seconds: float) -> None:
    server.clock.time += seconds


STEPS: dict[str, Any] = {"ask": _ask, "redeem": _redeem, "wait": _wait}


@settings(max_examples=60)
@given(st.lists(ask | redeem | redeem | wait, max_size=14))
def test_nothing_is_deleted_without_a_valid_token_for_that_call(steps: list[Any]) -> None:
    """Whatever is asked, redeemed, altered and waited for: one DELETE for each valid token, no more."""
    anyio.run(partial(play, steps))
