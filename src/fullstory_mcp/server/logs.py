"""Logs go to stderr, one line each, and no key gets into one.

Tracebacks are written without the exceptions' own texts, which can repeat what was sent; keys and
their pieces are masked in whatever is left. The HTTP libraries' request lines (URLs hold e-mail
addresses) are not logged at all.
"""

import logging
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

from fullstory_mcp.errors import OperatorError
from fullstory_mcp.principal import ApiKey

logger = logging.getLogger(__name__)

_QUIET = ("httpx2", "httpcore2", "mcp", "sse_starlette", "asyncio", "uvicorn.access")


class SafeFormatter(logging.Formatter):
    """Formats without exception texts and with every known key masked."""

    def __init__(self, keys: Callable[[], ApiKey]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._keys = keys
        self._last: ApiKey | None = None

    def format(self, record: logging.LogRecord) -> str:
        """One record as text."""
        record.exc_text = None  # another formatter may have left the exception's own text here
        text = super().format(record)
        with suppress(OperatorError):
            self._last = self._keys()
        return self._last.mask(text) if self._last else text

    def formatException(self, ei: object) -> str:  # noqa: N802 - the name logging calls
        """The places an exception passed, and its type: never its text."""
        if not isinstance(ei, tuple) or ei[0] is None:
            return ""
        places = "".join(traceback.format_tb(ei[2]))
        return f"{places}{ei[0].__name__} (its text is not logged)"


def to_stderr(level: str, keys: Callable[[], ApiKey]) -> None:
    """Sets up logging for this process."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(SafeFormatter(keys))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))
    sys.excepthook = _ended


def _ended(kind: type[BaseException], error: BaseException, places: TracebackType | None) -> None:
    """Writes what ended the process to the log; Python's own traceback would repeat its text."""
    logger.critical("fullstory-mcp ended unexpectedly", exc_info=(kind, error, places))
