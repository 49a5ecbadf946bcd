"""The kill switch: whoever is frozen is out within five seconds, on every replica and whatever happens."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import anyio
import anyio.lowlevel
import pytest

from databases import away
from fullstory_mcp.access.freezes import UNKNOWN, Freezes, Load
from fullstory_mcp.errors import StorageUnavailable
from fullstory_mcp.principal import ApiKey, Principal
from fullstory_mcp.storage import Database, freezes
from support import Clock

pytestmark = pytest.mark.anyio

KEY = ApiKey("na1.c2VjcmV0LXNlY3JldC1zZWNyZXQ")
ANA = Principal(
    KEY,
    name="ana@example.com",
    door="oauth",
    owner="oidc:https://id.example.com#00u1",
    email="ana@example.com",
    client="Claude",
    client_id="https://claude.example.com/oauth/metadata",
    named_key="support",
    connection="c-4f1a",
)


class Switch:
    """A list of freezes that can be changed and taken away, and counts how often it is read."""

    def __init__(self) -> None:
        self.frozen: dict[str, str] = {}
        self.lost = False
        self.reads = 0

    async def load(self) -> Mapping[str, str]:
        """What a server reads."""
        self.reads += 1
        await anyio.lowlevel.checkpoint()
        if self.lost:
            raise StorageUnavailable("gone")
        return dict(self.frozen)


@pytest.fixture
def switch() -> Switch:
    """Nobody is frozen."""
    return Switch()


@pytest.fixture
def clock() -> Clock:
    """Seconds from anywhere."""
    return Clock(5.0)


@pytest.mark.parametrize(
    "who",
    [
        "*",
        "oauth",
        "oidc:https://id.example.com#00u1",
        "ana@example.com",
        "Ana@Example.COM",
        " ana@example.com ",
        KEY.fingerprint,
        "support",
        "c-4f1a",
        "https://claude.example.com/oauth/metadata",
        "claude.example.com",
    ],
)
async def test_every_name_of_a_caller_freezes_it(switch: Switch, clock: Clock, who: str) -> None:
    """Whichever of its names the operator has at hand."""
    switch.frozen[who] = "lost laptop"

    assert await Freezes(switch.load, clock).why(ANA) == "lost laptop"


@pytest.mark.parametrize(
    "who", ["ben@example.com", "@example.com", "example.com", "Claude", "", "stdio", "c-4f1"]
)
async def test_other_names_freeze_nobody(switch: Switch, clock: Clock, who: str) -> None:
    """No part of a name counts, nor the name that a client gave itself."""
    switch.frozen[who] = "lost laptop"

    assert not await Freezes(switch.load, clock).why(ANA)


async def test_address_that_nobody_vouches_for_freezes_too(switch: Switch, clock: Clock) -> None:
    """It can only take access away."""
    switch.frozen["ana@example.com"] = "lost laptop"
    unverified = replace(ANA, email="", name="Ana@example.com")

    assert await Freezes(switch.load, clock).why(unverified)


@pytest.mark.parametrize(
    ("why", "told"),
    [
        ("", "no reason is given"),
        (" lost\n laptop. ", "lost laptop"),
        ("x" * 1_000, "x" * 200),
    ],
)
async def test_reason_is_told_in_a_line(switch: Switch, clock: Clock, why: str, told: str) -> None:
    """Whatever stands in the file or table, it fits into a sentence."""
    switch.frozen["*"] = why

    assert await Freezes(switch.load, clock).why(ANA) == told


async def test_without_a_switch_nobody_is_frozen(clock: Clock) -> None:
    """A server that has neither a database nor a file has none."""
    assert not await Freezes(None, clock).why(ANA)


async def test_freeze_and_its_end_are_noticed_within_five_seconds(
    switch: Switch, clock: Clock
) -> None:
    """Also by a server that is asked all the time."""
    kill_switch = Freezes(switch.load, clock)
    assert not await kill_switch.why(ANA)
    switch.frozen["*"] = "an incident"
    clock.time += 2
    assert await kill_switch.why(ANA)
    switch.frozen.clear()
    clock.time += 2

    assert not await kill_switch.why(ANA)


async def test_list_is_read_once_for_all_callers(switch: Switch, clock: Clock) -> None:
    """However many calls come within two seconds, and at the same moment."""
    kill_switch = Freezes(switch.load, clock)
    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(kill_switch.why, ANA)
    clock.time += 1.9
    await kill_switch.why(ANA)

    assert switch.reads == 1


async def test_doubt_freezes_everybody_after_five_seconds(
    switch: Switch, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """A list that cannot be read may have named anybody; short trouble is let pass."""
    kill_switch = Freezes(switch.load, clock)
    await kill_switch.why(ANA)
    switch.lost = True
    clock.time += 5
    assert not await kill_switch.why(ANA)
    clock.time += 0.1
    assert await kill_switch.why(ANA) == UNKNOWN
    switch.lost = False
    clock.time += 2

    assert not await kill_switch.why(ANA)
    assert "Whose access is frozen could not be read: The database is not" in caplog.text


async def test_list_that_was_never_read_lets_nobody_in(switch: Switch, clock: Clock) -> None:
    """A server that starts without its database does not guess."""
    switch.lost = True

    assert await Freezes(switch.load, clock).why(ANA) == UNKNOWN


async def test_list_that_cannot_be_read_is_not_asked_for_by_every_call(
    switch: Switch, clock: Clock
) -> None:
    """Those who waited for one failed look do not look again, one after the other."""
    switch.lost = True
    kill_switch = Freezes(switch.load, clock)
    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(kill_switch.why, ANA)

    assert switch.reads == 1


async def test_database_tells_every_replica(database_url: str, clock: Clock) -> None:
    """What one freezes the other reads, and without the database it lets nobody in."""
    pair = (Database(database_url, 2), Database(database_url, 2))
    load: Load = partial(pair[0].read, freezes.reasons)
    kill_switch = Freezes(load, clock)
    before = await kill_switch.why(ANA)
    await pair[1].run(freezes.freeze, "ana@example.com", "first", 1)
    await pair[1].run(freezes.freeze, "ana@example.com", "lost laptop", 2)
    clock.time += 2
    frozen = await kill_switch.why(ANA)
    gone = [await pair[1].run(freezes.unfreeze, "ana@example.com") for _ in range(2)]
    clock.time += 2
    after = await kill_switch.why(ANA)
    with away(database_url):
        clock.time += 6
        lost = await kill_switch.why(ANA)
    for database in pair:
        database.close()

    assert (before, frozen, gone, after, lost) == ("", "lost laptop", [True, False], "", UNKNOWN)
