"""The kill switch: whose access the operator has ended, noticed by every replica within five seconds.

A freeze names somebody by any name that a principal goes by. The list is looked up every two seconds
at most, once for all callers. Doubt means deny: where it could not be read for five seconds, everybody
is frozen, so that no replica lags behind a freeze longer than that.
"""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping

import anyio

from fullstory_mcp.errors import OperatorError
from fullstory_mcp.principal import Principal

logger = logging.getLogger(__name__)

EVERYONE = "*"

LOOK_SECONDS = 2.0
"""How long a list that was read is taken to be still so."""

DOUBT_SECONDS = 5.0
"""How old the last list that was read may become before nobody is let in any more."""

UNKNOWN = "this server cannot look up whose access is frozen, so it lets nobody in."
"""What `Freezes.why` says of everybody while in doubt: nobody was frozen for a reason."""

MOST_WHY = 200

Load = Callable[[], Awaitable[Mapping[str, str]]]
"""Reads the list anew: why, by who; raises OperatorError where it cannot."""


class Freezes:
    """Says why a principal is frozen. Without `load` there is no switch, and nobody is.

    `monotonic` counts seconds from anywhere.
    """

    def __init__(
        self, load: Load | None = None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._load = load
        self._monotonic = monotonic
        self._frozen: Mapping[str, str] = {}
        self._read_at = float("-inf")
        self._tried_at = float("-inf")
        self._look = anyio.Lock()

    async def why(self, principal: Principal) -> str:
        """The reason for which this principal's access is ended; "" where it is not."""
        if self._load is None:
            return ""
        if self._due():
            async with self._look:
                if self._due():
                    await self._read(self._load)
        if self._monotonic() - self._read_at > DOUBT_SECONDS:
            return UNKNOWN
        if not self._frozen:
            return ""
        for name in sorted(names_of(principal)):
            if name in self._frozen:
                return _told(self._frozen[name])
        return ""

    def _due(self) -> bool:
        return self._monotonic() - self._tried_at >= LOOK_SECONDS

    async def _read(self, load: Load) -> None:
        # The time before reading: a freeze that comes meanwhile may have been missed.
        began = self._monotonic()
        try:
            found = await load()
        except OperatorError as error:
            logger.error("Whose access is frozen could not be read: %s", error)  # noqa: TRY400 - the text is whole
        else:
            self._frozen = {folded(who): why for who, why in found.items()}
            self._read_at = began
        # The time after it: whoever waited meanwhile does not look again.
        self._tried_at = self._monotonic()


def names_of(principal: Principal) -> frozenset[str]:
    """Every name that a freeze can end this principal's access by, in small letters.

    The name that is shown counts where it is an e-mail address, even where nobody vouches for it: it
    can only take access away.
    """
    names = {
        EVERYONE,
        principal.door,
        principal.owner,
        principal.email,
        principal.name if "@" in principal.name else "",
        principal.key.fingerprint,
        principal.named_key,
        principal.connection,
        principal.client_id,
        principal.client_host,
    }
    return frozenset(folded(name) for name in names if name)


def folded(who: str) -> str:
    """A name without regard to capitals and to spaces around it."""
    return who.strip().casefold()


def _told(why: str) -> str:
    return " ".join(why.split()).rstrip(".")[:MOST_WHY] or "no reason is given"
