"""The tables of a hosted server: who connected with which client, and what was handed out for it.

Times are Unix seconds. Codes, tokens and cookies are kept as hashes, API keys sealed: whoever reads
the database can use none of them. Every row with `expires_at` is swept some time after.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, MetaData, Table, Text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)


def _time(name: str, *, optional: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=optional)


clients = Table(
    "clients",
    metadata,
    Column("id", Text, primary_key=True),
    Column("registration", Text, nullable=False),  # JSON, as RFC 7591 names its members
    Column("secret_hash", Text),
    _time("created_at"),
    _time("used_at", optional=True),
    _time("expires_at", optional=True),
)
"""Clients that registered themselves (RFC 7591): a day at first, and long after each use."""

documents = Table(
    "documents",
    metadata,
    Column("url", Text, primary_key=True),
    Column("body", Text, nullable=False),  # JSON
    _time("fetched_at"),
    _time("expires_at"),
)
"""Client ID metadata documents and key sets as they were fetched, until they go stale."""

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("sealed", Text, nullable=False),
    Column("ring_id", Text, nullable=False),  # which key of the ring sealed it
    Column("fingerprint", Text, nullable=False),
    Column("region", Text),
    _time("created_at"),
    _time("refused_at", optional=True),
)
"""API keys that people pasted, each sealed to the id of its row."""

connections = Table(
    "connections",
    metadata,
    Column("id", Text, primary_key=True),
    Column(
        "owner", Text, nullable=False
    ),  # what the person proved: `key:<hash>` or `oidc:<iss>#<sub>`
    Column(
        "person", Text, nullable=False
    ),  # how the person is shown: an e-mail address, or the key
    Column(
        "claims", Text
    ),  # JSON: what the identity provider said (e-mail, groups), to ask the file again
    Column("client_id", Text, nullable=False),
    Column("client_name", Text, nullable=False),
    Column("client_host", Text, nullable=False),
    Column("redirect_host", Text, nullable=False),
    Column("api_key_id", Text, ForeignKey("api_keys.id", ondelete="SET NULL")),
    Column("named_key", Text),  # a key of the operator's access file instead
    Column("scopes", Text, nullable=False),  # what the person granted, parted by spaces
    Column(
        "withheld", Text, nullable=False
    ),  # what the client asked for and the person did not grant
    Column("resource", Text, nullable=False),
    _time("created_at"),
    _time("used_at", optional=True),
    _time("ended_at", optional=True),
    Column("ended_why", Text),
    Index(None, "owner"),
    Index(None, "client_id"),
    Index(None, "api_key_id"),
)
"""One consent of one person to one client; every code and token belongs to one."""

authorizations = Table(
    "authorizations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("browser", Text, nullable=False),  # the hash of the browser's cookie
    Column("request", Text, nullable=False),  # JSON: the checked authorization request
    Column("proof", Text),  # sealed JSON: what the person has shown so far
    _time("created_at"),
    _time("expires_at"),
    _time("decided_at", optional=True),
    Index(None, "expires_at"),
)
"""Authorization requests that wait for a person's decision, bound to the browser that brought them."""

codes = Table(
    "codes",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("connection_id", Text, ForeignKey("connections.id", ondelete="CASCADE"), nullable=False),
    Column("client_id", Text, nullable=False),
    Column("redirect_uri", Text, nullable=False),
    Column("redirect_uri_given", Integer, nullable=False),  # 1 where the request named it
    Column("challenge", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("resource", Text, nullable=False),
    _time("expires_at"),
    _time("used_at", optional=True),
    Index(None, "connection_id"),
    Index(None, "expires_at"),
)
"""Authorization codes, each redeemed once."""

tokens = Table(
    "tokens",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # access or refresh
    Column("connection_id", Text, ForeignKey("connections.id", ondelete="CASCADE"), nullable=False),
    Column("scopes", Text, nullable=False),
    _time("created_at"),
    _time("expires_at"),
    _time("used_at", optional=True),  # refresh tokens: when it was rotated
    Column("answer", Text),  # sealed: what the rotation answered, for a retry within the grace
    Index(None, "connection_id"),
    Index(None, "expires_at"),
)
"""Access and refresh tokens. A refresh token used after its grace ends the whole connection."""

visits = Table(
    "visits",
    metadata,
    Column("hash", Text, primary_key=True),  # of the cookie
    Column("owner", Text, nullable=False),
    Column("person", Text, nullable=False),
    _time("expires_at"),
    Index(None, "expires_at"),
)
"""People who showed who they are on `/connections`, for as long as a visit lasts."""

once = Table(
    "once",
    metadata,
    Column("id", Text, primary_key=True),
    _time("expires_at"),
    Index(None, "expires_at"),
)
"""What must not come twice: confirmation nonces and the `jti` of client assertions."""

audit_records = Table(
    "audit_records",
    metadata,
    Column("writer", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    _time("at"),
    Column("call", Text, nullable=False),  # the id that links the two records of a call
    Column("line", Text, nullable=False),  # the record itself, as it was hashed
    Column("hash", Text, nullable=False),
    Index(None, "at"),
    Index(None, "call"),
)
"""The audit: two records a call, each writer's chained by their hashes. Nothing sweeps it."""

usage = Table(
    "usage",
    metadata,
    Column("owner", Text, primary_key=True),  # the hash of a principal's `owner`
    Column("meter", Text, primary_key=True),  # activations, server_events or calls
    Column("period", Text, primary_key=True),  # 2026-11-21 or 2026-11
    Column("spent", BigInteger, nullable=False),
    _time("expires_at"),
    Index(None, "expires_at"),
)
"""What each principal has spent in a day and in a month (UTC)."""

freezes = Table(
    "freezes",
    metadata,
    Column("who", Text, primary_key=True),  # as the command was given it; `*` for everyone
    Column("why", Text, nullable=False),
    _time("at"),
)
"""Whose access is ended until it is given back."""

counters = Table(
    "counters",
    metadata,
    Column("name", Text, primary_key=True),
    Column("window", BigInteger, primary_key=True),
    Column("count", Integer, nullable=False),
    _time("expires_at"),
    Index(None, "expires_at"),
)
"""How often something rare happened in a window of time: registrations and tries of a key."""
