"""The presets of a policy file: read from TOML, every name in them known."""

from collections.abc import Collection
from typing import Any

from fullstory_mcp.catalogue import Catalogue, Tool
from fullstory_mcp.policy.findings import MOST, Findings
from fullstory_mcp.policy.model import (
    ACCESSES,
    METERED,
    PERIODS,
    Access,
    Metered,
    Period,
    Rules,
)

_PARTS = ("about", "areas", "tools", "limits", "confirm", "budgets")
_COUNTED = ("rows", "sessions")
_NAMED = ("segments", "profiles")
_MOST_NAME = 64
_MOST_TEXT = 300


class PresetReader:
    """Reads `[presets]`; `later` are the tools that it must name to give them."""

    def __init__(self, found: Findings, catalogue: Catalogue, later: Collection[str]) -> None:
        self._found = found
        self._tools = catalogue.tools
        self._areas = [area.name for area in catalogue.areas]
        self._later = later

    def read(self, raw: object) -> dict[str, Rules]:
        """Every preset by name, as far as it can be used."""
        presets = self._found.table("[presets]", raw)
        return {name: self._preset(name, preset) for name, preset in presets.items()}

    def _preset(self, name: str, raw: object) -> Rules:
        if not is_name(name):
            self._found.fault(
                "[presets]", f"a preset's name must be 1 to {_MOST_NAME} letters, digits, - or _"
            )
            name = "?"
        where = f"[presets.{name}]"
        parts = dict(self._found.known(where, raw, _PARTS, "part"))
        self._found.text(f"{where} about", parts.get("about", "-"), is_line, _LINE)
        limits = self._limits(f"{where} limits", parts.get("limits", {}))
        return Rules(
            name=name,
            areas=self._given(f"{where} areas", parts.get("areas", {}), self._areas, "area"),
            tools=self._single(f"{where} tools", parts.get("tools", {})),
            confirm=self._confirm(f"{where} confirm", parts.get("confirm", {})),
            budgets=self._budgets(f"{where} budgets", parts.get("budgets", {})),
            **limits,
        )

    def _given(
        self, where: str, raw: object, names: Collection[str], what: str
    ) -> dict[str, Access]:
        given: dict[str, Access] = {}
        for name, value in self._found.known(where, raw, names, what):
            access = self._found.one_of(f"{where}.{name}", value, ACCESSES)
            given[name] = access or "off"
        return given

    def _single(self, where: str, raw: object) -> dict[str, Access]:
        given: dict[str, Access] = dict.fromkeys(self._later, "off")
        given |= self._given(where, raw, self._tools, "tool")
        for name, access in given.items():
            effect = self._tools[name].gate.effect
            if access == "read" and effect != "read":
                why = f'"read" would leave nothing of a tool that {effect}s: say off or full'
                self._found.fault(f"{where}.{name}", why)
        return given

    def _limits(self, where: str, raw: object) -> dict[str, Any]:
        limits: dict[str, Any] = {}
        for name, value in self._found.known(where, raw, (*_COUNTED, *_NAMED), "limit"):
            if name in _COUNTED:
                limits[name] = self._found.whole(f"{where}.{name}", value, least=1)
            else:
                limits[name] = self._names(f"{where}.{name}", value)
        return limits

    def _names(self, where: str, value: object) -> frozenset[str]:
        if isinstance(value, list) and all(
            isinstance(each, str) and is_line(each) for each in value
        ):
            return frozenset(value)
        self._found.fault(where, "must be a list of ids, each a line of text")
        return frozenset()

    def _confirm(self, where: str, raw: object) -> dict[str, int]:
        confirm: dict[str, int] = {}
        for name, value in self._found.known(where, raw, self._tools, "tool"):
            if (why := _unconfirmed(self._tools[name], value)) is not None:
                self._found.fault(f"{where}.{name}", why)
            confirm[name] = 0 if why is not None or value == "always" else value
        return confirm

    def _budgets(self, where: str, raw: object) -> dict[tuple[Metered, Period], int]:
        budgets: dict[tuple[Metered, Period], int] = {}
        for period, meters in self._found.known(where, raw, PERIODS, "period"):
            inside = f"{where}.{period}"
            for meter, value in self._found.known(inside, meters, METERED, "budget"):
                most = self._found.whole(f"{inside}.{meter}", value, least=0)
                budgets[meter, period] = most or 0
        for meter in METERED:
            day, month = budgets.get((meter, "day")), budgets.get((meter, "month"))
            if day is not None and month is not None and day > month:
                self._found.fault(where, f"more {meter} are given for a day than for a month")
        return budgets


def is_name(text: str) -> bool:
    """Whether a text can be a name of the operator's: of a preset, or of a key."""
    plain = text.replace("-", "").replace("_", "")
    return (
        len(text) <= _MOST_NAME and text.isascii() and (plain.isalnum() or not plain) and bool(text)
    )


def is_line(text: str) -> bool:
    """Whether a text is one line that can be shown."""
    return 0 < len(text) <= _MOST_TEXT and text.isprintable()


_LINE = f"must be a line of 1 to {_MOST_TEXT} characters"


def _unconfirmed(tool: Tool, value: object) -> str | None:
    """Why a tool cannot be confirmed like this, None where it can."""
    if tool.gate.effect == "read":
        return "the tool only reads: there is nothing to confirm"
    if value == "always":
        return None
    if "rows" not in tool.gate.limits:
        return 'the tool takes no batch of rows: say "always"'
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST:
        return None
    return 'must be "always", or the most rows that need no confirmation, 1 or more'
