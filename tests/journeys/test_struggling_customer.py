"""A support engineer asks why a customer could not pay."""

import pytest

from support import ERAS, STRUGGLING_UID, connected

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("mode", ERAS)
async def test_newest_session_of_a_customer_shows_why_the_payment_failed(mode: str) -> None:
    """From a uid to the failed payment takes two calls, in both protocol eras."""
    async with connected("standard", mode) as server:
        sessions = await server.data("list_sessions", uid=STRUGGLING_UID)
        newest = sessions["results"][0]["id"]
        story = await server.text("generate_context", session_id=newest)

    assert "rage click" in story
    assert "/api/pay 502" in story
