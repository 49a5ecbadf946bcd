"""Reads the policy file strictly: everything in it is known and makes sense, or it is not used.

    version = 1
    as_of = "0.1.0"                     # optional: tools that later versions bring stay off

    [presets.support]
    about = "Reads what happened to customers; changes nothing."
    areas = { sessions = "read", users = "read" }               # off, read, full; off if left out
    tools = { generate_summary_with_overrides = "off" }         # a single tool wins over its area
    limits = { sessions = 10, rows = 100, profiles = ["default"] }
    confirm = { create_annotation = "always", create_user_import = 100 }
    budgets = { day = { activations = 200 }, month = { activations = 3000, server_events = 0 } }

    [[principals]]                      # the first row that fits decides; nobody else may do anything
    person = "ana@example.com"          # or "*@example.com"; only addresses that an issuer verified
    client = "claude.ai"                # all that a row gives must fit: group, key, door likewise
    preset = "support"

Faults are told by their place, as `[presets.support] tools` or `[[principals]] row 2 person`.
"""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from fullstory_mcp.catalogue import Catalogue
from fullstory_mcp.errors import Fault, SettingsError
from fullstory_mcp.policy.findings import Findings, unknown
from fullstory_mcp.policy.newer import NEWER
from fullstory_mcp.policy.presets import PresetReader
from fullstory_mcp.policy.principals import read_rows
from fullstory_mcp.policy.rows import Policy
from fullstory_mcp.settings.watched import Stamps, stamp_of

SETTING = "FULLSTORY_MCP_POLICY_FILE"
VERSION = 1

_TOP = ("version", "as_of", "presets", "principals")
_RELEASE = re.compile(r"(\d{1,6})\.(\d{1,6})\.(\d{1,6})")


def read_policy(
    path: Path, catalogue: Catalogue, stamps: Stamps | None = None, name: str = SETTING
) -> Policy:
    """The policy that a file holds; `name` is how an error calls the file.

    Raises:
        SettingsError: it cannot be read, or the first fault in it and how many there are.
    """
    policy, faults = examined(path, catalogue, stamps, name)
    if faults:
        more = "" if len(faults) == 1 else f" It has {len(faults)} faults in all."
        raise SettingsError(f"{name}: {_sentence(faults[0])}{more}")
    return policy


def examined(
    path: Path, catalogue: Catalogue, stamps: Stamps | None = None, name: str = SETTING
) -> tuple[Policy, list[Fault]]:
    """The policy as far as it can be used, and every fault in the file.

    Raises:
        SettingsError: it cannot be read, or is not TOML.
    """
    if stamps is not None:
        stamps[path] = stamp_of(path)
    try:
        return checked(path.read_text(encoding="utf-8"), catalogue)
    except UnicodeDecodeError:
        raise SettingsError(f"{name}: cannot be read: it is not UTF-8 text.") from None
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"{name}: is not TOML: {error}.") from None
    except OSError as error:
        raise SettingsError(f"{name}: cannot be read: {error.strerror}.") from None


def checked(
    text: str, catalogue: Catalogue, newer: Mapping[str, str] = NEWER
) -> tuple[Policy, list[Fault]]:
    """The policy that a text states as far as it can be used, and every fault in it.

    `newer` says with which version a tool came, where that was after the first one with policies.

    Raises:
        ValueError: it is not TOML, or a number in it is too long to read.
        RecursionError: it is nested too deeply.
    """
    found = Findings()
    raw = tomllib.loads(text)
    for name in [name for name in raw if name not in _TOP]:
        found.fault("", unknown(name, _TOP, "key"))
    if raw.get("version") != VERSION or isinstance(raw["version"], bool):
        found.fault("version", f"must be given as {VERSION}, the only version there is")
    later = _later(found, raw.get("as_of"), newer)
    presets = PresetReader(found, catalogue, later).read(raw.get("presets", {}))
    rows = read_rows(found, raw.get("principals", []), presets)
    return Policy(presets, rows, later), found.faults


def _later(found: Findings, as_of: object, newer: Mapping[str, str]) -> tuple[str, ...]:
    """The tools that came after the version that the file is for."""
    if as_of is None:
        return ()
    if not isinstance(as_of, str) or (release := _release(as_of)) is None:
        found.fault("as_of", 'must be a version of fullstory-mcp, as "0.1.0"')
        return ()
    return tuple(tool for tool, came in newer.items() if (_release(came) or ()) > release)


def _release(version: str) -> tuple[int, ...] | None:
    parts = _RELEASE.fullmatch(version)
    return tuple(int(part) for part in parts.groups()) if parts else None


def _sentence(fault: Fault) -> str:
    text = str(fault) if fault.field else fault.why
    return text if text.endswith("?") else f"{text}."
