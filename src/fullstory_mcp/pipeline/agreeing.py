"""Asks before a call that must be confirmed, and takes the answer: as an argument, or from the client's user.

What is asked says exactly what would happen: the sentence of the tool's own file, beside a deletion
what is known of its object, and beside any other change the request that would be sent.
"""

from dataclasses import dataclass
from functools import partial

from fullstory_mcp import wire
from fullstory_mcp.catalogue import JSON, Tool
from fullstory_mcp.composites.way import Data
from fullstory_mcp.errors import NotConfirmed
from fullstory_mcp.gate import Confirmations
from fullstory_mcp.gate.confirmation import Way, is_confirmed, what_would_happen
from fullstory_mcp.pipeline.calls import Call, Question
from fullstory_mcp.policy import Ruling
from fullstory_mcp.shaping import Cleaner, Rendered
from fullstory_mcp.upstream import Upstream

MOST_SHOWN = 2_000
"""Characters of a request that are shown before it is confirmed; dry_run shows more."""

MOST_VALUE = 200


@dataclass(frozen=True, slots=True)
class Agreeing:
    """Stands between a checked call and its sending."""

    confirmations: Confirmations
    upstream: Upstream
    cleaner: Cleaner

    async def asked(
        self,
        call: Call,
        tool: Tool,
        arguments: JSON,
        ruling: Ruling | None,
        data: Data,
    ) -> Rendered | Question | Way | None:
        """What to ask before the call; the way it was agreed to; None where nothing is to be asked.

        Raises:
            NotConfirmed: the token does not hold, or the client's user did not agree.
        """
        token = arguments.pop("confirmation", None)
        if not is_confirmed(ruling, tool, arguments):
            return None
        issue = partial(
            self.confirmations.issue, tool=tool, arguments=arguments, principal=call.principal
        )
        redeem = partial(
            self.confirmations.redeem, tool=tool, arguments=arguments, principal=call.principal
        )
        if token:
            await redeem("argument", token=token)
            return "argument"
        if not call.consent.can_ask:
            return _in_text(await self._told(tool, arguments, data), issue("argument"))
        if call.consent.state is None:
            return Question(await self._told(tool, arguments, data), issue("question"))
        await redeem("question", token=call.consent.state)
        if not call.consent.accepted:
            raise NotConfirmed("Nothing was changed: it was not agreed to.")
        return "question"

    async def _told(self, tool: Tool, arguments: JSON, data: Data) -> str:
        what = what_would_happen(
            tool, arguments, lambda value: self.cleaner.quote(value, MOST_VALUE)
        )
        if tool.gate.preview:
            # The readings come with it, which would cost every start.
            from fullstory_mcp.composites.previews import known_of  # noqa: PLC0415

            known = await known_of(tool.gate.preview, arguments, data, self.cleaner)
            return f"{what} {known}"
        if tool.gate.effect == "delete":
            return what
        return f"{what} {self._request(tool, arguments)}"

    def _request(self, tool: Tool, arguments: JSON) -> str:
        """The request in a line: of a batch whole rows, as many as there is room for."""
        request = self.upstream.shown(tool, arguments)
        body: JSON = request.get("body") or {}
        rows = next(iter(tool.gate.limits.get("rows", ())), "")
        fitted, more = body, ""
        if rows in body:
            count = _fitting(body[rows])
            fitted = {**body, rows: body[rows][:count]}
            if left := len(body[rows]) - count:
                more = f" and {left} more row{'' if left == 1 else 's'}, which dry_run shows"
        sent = wire.write(fitted)
        if len(sent) > MOST_SHOWN:
            more += " (cut; dry_run shows all of it)"
        sent = self.cleaner.line(sent, MOST_SHOWN)
        return f"It sends {request['method']} {request['url']} {sent}{more}."


def _fitting(rows: list[JSON]) -> int:
    """How many whole rows there is room for, one at least."""
    room = MOST_SHOWN - 100
    for count, row in enumerate(rows):
        room -= len(wire.write(row)) + 1
        if room < 0:
            return max(count, 1)
    return len(rows)


def _in_text(what: str, token: str) -> Rendered:
    return Rendered(
        f"Nothing has been changed yet. This call would: {what}\n"
        "To do it, make the same call again within 10 minutes with this argument added:\n"
        f'confirmation: "{token}"'
    )
