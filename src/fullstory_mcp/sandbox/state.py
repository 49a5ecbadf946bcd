"""Everything the sandbox remembers: the world, what was written to it, and what was asked.

One object for each app; two apps share nothing. The world is made at its first use.
"""

from collections import Counter
from collections.abc import Callable
from functools import cached_property
from random import Random
from typing import TYPE_CHECKING, Any
from uuid import UUID

from fullstory_mcp.sandbox import defaults
from fullstory_mcp.sandbox.errors import too_many
from fullstory_mcp.sandbox.faults import FaultBoard
from fullstory_mcp.sandbox.idempotency import IdempotencyStore
from fullstory_mcp.sandbox.limits import RateLimits, TokenBuckets, Window
from fullstory_mcp.sandbox.schedule import Schedule
from fullstory_mcp.sandbox.times import MINUTE, SECOND
from fullstory_mcp.sandbox.world.timeline import new_id
from fullstory_mcp.sandbox.world.world import World

if TYPE_CHECKING:
    from fullstory_mcp.sandbox.jobs import Job, Operation
    from fullstory_mcp.sandbox.recorder import Recorded

EVENTS_SENT_BEFORE = 20_514
"""Server events that the account had used up before the sandbox started."""


class Sandbox:
    """The state of one sandbox.

    `faults`, `requests`, `activations` (metered calls by key) and `world` are for tests too.
    """

    def __init__(
        self,
        *,
        seed: int,
        clock: Callable[[], float],
        rate_limits: RateLimits,
        job_seconds: float,
        event_quota: int,
    ) -> None:
        """Start with the seeded world and nothing written; see `create_app`."""
        self.seed = seed
        self.clock = clock
        self.job_millis = round(job_seconds * SECOND)
        self.event_quota = event_quota
        self.events_used = 0
        self.faults = FaultBoard()
        self.requests: list[Recorded] = []
        self.activations: Counter[str] = Counter()
        self.buckets = TokenBuckets(rate_limits, clock)
        self.downloads = Window(2, MINUTE / SECOND, clock)
        self.idempotency = IdempotencyStore(clock)
        self.later = Schedule()
        self.jobs: dict[str, Job] = {}
        self.streams: dict[str, str] = {}
        self.operations: dict[str, Operation] = {}
        self.profiles: dict[str, dict[str, Any]] = defaults.profiles()
        self.webhooks: dict[str, dict[str, Any]] = defaults.webhooks()
        self.annotations: list[dict[str, Any]] = []
        self._ids = Random(f"{seed}:written")  # noqa: S311 - repeatable, no secret

    @cached_property
    def world(self) -> World:
        """The people and sessions; made when first asked for."""
        return World(self.seed)

    @property
    def now(self) -> int:
        """The moment on the sandbox's clock, in milliseconds."""
        return round(self.clock() * SECOND)

    def new_id(self) -> str:
        """Make an int64-like id for something written."""
        return new_id(self._ids)

    def new_uuid(self) -> str:
        """Make a UUID for something written."""
        return str(UUID(int=self._ids.getrandbits(128), version=4))

    def new_code(self) -> str:
        """Make a short id as operations and exports have."""
        letters = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
        return "".join(self._ids.choices(letters, k=12))

    def spend_events(self, how_many: int) -> None:
        """Count server events against the quota, or raise the 429 that waiting will not cure."""
        if self.events_used + how_many > self.event_quota:
            raise too_many(60, "Server event quota exceeded for this billing period.")
        self.events_used += how_many
