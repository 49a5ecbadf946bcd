"""Every setting, as one table: field, environment variable, default, sentence.

The README's table is generated from these descriptions. Settings are read once at the start.
"""

from typing import Any, Self

from pydantic import ValidationError

from fullstory_mcp.errors import SettingsError
from fullstory_mcp.settings.hosted import HostedSettings, Mode
from fullstory_mcp.settings.local import is_loopback

__all__ = ["Mode", "Settings", "is_loopback"]


class Settings(HostedSettings):
    """What the operator may set; `Settings.read()` gives one sentence where a value is unusable."""

    @classmethod
    def read(cls, **given: Any) -> Self:
        """The environment's settings, with `given` (by environment name) on top.

        Raises:
            SettingsError: one sentence naming the first setting that cannot be used, and why. The
                value itself is not repeated.
        """
        try:
            return cls(**given)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            name = str(first["loc"][0]) if first["loc"] else ""
            why = first["msg"].removeprefix("Value error, ").rstrip(".")
            raise SettingsError(f"{name}: {why}." if name else f"{why}.") from None
