"""Rows of a result within a budget of tokens: the first that fit, and the others counted. Pure."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from fullstory_mcp import wire
from fullstory_mcp.catalogue import JSON
from fullstory_mcp.shaping.story.reading import MARGIN
from fullstory_mcp.shaping.tokens import estimate


@dataclass(frozen=True, slots=True)
class Row:
    """A line (or lines that belong together) and what it is one of, in the singular.

    In JSON it is `data` in the list called `member`.
    """

    text: str
    noun: str
    member: str = ""
    data: Any = None


def room_in(max_tokens: int) -> int:
    """How many estimated tokens may be used, so that the budget is kept for certain."""
    return int(max_tokens * MARGIN)


def tokens_in(lines: Sequence[str]) -> int:
    """The estimate for lines with their line breaks."""
    return sum(estimate(line) + 1 for line in lines)


def fitted(head: Sequence[str], rows: Sequence[Row], max_tokens: int, more: str) -> str:
    """`head`, then as many rows as fit; where some do not, a last line counts them and says `more`."""
    used = [0, *accumulate(estimate(row.text) + 1 for row in rows)]

    def size(count: int) -> int:
        return used[count] + tokens_in(left_out(rows[count:], more))

    count = most_that_fits(len(rows), size, room_in(max_tokens) - tokens_in(head))
    shown = [row.text for row in rows[:count]]
    return "\n".join([*head, *shown, *left_out(rows[count:], more)])


def fitted_data(head: JSON, rows: Sequence[Row], max_tokens: int, more: str) -> JSON:
    """The same as data: every row in the list of its member, `left_out` where some do not fit."""

    def filled(count: int) -> JSON:
        lists: JSON = {row.member: [] for row in rows}
        for row in rows[:count]:
            lists[row.member].append(row.data)
        left = left_out(rows[count:], more)
        return head | lists | ({"left_out": left[0]} if left else {})

    def size(count: int) -> int:
        return estimate(wire.write(filled(count)))

    return filled(most_that_fits(len(rows), size, room_in(max_tokens)))


def most_that_fits(total: int, size: Callable[[int], int], room: int) -> int:
    """The largest number of `total` things whose size, which grows with their number, is within `room`."""
    if size(total) <= room:  # apart, because all need no line about others
        return total
    return max(0, bisect_right(range(total), room, key=size) - 1)


def left_out(rows: Sequence[Row], more: str) -> list[str]:
    """The line that counts `rows` by what they are; none where there are none."""
    counted = Counter(row.noun for row in rows)
    parts = ", ".join(counted_as(count, noun) for noun, count in counted.items())
    return [f"Left out: {parts}. {more}"] if parts else []


def counted_as(count: int, noun: str) -> str:
    """`3 sessions`, `1 Activation`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
