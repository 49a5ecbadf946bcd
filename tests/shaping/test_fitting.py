"""A result of rows keeps its budget, shows the first rows, and counts the others."""

import re

import pytest
from rs_bpe.bpe import openai

from fullstory_mcp import wire
from fullstory_mcp.shaping.fitting import Row, fitted, fitted_data

ENCODER = openai.o200k_base()
HEAD = ["Cost: 2 Activations.", "Two kinds of things follow."]
ROWS = [
    *(Row(f"- failed request “GET /api/{n}” somewhere", "failure", "rows", n) for n in range(40)),
    *(Row(f"- custom event “Step {n}” in A only", "event", "rows", n) for n in range(40, 80)),
]


def test_everything_that_fits_is_shown_without_a_last_line() -> None:
    """Nothing is said of what was left out where nothing was."""
    text = fitted(HEAD, ROWS, 4_000, "More with max_tokens.")

    assert text.splitlines() == [*HEAD, *(row.text for row in ROWS)]


@pytest.mark.parametrize("budget", [60, 120, 300, 500, 900])
def test_budget_is_kept_and_every_row_is_shown_or_counted(budget: int) -> None:
    """What is shown and what is counted are all there is, in fewer tokens than allowed."""
    text = fitted(HEAD, ROWS, budget, "More with max_tokens.")
    shown = sum(line.startswith("- ") for line in text.splitlines())
    left = sum(map(int, re.findall(r"(\d+) (?:failure|event)", text)))

    assert len(ENCODER.encode(text)) <= budget
    assert shown + left == len(ROWS)
    assert text.endswith("More with max_tokens.")


def test_rows_are_shown_in_their_order() -> None:
    """The first rows are the ones worth most."""
    lines = fitted(HEAD, ROWS, 300, "").splitlines()

    assert lines[2:-1] == [row.text for row in ROWS[: len(lines) - 3]]


def test_budget_too_small_for_any_row_counts_them_all() -> None:
    """Even then the head stands, and the reader knows what there would be."""
    text = fitted(HEAD, ROWS, 10, "More.")

    assert text.splitlines() == [*HEAD, "Left out: 40 failures, 40 events. More."]


@pytest.mark.parametrize("budget", [80, 200, 4_000])
def test_data_keeps_the_budget_too(budget: int) -> None:
    """JSON holds the same rows, and says what it leaves out."""
    data = fitted_data({"cost": "none"}, ROWS, budget, "More.")
    left = sum(map(int, re.findall(r"(\d+) (?:failure|event)", data.get("left_out", ""))))

    assert len(ENCODER.encode(wire.write(data))) <= budget
    assert len(data["rows"]) + left == len(ROWS)
