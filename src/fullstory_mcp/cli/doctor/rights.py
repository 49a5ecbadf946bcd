"""What the operator lets callers do, who is kept out, and where it is written down what they did."""

import os
import stat
import tempfile
from pathlib import Path

from fullstory_mcp.catalogue import load_catalogue
from fullstory_mcp.cli.doctor.report import Report, Stopped
from fullstory_mcp.errors import SettingsError
from fullstory_mcp.settings import Settings


def rights(report: Report, settings: Settings) -> None:
    """The policy file, the place of the audit and the freezes; each is told once.

    Raises:
        Stopped: a server would not start with one of them; it was reported.
    """
    usable = [_policy(report, settings), _audit(report, settings), _freezes(report, settings)]
    if not all(usable):
        raise Stopped


def _policy(report: Report, settings: Settings) -> bool:
    from fullstory_mcp.policy.reading import read_policy  # noqa: PLC0415 - only when used

    path = settings.policy_file
    if path is None:
        report.good("Policy", "none: callers may do what their key and scopes allow")
        return True
    try:
        policy = read_policy(path, load_catalogue())
    except SettingsError as error:
        report.bad("Policy", f"{error} `fullstory-mcp policy check {path}` says every fault.")
        return False
    if policy.rows:
        count = len(policy.rows)
        report.good("Policy", f"{path.name} is sound, {count} row{'' if count == 1 else 's'}")
    else:
        report.note(
            "Policy", f"{path.name} has no row in [[principals]], so nobody may do anything"
        )
    return True


def _audit(report: Report, settings: Settings) -> bool:
    path = settings.audit_file
    if settings.audit == "off":
        report.note("Audit", "off: nothing tells later who did what")
    elif path and (why := _unwritable(path)):
        report.bad("Audit", f"FULLSTORY_MCP_AUDIT_FILE: {path} cannot be written: {why}.")
        return False
    elif path:
        report.good("Audit", f"in {path}")
    elif settings.mode == "none":
        report.good("Audit", "not kept; FULLSTORY_MCP_AUDIT_FILE would name a file for it")
    else:
        report.good("Audit", "in the database")
    return True


def _unwritable(path: Path) -> str:
    """Why nothing can be appended to the file, or made in its folder; "" where it can. Leaves no trace."""
    try:
        if not path.exists():
            with tempfile.TemporaryFile(dir=path.parent):
                return ""
        if not stat.S_ISREG(path.stat().st_mode):
            return "it is not an ordinary file"
        os.close(os.open(path, os.O_RDWR | os.O_APPEND))
    except OSError as error:
        return (error.strerror or type(error).__name__).lower()
    return ""


def _freezes(report: Report, settings: Settings) -> bool:
    path = settings.freeze_file
    if settings.mode != "none":
        if path is not None:
            report.note(
                "Freezes", "in the database; FULLSTORY_MCP_FREEZE_FILE is not looked at: unset it"
            )
        return True
    if path is None:
        report.note(
            "Freezes", "`fullstory-mcp freeze` ends no access here: set FULLSTORY_MCP_FREEZE_FILE"
        )
        return True
    from fullstory_mcp.access.freeze_file import FreezeFile  # noqa: PLC0415 - only when used

    file = FreezeFile(path)
    try:
        file.check()
    except SettingsError as error:
        report.bad("Freezes", str(error))
        return False
    try:
        rows = file.rows()
    except SettingsError as error:
        report.bad("Freezes", str(error))  # a server would start, and let nobody in
        return True
    if rows:
        told = f"{len(rows)} in force by {path}; `fullstory-mcp freeze --list` shows them"
        report.note("Freezes", told)
    else:
        report.good("Freezes", f"nobody is frozen in {path}")
    return True
