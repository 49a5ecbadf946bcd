"""A support lead asks what hurts several customers, and why for one of them it does not."""

import re

import pytest

from support import ERAS, STRUGGLING_UID, connected

pytestmark = pytest.mark.anyio

HAPPY = "9752453756672963:5864965527343723"


@pytest.mark.parametrize("mode", ERAS)
async def test_from_complaints_to_the_difference_in_three_calls(mode: str) -> None:
    """What most customers meet leads to an example, and that beside a visit that went well."""
    async with connected("standard", mode) as server:
        friction = await server.text("find_friction", users=[STRUGGLING_UID, "cust-1011"])
        example = re.search(r"e\.g\. (p\d+e\d+) in (https://\S+)", friction)
        assert example
        event = await server.text("read_session", session_id=example[2], at=example[1])
        beside = await server.text("compare_sessions", session_ids=[example[2], HAPPY])

    assert "“POST /api/pay 502”" in event
    assert "“Payment” (A p6, B p7)" in beside
    assert "B goes on to +01:48 p8 “Thank you”" in beside
    assert server.sandbox.activations.total() == 4 + 2


async def test_one_call_says_why_a_customer_could_not_pay() -> None:
    """From a uid alone to the failed request, its handle and the replay link."""
    async with connected("standard") as server:
        text = await server.text("review_user", uid=STRUGGLING_UID)

    assert "failed request “POST /api/pay 502”" in text
    assert "rage click “Pay now”" in text
    assert "Replay: https://app.fullstory.com/" in text
    assert server.sent()[0].startswith("GET /v2/sessions")
