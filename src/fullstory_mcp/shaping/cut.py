"""Makes one value fit by cutting its longest parts, each cut marked where it was made."""

from typing import Any

from fullstory_mcp import wire

_TEXTS = (16_384, 4_096, 1_024, 256, 64)
_LISTS = (1_000, 300, 100, 30, 10, 3, 1)
_OF_A_NUMBER = "0123456789 -"
"""A number cut short would be another number, and half a payment card is not known for one."""


def fit(value: Any, room: int) -> Any:
    """`value`, or a copy whose longest texts, then longest lists, are cut until it fits `room` characters."""
    if len(wire.write(value)) <= room:
        return value
    for texts in _TEXTS:
        value = _cut(value, texts, None)
        if len(wire.write(value)) <= room:
            return value
    for most in _LISTS:
        value = _cut(value, _TEXTS[-1], most)
        if len(wire.write(value)) <= room:
            return value
    return f"[cut: {len(wire.write(value)):,} characters do not fit]"


def _cut(value: Any, texts: int, most: int | None) -> Any:
    if isinstance(value, str) and len(value) > texts + 40:
        text = value[:texts].rstrip(_OF_A_NUMBER)
        return f"{text}… [cut: {len(value) - len(text):,} characters]"
    if isinstance(value, dict):
        kept = list(value.items())[: most and most * 10]
        cut = {name: _cut(part, texts, most) for name, part in kept}
        return cut | _left_out(len(value) - len(kept))
    if isinstance(value, list):
        kept_parts = [_cut(part, texts, most) for part in value[:most]]
        left = len(value) - len(kept_parts)
        return [*kept_parts, f"[cut: {left:,} more]"] if left else kept_parts
    return value


def _left_out(count: int) -> dict[str, str]:
    return {"[cut]": f"{count:,} more fields"} if count else {}
