"""`fullstory-mcp freeze` and `unfreeze`: ends access on every replica within seconds, and gives it back."""

import difflib
from collections.abc import Sequence

import click

from fullstory_mcp.access.freezes import EVERYONE, folded
from fullstory_mcp.cli.switches import Names, Switch, switch
from fullstory_mcp.errors import OperatorError
from fullstory_mcp.usage.refusals import counted

MOST_NAME = 512
SHOWN = 5


def run_freeze(who: str | None, why: str) -> None:
    """Ends the access of `who`, of everyone where it is None, and says whom that concerns.

    Raises:
        OperatorError: the name or a setting cannot be used, or the place cannot be written.
    """
    name = _usable(who)
    with switch() as place:
        place.freeze(name, " ".join(why.split()))
        # After it: whatever fails now, the freeze is in force.
        known = place.known()
    meant = [caller for caller in known if folded(name) in caller.names]
    subject = "Everyone" if name == EVERYONE else name
    click.echo(f"{subject} is frozen, {_where(place)}")
    if meant or name == EVERYONE:
        click.echo(f"It concerns {counted(len(meant), place.callers)}{_shown(meant)}.")
    else:
        click.echo(_unknown(name, known, place.crowd), err=True)


def run_unfreeze(who: str | None) -> None:
    """Gives access back to `who`; where it is None, ends the freeze of everyone.

    Raises:
        OperatorError: there is no such freeze, or the place cannot be written.
    """
    name = _usable(who)
    with switch() as place:
        rows = place.rows()
        meant = [row[0] for row in rows if folded(row[0]) == folded(name)]
        for one in meant:
            place.unfreeze(one)
    rest = [row[0] for row in rows if row[0] not in meant]
    if not meant:
        raise OperatorError(f"There is no freeze of {_named(name)}. {_still(rest)}")
    click.echo(f"The freeze of {_named(name)} is ended, {_where(place)}")
    if rest:
        click.echo(_still(rest))


def run_list() -> None:
    """Shows every freeze.

    Raises:
        OperatorError: the place cannot be read.
    """
    with switch() as place:
        rows = place.rows()
        where = place.where
    if not rows:
        click.echo(f"Nobody is frozen in {where}.")
    for who, since, why in rows:
        click.echo(f"{_named(who)}  since {since}{f'  {why}' if why else ''}")


def _usable(who: str | None) -> str:
    """The name as it is stored; `*` for everyone.

    Raises:
        OperatorError: it is empty, too long or not printable.
    """
    if who is None:
        return EVERYONE
    name = who.strip()
    if not name:
        raise OperatorError("WHO is empty. Leave it out to mean everyone.")
    if len(name) > MOST_NAME or not name.isprintable():
        raise OperatorError(
            f"WHO must be at most {MOST_NAME} characters, without any that cannot be printed."
        )
    return name


def _named(who: str) -> str:
    return "everyone" if who == EVERYONE else who


def _shown(known: Sequence[Names]) -> str:
    """Whom it concerns, as people and not as connections."""
    names = list(dict.fromkeys(caller.shown for caller in known))
    return f": {_some(names)}" if names else ""


def _where(place: Switch) -> str:
    """On which servers a command takes effect, and on which it does not."""
    where = f"on every server that looks at {place.where}, within 5 seconds."
    return f"{where}\n{place.elsewhere}" if place.elsewhere else where


def _unknown(name: str, known: Sequence[Names], crowd: str) -> str:
    """Says that nobody goes by that name now, and what names are near it."""
    every = sorted({one for caller in known for one in caller.names if one != EVERYONE})
    near = difflib.get_close_matches(folded(name), every, n=3, cutoff=0.8)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    return f"Nobody goes by {name} here ({crowd}{_shown(known) or ': none'}). It is frozen all the same.{hint}"


def _still(rest: Sequence[str]) -> str:
    names = [_named(who) for who in rest]
    return f"Frozen: {_some(names)}." if names else "Nobody is frozen."


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
