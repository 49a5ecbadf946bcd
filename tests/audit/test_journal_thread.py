"""The thread that writes the audit goes on whatever happens, and is missed where it does not."""

import logging
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import anyio
import pytest

from audit.logs import auditing, called, faults, raw_of, records
from fullstory_mcp.audit import Audit, journal
from fullstory_mcp.audit.entries import Entry, Mark
from fullstory_mcp.audit.journal import Journal
from fullstory_mcp.audit.lines import JsonLines
from fullstory_mcp.errors import NotRecorded
from server.doors import until
from support import Clock

pytestmark = [
    pytest.mark.anyio,
    # That a thread ends is what is looked at here.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the log will be."""
    return tmp_path / "audit.jsonl"


class Deadly(JsonLines):
    """A log whose next writes end the thread that asks for them, or come to another end."""

    def __init__(self, path: Path, end: BaseException | None = None) -> None:
        super().__init__(path)
        self.deadly = 0
        self._death = end or SystemExit()

    def write(self, entries: Sequence[Entry], *, durable: bool) -> None:
        """Ends the thread, or writes."""
        if self.deadly:
            self.deadly -= 1
            raise self._death
        super().write(entries, durable=durable)


def writing() -> threading.Thread | None:
    """The thread that writes an audit."""
    return next((one for one in threading.enumerate() if one.name == "audit"), None)


async def ended() -> None:
    """Waits until there is none."""
    await until(lambda: writing() is None)


async def test_thread_that_ended_is_started_again(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """By the next record, whoever brings it; what was queued is not lost, and the log is sound."""
    store = Deadly(path)
    async with auditing(store) as audit:
        await called(audit)
        for tool, arguments in (("get_session_events", {}), ("create_user", {"uid": "1"})):
            store.deadly = 1
            await called(audit)
            await ended()
            assert audit.journal.failing
            await called(audit, tool, **arguments)
        assert not audit.journal.failing

    assert caplog.text.count("had ended, and was started again") == 2
    assert faults(raw_of(path)) == []
    assert len(records(raw_of(path))) == 2 * 5


async def test_who_waits_when_the_thread_ends_is_refused_at_once(path: Path) -> None:
    """And not only after the time that a record may take."""
    store = Deadly(path)
    async with auditing(store) as audit:
        store.deadly = 1
        with anyio.fail_after(journal.WAIT_SECONDS / 2), pytest.raises(NotRecorded):
            await called(audit, "create_user", uid="1")

    assert len(records(raw_of(path))) == 2


async def test_thread_that_ended_at_the_end_is_missed_too(path: Path) -> None:
    """What was queued is written before the server leaves."""
    store = Deadly(path)
    async with auditing(store) as audit:
        store.deadly = 1
        await called(audit)
        await ended()

    assert len(records(raw_of(path))) == 2


async def test_without_a_thread_nothing_that_needs_the_audit_is_done(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the system gives no other, reads go on unless the operator says else; nothing is lost."""
    store = Deadly(path)
    async with auditing(store) as audit:
        strict = Audit(journal=audit.journal, every=True)
        store.deadly = 1
        await called(audit)
        await ended()
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", no_more)
            await called(audit)
            for refusing, tool in ((audit, "create_user"), (strict, "get_session_events")):
                with pytest.raises(NotRecorded):
                    await called(refusing, tool, session_id="123:456", uid="1")
            assert audit.journal.failing

    assert "its thread has ended, and the system gives no other" in caplog.text
    assert len(records(raw_of(path))) == 2 * 4


def no_more(_: threading.Thread) -> None:
    """What a system says that has no thread left."""
    raise RuntimeError("can't start new thread")


class Stumbling:
    """A clock that breaks the first time it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self) -> float:
        """The time, or not."""
        self.asked += 1
        if self.asked == 1:
            raise RuntimeError("the clock stands on its head")
        return float(self.asked)


async def test_mistake_of_ours_is_logged_with_its_place_and_gone_on_from(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The same thread writes the records when whatever it was is over."""
    store = Deadly(path, OSError(28, "No space left on device"))
    log = Journal(store, Clock(), Stumbling())
    async with log.open():
        thread = writing()
        audit = Audit(journal=log, clock=Clock())
        store.deadly = 1
        with pytest.raises(NotRecorded):
            await called(audit, "create_user", uid="1")
        await called(audit, "create_user", uid="2")
        assert writing() is thread

    assert "RuntimeError: the clock stands on its head" in caplog.text
    assert faults(raw_of(path)) == []
    assert len(records(raw_of(path))) == 2 * 2


class Full:
    """A store that takes nothing."""

    def is_new(self) -> bool:
        """It is always the same."""
        return False

    def last(self) -> Mark | None:
        """It is empty."""
        return None

    def write(self, _entries: Sequence[Entry], **_: bool) -> None:
        """Never works."""
        raise OSError(28, "No space left on device")

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Threads take turns all the time, and a full queue drops at once."""
    monkeypatch.setattr(journal, "MOST_QUEUED", 6)
    monkeypatch.setattr(journal, "RETRY_SECONDS", 0.0001)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hurried")
async def test_record_that_is_dropped_and_fails_at_once_is_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The one thread drops it while the other says that it could not be written."""
    caplog.set_level(logging.CRITICAL)
    kept: list[bool] = []
    log = Journal(Full())

    async def one() -> None:
        kept.append(await log.kept({"v": 1, "kind": "decided", "at": 1.0, "call": "x"}))

    async with log.open():
        thread = writing()
        for _ in range(60):
            async with anyio.create_task_group() as tasks:
                for _ in range(40):
                    tasks.start_soon(one)
        assert writing() is thread

    assert kept == [False] * 60 * 40
