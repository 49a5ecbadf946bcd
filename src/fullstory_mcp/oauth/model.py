"""What the rooms of the front door hand to each other: its addresses, a client, a request, a person."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx2 as httpx

from fullstory_mcp.oauth.access import AccessFile
from fullstory_mcp.oauth.client import METHODS, Client, Method
from fullstory_mcp.oauth.fetching import Fetcher
from fullstory_mcp.principal import ApiKey, Level
from fullstory_mcp.sealing import Sealer
from fullstory_mcp.settings import Settings, is_loopback
from fullstory_mcp.storage import Database

__all__ = ["METHODS", "Asked", "Client", "Front", "Method", "Shared"]


@dataclass(frozen=True, slots=True)
class Front:
    """Every address, made from the one public URL: no request is asked what it is called."""

    public_url: str

    @property
    def issuer(self) -> str:
        """The authorization server's name: the public URL, without a last slash."""
        return self.public_url

    @property
    def resource(self) -> str:
        """The protected resource's name (RFC 8707): the MCP endpoint."""
        return f"{self.public_url}/mcp"

    @property
    def prefix(self) -> str:
        """The path before every path of ours, "" where there is none."""
        return urlsplit(self.public_url).path

    @property
    def host(self) -> str:
        """The public host, with its port where it is not the scheme's own."""
        return urlsplit(self.public_url).netloc

    @property
    def origin(self) -> str:
        """Scheme and host, as a browser names where a page is from."""
        return f"{urlsplit(self.public_url).scheme}://{self.host}"

    @property
    def on_loopback(self) -> bool:
        """Whether the public address is this machine's own."""
        return is_loopback(urlsplit(self.public_url).hostname or "")

    def url(self, path: str) -> str:
        """The public address of one of our paths, which begins with a slash."""
        return f"{self.public_url}{path}"


@dataclass(frozen=True, slots=True)
class Asked:
    """A checked authorization request: the client is known, the redirect URI is its own.

    `redirect_uri_given` is False where the client left it out because it has only one.
    """

    client_id: str
    client_name: str
    client_host: str
    redirect_uri: str
    redirect_uri_given: bool
    state: str | None
    scopes: tuple[str, ...]
    resource: str
    challenge: str


@dataclass(frozen=True, slots=True)
class Shared:
    """What every room of the front door is given.

    `clock` is Unix time in seconds. `role_of` asks Fullstory for the role behind a key (`GET /me`) and
    raises UpstreamError; `levels` tells the level of a role, unknown roles being Standard.
    `identity_transport` is the way to the identity provider, None for the network.
    """

    front: Front
    settings: Settings
    database: Database
    sealer: Sealer
    clock: Callable[[], float]
    role_of: Callable[[ApiKey], Awaitable[str]]
    levels: Mapping[str, Level]
    fetcher: Fetcher
    access: AccessFile = field(default_factory=AccessFile)
    identity_transport: Callable[[], httpx.AsyncBaseTransport] | None = None
