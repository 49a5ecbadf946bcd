"""The operator's access file: named keys, who may use them, and clients known beforehand.

`FULLSTORY_MCP_ACCESS_FILE` names it. It is TOML, and read again within two seconds of a change:

    [keys.support]                      # a Fullstory API key and what it may be used for here
    file = "/run/secrets/fullstory"     # or: env = "FULLSTORY_KEY_SUPPORT"
    level = "standard"                  # the most it counts as, whatever its role; its own if left out
    scopes = ["fullstory:read"]         # all three if left out

    [[people]]                          # the first row that fits decides
    email = "ada@example.com"           # or "*@example.com"; ASCII, and verified by the issuer
    key = "support"

    [[people]]
    group = "fullstory-admins"          # or: subject = "00u1f2…"
    issuer = "https://id.example.com"   # optional: only when this issuer says so
    key = "support"

    [[clients]]                         # a client that need not register itself
    id = "our-agent"
    name = "Our agent"
    redirect_uris = ["https://agent.example.com/callback"]
    method = "client_secret_basic"      # none (if left out), client_secret_post, private_key_jwt
    secret_file = "/run/secrets/agent"  # or: secret_sha256 = "<64 hex digits>"
                                        # private_key_jwt: jwks_file or jwks_uri instead

    [scopes]                            # what another authorization server's scopes mean here
    "fullstory.read" = "fullstory:read" # or a list

A file named in it is looked for beside it where its path is not absolute. What is read again and
cannot be used (the file itself, or a key it names) changes nothing: the last good one stays in
force, and the log says why. So a person is only out when the file that says so is sound.
"""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from fullstory_mcp.oauth.access_reading import Reader
from fullstory_mcp.oauth.access_rows import Content, NamedKey, content_of
from fullstory_mcp.oauth.client import Client
from fullstory_mcp.oauth.identity import Identity
from fullstory_mcp.settings.watched import Stamps, Watched

__all__ = ["AccessFile", "Identity", "NamedKey"]


class AccessFile:
    """The file as it is now; without a path nothing is named in it.

    `clock` counts seconds from anywhere. It may be asked from any thread.

    Raises:
        SettingsError: at the start only: what is wrong, in which row, and how to mend it.
    """

    def __init__(
        self,
        path: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._watched: Watched[Content] | None = None
        if path is not None:

            def read(stamps: Stamps) -> Content:
                return content_of(Reader(path, environ, stamps))

            self._watched = Watched("The access file", read, clock)

    @property
    def clients(self) -> Mapping[str, Client]:
        """The clients known beforehand, by id."""
        return self._current().clients

    @property
    def keys(self) -> Mapping[str, NamedKey]:
        """The named keys."""
        return self._current().keys

    @property
    def scope_aliases(self) -> Mapping[str, tuple[str, ...]]:
        """What a foreign scope means here; our own names mean themselves and are not listed."""
        return self._current().aliases

    def named(self, name: str) -> NamedKey | None:
        """The key of that name, None where the file has none (any more)."""
        return self._current().keys.get(name)

    def match(self, identity: Identity) -> NamedKey | None:
        """The key of the first row that fits, None where the file does not know the person."""
        content = self._current()
        for person in content.people:
            if person.fits(identity):
                return content.keys[person.key]
        return None

    def _current(self) -> Content:
        """The content, read again where a file that it was read from has changed."""
        return self._watched.current() if self._watched else _NOTHING


_NOTHING = Content()
