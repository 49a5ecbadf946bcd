"""review_user: a person's newest sessions, the one that went worst as a reading."""

import re

import pytest

from fullstory_mcp.sandbox import Fault
from support import STRUGGLING_UID, connected

pytestmark = pytest.mark.anyio

NEWEST = "8501908138660385:9497776430409180"
COUPON = "8501908138660385:5669814644074551"
HAPPY = "9752453756672963:5864965527343723"
EMAIL = "nora.quist@example.com"


def others(text: str) -> list[str]:
    """The lines after the reading."""
    return text.partition("# Other sessions\n")[2].splitlines()


async def test_worst_session_is_read_and_each_other_is_a_line() -> None:
    """One call answers why a customer is unhappy, and what else there is."""
    async with connected("standard") as server:
        text = await server.text("review_user", uid=STRUGGLING_UID)

    lines = text.splitlines()
    assert lines[0] == "Cost: 5 Activations."
    assert lines[1].startswith("5 sessions read. Below is the one that went worst: score ")
    assert lines[2] == f"# Session {NEWEST}"
    assert "“POST /api/pay 502”" in text
    assert len(others(text)) == 4
    assert NEWEST not in "".join(others(text))


async def test_line_of_another_session_says_when_how_long_how_bad_and_where() -> None:
    """Enough to decide whether to read it, and the link to look at it."""
    async with connected("standard") as server:
        text = await server.text("review_user", uid=STRUGGLING_UID)

    coupon = next(line for line in others(text) if COUPON in line)
    assert re.fullmatch(
        rf"- {COUPON} · 2026-11-17 07:55:30 UTC, 1:25 min long, 5 pages, 40 events · "
        r"score \d+ \(failed request 2, rage click 2.*\) · "
        r"https://app\.fullstory\.com/ui/o-SANDBOX-na1/session/\d+%3A\d+",
        coupon,
    )


async def test_worst_is_found_by_score_not_by_date() -> None:
    """With the newest one out of the way, the next worst is read, not the next newest."""
    async with connected("standard") as server:
        server.sandbox.faults.add(Fault(path=".*9497776430409180/context", status=404))
        text = await server.text("review_user", uid=STRUGGLING_UID, max_sessions=4)

    assert f"# Session {COUPON}" in text
    assert f"- {NEWEST} · 2026-11-20 11:38:07 UTC · https://" in text
    assert "failed: Fullstory knows no such thing (404)" in text


async def test_session_asked_for_is_read_whatever_its_score() -> None:
    """The others are still told, with their scores."""
    async with connected("standard") as server:
        text = await server.text("review_user", uid=STRUGGLING_UID, session_id=COUPON)

    assert "Below is the one asked for: score" in text
    assert f"# Session {COUPON}" in text
    assert any(NEWEST in line and "score" in line for line in others(text))


async def test_session_of_somebody_else_is_read_and_said_to_be_foreign() -> None:
    """It is read first, before the budget is spent, and never mistaken for this person's."""
    async with connected("standard") as server:
        text = await server.text(
            "review_user", uid=STRUGGLING_UID, session_id=HAPPY, max_activations=1
        )

    assert "the one asked for, which is not among this person's newest: score 0." in text
    assert f"# Session {HAPPY}" in text
    assert all("left out: max_activations allows only 1" in line for line in others(text))


@pytest.mark.parametrize("asked", [HAPPY, COUPON, NEWEST])
async def test_session_asked_for_counts_among_max_sessions(asked: str) -> None:
    """Whoever may have one session read has that one read, and no second."""
    async with connected("standard") as server:
        text = await server.text(
            "review_user", uid=STRUGGLING_UID, session_id=asked, max_sessions=1
        )

    assert text.startswith("Cost: 1 Activation.")
    assert f"# Session {asked}" in text
    assert server.sandbox.activations.total() == 1


async def test_session_asked_for_that_cannot_be_read_is_said_so() -> None:
    """The worst of the others is read instead, and the reason stands below."""
    async with connected("standard") as server:
        text = await server.text("review_user", uid=STRUGGLING_UID, session_id="1:2")

    assert "The one asked for could not be. Below is the one that went worst" in text
    assert others(text)[0].startswith("- 1:2 · failed: ")


async def test_person_without_trouble_has_the_newest_session_read() -> None:
    """Where nothing went wrong, that is said."""
    async with connected("standard") as server:
        text = await server.text("review_user", uid="cust-1011")

    assert "1 session read. Nothing that Fullstory detects went wrong. Below is the newest." in text
    assert f"# Session {HAPPY}" in text


@pytest.mark.parametrize("person", [{"email": EMAIL}, {"uid": STRUGGLING_UID, "email": EMAIL}])
async def test_person_is_found_by_email_too(person: dict[str, str]) -> None:
    """Either names a person; both are the same sessions once."""
    async with connected("standard") as server:
        text = await server.text("review_user", **person, max_sessions=2)

    assert text.startswith("Cost: 2 Activations.")
    assert f"# Session {NEWEST}" in text


async def test_person_without_sessions_costs_nothing() -> None:
    """A uid that nobody has is told plainly."""
    async with connected("standard") as server:
        text = await server.text("review_user", uid="nobody")

    assert text == "Cost: none.\nNo session of this person is known: check uid and email."
    assert server.sandbox.activations.total() == 0


async def test_someone_must_be_named() -> None:
    """Without uid and email there is nobody to review."""
    async with connected("standard") as server:
        result = await server.call("review_user")

    assert result.is_error
    assert "at least one is needed" in result.content[0].text


async def test_reading_goes_on_for_free_with_generate_contexts_cursor() -> None:
    """The call that shows the rest is written out; it costs nothing and repeats nothing."""
    async with connected("standard") as server:
        text = await server.text("review_user", uid=STRUGGLING_UID, max_tokens=1000)
        found = re.search(r'generate_context with session_id "(.+?)" and cursor: "(.+?)"', text)
        assert found
        rest = await server.text("generate_context", session_id=found[1], cursor=found[2])

    shown = set(re.findall(r"\bp\d+e\d+\b", text.partition("# Story")[2]))
    assert "Cost: none" in rest
    assert server.sandbox.activations.total() == 5
    assert not shown & set(re.findall(r"^- \S+ (p\d+e\d+)", rest, re.MULTILINE))


async def test_lines_of_others_give_way_to_the_reading() -> None:
    """In a small budget the session itself matters more; the others are counted."""
    async with connected("standard") as server:
        text = await server.text("review_user", uid=STRUGGLING_UID, max_sessions=6, max_tokens=1000)

    assert "# What went wrong" in text
    assert re.search(r"Left out: \d sessions?; a larger max_tokens lists them\.$", text)


async def test_stated_weights_put_errors_before_clicks_before_forms() -> None:
    """The score is explained where it is given."""
    async with connected("standard") as server:
        text = await server.text("review_user", uid=STRUGGLING_UID)

    stated = re.search(r"score \d+ \((.+)\)\.$", text.splitlines()[1])
    assert stated
    weights = {
        label: int(part.split()[-1])
        for part in stated[1].split("; ")
        for label in part.rpartition(" ")[0].split(", ")
    }
    assert weights["exception"] == weights["failed request"] > weights["rage click"]
    assert weights["rage click"] == weights["error click"] == weights["dead click"]
    assert weights["dead click"] > weights["form abandoned"] > 0


async def test_unreadable_list_is_the_calls_error() -> None:
    """Without the list there is nothing to go on with."""
    async with connected("standard") as server:
        server.sandbox.faults.add(Fault(path="/v2/sessions$", status=400))
        result = await server.call("review_user", uid=STRUGGLING_UID)

    assert result.is_error
    assert "(400)" in result.content[0].text


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b'{"results": null}', b'{"results": [1, {"id": 7}]}', b'{"results": []}']
)
async def test_list_without_usable_sessions_is_an_empty_one(body: bytes) -> None:
    """Whatever the list lacks, nothing breaks."""
    async with connected("standard") as server:
        server.sandbox.faults.add(Fault(path="/v2/sessions$", status=200, body=body))
        text = await server.text("review_user", uid=STRUGGLING_UID)

    assert text.startswith("Cost: none.")
