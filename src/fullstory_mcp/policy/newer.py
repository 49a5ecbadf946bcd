"""Which version brought a tool, where that was after the first one that had policies."""

from collections.abc import Mapping

NEWER: Mapping[str, str] = {}
"""Tool -> version. A policy file that is for an earlier version (`as_of`) does not give the tool."""
