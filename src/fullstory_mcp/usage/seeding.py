"""What this month's audit file says was spent before the process began.

Servers without a database count in memory: without this, a budget would begin anew with each start.
Only the file as it is named now is read, not what was moved away.
"""

import json
import logging
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fullstory_mcp.policy import Metered
from fullstory_mcp.usage.meter import owner_hash
from fullstory_mcp.usage.periods import Span, spans_of
from fullstory_mcp.usage.store import Delta

logger = logging.getLogger(__name__)

COUNTED = ("allowed", "asked")
"""Decisions on a call that takes one from a budget of calls, made before it was sent or asked about."""

FIELDS: dict[str, Metered] = {"activations": "activations", "events": "server_events"}


def spent_before(path: Path, now: float) -> list[Delta]:
    """For `Meter.seed`: what each owner has spent of the day and the month that hold `now`.

    Lines that are not whole records are passed over; of a file that cannot be read nothing is known.
    """
    spans = spans_of(now)
    found: Counter[tuple[str, Metered, Span]] = Counter()
    try:
        for record in _records(path, spans[0].name):
            for meter, amount in _spent(record).items():
                for span in spans:
                    if record["at"].startswith(span.name):
                        found[record["who"]["owner"], meter, span] += amount
    except FileNotFoundError:
        return []
    except OSError as error:
        logger.warning(
            "What was spent before is not known: the audit file cannot be read (%s)", error.strerror
        )
        return []
    return [
        Delta(owner_hash(owner), meter, span, amount)
        for (owner, meter, span), amount in found.items()
    ]


def _records(path: Path, month: str) -> Iterator[dict[str, Any]]:
    """The month's records that say whose they are."""
    sign = f'"at":"{month}-'.encode()
    with path.open("rb") as lines:
        for line in lines:
            if sign not in line:
                continue
            try:
                record = json.loads(line)
                # Looked at here, so that nothing after has to ask.
                record["at"][:7] + record["who"]["owner"]
            except (ValueError, KeyError, TypeError):
                continue
            yield record


def _spent(record: dict[str, Any]) -> dict[Metered, int]:
    """What one record tells of: the first of a call counts the call, the second what it cost."""
    if record.get("kind") == "decided":
        return (
            {"calls": 1} if record.get("decision") in COUNTED and not record.get("parent") else {}
        )
    if record.get("kind") != "ended":
        return {}
    told = {meter: record.get(field, 0) for field, meter in FIELDS.items()}
    return {meter: spent for meter, spent in told.items() if isinstance(spent, int) and spent > 0}
