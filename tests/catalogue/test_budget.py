"""The size of what is served, in tokens: every client pays it before the first call.

Counted as the README counts it: o200k, compact JSON. The caps stand about 5 % above what was
measured; raise one only with the reason in the commit. No level may pass 7,500 (Standard) or
11,500 (Admin) tokens in all.
"""

import json
from collections.abc import Iterable

import pytest
from rs_bpe.bpe import openai

from fullstory_mcp.catalogue import Tool, load_catalogue, served_tool
from fullstory_mcp.principal import LEVELS

CATALOGUE = load_catalogue()
ENCODER = openai.o200k_base()
FIX = "Shorten descriptions, or serve nested parts brief."

AREA_CAPS = {
    "sessions": 3_160,
    "summary_profiles": 1_320,
    "users": 1_900,
    "events": 1_230,
    "segments": 720,
    "exports": 870,
    "webhooks": 1_220,
    "organization": 365,
    "annotations": 190,
}
LEVEL_CAPS = {
    "standard": 7_330,
    "architect": 9_620,
    "admin": 10_840,
}


@pytest.mark.parametrize("area", [area.name for area in CATALOGUE.areas])
def test_area_stays_within_its_cap(area: str) -> None:
    """Switching an area on costs no more than its line in the table."""
    size = tokens(tool for tool in CATALOGUE.tools.values() if tool.area == area)

    assert size <= AREA_CAPS[area], f"{area} has {size} tokens. {FIX}"


@pytest.mark.parametrize("level", LEVELS)
def test_level_stays_within_its_cap(level: str) -> None:
    """The whole list that a key of a level is served costs no more than its line in the table."""
    reach = LEVELS[: LEVELS.index(level) + 1]
    size = tokens(tool for tool in CATALOGUE.tools.values() if tool.gate.level in reach)

    assert size <= LEVEL_CAPS[level], f"{level} has {size} tokens. {FIX}"


def tokens(tools: Iterable[Tool]) -> int:
    """How many o200k tokens a tools/list answer with these tools has, as compact JSON."""
    answer = {"tools": [served_tool(tool) for tool in tools]}
    return len(ENCODER.encode(json.dumps(answer, separators=(",", ":"), ensure_ascii=False)))
