"""What may come once comes once, and what is counted is counted, whoever asks at the same time."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from fullstory_mcp.storage import Database, Tx, counters, once
from storage.rows import NOW, kept

THREADS = 8
ASKED = 24

STRANGE = ("\0", "x" * 100_000, "’“日本語", "", "%s :name ?")


@pytest.fixture
def replicas(database_url: str) -> Iterator[tuple[Database, Database]]:
    """Two processes' worth of connections to one database."""
    pair = (Database(database_url), Database(database_url))
    yield pair
    for database in pair:
        database.close()


def raced(replicas: tuple[Database, Database], work: Callable[[Tx], object]) -> list[object]:
    """What `work` returned each time, asked by many threads, half of them at each replica."""

    def one(number: int) -> object:
        with replicas[number % 2].begin() as tx:
            return work(tx)

    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(one, range(ASKED)))


def test_claim_is_won_once(replicas: tuple[Database, Database]) -> None:
    """Of many who bring the same nonce at once, to two replicas, one gets through."""
    won = raced(replicas, lambda tx: once.claim(tx, "nonce", NOW + 60))

    assert sorted(won) == [False] * (ASKED - 1) + [True]


def test_every_count_counts(replicas: tuple[Database, Database]) -> None:
    """No count is lost or given twice, however many count at once."""
    counted = raced(replicas, lambda tx: counters.count(tx, "register 192.0.2.1", 60, NOW))

    assert sorted(counted) == list(range(1, ASKED + 1))


def test_claim_of_work_that_failed_is_free_again(database: Database) -> None:
    """A claim holds only together with what was done for it."""

    def claim_and_fail() -> None:
        with database.begin() as tx:
            assert once.claim(tx, "nonce", NOW + 60)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        claim_and_fail()
    with database.begin() as tx:
        assert once.claim(tx, "nonce", NOW + 60)


@pytest.mark.parametrize("name", STRANGE, ids=lambda name: ascii(name[:8]))
def test_whatever_a_stranger_calls_it_is_told_apart(database: Database, name: str) -> None:
    """Names of any length and any characters are claimed and counted, and not kept as they came."""
    with database.begin() as tx:
        claims = [once.claim(tx, text, NOW + 60) for text in (name, name, f"{name}!")]
        counts = [counters.count(tx, text, 60, NOW) for text in (name, name, f"{name}!")]
        rows = kept(tx)

    assert (claims, counts) == ([True, False, True], [1, 2, 1])
    assert {len(row) for row in rows["once"] + rows["counters"]} == {64}


def test_count_begins_anew_with_each_window(database: Database) -> None:
    """A window's count says nothing of the next, nor of a window of another length."""
    start = NOW - NOW % 3600
    asked = [(60, start), (60, start + 59), (60, start + 60), (3600, start), (60, start)]
    with database.begin() as tx:
        counts = [counters.count(tx, "name", seconds, now) for seconds, now in asked]

    assert counts == [1, 2, 1, 1, 3]
