"""A person's newest sessions: one as a reading, each other one in a line, within one budget."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fullstory_mcp.shaping.fitting import counted_as, room_in, tokens_in
from fullstory_mcp.shaping.story.reading import MARGIN
from fullstory_mcp.shaping.tokens import estimate

_SHARE_OF_OTHERS = 1 / 3
"""The most of the budget that the other sessions' lines may take."""


@dataclass(frozen=True, slots=True)
class Review:
    """`head` opens, `reading` gives the chosen session within a number of tokens, `others` close."""

    head: Sequence[str]
    reading: Callable[[int], str]
    others: Sequence[str]

    def within(self, max_tokens: int) -> str:
        """The review in at most `max_tokens`; lines of others that do not fit are counted."""
        room = room_in(max_tokens)
        kept = self._most_others(int(room * _SHARE_OF_OTHERS))
        text = self._text(kept, room)
        # A long head of the reading leaves less than a third: then the lines give way.
        return text if estimate(text) <= room or not kept else self._text(0, room)

    def _most_others(self, room: int) -> int:
        kept = len(self.others)
        while kept and tokens_in(self._closing(kept)) > room:
            kept -= 1
        return kept

    def _text(self, kept: int, room: int) -> str:
        closing = self._closing(kept)
        left = room - tokens_in(self.head) - tokens_in(closing)
        return "\n".join([*self.head, self.reading(int(left / MARGIN)), *closing])

    def _closing(self, kept: int) -> list[str]:
        if not self.others:
            return []
        left = len(self.others) - kept
        more = [f"Left out: {counted_as(left, 'session')}; a larger max_tokens lists them."]
        return ["# Other sessions", *self.others[:kept], *(more if left else [])]
