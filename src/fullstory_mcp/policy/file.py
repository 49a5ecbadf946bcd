"""The operator's policy file as it is now: which preset a caller has, if any.

A change of it counts within two seconds; one that cannot be used leaves the last good one in force.
"""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from fullstory_mcp.catalogue import Catalogue
from fullstory_mcp.policy.model import Ruling
from fullstory_mcp.principal import Principal
from fullstory_mcp.settings.watched import Watched

if TYPE_CHECKING:
    from fullstory_mcp.policy.rows import Policy


class PolicyFile:
    """The policy in force; without a path there is none.

    `monotonic` counts seconds from anywhere. It may be asked from any thread.

    Raises:
        SettingsError: at the start only: what is wrong, where in the file, and how to mend it.
    """

    def __init__(
        self,
        path: Path | None,
        catalogue: Catalogue,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._watched: Watched[Policy] | None = None
        if path is not None:
            from fullstory_mcp.policy.reading import read_policy  # noqa: PLC0415 - only where there is a file

            read = partial(read_policy, path, catalogue)
            self._watched = Watched("The policy file", read, monotonic)

    def ruling(self, principal: Principal) -> Ruling | None:
        """What the policy says of a caller, None where there is no policy file at all."""
        return self._watched.current().ruling(principal) if self._watched else None
