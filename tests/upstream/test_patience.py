"""How long a caller can be kept waiting, worked out from the catalogue's own numbers."""

import pytest

from fullstory_mcp.catalogue import load_catalogue
from fullstory_mcp.upstream.retry import retry_after

PROVIDER = load_catalogue().provider
RETRY = PROVIDER.retry
AT_MOST = 30
NOW = 1_795_000_000.0


@pytest.mark.parametrize("policy", RETRY["policies"])
def test_host_that_hangs_is_given_up_within_half_a_minute(policy: str) -> None:
    """The role's question, every try that may time out, and the longest backoff between them."""
    row = RETRY["backoff"]
    tries = RETRY["policies"][policy]["timed_out"]
    waits = [min(row["first"] * row["factor"] ** n, row["most"]) for n in range(tries - 1)]
    backoff = sum(waits) * (1 + row["jitter"])
    hanging = PROVIDER.identity["seconds"] + tries * PROVIDER.timeouts["call"]["try"] + backoff

    assert hanging <= AT_MOST


def test_documented_timeouts_are_those_of_the_catalogue() -> None:
    """Ten seconds a try, a minute for reading a session, two for a summary."""
    tries = {name: row["try"] for name, row in PROVIDER.timeouts.items()}

    assert tries == {"call": 10, "session": 60, "summary": 120}
    assert RETRY["wait_seconds"] == 25
    assert max(max(row.values()) for row in RETRY["policies"].values()) == 4


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None), ("", None), ("soon", None), ("nan", None), ("inf", None), ("1e999", None),
        ("0", 0), ("1", 1), ("2.2", 3), ("-5", 0), (" 7 ", 7), ("3600", 3600),
        ("Sat, 18 Nov 2026 11:06:50 GMT", 10), ("Wed, 18 Nov 2026 11:06:30 GMT", 0),
        ("Wednesday, 18-Nov-26 11:06:50 GMT", 10), ("Wed, 99 Nov 2026 11:06:50 GMT", None),
        ("Wed, 18 Nov 99999 11:06:50 GMT", None), ("18 Nov 2026", None),
    ],
)  # fmt: skip
def test_retry_after_is_read_in_both_its_forms(header: str | None, seconds: float | None) -> None:
    """Seconds or an HTTP date; what cannot be read counts as not said, and never as a crash."""
    assert retry_after(header, NOW) == seconds
