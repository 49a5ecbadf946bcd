"""Every tool that says it is a composite has one."""

import pytest

from fullstory_mcp.catalogue import load_catalogue
from fullstory_mcp.composites import COMPOSITES, composite

NAMED = {tool.composite for tool in load_catalogue().tools.values() if tool.composite}


@pytest.mark.parametrize("name", sorted(NAMED | set(COMPOSITES)))
def test_composite_of_a_tool_file_is_found(name: str) -> None:
    """A name in a tool file leads to a function, and no row of the table is left over."""
    assert callable(composite(name))
    assert name in NAMED
