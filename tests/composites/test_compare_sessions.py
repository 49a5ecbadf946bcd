"""compare_sessions: a visit that failed beside one that did not."""

import pytest

from fullstory_mcp.sandbox import Fault
from support import connected

pytestmark = pytest.mark.anyio

FAILED = "8501908138660385:9497776430409180"
HAPPY = "9752453756672963:5864965527343723"


def section(text: str, title: str) -> list[str]:
    """The lines of one section."""
    return text.partition(f"# {title}\n")[2].partition("\n# ")[0].splitlines()


async def test_failed_payment_is_where_the_ways_part() -> None:
    """Both come to the payment; one goes on to thanks, the other meets the failed request."""
    async with connected("standard") as server:
        text = await server.text("compare_sessions", session_ids=[FAILED, HAPPY])

    first, last = section(text, "Where they part")
    assert first.startswith("- first after “Sandbox Shop” (A p1, B p1): A goes on to +00:19 p2")
    assert last == (
        "- last page that all reach: “Payment” (A p6, B p7); after 4 steps alike there: "
        "A +01:45 p6e8 failed request “POST /api/pay 502”; B goes on to +01:48 p8 “Thank you”"
    )


async def test_what_failed_and_what_was_reached_names_the_session() -> None:
    """Each difference says in which session, how often and where first."""
    async with connected("standard") as server:
        text = await server.text("compare_sessions", session_ids=[FAILED, HAPPY])

    assert section(text, "What failed in some only")[0] == (
        "- failed request “POST /api/pay 502”: A ×3 (+01:45 p6e8); not in B"
    )
    assert section(text, "Custom events of some only") == [
        "- “Payment Failed”: A ×1 (+01:54 p6e17); not in B",
        "- “Order Completed”: B ×1 (+01:50 p8e4); not in A",
    ]


async def test_letters_follow_the_order_asked_for() -> None:
    """The caller's first session is A."""
    async with connected("standard") as server:
        text = await server.text("compare_sessions", session_ids=[HAPPY, FAILED])

    assert f"- A {HAPPY} · " in text
    assert f"- B {FAILED} · " in text


async def test_handles_lead_into_each_session() -> None:
    """What the comparison names is there to be read in full."""
    async with connected("standard") as server:
        await server.call("compare_sessions", session_ids=[FAILED, HAPPY])
        text = await server.text("read_session", session_id=HAPPY, at="p8e4")

    assert "“Order Completed”" in text


async def test_one_readable_session_is_no_comparison() -> None:
    """The other's reason is given, and the call is an error."""
    async with connected("standard") as server:
        result = await server.call("compare_sessions", session_ids=[FAILED, "1:2"])

    text = result.content[0].text
    assert result.is_error
    assert "- 1:2 failed: Fullstory knows no such thing (404)" in text
    assert "nothing to compare" in text


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        ([FAILED], "session_ids: must have at least 2 items"),
        ([FAILED] * 2, "session_ids: must name two different sessions at least"),
        ([f"1:{n}" for n in range(6)], "session_ids: must have at most 5 items"),
        ([FAILED, "../x"], "session_ids[1]: must be an id"),
        ([FAILED, "7"], "session_ids[1]: must be a session id as device:session"),
    ],
)
async def test_unusable_ids_are_refused_before_anything_is_spent(ids: list[str], said: str) -> None:
    """What cannot be compared is told with its place."""
    async with connected("standard") as server:
        result = await server.call("compare_sessions", session_ids=ids)

    assert result.is_error
    assert said in result.content[0].text
    assert server.sent() == []


@pytest.mark.parametrize("body", [b"{}", b"[]", b"null", b'{"context_data": {"pages": [{}, 3]}}'])
async def test_answers_without_a_story_are_compared_all_the_same(body: bytes) -> None:
    """Every part may be missing: nothing breaks, nothing is made up."""
    async with connected("standard") as server:
        server.sandbox.faults.add(Fault(path=f".*{HAPPY[-16:]}/context", status=200, body=body))
        text = await server.text("compare_sessions", session_ids=[FAILED, HAPPY])

    assert "B ends" in text
