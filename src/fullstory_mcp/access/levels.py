"""The permission level of each key: asked once, remembered five minutes, asked again in doubt.

`GET /me` names a role (provider.json maps roles to levels). An unknown role or no answer counts
as Standard, the least; no answer is remembered only half a minute, so that it heals. After a 403
the level is read again, at most once a minute a key.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import anyio

from fullstory_mcp.access.freezes import UNKNOWN
from fullstory_mcp.errors import KeyRefused, UpstreamError
from fullstory_mcp.gate import Limits, Standing
from fullstory_mcp.policy import Ruling
from fullstory_mcp.principal import LEVELS, Key, Level, Principal
from fullstory_mcp.settings import Settings
from fullstory_mcp.upstream import Upstream

KNOWN_SECONDS = 300.0
UNANSWERED_SECONDS = 30.0
DOUBT_SECONDS = 60.0
MANY_KEYS = 1_000

Listener = Callable[[Key], Awaitable[None]]


@dataclass(slots=True)
class _Known:
    standing: Standing
    role: str | None
    until: float
    doubted: float


class Levels:
    """Answers `standing` for a principal and tells `listener` when its level or its rules have changed.

    `ruling` asks the policy, and `frozen` why a caller's access is ended ("" where it is not).
    """

    def __init__(  # noqa: PLR0913 - wiring names every part
        self,
        upstream: Upstream,
        settings: Settings,
        limits: Limits,
        clock: Callable[[], float] = time.monotonic,
        *,
        ruling: Callable[[Principal], Ruling | None] = lambda _: None,
        frozen: Callable[[Principal], Awaitable[str]] | None = None,
    ) -> None:
        self._upstream = upstream
        self._fixed = settings.key_level
        self._limits = limits
        self._clock = clock
        self._ruling = ruling
        self._frozen = frozen
        self._ruled: dict[tuple[str, str, str], Ruling | None] = {}
        self._known: dict[str, _Known] = {}
        self._locks: dict[str, anyio.Lock] = {}
        self.listener: Listener | None = None

    async def standing(self, principal: Principal) -> Standing:
        """What is known of the caller; asks the API where nothing fresh is known. Never raises."""
        known = self._known.get(principal.key.fingerprint)
        if known is None or known.until <= self._clock():
            known = await self._ask(principal.key, stale=known)
        standing = _as_connected(known.standing, principal)
        ruling = self._ruling(principal)
        frozen = await self._frozen(principal) if self._frozen else ""
        await self._compare(principal, ruling)
        if ruling is None and not frozen:
            return standing
        return replace(standing, ruling=ruling, frozen=frozen, doubted=frozen == UNKNOWN)

    async def _compare(self, principal: Principal, ruling: Ruling | None) -> None:
        """Tells the listener where the policy has come to say something else of a caller."""
        who = principal.owner, principal.client_id, principal.connection
        changed = self._ruled.get(who, ruling) != ruling
        if len(self._ruled) >= MANY_KEYS:
            self._ruled.clear()
        self._ruled[who] = ruling
        if changed and self.listener:
            await self.listener(principal.key)

    async def role(self, principal: Principal) -> str | None:
        """The role the API named, None where it was not asked or did not say."""
        await self.standing(principal)
        known = self._known.get(principal.key.fingerprint)
        return known.role if known else None

    async def doubt(self, principal: Principal) -> None:
        """After a 403: reads the level again, at most once a minute."""
        known = self._known.get(principal.key.fingerprint)
        if known is None or self._clock() - known.doubted < DOUBT_SECONDS:
            return
        known.doubted = self._clock()
        await self._ask(principal.key, stale=known)

    async def _ask(self, key: Key, stale: _Known | None) -> _Known:
        """Asks once for all who ask at once."""
        async with self._locks.setdefault(key.fingerprint, anyio.Lock()):
            current = self._known.get(key.fingerprint)
            if current is not None and current is not stale:
                return current
            fresh = await self._read(key)
            fresh.doubted = stale.doubted if stale else float("-inf")
            if len(self._known) >= MANY_KEYS:
                self._forget_old()
            self._known[key.fingerprint] = fresh
        if stale and stale.standing.level != fresh.standing.level and self.listener:
            await self.listener(key)
        return fresh

    async def _read(self, key: Key) -> _Known:
        if self._fixed != "auto":
            standing = Standing(self._fixed, "set by FULLSTORY_KEY_LEVEL", self._limits)
            return self._remember(standing, None, KNOWN_SECONDS)
        try:
            role = await self._upstream.role(key)
        except UpstreamError as error:
            refused = isinstance(error, KeyRefused)
            why = (
                "Fullstory does not accept the key" if refused else "Fullstory did not say its role"
            )
            standing = Standing(LEVELS[0], why, self._limits, certain=False)
            return self._remember(standing, None, UNANSWERED_SECONDS)
        level = self._upstream.provider.identity["levels"].get(role)
        if level is None:
            shown = role if role.isidentifier() and len(role) <= 32 else "it has"
            why = f"the role {shown} is none that grants more"
            return self._remember(Standing(LEVELS[0], why, self._limits), role, KNOWN_SECONDS)
        return self._remember(
            Standing(level, f"its role is {role}", self._limits), role, KNOWN_SECONDS
        )

    def _forget_old(self) -> None:
        """Drops what is no longer fresh, so that a server for many does not grow by every key."""
        now = self._clock()
        for fingerprint in [name for name, known in self._known.items() if known.until <= now]:
            if not self._locks[fingerprint].locked():
                del self._known[fingerprint], self._locks[fingerprint]

    def _remember(self, standing: Standing, role: str | None, seconds: float) -> _Known:
        return _Known(standing, role, self._clock() + seconds, float("-inf"))


def _as_connected(standing: Standing, principal: Principal) -> Standing:
    """The key's standing, narrowed to what this connection of it was granted."""
    if principal.ceiling is not None and _rank(principal.ceiling) < _rank(standing.level):
        standing = replace(
            standing, level=principal.ceiling, known_by="the operator leaves this person no more"
        )
    if principal.scopes is not None:
        standing = replace(
            standing,
            scopes=principal.scopes,
            withheld=principal.withheld,
            denied=principal.denied,
        )
    return standing


def _rank(level: Level) -> int:
    return LEVELS.index(level)
