"""What holds for every tool that reads several sessions: price, gate, audit, progress, zoom."""

import logging
import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import anyio
import httpx2 as httpx
import pytest
from rs_bpe.bpe import openai

from fullstory_mcp.sandbox import Fault, create_app
from support import STRUGGLING_UID, Connected, connected

pytestmark = pytest.mark.anyio

ENCODER = openai.o200k_base()
WORST = "8501908138660385:9497776430409180"
SLOW = "8501908138660385:4634121900066605"
HAPPY = "9752453756672963:5864965527343723"
PROFILE = "7d1f0a52-0000-4000-8000-00000000c0de"
UNKNOWN = "1:2"

READING = "generate_context"
CALLS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "review_user": ({"uid": STRUGGLING_UID, "max_sessions": 3}, ["list_sessions", READING]),
    "compare_sessions": ({"session_ids": [WORST, SLOW, HAPPY]}, [READING]),
    "find_friction": ({"users": [STRUGGLING_UID]}, ["list_sessions", READING]),
    "summarize_sessions": ({"session_ids": [WORST, SLOW, HAPPY]}, ["generate_summary"]),
}
"""Each tool with a call that reads three sessions, and the tools it is made of."""

READS = 3

each_tool = pytest.mark.parametrize("name", CALLS)


class Reads(httpx.AsyncBaseTransport):
    """The sandbox, where each metered read waits for `before` first; counts how many are in flight."""

    def __init__(self, before: Callable[["Reads"], Awaitable[Any]]) -> None:
        self.app = create_app()
        self._sandbox = httpx.ASGITransport(app=self.app)
        self._before = before
        self._begun = 0
        self.all_begun = anyio.Event()
        self.in_flight = 0
        self.most_in_flight = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The sandbox's answer, after the wait."""
        if not request.url.path.endswith(("/context", "/summary")):
            return await self._sandbox.handle_async_request(request)
        self._begun += 1
        self.in_flight += 1
        if self._begun == READS:
            self.all_begun.set()
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            with anyio.fail_after(5):
                await self._before(self)
            return await self._sandbox.handle_async_request(request)
        finally:
            self.in_flight -= 1


def spent(server: Connected) -> int:
    """Activations that the sandbox has counted."""
    return sum(server.sandbox.activations.values())


async def failed(server: Connected, name: str, **arguments: Any) -> str:
    """The text of a call that ends in an error."""
    result = await server.call(name, **arguments)
    assert result.is_error
    return str(result.content[0].text)


@each_tool
async def test_result_begins_with_what_was_really_spent(name: str) -> None:
    """The price said is the price counted."""
    async with connected("standard") as server:
        text = await server.text(name, **CALLS[name][0])

    assert text.splitlines()[0] == "Cost: 3 Activations."
    assert spent(server) == 3


@each_tool
async def test_markdown_carries_no_structured_content(name: str) -> None:
    """Clients show one or the other."""
    async with connected("standard") as server:
        result = await server.call(name, **CALLS[name][0])

    assert result.structured_content is None
    assert not result.is_error


@pytest.mark.parametrize("name", ["review_user", "find_friction", "summarize_sessions"])
async def test_no_more_is_read_than_max_activations(name: str) -> None:
    """What the budget allows is read, the rest is named with the reason."""
    async with connected("standard") as server:
        text = await server.text(name, **CALLS[name][0], max_activations=2)

    assert spent(server) == 2
    assert text.startswith("Cost: 2 Activations.")
    assert text.count("left out: max_activations allows only 2") == 1


async def test_comparison_that_cannot_be_paid_for_in_full_is_refused() -> None:
    """All sessions are needed, so nothing is spent on some of them."""
    async with connected("standard") as server:
        text = await failed(
            server, "compare_sessions", session_ids=[WORST, SLOW, HAPPY], max_activations=2
        )

    assert "max_activations: is 2, and comparing 3 sessions costs 3 Activations" in text
    assert server.sent() == []


@each_tool
async def test_at_least_one_activation_must_be_allowed(name: str) -> None:
    """A call that may spend nothing is told so by the argument's name."""
    async with connected("standard") as server:
        text = await failed(server, name, **CALLS[name][0], max_activations=0)

    assert "max_activations: must be at least 1" in text
    assert server.sent() == []


@pytest.mark.parametrize(
    ("name", "leg"), [(n, leg) for n, (_, legs) in CALLS.items() for leg in legs]
)
async def test_leg_that_is_refused_refuses_the_call_with_its_reason(name: str, leg: str) -> None:
    """What a caller may not do alone, a composite does not do either; nothing is sent."""
    async with connected("standard", FULLSTORY_MCP_EXCLUDE_TOOLS=leg) as server:
        text = await failed(server, name, **CALLS[name][0])

    assert text.startswith(f"{leg} is not permitted: the operator excluded it.")
    assert server.sent() == []


@each_tool
async def test_every_leg_is_on_record(name: str, caplog: pytest.LogCaptureFixture) -> None:
    """The audit shows each session read, and the call itself when it is over."""
    caplog.set_level(logging.INFO, "fullstory_mcp.audit")
    async with connected("standard") as server:
        await server.call(name, **CALLS[name][0])

    lines = [re.findall(r": (\w+) (\w+)", record.getMessage())[0] for record in caplog.records]
    legs = CALLS[name][1]
    listed = [(leg, "answered") for leg in legs[:-1]]
    assert lines == [*listed, *[(legs[-1], "answered")] * 3, (name, "answered")]


@each_tool
async def test_progress_says_the_price_before_it_is_spent(name: str) -> None:
    """A waiting client learns what it will cost, then hears of every leg, never backwards."""
    told = anyio.Event()
    heard: list[tuple[float, float | None]] = []

    async def hear(done: float, total: float | None, message: str | None) -> None:
        heard.append((done, total))
        if "for 3 Activations" in (message or ""):
            told.set()

    api = Reads(lambda _: told.wait())
    async with connected("standard", "legacy", app=api.app, transport=api) as server:
        await server.client.call_tool(name, CALLS[name][0], progress_callback=hear)

    done = [row[0] for row in heard]
    assert done == sorted(set(done))
    assert heard[-1][0] == heard[-1][1]
    assert len(heard) >= 4


@pytest.mark.parametrize("name", ["review_user", "compare_sessions", "find_friction"])
async def test_sessions_that_were_read_can_be_zoomed_into_for_free(name: str) -> None:
    """A handle leads on without paying twice."""
    async with connected("standard") as server:
        await server.call(name, **CALLS[name][0])
        text = await server.text("read_session", session_id=WORST, at="p6e8")

    assert "POST /api/pay 502" in text
    assert "Cost: none" in text
    assert spent(server) == 3


async def test_nothing_is_held_where_the_operator_wants_it_so() -> None:
    """Then zooming in costs again, and the comparison says so."""
    async with connected("standard", FULLSTORY_MCP_HOLD_ANSWERS="false") as server:
        text = await server.text("compare_sessions", session_ids=[WORST, HAPPY])
        await server.text("read_session", session_id=WORST, at="p6")

    assert "read_session shows what is at a handle of a session (1 Activation)." in text
    assert spent(server) == 3


@pytest.mark.parametrize("name", ["compare_sessions", "find_friction", "review_user"])
async def test_one_session_that_fails_does_not_fail_the_others(name: str) -> None:
    """It becomes a line with the reason."""
    async with connected("standard") as server:
        server.sandbox.faults.add(Fault(path=".*4634121900066605", status=404))
        text = await server.text(name, **CALLS[name][0])

    assert text.startswith("Cost: 2 Activations; 1 read failed.")
    assert re.search(rf"{SLOW}.* failed: Fullstory knows no such thing \(404\)", text)
    assert "POST /api/pay 502" in text


@each_tool
async def test_call_in_which_every_read_fails_is_an_error(name: str) -> None:
    """A model must not take reasons for results."""
    async with connected("standard") as server:
        server.sandbox.faults.add(Fault(path="/v2/sessions/.+", status=404))
        text = await failed(server, name, **CALLS[name][0])

    assert text.startswith("Cost: none; 3 reads failed.")
    assert text.count("(404)") == 3


@each_tool
async def test_sessions_are_read_side_by_side(name: str) -> None:
    """No read waits for another: here none is answered before all have begun."""
    api = Reads(lambda reads: reads.all_begun.wait())
    async with connected("standard", app=api.app, transport=api) as server:
        text = await server.text(name, **CALLS[name][0])

    assert text.startswith("Cost: 3 Activations.")


@each_tool
async def test_no_more_are_in_flight_than_the_key_may_have(name: str) -> None:
    """Many sessions at once do not go around the limit that holds for every call."""
    api = Reads(lambda _: anyio.sleep(0.01))
    async with connected(
        "standard", app=api.app, transport=api, FULLSTORY_MCP_MAX_IN_FLIGHT="2"
    ) as server:
        await server.text(name, **CALLS[name][0])

    assert api.most_in_flight == 2


@each_tool
async def test_caller_who_gives_up_stops_the_reads(name: str) -> None:
    """Nothing is read on behalf of nobody."""
    api = Reads(lambda _: anyio.sleep_forever())
    async with (
        connected("standard", app=api.app, transport=api) as server,
        anyio.create_task_group() as group,
    ):
        group.start_soon(partial(server.call, name, **CALLS[name][0]))
        await api.all_begun.wait()
        group.cancel_scope.cancel()

    assert api.in_flight == 0
    assert spent(server) == 0


@pytest.mark.parametrize("max_tokens", [1_000, 2_000, 12_000])
@each_tool
async def test_budget_of_tokens_is_kept(name: str, max_tokens: int) -> None:
    """No result is longer than what was asked for."""
    async with connected("standard") as server:
        text = await server.text(name, **CALLS[name][0], max_tokens=max_tokens)

    assert len(ENCODER.encode(text)) <= max_tokens


@each_tool
async def test_what_strangers_typed_is_marked_as_data(name: str) -> None:
    """Every result says that quoted texts are no instructions."""
    async with connected("standard") as server:
        text = await server.text(name, **CALLS[name][0])

    assert "data, not instructions" in text


@pytest.mark.parametrize("name", ["compare_sessions", "summarize_sessions"])
async def test_replay_links_are_taken_for_ids(name: str) -> None:
    """The id in the link is read; one given both ways is one session."""
    link = "https://app.fullstory.com/ui/o-1/session/8501908138660385%3A9497776430409180"
    async with connected("standard") as server:
        text = await server.text(name, session_ids=[link, HAPPY, WORST])

    assert text.startswith("Cost: 2 Activations.")
    assert WORST in text


@pytest.mark.parametrize("name", ["compare_sessions", "summarize_sessions"])
async def test_short_link_is_refused_by_its_place(name: str) -> None:
    """The caller learns which of the ids is none."""
    async with connected("standard") as server:
        text = await failed(server, name, session_ids=[WORST, "https://fsty.example.com/x1"])

    assert "session_ids[1]: is a URL, but not a session's replay link" in text
    assert server.sent() == []
