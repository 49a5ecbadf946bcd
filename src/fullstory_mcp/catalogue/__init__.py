"""The catalogue: every tool as data, read once, checked, and served leaner than it is checked."""

from fullstory_mcp.catalogue.load import load_catalogue
from fullstory_mcp.catalogue.model import (
    JSON,
    Area,
    Catalogue,
    Endpoint,
    Gate,
    Input,
    Provider,
    Shape,
    Tool,
)
from fullstory_mcp.catalogue.offers import Completion, Prompt, ResourceTemplate
from fullstory_mcp.catalogue.served import served_tool

__all__ = [
    "JSON",
    "Area",
    "Catalogue",
    "Completion",
    "Endpoint",
    "Gate",
    "Input",
    "Prompt",
    "Provider",
    "ResourceTemplate",
    "Shape",
    "Tool",
    "load_catalogue",
    "served_tool",
]
