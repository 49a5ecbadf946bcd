"""Keeps records in the order they come: one thread chains and writes them, many in one go.

    journal.put(body)            soon (within LINGER_SECONDS), nobody waits
    await journal.kept(body)     at once; True when it is on disk

A thread and not a task: it chains and hashes beside the event loop, and whatever is raised inside
`open()` leaves it as it was raised. While the store fails, what comes is queued, and written when the
store is back; beyond MOST_QUEUED the oldest are dropped, counted, and a record says how many. The
second record of a write that was sent is never dropped. Whatever goes wrong, the thread goes on; should
it end all the same, the next record starts another.
"""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

import anyio
import anyio.to_thread

from fullstory_mcp.audit.entries import Body, Entry, Mark, chained, lost, new_writer

logger = logging.getLogger(__name__)

MOST_QUEUED = 10_000
MOST_AT_ONCE = 500
LINGER_SECONDS = 0.1
"""How long a record that nobody waits for may be in memory alone."""

RETRY_SECONDS = 1.0
WAIT_SECONDS = 10.0
"""How long a call waits until its record is on disk."""

LEAVE_SECONDS = 10.0
TELL_SECONDS = 60.0
"""How often a store that fails is logged."""


class Store(Protocol):
    """Where lines are kept. Every method is called in the journal's own thread.

    Whatever is raised, by any of them, means that none of the entries at hand may be counted on; the
    same entries come again, and writing one twice must leave one.
    """

    def is_new(self) -> bool:
        """Whether a new chain must begin here: the log is another one than last time."""

    def last(self) -> tuple[str, int, str] | None:
        """The record that a new chain names, as a `Mark`: the last of the log; None in an empty one."""

    def write(self, entries: Sequence[Entry], *, durable: bool) -> None:
        """Keeps the entries; `durable` means: also when the machine loses power right after."""

    def close(self) -> None:
        """Lets go of what is open."""


@dataclass(slots=True, eq=False)
class _Item:
    body: Body
    keep: bool = False
    done: "Future[bool] | None" = None


class Journal:
    """The way of every record into one store; `clock` is Unix time in seconds."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._clock = clock
        self._monotonic = monotonic
        self._changed = threading.Condition()
        self._queue: deque[_Item] = deque()
        self._taken: list[_Item] = []
        self._lost = 0
        self._thread: threading.Thread | None = None
        self._writing = False
        self._hurry = False
        self._running = False
        self._begins = True
        self._head = Mark("", 0, "")
        self._after: Mark | None = None
        self._failing = False
        self._told_at: float | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """While records come; at the end what is queued is written, for a few seconds at most."""
        with self._changed:
            self._running = True
            self._start()
        try:
            yield
        finally:
            with self._changed:
                self._revive()
                self._running = False
                self._changed.notify()
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._join)

    @property
    def failing(self) -> bool:
        """Whether the store did not take the last records it was given, or nobody gives it any."""
        return self._failing or self._dead

    @property
    def _dead(self) -> bool:
        alive = self._writing and self._thread is not None and self._thread.is_alive()
        return self._running and not alive

    def _start(self) -> None:
        thread = threading.Thread(target=self._run, name="audit", daemon=True)
        thread.start()
        self._thread, self._writing = thread, True

    def _revive(self) -> None:
        """Starts another thread where there is none any more; to be called with the lock."""
        if not self._dead:
            return
        self._begins = True  # how far the other one came is not known
        try:
            self._start()
        except RuntimeError:  # no thread is to be had
            self._thread = None
            self._complain("its thread has ended, and the system gives no other")
        else:
            logger.error("The thread that writes the audit had ended, and was started again")

    def _join(self) -> None:
        """Waits until the thread has written the rest; does it in its place where there is none."""
        if self._thread is None:
            self._run()
        else:
            self._thread.join(LEAVE_SECONDS)

    def put(self, body: Body, *, keep: bool = False) -> None:
        """Queues a record; with `keep` it is never dropped."""
        self._add(_Item(body, keep), hurry=False)

    async def kept(self, body: Body) -> bool:
        """Whether the record is on disk; waits for it."""
        if not self._running:
            self.put(body)
            return False
        done: Future[bool] = Future()
        self._add(_Item(body, done=done), hurry=True)
        if self._dead:
            return False
        with anyio.move_on_after(WAIT_SECONDS):
            return await asyncio.wrap_future(done)
        return False

    def _add(self, item: _Item, *, hurry: bool) -> None:
        with self._changed:
            self._revive()
            if len(self._queue) >= MOST_QUEUED:
                self._drop()
            self._queue.append(item)
            hurry = hurry or (len(self._queue) >= MOST_AT_ONCE and not self.failing)
            self._hurry = self._hurry or hurry
            if hurry or len(self._queue) == 1:
                self._changed.notify()

    def _drop(self) -> None:
        """Makes room: the oldest record goes that may, and is counted."""
        for place, item in enumerate(self._queue):
            if not item.keep:
                del self._queue[place]
                self._lost += 1
                self._tell([item], kept=False)
                return

    def _run(self) -> None:
        try:
            self._go_on()
        finally:
            with self._changed:  # also where it ends before its time: nobody waits in vain
                self._writing = False
                self._tell_all()

    def _go_on(self) -> None:
        running = True
        while running:
            try:
                running = self._wait()
                self._flush()
            except Exception as error:  # noqa: BLE001 - a mistake of ours, and the records must stay
                self._failed(error, ours=True)
        self._leave()

    def _wait(self) -> bool:
        """Until there is something to write and it is time to; whether the server goes on."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._taken or not self._running)
            self._changed.wait_for(
                lambda: self._hurry or not self._running,
                RETRY_SECONDS if self._failing else LINGER_SECONDS,
            )
            self._hurry = False
            return self._running

    def _flush(self) -> None:
        """Writes everything there is, or tells everyone who waits that it could not."""
        while items := self._next():
            try:
                self._write(items)
            except Exception as error:  # noqa: BLE001 - whatever it is, the records must stay
                self._failed(error)
                return
            self._taken = []
            self._tell(items, kept=True)
            self._recovered(len(items))

    def _next(self) -> list[_Item]:
        """The next records to write: those that were not written last time, as they were."""
        with self._changed:
            if not self._taken:
                if self._lost:
                    self._taken.append(_Item(lost(self._lost, self._clock()), keep=True))
                    self._lost = 0
                most = min(MOST_AT_ONCE, len(self._queue))
                self._taken += [self._queue.popleft() for _ in range(most)]
            return self._taken

    def _write(self, items: list[_Item]) -> None:
        self._begins = self._store.is_new() or self._begins
        if self._begins:
            self._begin()
        entries = chained([item.body for item in items], self._head, self._after)
        self._store.write(entries, durable=any(item.done or item.keep for item in items))
        self._head = entries[-1].mark

    def _begin(self) -> None:
        """Begins a chain, which names what stands last in the log, or else the end of the one before."""
        last = self._store.last()
        if last:
            self._after = Mark(*last)
        elif self._head.seq:
            self._after = self._head
        self._head = Mark(new_writer(), 0, "")
        self._begins = False

    def _failed(self, error: Exception, *, ours: bool = False) -> None:
        self._failing = True
        self._complain(_why(error), error if ours else None)
        self._tell_all()

    def _complain(self, why: str, error: Exception | None = None) -> None:
        """Logs that records cannot be written, once a minute; `error` with the place it comes from."""
        now = self._monotonic()
        if self._told_at is None or now - self._told_at >= TELL_SECONDS:
            self._told_at = now
            logger.error(
                "The audit cannot be written (%s): calls that it is required for are refused",
                why,
                exc_info=error,
            )

    def _tell_all(self) -> None:
        """Tells everyone who waits that their record is not on disk."""
        with self._changed:
            self._tell([*self._taken, *self._queue], kept=False)

    def _tell(self, items: Iterable[_Item], *, kept: bool) -> None:
        """Tells whoever waits for a record, once: who drops one and who writes it do so at any time."""
        with self._changed:
            for item in items:
                done, item.done = item.done, None
                if done is not None and done.set_running_or_notify_cancel():
                    done.set_result(kept)

    def _recovered(self, count: int) -> None:
        if not self._failing:
            return
        self._failing, self._told_at = False, None
        logger.warning("The audit is written again, beginning with %d records that waited", count)

    def _leave(self) -> None:
        if left := len(self._queue) + len(self._taken) + self._lost:
            logger.error("The server leaves, and %d records of the audit are lost", left)
        self._store.close()


def _why(error: Exception) -> str:
    if isinstance(error, OSError):
        return (error.strerror or type(error).__name__).lower()
    return str(error)
