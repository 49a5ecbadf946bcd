"""What one part of a reading tells: chosen units and what stands around them. Data only."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from fullstory_mcp.shaping.story.density import Density
from fullstory_mcp.shaping.story.model import Story
from fullstory_mcp.shaping.story.troubles import Troubles
from fullstory_mcp.shaping.story.units import Unit
from fullstory_mcp.shaping.text import Cleaner

_KINDS, _KINDS_BRIEFLY = 5, 3


@dataclass(frozen=True, slots=True)
class Ground:
    """What every part of one reading stands on.

    `alike`: how many events are like the one of a handle; `in_full`: a part of the session that was
    asked for; `beyond`: the session may go on after it.
    """

    story: Story
    cleaner: Cleaner
    units: Sequence[Unit]
    troubles: Troubles
    alike: dict[str, int] = field(default_factory=dict)
    in_full: bool = False
    beyond: bool = False


@dataclass(frozen=True, slots=True)
class Manner:
    """How a part is told: how densely, and how many tokens the person's properties may take."""

    density: Density
    properties: int


@dataclass(frozen=True, slots=True)
class Choice:
    """The units of one part, by their places in the story, and the words at its end.

    `part` is "" where they open a reading; `sums`: what went wrong is summed up before them. `left` counts the events of each kind that are
    left out, `more` says how to read on, `remarks` close the part.
    """

    places: Sequence[int]
    part: str = ""
    sums: bool = True
    left: dict[str, int] = field(default_factory=dict)
    more: str = ""
    remarks: Sequence[str] = ()

    def left_out(self, density: Density) -> dict[str, int]:
        """The kinds of what is left out, most events first, and the others as one where they are many."""
        most = _KINDS_BRIEFLY if density.brief else _KINDS
        kinds = list(self.left.items())
        others = sum(count for _, count in kinds[most:])
        return dict(kinds[:most]) | ({"other": others} if others else {})
