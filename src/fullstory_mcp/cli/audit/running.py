"""What `fullstory-mcp audit` does: tail, search, export, verify."""

import re
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import click

from fullstory_mcp.audit.entries import Mark
from fullstory_mcp.audit.telling import (
    OUTCOMES,
    Content,
    Told,
    Wanted,
    paired,
    seconds_of,
    sentence,
)
from fullstory_mcp.audit.verifying import Finding, Verification, read, read_heads
from fullstory_mcp.cli.audit.logbook import Logbook, logbook
from fullstory_mcp.errors import SettingsError

MOST_FINDINGS = 50
"""Most findings that are told one by one."""

_AGO = re.compile(r"(\d{1,6})([mhd])")
_SECONDS = {"m": 60, "h": 3600, "d": 86_400}


def run_tail(paths: Sequence[Path], count: int, *, follow: bool) -> None:
    """Prints the newest calls, a sentence each, and goes on with those that end from then on.

    Raises:
        SettingsError: there is no log.
        StorageUnavailable: the database cannot be reached.
    """
    with logbook(paths) as log:
        newest = log.newest(count)
        if not follow:
            _print(list(paired(newest))[-count:])
            return
        ended = {content.get("call") for content in newest if content.get("kind") == "ended"}
        waiting = [content for content in newest if content.get("call") not in ended]
        _print(list(paired(c for c in newest if c.get("call") in ended))[-count:])
        _print(_as_they_end(log, waiting))


def run_search(paths: Sequence[Path], wanted: Wanted) -> None:
    """Prints the calls that are wanted, a sentence each; exit code 1 where there is none.

    Raises:
        SettingsError: there is no log.
        StorageUnavailable: the database cannot be reached.
    """
    with logbook(paths) as log:
        calls = paired(log.between(wanted.since, wanted.until))
        if not _print(told for told in calls if wanted.fits(told)):
            click.echo("No call fits.", err=True)
            sys.exit(1)


def run_export(paths: Sequence[Path], form: str) -> None:
    """Writes every record to stdout: the lines as they are kept (`jsonl`), or a table (`csv`).

    Raises:
        SettingsError: there is no log.
        StorageUnavailable: the database cannot be reached.
    """
    from fullstory_mcp.cli.audit.export import write_csv  # noqa: PLC0415 - csv alone

    with logbook(paths) as log:
        if form == "csv":
            write_csv((content for line in log.lines() if (content := read(line.raw))), sys.stdout)
            return
        for line in log.lines():
            sys.stdout.buffer.write(line.raw + b"\n")


def run_verify(paths: Sequence[Path], anchored: Path | None, *, heads: bool) -> int:
    """Says whether the log is whole, or where it is not.

    Returns:
        The exit code: 1 where something was changed, removed, doubled or swapped.

    Raises:
        SettingsError: there is no log, or `anchored` holds no heads.
        StorageUnavailable: the database cannot be reached.
    """
    marks = _anchored(anchored) if anchored else []
    verification = Verification()
    with logbook(paths) as log:
        wrong = _tell(_findings(verification, log, marks), quiet=heads)
    if wrong:
        faults = "1 fault" if wrong == 1 else f"{wrong} faults"
        click.echo(f"The audit is not whole: {faults}.", err=True)
        return 1
    if heads:
        for mark in verification.heads:
            click.echo(f"{mark.writer} {mark.seq} {mark.hash}")
        return 0
    click.echo(_whole(verification, anchored=len(marks)))
    return 0


def searched(since: str, until: str, *, outcome: str, **texts: str) -> Wanted:
    """What is looked for, from the command's own texts.

    Raises:
        click.BadParameter: a time is none, or there is no such outcome.
    """
    if outcome not in ("", *OUTCOMES):
        raise click.BadParameter(f"--outcome: must be one of {', '.join(OUTCOMES)}.")
    return Wanted(
        outcome=outcome,
        since=_moment(since) if since else None,
        until=_moment(until) if until else None,
        **texts,
    )


def _moment(text: str) -> int:
    """A time as the commands take it, in Unix seconds."""
    if ago := _AGO.fullmatch(text):
        return int(time.time()) - int(ago[1]) * _SECONDS[ago[2]]
    try:
        return int(seconds_of(text))
    except (ValueError, OverflowError):
        raise click.BadParameter(
            "a time must be a day (2026-11-21), a moment (2026-11-21T10:00Z), or 90m, 24h or 7d ago."
        ) from None


def _findings(
    verification: Verification, log: Logbook, anchored: Sequence[Mark]
) -> Iterator[Finding]:
    for line in log.lines():
        yield from verification.check(line)
    yield from verification.finish(anchored)


def _tell(findings: Iterable[Finding], *, quiet: bool) -> int:
    """Prints what was found, as far as it is not too much; how much of it is wrong."""
    wrong = shown = 0
    for finding in findings:
        wrong += finding.wrong
        if quiet and not finding.wrong:
            continue
        shown += 1
        if shown <= MOST_FINDINGS:
            click.echo(f"{'WRONG' if finding.wrong else 'note'}  {finding}", err=quiet)
    if shown > MOST_FINDINGS:
        click.echo(f"and {shown - MOST_FINDINGS} more", err=quiet)
    return wrong


def _whole(verification: Verification, *, anchored: int) -> str:
    chains = len(verification.heads)
    counted = (
        f"{verification.lines} records of {verification.calls} calls in {chains} "
        f"{'chain' if chains == 1 else 'chains'}: none was changed, removed or moved."
    )
    if anchored:
        return f"{counted} All {anchored} anchored heads are there."
    return (
        f"{counted} Whether the newest were cut off is known only with --anchored: keep what "
        "`fullstory-mcp audit verify --heads` prints where this log's keeper cannot write."
    )


def _anchored(path: Path) -> list[Mark]:
    try:
        return read_heads(path.read_text("utf-8"))
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise SettingsError(f"--anchored: {path} cannot be read: {why}.") from None
    except ValueError as error:
        raise SettingsError(f"--anchored: {path}: {error}.") from None


def _as_they_end(log: Logbook, waiting: list[Content]) -> Iterator[Told]:
    """Calls, each when its end comes; `waiting` are decisions from before."""
    decided = {str(content.get("call")): content for content in waiting}
    for contents in log.grown():
        for content in contents:
            call = str(content.get("call"))
            if content.get("kind") == "decided":
                decided[call] = content
            elif content.get("kind") == "ended":
                yield Told(decided.pop(call, {}), content)


def _print(calls: Iterable[Told]) -> int:
    """Prints a sentence a call; how many there were."""
    count = 0
    for told in calls:
        count += 1
        when = told.at[:19].replace("T", " ")
        click.echo(f"{when}  {sentence(told)}")
    return count
