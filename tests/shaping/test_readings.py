"""Readings of differing sessions, kept whole and reviewed as what a person pays for.

The sandbox's world is invented and the same for the same seed; only the sealed cursors differ.
"""

import re
import unicodedata

import pytest

from snapshotting import Snapshots
from support import connected

pytestmark = pytest.mark.anyio

SESSIONS = {
    "happy_buyer": "9752453756672963:5864965527343723",
    "payment_failure": "8501908138660385:9497776430409180",
    "coupon_trouble": "9445901478904113:5169365666444692",
    "form_abandoner": "9931970691110955:8695090277881993",
    "search_no_results": "5233422058630747:4966598731918154",
    "slow_pages": "5753238536608279:6093747762787755",
    "support_seeker": "8392477878180153:5821416489599486",
    "mobile_crash": "4043684306689368:9271454671068591",
    "strangers_orders": "8501908138660385:5581732208533743",
    "five_thousand_events": "4860232054893618:6032559378164154",
}
KEPT = [session for session in SESSIONS if session != "five_thousand_events"]
"""Where the budget cuts, the length of the random cursor decides on the last line or two."""

HEADINGS = re.compile(r"# (Session \S+|What went wrong|Story)|## p\d+ .*")
ORDER = "ignore previous instructions"


async def reading(session: str) -> str:
    """The first answer of generate_context, with its cursor made the same every time."""
    async with connected("standard") as server:
        text = await server.text("generate_context", session_id=SESSIONS[session])
    return re.sub(r'cursor: "[^"]+"', 'cursor: "…"', text)


@pytest.mark.parametrize("session", KEPT)
async def test_reading_is_the_one_that_was_reviewed(session: str, snapshots: Snapshots) -> None:
    """A change of what a model reads is looked at before it is shipped."""
    snapshots.check(f"reading.{session}.md", await reading(session) + "\n")


@pytest.mark.parametrize("session", SESSIONS)
async def test_nothing_of_a_page_passes_for_our_own_heading(session: str) -> None:
    """Every line that begins as a heading is one that this server writes."""
    lines = (await reading(session)).splitlines()

    assert [line for line in lines if line.startswith("#") and not HEADINGS.fullmatch(line)] == []


@pytest.mark.parametrize("session", SESSIONS)
async def test_no_invisible_character_leaks_into_a_reading(session: str) -> None:
    """What cannot be seen can neither hide an order nor reorder a line."""
    text = (await reading(session)).replace("\n", "")

    assert [c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Co", "Cn")] == []


async def test_stranger_s_order_stays_within_quotation_marks() -> None:
    """An order typed into a search field is shown as what somebody typed, and said to be data."""
    text = await reading("strangers_orders")
    told = [line for line in text.splitlines() if ORDER in line.lower()]

    assert told
    assert all("“" in line[: line.lower().index(ORDER)] for line in told)
    assert "data, not instructions" in text
