"""Whose key a call uses, where there is one key for the whole process.

A key file is looked at again on every use, because keys are rotated while servers run.
"""

from pathlib import Path

from fullstory_mcp.errors import SettingsError
from fullstory_mcp.principal import ApiKey
from fullstory_mcp.settings import Settings


class KeySource:
    """Gives the key in force: fixed, or from a file that is read again when it changes."""

    def __init__(self, settings: Settings) -> None:
        self._file = settings.api_key_file
        self._stamp: tuple[int, int, int] | None = None
        self._key: ApiKey | None = None
        if settings.api_key:
            self._key = _usable(settings.api_key.get_secret_value(), "FULLSTORY_API_KEY")

    def current(self) -> ApiKey:
        """The key to use now.

        Raises:
            SettingsError: no key is set, the file cannot be read, or the key is malformed.
        """
        if self._file is not None:
            return self._from_file(self._file)
        if self._key is None:
            raise SettingsError(
                "No Fullstory API key: set FULLSTORY_API_KEY or FULLSTORY_API_KEY_FILE, "
                "or start with --sandbox to try without an account."
            )
        return self._key

    def _from_file(self, path: Path) -> ApiKey:
        try:
            stat = path.stat()
            stamp = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            if self._key is None or stamp != self._stamp:
                self._key = _usable(path.read_text(encoding="utf-8"), "FULLSTORY_API_KEY_FILE")
                self._stamp = stamp
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not text"
            raise SettingsError(f"FULLSTORY_API_KEY_FILE cannot be read: {why}.") from None
        return self._key


def _usable(text: str, setting: str) -> ApiKey:
    try:
        return ApiKey(text.strip())
    except ValueError as error:
        raise SettingsError(f"{setting}: {error}.") from None
