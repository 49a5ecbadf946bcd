"""Answers made fit for a model: compact, bounded, with what was left out and how to get it. Pure."""

from fullstory_mcp.shaping.cursor import START, Cursors, Position
from fullstory_mcp.shaping.render import RowsPage, render, render_rows, rows_room
from fullstory_mcp.shaping.rendered import Rendered, said
from fullstory_mcp.shaping.text import Cleaner

__all__ = [
    "START",
    "Cleaner",
    "Cursors",
    "Position",
    "Rendered",
    "RowsPage",
    "render",
    "render_rows",
    "rows_room",
    "said",
]
