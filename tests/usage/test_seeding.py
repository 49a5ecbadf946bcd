"""A server without a database begins with what this month's audit file says was spent."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from fullstory_mcp.usage import Meter
from fullstory_mcp.usage.seeding import spent_before
from support import Clock
from usage.spending import ANA, NOON

pytestmark = pytest.mark.anyio

TODAY, THIS_MONTH, LAST_MONTH = "2026-11-18", "2026-11-02", "2026-10-31"


def line(day: str, kind: str, **told: Any) -> str:
    """A record as the audit writes it."""
    record = {
        "at": f"{day}T09:00:00.000Z",
        "kind": kind,
        "who": {"owner": ANA.owner, "door": "oauth"},
        **told,
    }
    return json.dumps(record, sort_keys=True, separators=(",", ":"))


async def spent(path: Path) -> dict[str, tuple[int, int]]:
    """What the meter says of Ana after the start: day and month by meter."""
    meter = Meter(None, Clock(NOON))
    await meter.seed(spent_before(path, NOON))
    report = await meter.usage(ANA, None)
    return {
        day.meter: (day.spent, month.spent)
        for day, month in zip(report[::2], report[1::2], strict=True)
    }


async def test_day_and_month_are_counted_from_the_file(tmp_path: Path) -> None:
    """Activations and events by what was spent, calls by what was decided, legs and refusals not."""
    path = tmp_path / "audit.jsonl"
    lines = [
        line(LAST_MONTH, "ended", activations=100, events=100),
        line(THIS_MONTH, "decided", decision="allowed"),
        line(THIS_MONTH, "ended", activations=3, events=2_000),
        line(TODAY, "decided", decision="allowed"),
        line(TODAY, "decided", decision="allowed", parent="0f0f"),
        line(TODAY, "decided", decision="asked"),
        line(TODAY, "decided", decision="refused"),
        line(TODAY, "decided", decision="dry_run"),
        line(TODAY, "ended", activations=1),
        line(TODAY, "ended"),
        json.dumps({"at": f"{TODAY}T09:00:00.000Z", "kind": "lost", "count": 5}),
    ]
    path.write_text("\n".join(lines) + "\n")

    assert await spent(path) == {
        "activations": (1, 4),
        "server_events": (0, 2_000),
        "calls": (2, 3),
    }


STRANGE = {
    "a cut line": line(TODAY, "ended", activations=1)[:-5],
    "a list": f'["at":"{TODAY}"]',
    "nobody's": f'{{"at":"{TODAY}T09:00:00.000Z","kind":"ended","activations":1}}',
    "an amount that is a text": line(TODAY, "ended", activations="1"),
    "less than nothing": line(TODAY, "ended", activations=-1),
    "not text": "\ufffd\0",
}


@pytest.mark.parametrize("case", STRANGE)
async def test_what_is_no_whole_record_is_passed_over(tmp_path: Path, case: str) -> None:
    """The records around it count."""
    path = tmp_path / "audit.jsonl"
    whole = line(TODAY, "ended", activations=1)
    path.write_text("\n".join((whole, STRANGE[case], whole)))

    assert (await spent(path))["activations"] == (2, 2)


async def test_file_that_is_not_there_yet_means_nothing_was_spent(tmp_path: Path) -> None:
    """The first start has no file."""
    assert spent_before(tmp_path / "audit.jsonl", NOON) == []


async def test_file_that_cannot_be_read_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The operator learns that budgets begin anew."""
    with caplog.at_level(logging.WARNING):
        assert spent_before(tmp_path, NOON) == []

    assert "What was spent before is not known" in caplog.text
