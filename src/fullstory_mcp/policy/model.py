"""What a policy says once read: plain values, and the one answer of what a preset gives of a tool."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from fullstory_mcp.catalogue import Tool

Access = Literal["off", "read", "full"]
ACCESSES: tuple[Access, ...] = ("off", "read", "full")
"""What may be given of an area or a tool, least first."""

Metered = Literal["activations", "server_events", "calls"]
METERED: tuple[Metered, ...] = ("activations", "server_events", "calls")
"""What a budget can count."""

Period = Literal["day", "month"]
PERIODS: tuple[Period, ...] = ("day", "month")
"""How long a budget lasts: a day or a month of UTC."""


@dataclass(frozen=True, slots=True)
class Rules:
    """One preset as the file has it.

    `areas` and `tools` say what is given; what they do not name is off, and a single tool wins over
    its area. `segments` and `profiles` are the only ones that may be named, None for any; `rows` and
    `sessions` the most in a call, None for any number. `confirm` names the tools that are confirmed
    when a call has more rows than this, 0 for always. `budgets` are the most that is spent in a
    period.
    """

    name: str
    areas: Mapping[str, Access] = field(default_factory=dict)
    tools: Mapping[str, Access] = field(default_factory=dict)
    segments: frozenset[str] | None = None
    profiles: frozenset[str] | None = None
    rows: int | None = None
    sessions: int | None = None
    confirm: Mapping[str, int] = field(default_factory=dict)
    budgets: Mapping[tuple[Metered, Period], int] = field(default_factory=dict)

    def access(self, tool: Tool) -> Access:
        """What is given of a tool: nothing, reading, or everything it does.

        A tool that asks nothing of the API and spends nothing is given unless it is named as off.
        """
        if (named := self.tools.get(tool.name)) is not None:
            return named
        given = self.areas.get(tool.area, "off")
        return "read" if given == "off" and is_free(tool) else given

    def allows(self, tool: Tool) -> bool:
        """Whether what is given covers what the tool does."""
        access = self.access(tool)
        return access == "full" or (access == "read" and tool.gate.effect == "read")


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the policy says of one principal.

    `rules` is None where no row fits: everything is refused. `row` names the row that fits, as
    `row 2: person ana@example.com`.
    """

    rules: Rules | None
    row: str = ""

    @property
    def by(self) -> str:
        """What decided, for reasons and the audit."""
        if self.rules is None:
            return "no row of the policy fits"
        return f"preset {self.rules.name}, {self.row}"


def is_free(tool: Tool) -> bool:
    """Whether a tool only tells the caller of itself: nothing is asked of the API or spent."""
    return tool.http is None and tool.gate.meter is None
