"""What a stream has, told where a filter found nothing: its kinds of events and its pages."""

from collections import Counter

from fullstory_mcp.shaping.story.kinds import NAMES
from fullstory_mcp.shaping.stream.kinds import RAW_NAMES, kinds_of
from fullstory_mcp.shaping.stream.model import Stream
from fullstory_mcp.shaping.stream.pen import LENGTHS, Pen
from fullstory_mcp.shaping.text import Cleaner

_KINDS_TOLD = 24
_PAGES_TOLD = 6
_OURS = frozenset(NAMES) | RAW_NAMES


def known(stream: Stream, cleaner: Cleaner) -> list[str]:
    """Up to two lines, in the words that `types` and `page` take."""
    pen = Pen(cleaner, LENGTHS[1])
    return [_kinds(stream, pen), _pages(stream, pen)] if stream.events else []


def _kinds(stream: Stream, pen: Pen) -> str:
    counts = Counter(kind.name for event in stream.events for kind in kinds_of(event.raw))
    told = [
        f"{name if name in _OURS else pen.quote(name)} {count:,}"
        for name, count in counts.most_common(_KINDS_TOLD)
    ]
    return f"Its types: {', '.join(told)}{_more(len(counts) - _KINDS_TOLD)}."


def _pages(stream: Stream, pen: Pen) -> str:
    pages = stream.pages[:_PAGES_TOLD]
    told = [f"{page.handle} {pen.quote(page.url) or 'without a URL'}" for page in pages]
    return f"Its pages: {', '.join(told)}{_more(len(stream.pages) - _PAGES_TOLD)}."


def _more(left: int) -> str:
    return f", and {left:,} more" if left > 0 else ""
