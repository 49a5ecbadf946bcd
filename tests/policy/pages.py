"""Policy files as tests write them, and callers as the doors know them."""

import dataclasses
from pathlib import Path
from typing import Any

from fullstory_mcp.catalogue import Catalogue, load_catalogue
from fullstory_mcp.policy.file import PolicyFile
from fullstory_mcp.principal import ApiKey, Principal
from support import Clock

CATALOGUE: Catalogue = load_catalogue()

SUPPORT = """
version = 1
[presets.support]
areas = { sessions = "read", users = "read" }
"""
"""A file without rows."""

KEY = ApiKey("na1.sandbox-standard")

CALLER = Principal(
    key=KEY,
    name="Ana",
    door="oauth",
    owner="oidc:https://id.example.com#1",
    email="ana@example.com",
    groups=("staff", "support"),
    client="Claude",
    client_id="https://claude.ai/oauth/client.json",
    named_key="shared",
    connection="c1",
)
STDIO = Principal(key=KEY)


def caller(**changes: Any) -> Principal:
    """Ana, but for what changes."""
    return dataclasses.replace(CALLER, **changes)


def policy(folder: Path, text: str, clock: Clock | None = None) -> PolicyFile:
    """A server's policy, read from a file with this text."""
    path = folder / "policy.toml"
    path.write_text(text, encoding="utf-8")
    return PolicyFile(path, CATALOGUE, clock or Clock())


def row(preset: str = "support", **given: str) -> str:
    """One row of `[[principals]]`."""
    lines = [f'{name} = "{value}"' for name, value in {**given, "preset": preset}.items()]
    return "\n".join(["[[principals]]", *lines, ""])
