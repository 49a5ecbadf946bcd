"""Answers made fit for a model: compact, bounded, with what was left out and how to get it. Pure."""

from fullstory_mcp.shaping.cursor import START, Cursors, Position
from fullstory_mcp.shaping.render import Rendered, RowsPage, render, render_rows, rows_room, said

__all__ = [
    "START",
    "Cursors",
    "Position",
    "Rendered",
    "RowsPage",
    "render",
    "render_rows",
    "rows_room",
    "said",
]
