"""Logs go to stderr, one line each, and no key gets into one: as text, or as JSON for a collector.

Tracebacks are written without the exceptions' own texts, which can repeat what was sent; keys and
their pieces are masked in whatever is left. The HTTP libraries' request lines (URLs hold e-mail
addresses) are not logged at all.
"""

import logging
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Literal

from pydantic_core import to_json

from fullstory_mcp.errors import OperatorError
from fullstory_mcp.principal import ApiKey

logger = logging.getLogger(__name__)

_QUIET = (
    "httpx2",
    "httpcore2",
    "mcp",
    "sse_starlette",
    "asyncio",
    "uvicorn.access",
    "urllib3",
)
_OURS = "fullstory_mcp"
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

Keys = Callable[[], ApiKey]
"""Gives the key of this server; raises OperatorError where it has none of its own."""


class _Masking:
    """Masks the key as it is now; where it cannot be read, as it was last."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._last: ApiKey | None = None

    def __call__(self, text: str) -> str:
        with suppress(OperatorError):
            self._last = self._keys()
        return self._last.mask(text) if self._last else text


class SafeFormatter(logging.Formatter):
    """Formats without exception texts and with every known key masked."""

    def __init__(self, keys: Keys) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._mask = _Masking(keys)

    def format(self, record: logging.LogRecord) -> str:
        """One record as text."""
        record.exc_text = None  # another formatter may have left the exception's own text here
        return self._mask(super().format(record))

    def formatException(self, ei: object) -> str:  # noqa: N802 - the name logging calls
        """The places an exception passed, and its type: never its text."""
        if not isinstance(ei, tuple) or ei[0] is None:
            return ""
        places = "".join(traceback.format_tb(ei[2]))
        return f"{places}{ei[0].__name__} (its text is not logged)"


class JsonFormatter(logging.Formatter):
    """One JSON object a line: `time` (ISO 8601, UTC), `level`, `logger`, `message`, and what is known.

    Records of ours bring fields of their own, such as `tool` and `outcome`. An exception is told by
    `error`, its type, and `places`, the lines of code it passed: never by its text.
    """

    def __init__(self, keys: Keys) -> None:
        super().__init__()
        self._mask = _Masking(keys)

    def format(self, record: logging.LogRecord) -> str:
        """One record as a line of JSON."""
        told = self._fields(record) | {
            "time": _iso(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._mask(record.getMessage()),
        }
        if record.exc_info and record.exc_info[0]:
            told |= {"error": record.exc_info[0].__name__, "places": _places(record.exc_info[2])}
        first = ("time", "level", "logger", "message")
        return to_json({name: told[name] for name in first} | told).decode()

    def _fields(self, record: logging.LogRecord) -> dict[str, Any]:
        """What a record of ours carries beside its message; other libraries' could be anything."""
        if record.name.partition(".")[0] != _OURS:
            return {}
        return {
            name: value if isinstance(value, int | float) else self._mask(str(value))
            for name, value in vars(record).items()
            if name not in _STANDARD
        }


FORMATTERS = {"text": SafeFormatter, "json": JsonFormatter}


def to_stderr(level: str, keys: Keys, fmt: Literal["text", "json"] = "text") -> None:
    """Sets up logging for this process."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(FORMATTERS[fmt](keys))
    handler.setLevel(level.upper())  # a logger may be more talkative for the sake of spans
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))
    sys.excepthook = _ended


def _ended(kind: type[BaseException], error: BaseException, places: TracebackType | None) -> None:
    """Writes what ended the process to the log; Python's own traceback would repeat its text."""
    logger.critical("fullstory-mcp ended unexpectedly", exc_info=(kind, error, places))


def _iso(created: float) -> str:
    """Unix seconds as `2026-11-21T14:05:09.123Z`."""
    milliseconds = int(created * 1000)
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(milliseconds // 1000))
    return f"{whole}.{milliseconds % 1000:03}Z"


def _places(passed: TracebackType | None) -> list[str]:
    """The lines of code that an exception passed, outermost first."""
    return [f"{at.filename}:{at.lineno} {at.name}" for at in traceback.extract_tb(passed)]
