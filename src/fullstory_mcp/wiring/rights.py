"""What the operator lets callers do, and what is written down of it: policy, freezes, meter, audit."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from fullstory_mcp.access.freezes import Freezes
from fullstory_mcp.audit import Audit
from fullstory_mcp.catalogue import Catalogue
from fullstory_mcp.policy.file import PolicyFile
from fullstory_mcp.sealing import Sealer
from fullstory_mcp.settings import Settings
from fullstory_mcp.usage import Meter
from fullstory_mcp.wiring.seams import Seams

if TYPE_CHECKING:
    from fullstory_mcp.audit.journal import Journal, Store
    from fullstory_mcp.storage import Database


@dataclass(frozen=True, slots=True)
class Rights:
    """The four that a pipeline asks and tells."""

    policy: PolicyFile
    freezes: Freezes
    meter: Meter
    audit: Audit


@dataclass(frozen=True, slots=True)
class _Given:
    """What both kinds of server make them of."""

    settings: Settings
    seams: Seams
    policy: PolicyFile
    sealer: Sealer

    def rights(self, freezes: Freezes, meter: Meter, journal: "Journal | None") -> Rights:
        audit = Audit(
            journal=journal,
            clock=self.seams.clock,
            digest=partial(self.sealer.digest, "arguments"),
            every=self.settings.audit_required == "all",
        )
        return Rights(self.policy, freezes, meter, audit)

    def journal(self, store: "Store | None") -> "Journal | None":
        if store is None:
            return None
        from fullstory_mcp.audit.journal import Journal  # noqa: PLC0415 - only when used

        return Journal(store, self.seams.clock)

    def file(self) -> "Store | None":
        """The file that the audit is kept in, where one is named."""
        if self.settings.audit == "off" or self.settings.audit_file is None:
            return None
        from fullstory_mcp.audit.lines import JsonLines  # noqa: PLC0415 - only when used

        return JsonLines(self.settings.audit_file)


def policy_of(settings: Settings, seams: Seams, catalogue: Catalogue) -> PolicyFile:
    """The operator's policy.

    Raises:
        SettingsError: it is not usable.
    """
    return PolicyFile(settings.policy_file, catalogue, seams.monotonic)


@asynccontextmanager
async def local_rights(
    settings: Settings, seams: Seams, policy: PolicyFile, sealer: Sealer
) -> AsyncIterator[Rights]:
    """Those of a server without a database.

    Raises:
        SettingsError: the audit file or the freeze file is not usable.
    """
    given = _Given(settings, seams, policy, sealer)
    freezes = Freezes()
    if settings.freeze_file:
        from fullstory_mcp.access.freeze_file import FreezeFile  # noqa: PLC0415 - only when used

        file = FreezeFile(settings.freeze_file)
        file.check()
        freezes = Freezes(file.load, seams.monotonic)
    meter = Meter(None, seams.clock)
    if settings.policy_file and settings.audit_file:
        from fullstory_mcp.usage.seeding import spent_before  # noqa: PLC0415 - only when used

        await meter.seed(spent_before(settings.audit_file, seams.clock()))
    async with _kept(given, freezes, meter, given.journal(given.file())) as rights:
        yield rights


@asynccontextmanager
async def hosted_rights(
    settings: Settings,
    seams: Seams,
    policy: PolicyFile,
    sealer: Sealer,
    database: "Database",
) -> AsyncIterator[Rights]:
    """Those of a server for many; what must be remembered is in its database.

    Raises:
        SettingsError: the audit file is not usable.
    """
    from fullstory_mcp.storage import freezes as stored  # noqa: PLC0415 - hosted alone
    from fullstory_mcp.storage.audit import AuditTable  # noqa: PLC0415
    from fullstory_mcp.usage.database import InDatabase  # noqa: PLC0415

    given = _Given(settings, seams, policy, sealer)
    store: Store | None = given.file()
    if store is None and settings.audit != "off":
        store = AuditTable(database)
    freezes = Freezes(partial(database.read, stored.reasons), seams.monotonic)
    meter = Meter(InDatabase(database), seams.clock)
    async with _kept(given, freezes, meter, given.journal(store)) as rights, meter.open():
        yield rights


@asynccontextmanager
async def _kept(
    given: _Given, freezes: Freezes, meter: Meter, journal: "Journal | None"
) -> AsyncIterator[Rights]:
    """The rights while the server runs; what is queued for the journal is written at the end."""
    rights = given.rights(freezes, meter, journal)
    if journal is None:
        yield rights
        return
    async with journal.open():
        yield rights
