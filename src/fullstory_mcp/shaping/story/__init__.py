"""A session's context as a story that a model can read within a budget. Pure."""

from fullstory_mcp.shaping.story.model import Story, read_story
from fullstory_mcp.shaping.story.reading import Part, Plan, Reading, in_full
from fullstory_mcp.shaping.story.troubles import troubles_of
from fullstory_mcp.shaping.story.units import units_of
from fullstory_mcp.shaping.story.windows import Window, beyond, next_window, numbered_on
from fullstory_mcp.shaping.story.worth import Focus, ranked
from fullstory_mcp.shaping.story.zoom import chosen_by

__all__ = [
    "Focus",
    "Part",
    "Plan",
    "Reading",
    "Story",
    "Window",
    "beyond",
    "chosen_by",
    "in_full",
    "next_window",
    "numbered_on",
    "ranked",
    "read_story",
    "troubles_of",
    "units_of",
]
