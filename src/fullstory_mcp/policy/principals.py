"""The rows of `[[principals]]`: read from TOML, each able to fit somebody whom no earlier one does."""

import re
from collections.abc import Callable, Mapping
from typing import Any, cast, get_args

from fullstory_mcp.policy.findings import Findings, unknown
from fullstory_mcp.policy.model import Rules
from fullstory_mcp.policy.presets import is_line, is_name
from fullstory_mcp.policy.rows import MATCHERS, VOUCHED, Row
from fullstory_mcp.principal import Door

_ADDRESS = re.compile(r"(?:\*|[^@\s*]+)@[^@\s*]+")
_DOORS: tuple[str, ...] = get_args(Door)

_FORMS: Mapping[str, tuple[Callable[[str], object], str]] = {
    "person": (
        lambda text: text.isascii() and is_line(text) and _ADDRESS.fullmatch(text),
        "must be an e-mail address in ASCII, or *@ and a domain",
    ),
    "group": (is_line, "must be a group's name, one line of text"),
    "key": (
        is_name,
        "must be a key's name in the access file or its fingerprint in logs, never the key itself",
    ),
    "client": (
        lambda text: text.isascii() and is_line(text) and " " not in text,
        "must be the host that vouches for the client, or the client's exact id",
    ),
    "door": (_DOORS.__contains__, f"must be one of {', '.join(_DOORS)}"),
}
"""What each matcher looks like, and what is said where it does not."""


def read_rows(found: Findings, raw: object, presets: Mapping[str, Rules]) -> tuple[Row, ...]:
    """The rows in their order, as far as they can be used."""
    if not isinstance(raw, list):
        found.fault("[[principals]]", "must be rows, each under its own [[principals]]")
        return ()
    rows: list[Row] = []
    sound: list[tuple[int, Row]] = []
    for number, entry in enumerate(raw, 1):
        where = f"[[principals]] row {number}"
        before = len(found.faults)
        row = _row(found, where, entry, presets)
        rows.append(row)
        if len(found.faults) > before:
            continue
        if covering := next((each for each in sound if each[1].covers(row)), None):
            found.fault(where, _overlap(*covering, row))
        sound.append((number, row))
    return tuple(rows)


def _row(found: Findings, where: str, raw: object, presets: Mapping[str, Rules]) -> Row:
    given: dict[str, Any] = {}
    for name, value in found.known(where, raw, (*MATCHERS, "preset"), "matcher"):
        if name == "preset":
            given[name] = _preset(found, where, value, presets)
        else:
            given[name] = found.text(f"{where} {name}", value, *_FORMS[name])
    if "preset" not in given:
        found.fault(where, "names no preset")
    if not given.keys() & set(MATCHERS):
        found.fault(where, f"says not whom it means: give {', '.join(MATCHERS[:-1])} or door")
    if given.get("door") in ("stdio", "http") and given.keys() & set(VOUCHED):
        found.fault(where, "nobody fits: a person, group or client is only known at the door oauth")
    return Row(
        preset=given.get("preset", ""),
        person=given.get("person", "").lower(),
        group=given.get("group", ""),
        key=given.get("key", ""),
        client=given.get("client", ""),
        door=cast("Door", given["door"]) if given.get("door") else None,
    )


def _preset(found: Findings, where: str, value: object, presets: Mapping[str, Rules]) -> str:
    if isinstance(value, str) and value in presets:
        return value
    name = value if isinstance(value, str) else ""
    found.fault(f"{where} preset", unknown(name, presets, "preset"))
    return ""


def _overlap(number: int, earlier: Row, row: Row) -> str:
    same = earlier.covers(row) and row.covers(earlier)
    how = "means the same as" if same else "is never reached: whoever fits it fits"
    return (
        f"{how} row {number} ({earlier.label}), which comes first; remove one or change the order"
    )
