"""The level of a key: what `GET /me` says, how long that is believed, and what doubt means."""

from typing import Any

import anyio
import httpx2 as httpx
import pytest

from fullstory_mcp.catalogue import load_catalogue
from fullstory_mcp.sandbox import Fault
from support import Connected, connected
from transports import KEY, Api, Reply

pytestmark = pytest.mark.anyio

IDENTITY = load_catalogue().provider.identity


async def level_of(server: Connected) -> tuple[str, str]:
    """The level that counts, and how it is known."""
    key = (await server.data("explain_access", tool="get_me"))["key"]
    return key["level"], key["known_by"]


def asked(server: Connected) -> int:
    """How often the sandbox was asked for the role."""
    return sum(request.path == "/me" for request in server.sandbox.requests)


@pytest.mark.parametrize(
    ("role", "level", "known_by"),
    [
        ("USER", "standard", "its role is USER"),
        ("ARCHITECT", "architect", "its role is ARCHITECT"),
        ("ADMIN", "admin", "its role is ADMIN"),
        ("VIEW_ONLY", "standard", "the role VIEW_ONLY is none that grants more"),
        ("UMBRELLA_MANAGER", "standard", "the role UMBRELLA_MANAGER is none that grants more"),
        ("UNKNOWN", "standard", "the role UNKNOWN is none that grants more"),
        ("admin", "standard", "the role admin is none that grants more"),
        ("", "standard", "the role it has is none that grants more"),
    ],
)
async def test_only_the_three_documented_roles_grant_anything(
    role: str, level: str, known_by: str
) -> None:
    """A role that the vendor does not document counts as Standard, the least."""
    async with connected(transport=Api(role=role), FULLSTORY_API_KEY=KEY) as server:
        assert await level_of(server) == (level, known_by)


@pytest.mark.parametrize(
    ("fault", "known_by"),
    [
        (Fault(status=401), "Fullstory does not accept the key"),
        (Fault(status=403), "Fullstory did not say its role"),
        (Fault(status=429, headers={"Retry-After": "1"}), "Fullstory did not say its role"),
        (Fault(status=500), "Fullstory did not say its role"),
        (Fault(body=b"<html>welcome</html>"), "Fullstory did not say its role"),
        (Fault(body=b'["ADMIN"]'), "Fullstory did not say its role"),
        (Fault(body=b'{"role": ["ADMIN"]}'), "Fullstory did not say its role"),
        (Fault(body=b""), "Fullstory did not say its role"),
        (Fault(truncate=True), "Fullstory did not say its role"),
        (Fault(drop=True, drop_error=httpx.ReadError), "Fullstory did not say its role"),
        (Fault(drop=True, drop_error=httpx.ConnectError), "Fullstory did not say its role"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_key_whose_role_is_not_told_counts_as_standard(fault: Fault, known_by: str) -> None:
    """Doubt means the least: an Admin key is Standard as long as the API does not say more."""
    fault.path = "/me"
    async with connected("admin") as server:
        server.sandbox.faults.add(fault)

        assert await level_of(server) == ("standard", known_by)
        assert asked(server) == 1, "one try, not repeated"


async def test_api_that_hangs_is_given_up_and_the_key_counts_as_standard() -> None:
    """The question after the role has its own short time, and its silence denies."""
    hurried = {"identity": {**IDENTITY, "seconds": 0.05}}
    async with connected("admin", provider=hurried) as server:
        server.sandbox.faults.add(Fault(path="/me", hang=True))
        with anyio.fail_after(2):
            assert await level_of(server) == ("standard", "Fullstory did not say its role")


def test_role_is_asked_in_one_try_of_three_seconds() -> None:
    """A slow answer must not hold up a client that only lists tools."""
    assert (IDENTITY["path"], IDENTITY["seconds"]) == ("/me", 3)


async def test_level_is_remembered_for_five_minutes() -> None:
    """The role is asked once, and again when it is five minutes old."""
    async with connected() as server:
        for seconds, times_asked in ((0, 1), (299, 1), (2, 2), (299, 2)):
            server.clock.time += seconds
            await server.names()
            await server.call("get_quotas")

            assert asked(server) == times_asked


async def test_missing_answer_is_remembered_only_half_a_minute() -> None:
    """A hiccup of the API heals by itself, without a restart."""
    async with connected("admin") as server:
        server.sandbox.faults.add(Fault(path="/me", status=503, times=1))
        assert (await level_of(server))[0] == "standard"
        server.clock.time += 29
        assert (await level_of(server))[0] == "standard"
        server.clock.time += 2
        assert (await level_of(server))[0] == "admin"


async def test_twenty_calls_at_once_ask_for_the_role_once() -> None:
    """Calls that begin together share one question and its answer."""
    async with connected() as server:
        server.sandbox.faults.add(Fault(path="/me", delay=0.02))
        async with anyio.create_task_group() as calls:
            for _ in range(20):
                calls.start_soon(server.data, "get_quotas")

        assert asked(server) == 1
        assert len(server.sent()) == 20


@pytest.mark.parametrize("fixed", ["standard", "architect", "admin"])
async def test_fixed_level_is_believed_and_the_api_never_asked(fixed: str) -> None:
    """FULLSTORY_KEY_LEVEL overrides whatever the key's role is."""
    async with connected("architect", FULLSTORY_KEY_LEVEL=fixed) as server:
        assert await level_of(server) == (fixed, "set by FULLSTORY_KEY_LEVEL")
        await server.names()
        await server.error("get_user", id="5721348069376000")

        assert asked(server) == 0


class Demoted(Api):
    """An API whose key has just lost its level: the role is read anew, everything else is 403."""

    def __init__(self) -> None:
        super().__init__(Reply('{"message": "insufficient permissions"}', 403), role="ADMIN")

    def demote(self, role: str) -> None:
        """From now on the key has another role."""
        self._me = f'{{"role": "{role}"}}'


async def test_level_is_read_again_after_a_403() -> None:
    """A key that lost its level is noticed at the first refusal, and the list follows."""
    api = Demoted()
    async with connected(transport=api, FULLSTORY_API_KEY=KEY) as server:
        before = await server.names()
        api.demote("USER")
        await server.error("get_user", id="1")
        after = await server.names()

    assert "get_user" in before
    assert "get_user" not in after
    assert len(api.asked_for_role) == 2


async def test_level_is_read_again_at_most_once_a_minute() -> None:
    """A feature that is switched off answers 403 for ever; the role is not asked each time."""
    api = Demoted()
    async with connected(transport=api, FULLSTORY_API_KEY=KEY) as server:
        counts = []
        for seconds in (0, 1, 58, 2, 1):
            server.clock.time += seconds
            await server.error("get_user", id="1")
            counts.append(len(api.asked_for_role))

    assert counts == [2, 2, 2, 3, 3]


async def test_403_says_what_the_key_would_need_and_who_tells_its_level() -> None:
    """The API's refusal is passed on with the two causes it can have."""
    async with connected(transport=Demoted(), FULLSTORY_API_KEY=KEY) as server:
        text = await server.error("get_user", id="1")

    assert text == (
        "The API key may not do this (403): “insufficient permissions”. It needs a higher permission "
        "level, or the feature is not switched on for the account; explain_access tells the key's level."
    )


@pytest.mark.parametrize("settings", [{}, {"FULLSTORY_KEY_LEVEL": "admin"}], ids=["asked", "fixed"])
async def test_refused_key_is_told_as_such(settings: dict[str, Any]) -> None:
    """A 401 says that the key is at fault and who can mend it, and does not show the key."""
    async with connected(FULLSTORY_API_KEY=KEY, **settings) as server:
        text = await server.error("get_quotas")

    assert text == (
        "Fullstory does not accept the API key (401): “access is unauthorized”. The key is missing, "
        "wrong or revoked: whoever runs this server must set a valid one."
    )
