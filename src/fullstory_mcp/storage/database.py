"""The database, SQLite or PostgreSQL: transactions in worker threads, losses told as our own error.

    async    await database.run(work, ...)     one transaction in a worker thread
    async    await database.read(work, ...)    the same, waiting for no writer; it cannot write
    thread   with database.begin() as tx:      the same where we already are in a thread

`work(tx, ...)` takes the transaction first; everything of ours that touches a table is written so.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Concatenate, ParamSpec, TypeVar

import anyio
import anyio.to_thread
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoFreeConnection

from fullstory_mcp.errors import StorageUnavailable
from fullstory_mcp.storage import engines, losses

P = ParamSpec("P")
T = TypeVar("T")

WAIT_SECONDS = 5
"""How long a transaction waits for a free connection, a server's answer or SQLite's lock."""


class Database:
    """The connections of one process to the database that `url` names; none is opened before use.

    Raises:
        SettingsError: the URL names no database that can be used.
    """

    def __init__(self, url: str, wait_seconds: int = WAIT_SECONDS) -> None:
        self.url = engines.usable(url)
        self._writing = engines.writing(self.url, wait_seconds)
        self._reading = engines.reading(self.url, wait_seconds)
        self._writers = anyio.Semaphore(engines.WRITERS, fast_acquire=True)
        self._readers = anyio.Semaphore(engines.READERS, fast_acquire=True)
        self._threads = anyio.CapacityLimiter(engines.WRITERS + engines.READERS)
        self._wait_seconds = wait_seconds

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a SQLite file."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def name(self) -> str:
        """The database as it may be shown: without user and password."""
        if self.is_sqlite:
            return f"SQLite file {self.url.database}"
        return f"PostgreSQL at {self.url.host or 'the local socket'}, {self.url.database}"

    @property
    def engine(self) -> Engine:
        """The pool that writes."""
        return self._writing

    @contextmanager
    def begin(self, *, reading: bool = False) -> Iterator[Connection]:
        """One transaction: committed at the end, undone by an exception.

        With `reading` it waits for no writer, and cannot write; on PostgreSQL each of its statements
        then sees what was committed before it.

        Raises:
            StorageUnavailable: the database cannot be reached, is locked for too long or has no tables.
        """
        engine = self._reading if reading else self._writing
        try:
            with engine.begin() as tx:
                yield tx
        except NoFreeConnection:
            raise StorageUnavailable(losses.BUSY) from None
        except DBAPIError as error:
            raise losses.told(error, reading=reading) from None

    async def run(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """What `work(tx, ...)` returns, run as one transaction in a worker thread.

        Raises:
            StorageUnavailable: as `begin`.
        """

        def whole() -> T:
            with self.begin() as tx:
                return work(tx, *args, **kwargs)

        return await self.in_thread(whole)

    async def read(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """What `work(tx, ...)` returns, which cannot write, run in a worker thread.

        It may be run twice: connections are not tried beforehand, and one may have died idle.

        Raises:
            StorageUnavailable: as `begin`.
        """

        def whole() -> T:
            with self.begin(reading=True) as tx:
                return work(tx, *args, **kwargs)

        def twice() -> T:
            try:
                return whole()
            except losses.ConnectionLost:
                return whole()

        return await self._in_place(self._readers, twice)

    async def in_thread(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `work(...)` returns, run in a worker thread; it begins its own transactions.

        Raises:
            StorageUnavailable: as `begin`.
        """
        return await self._in_place(self._writers, partial(work, *args, **kwargs))

    async def _in_place(self, places: anyio.Semaphore, work: Callable[[], T]) -> T:
        """What `work()` returns, run in a worker thread once there is a place for it.

        Where a server has frozen with every place taken, whoever comes is told so and does not wait.
        """
        try:
            with anyio.fail_after(self._wait_seconds):
                await places.acquire()
        except TimeoutError:
            raise StorageUnavailable(losses.BUSY) from None
        try:
            return await anyio.to_thread.run_sync(work, limiter=self._threads)
        finally:
            places.release()

    def close(self) -> None:
        """Closes every connection."""
        self._writing.dispose()
        self._reading.dispose()
