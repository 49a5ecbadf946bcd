"""Confirmations across processes and keys: what FULLSTORY_MCP_SECRET_KEYS share, and what they do not."""

import base64

import pytest
from starlette.applications import Starlette

from fullstory_mcp.sandbox import create_app
from support import confirmation_in, connected

pytestmark = pytest.mark.anyio


def ring(*numbers: int) -> str:
    """A setting of sealing keys, each 32 bytes of one number."""
    return ",".join(base64.b64encode(bytes([number]) * 32).decode() for number in numbers)


async def asked(app: Starlette, keys: str, level: str = "admin") -> str:
    """A token that one process gives for the deletion of cust-1042."""
    async with connected(level, app=app, FULLSTORY_MCP_SECRET_KEYS=keys) as server:
        return confirmation_in(await server.call("delete_user", uid="cust-1042"))


async def deleted(app: Starlette, keys: str, token: str, level: str = "admin") -> bool:
    """Whether another process takes that token for the same call."""
    app.state.sandbox.requests.clear()
    async with connected(level, app=app, FULLSTORY_MCP_SECRET_KEYS=keys) as server:
        await server.call("delete_user", uid="cust-1042", confirmation=token)
        return server.sent() == ["DELETE /v2/users"]


@pytest.mark.parametrize(
    ("sealing", "opening", "holds"),
    [
        (ring(1), ring(1), True),
        (ring(1), ring(2, 1), True),
        (ring(2, 1), ring(2), True),
        (ring(2, 1), ring(1), False),
        (ring(1), ring(2), False),
        ("", "", False),
        ("", ring(1), False),
    ],
    ids=["same", "rotated, old opens", "new seals", "new unknown", "dropped", "random", "restart"],
)
async def test_token_is_shared_by_processes_with_a_common_key(
    sealing: str, opening: str, *, holds: bool
) -> None:
    """The first key seals, every key opens; without the setting each process has its own."""
    app = create_app()
    token = await asked(app, sealing)

    assert await deleted(app, opening, token) is holds


async def test_token_of_one_api_key_is_worth_nothing_with_another() -> None:
    """Two callers of one server cannot use each other's confirmations."""
    app = create_app()
    token = await asked(app, ring(1), "architect")

    assert await deleted(app, ring(1), token, "admin") is False
    assert await deleted(app, ring(1), token, "architect") is True
