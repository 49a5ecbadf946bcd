"""Which failures are repeated, how often and after what wait: the truth table, through the door.

Rows are ways to fail, columns the four retry policies, each shown by one tool that has it.
"""

import email.utils
from collections.abc import Callable
from typing import Any

import httpx2 as httpx
import pytest

from fullstory_mcp.catalogue import load_catalogue
from fullstory_mcp.sandbox import Fault
from support import Clock, connected

pytestmark = pytest.mark.anyio

TOOLS: dict[str, tuple[str, dict[str, Any]]] = {
    "read": ("get_quotas", {}),
    "metered": ("get_session_events", {"session_id": "1:2"}),
    "create": ("create_event", {"name": "Paid"}),
    "write": ("create_annotation", {"text": "Release"}),
}

HURRIED = {"timeouts": {name: {"try": 0.1, "total": 28} for name in ("call", "session", "summary")}}
"""The catalogue's timeouts, but for tries that would take real seconds."""

JITTER = 0.25
FIRST = Clock().time
IN_THREE_SECONDS = email.utils.formatdate(FIRST + 3, usegmt=True)
YESTERDAY = email.utils.formatdate(FIRST - 86_400, usegmt=True)

BACKOFF = (0.5, 1.0, 2.0)


def status(code: int, retry_after: str | None = None) -> Callable[[], Fault]:
    """A fault that answers a status for ever."""
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return lambda: Fault(path="/v2", status=code, headers=headers)


def broken(error: type[Exception]) -> Callable[[], Fault]:
    """A fault that ends every connection with `error`."""
    return lambda: Fault(path="/v2", drop=True, drop_error=error)


FAILURES: dict[str, Callable[[], Fault]] = {
    "429, wait 3": status(429, "3"),
    "429, wait until a date": status(429, IN_THREE_SECONDS),
    "429, until yesterday": status(429, YESTERDAY),
    "429, wait unsaid": status(429),
    "429, wait unreadable": status(429, "soon"),
    "429, wait 1 for ever": status(429, "1"),
    "429, wait 10": status(429, "10"),
    "429, wait 26": status(429, "26"),
    "429, wait an hour": status(429, "3600"),
    "500": status(500),
    "502": status(502),
    "503": status(503),
    "503, wait 2": status(503, "2"),
    "504": status(504),
    "connection breaks": broken(httpx.ReadError),
    "connection is closed": broken(httpx.RemoteProtocolError),
    "connection refused": broken(httpx.ConnectError),
    "connecting takes too long": broken(httpx.ConnectTimeout),
    "no answer in time": lambda: Fault(path="/v2", hang=True),
}

Waits = tuple[float, ...]
"""The waits asked of the clock; their number is one less than that of the tries."""

THEN = (3, 0, 0)
SAID_3, SAID_0, SAID_1, SAID_10, SAID_2 = (3,) * 3, (0,) * 3, (1,) * 3, (10, 10), (2,) * 3

EXPECTED: dict[str, dict[str, Waits]] = {
    "429, wait 3":               {"read": SAID_3, "metered": (3,), "create": SAID_3, "write": SAID_3},
    "429, wait until a date":    {"read": THEN, "metered": (3,), "create": THEN, "write": THEN},
    "429, until yesterday":      {"read": SAID_0, "metered": (0,), "create": SAID_0, "write": SAID_0},
    "429, wait unsaid":          {"read": BACKOFF, "metered": BACKOFF[:1], "create": BACKOFF, "write": BACKOFF},
    "429, wait unreadable":      {"read": BACKOFF, "metered": BACKOFF[:1], "create": BACKOFF, "write": BACKOFF},
    "429, wait 1 for ever":      {"read": SAID_1, "metered": (1,), "create": SAID_1, "write": SAID_1},
    "429, wait 10":              {"read": SAID_10, "metered": (10,), "create": SAID_10, "write": SAID_10},
    "429, wait 26":              {"read": (), "metered": (), "create": (), "write": ()},
    "429, wait an hour":         {"read": (), "metered": (), "create": (), "write": ()},
    "500":                       {"read": BACKOFF, "metered": BACKOFF[:1], "create": BACKOFF, "write": ()},
    "502":                       {"read": BACKOFF, "metered": BACKOFF[:1], "create": BACKOFF, "write": ()},
    "503":                       {"read": BACKOFF, "metered": BACKOFF[:1], "create": BACKOFF, "write": ()},
    "503, wait 2":               {"read": SAID_2, "metered": (2,), "create": SAID_2, "write": ()},
    "504":                       {"read": BACKOFF, "metered": BACKOFF[:1], "create": BACKOFF, "write": ()},
    "connection breaks":         {"read": BACKOFF, "metered": BACKOFF[:1], "create": BACKOFF, "write": ()},
    "connection is closed":      {"read": BACKOFF, "metered": BACKOFF[:1], "create": BACKOFF, "write": ()},
    "connection refused":        {"read": BACKOFF, "metered": BACKOFF[:1], "create": BACKOFF, "write": ()},
    "connecting takes too long": {"read": BACKOFF[:1], "metered": (), "create": BACKOFF[:1], "write": ()},
    "no answer in time":         {"read": BACKOFF[:1], "metered": (), "create": BACKOFF[:1], "write": ()},
}  # fmt: skip

CASES = [
    pytest.param(failure, policy, waits, id=f"{failure}, {policy}".replace(" ", "-"))
    for failure, row in EXPECTED.items()
    for policy, waits in row.items()
]


def test_table_has_a_row_for_every_failure_and_a_tool_for_every_policy() -> None:
    """No policy of the catalogue is left out, and each tool here has the policy it shows."""
    catalogue = load_catalogue()

    assert set(EXPECTED) == set(FAILURES)
    assert set(TOOLS) == set(catalogue.provider.retry["policies"])
    assert {
        policy: catalogue.tools[tool].endpoint.retry for policy, (tool, _) in TOOLS.items()
    } == {policy: policy for policy in TOOLS}


@pytest.mark.parametrize(("failure", "policy", "waits"), CASES)
async def test_lasting_failure_is_repeated_as_often_as_its_policy_says(
    failure: str, policy: str, waits: Waits
) -> None:
    """So many requests and no more, with the waits that the API asked for or a growing backoff."""
    tool, arguments = TOOLS[policy]
    hurried = HURRIED if failure == "no answer in time" else None
    async with connected(provider=hurried) as server:
        server.sandbox.faults.add(FAILURES[failure]())
        await server.error(tool, **arguments)
        sent, waited = server.sent(), server.clock.waits

    asked = "429, wait" in failure or "until" in failure or failure == "503, wait 2"
    spread = 0 if asked and waits not in (BACKOFF, BACKOFF[:1]) else JITTER
    assert len(sent) == len(waits) + 1
    assert len(waited) == len(waits)
    for wait, expected in zip(waited, waits, strict=True):
        assert expected * (1 - spread) <= wait <= expected * (1 + spread)


@pytest.mark.parametrize("policy", TOOLS)
@pytest.mark.parametrize("failure", ["429, wait 1 for ever", "429, wait 10", "500"])
async def test_waiting_never_passes_25_seconds_in_all(failure: str, policy: str) -> None:
    """However often the API asks to wait, a caller is answered in time."""
    tool, arguments = TOOLS[policy]
    async with connected() as server:
        server.sandbox.faults.add(FAILURES[failure]())
        await server.error(tool, **arguments)

        assert sum(server.clock.waits) <= 25


@pytest.mark.parametrize("policy", TOOLS)
async def test_limit_that_passes_is_waited_out_for_every_policy(policy: str) -> None:
    """A 429 says that nothing was done, so even a write is repeated after it."""
    tool, arguments = TOOLS[policy]
    async with connected() as server:
        server.sandbox.faults.add(
            Fault(path="/v2", status=429, headers={"Retry-After": "2"}, times=1)
        )
        text = await server.text(tool, **arguments)

    assert server.clock.waits == [2]
    assert len(server.sent()) == 2
    assert "429" not in text


async def test_same_write_after_a_limit_is_done_once() -> None:
    """The repeated annotation is the only one there is."""
    async with connected() as server:
        server.sandbox.faults.add(Fault(path="/v2", status=429, times=3))
        await server.data("create_annotation", text="Release")

        assert len(server.sandbox.annotations) == 1


async def test_waits_without_advice_differ_from_each_other() -> None:
    """Backoff is jittered, so that many clients do not come back at the same moment."""
    first_waits = set()
    for _ in range(8):
        async with connected() as server:
            server.sandbox.faults.add(Fault(path="/v2", status=503, times=1))
            await server.data("get_quotas")
            first_waits.update(server.clock.waits)

    assert len(first_waits) > 1
