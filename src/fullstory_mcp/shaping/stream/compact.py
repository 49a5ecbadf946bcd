"""Raw events as compact lines, part by part within a budget. Whole events only, each once."""

from collections.abc import Iterator, Sequence

from fullstory_mcp.shaping.fitting import room_in, tokens_in
from fullstory_mcp.shaping.story.reading import Part
from fullstory_mcp.shaping.stream.kinds import kinds_of
from fullstory_mcp.shaping.stream.lines import event_line, page_line, what
from fullstory_mcp.shaping.stream.listing import CURSOR_SLACK, Listing, fitting
from fullstory_mcp.shaping.stream.model import RawEvent, RawPage
from fullstory_mcp.shaping.stream.pen import LENGTHS, Pen
from fullstory_mcp.shaping.text import NOTE


def lines_part(listing: Listing, begin: int, max_tokens: int) -> Part:
    """The part from event `begin` on, of at most `max_tokens`."""
    limit = room_in(max_tokens)
    total = len(listing.events)
    head = _head(listing, begin)
    if begin >= total:
        told = fitting(listing.nothing(begin), limit - tokens_in([*head, *listing.remarks]))
        return Part("\n".join([*head, *told, *listing.remarks]), {}, None)
    around = [*head, listing.shown(begin, total), _more(listing, total), *listing.remarks]
    body, count = _body(listing, begin, limit - tokens_in(around) - CURSOR_SLACK)
    stop = begin + count
    more = [_more(listing, stop)] if stop < total else []
    text = [*head, listing.shown(begin, stop), *body, *more, *listing.remarks]
    return Part("\n".join(text), {}, stop if more else None)


def _head(listing: Listing, begin: int) -> list[str]:
    name = f"# Session {listing.cleaner.line(listing.session_id, 80)}, raw events"
    return [f"{name}, continued", NOTE] if begin else [name, listing.about(), NOTE]


def _more(listing: Listing, place: int) -> str:
    way = listing.onward(place)
    return f'More: the same call with cursor: "{way.cursor}" ({way.price}).'


def _body(listing: Listing, begin: int, room: int) -> tuple[list[str], int]:
    """As many whole lines as fit, with shorter texts where not even one does; and their events."""
    for most in LENGTHS:
        lines, count = _most_that_fits(listing, begin, room, Pen(listing.cleaner, most))
        if count:
            return lines, count
    first = listing.events[begin]
    told = f"{kinds_of(first.raw)[0].label} (too long for this max_tokens)"
    return [event_line([first], told, listing.stream.start)], 1


def _most_that_fits(listing: Listing, begin: int, room: int, pen: Pen) -> tuple[list[str], int]:
    lines: list[str] = []
    pages: list[RawPage] = []
    count = 0
    for run, told in _runs(listing.events, begin, pen):
        new = [*_heading(run[0].page, pages, listing, pen)]
        new.append(event_line(run, told, listing.stream.start))
        room -= tokens_in(new)
        if room < 0:
            break
        lines += new
        pages.append(run[0].page)
        count += len(run)
    return lines, count


def _heading(page: RawPage, before: Sequence[RawPage], listing: Listing, pen: Pen) -> list[str]:
    """A page's heading where the line above is another page's; short where the page stood before."""
    last = before[-1] if before else None
    if page is last:
        return []
    if any(page is other for other in before):
        return [f"## {page.handle} again"]
    return [page_line(page, last, listing.stream.start, pen)]


def _runs(events: Sequence[RawEvent], begin: int, pen: Pen) -> Iterator[tuple[list[RawEvent], str]]:
    """Neighbours on one page that read the same, with what they read."""
    run, told = [events[begin]], what(events[begin], pen)
    for place in range(begin + 1, len(events)):
        event = events[place]
        here = what(event, pen)
        if here == told and event.page is run[0].page:
            run.append(event)
        else:
            yield run, told
            run, told = [event], here
    yield run, told
