"""A person's newest sessions, as list_sessions gives them to composites."""

from dataclasses import dataclass

from fullstory_mcp.catalogue import JSON
from fullstory_mcp.composites.way import Way
from fullstory_mcp.shaping import Cleaner
from fullstory_mcp.shaping.moments import moment, utc
from fullstory_mcp.shaping.story import header

LIST = "list_sessions"


@dataclass(frozen=True, slots=True)
class Listed:
    """A session in a list of a person's: its replay link is "" where the API gave none that can be shown."""

    session_id: str
    replay: str
    created: float | None

    def told(self, cleaner: Cleaner) -> str:
        """The session in a line, as far as a list knows it."""
        created = "" if self.created is None else utc(self.created)
        parts = (cleaner.line(self.session_id, 80), created, self.replay)
        return " · ".join(part for part in parts if part)


async def sessions_of(way: Way, asked: JSON, most: int) -> list[Listed]:
    """A person's newest sessions by uid or email; not metered.

    Raises:
        UpstreamError: they could not be listed.
    """
    data = await way.data(LIST, {**asked, "limit": str(most)})
    results = data.get("results") if isinstance(data, dict) else None
    rows = [row for row in results if isinstance(row, dict)] if isinstance(results, list) else []
    return [
        Listed(row["id"], header.replay(str(row.get("app_url"))), moment(row.get("created_time")))
        for row in rows
        if isinstance(row.get("id"), str)
    ]
