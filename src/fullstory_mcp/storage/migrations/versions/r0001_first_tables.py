"""The first tables. Written out rather than taken from `tables`, which will move on."""

import sqlalchemy as sa
from alembic import op

revision = "r0001"
down_revision = None

INDEXES = (
    ("connections", "owner"),
    ("connections", "client_id"),
    ("connections", "api_key_id"),
    ("authorizations", "expires_at"),
    ("codes", "connection_id"),
    ("codes", "expires_at"),
    ("tokens", "connection_id"),
    ("tokens", "expires_at"),
    ("visits", "expires_at"),
    ("once", "expires_at"),
    ("counters", "expires_at"),
)


def upgrade() -> None:
    """Makes every table and its indexes."""
    _clients()
    _connections()
    _handed_out()
    _people()
    _limits()
    for table, column in INDEXES:
        op.create_index(f"ix_{table}_{column}", table, [column])


def _text(name: str, *, optional: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=optional)


def _time(name: str, *, optional: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=optional)


def _make(table: str, *parts: sa.Column[str] | sa.Column[int], key: tuple[str, ...]) -> None:
    op.create_table(table, *parts, sa.PrimaryKeyConstraint(*key, name=f"pk_{table}"))


def _belongs(table: str, column: str, to: str) -> sa.Column[str]:
    """A column that names a row of `to`: a connection outlives its key, all else goes with it."""
    outlives = table == "connections"
    gone = "SET NULL" if outlives else "CASCADE"
    reference = sa.ForeignKey(f"{to}.id", name=f"fk_{table}_{column}", ondelete=gone)
    return sa.Column(column, sa.Text(), reference, nullable=outlives)


def _clients() -> None:
    _make(
        "clients",
        _text("id"),
        _text("registration"),
        _text("secret_hash", optional=True),
        _time("created_at"),
        _time("used_at", optional=True),
        _time("expires_at", optional=True),
        key=("id",),
    )
    _make(
        "documents",
        _text("url"),
        _text("body"),
        _time("fetched_at"),
        _time("expires_at"),
        key=("url",),
    )


def _connections() -> None:
    _make(
        "api_keys",
        _text("id"),
        _text("sealed"),
        _text("ring_id"),
        _text("fingerprint"),
        _text("region", optional=True),
        _time("created_at"),
        _time("refused_at", optional=True),
        key=("id",),
    )
    _make(
        "connections",
        _text("id"),
        _text("owner"),
        _text("person"),
        _text("claims", optional=True),
        _text("client_id"),
        _text("client_name"),
        _text("client_host"),
        _text("redirect_host"),
        _belongs("connections", "api_key_id", "api_keys"),
        _text("named_key", optional=True),
        _text("scopes"),
        _text("withheld"),
        _text("resource"),
        _time("created_at"),
        _time("used_at", optional=True),
        _time("ended_at", optional=True),
        _text("ended_why", optional=True),
        key=("id",),
    )


def _handed_out() -> None:
    _make(
        "codes",
        _text("hash"),
        _belongs("codes", "connection_id", "connections"),
        _text("client_id"),
        _text("redirect_uri"),
        sa.Column("redirect_uri_given", sa.Integer(), nullable=False),
        _text("challenge"),
        _text("scopes"),
        _text("resource"),
        _time("expires_at"),
        _time("used_at", optional=True),
        key=("hash",),
    )
    _make(
        "tokens",
        _text("hash"),
        _text("kind"),
        _belongs("tokens", "connection_id", "connections"),
        _text("scopes"),
        _time("created_at"),
        _time("expires_at"),
        _time("used_at", optional=True),
        _text("answer", optional=True),
        key=("hash",),
    )


def _people() -> None:
    _make(
        "authorizations",
        _text("id"),
        _text("browser"),
        _text("request"),
        _text("proof", optional=True),
        _time("created_at"),
        _time("expires_at"),
        _time("decided_at", optional=True),
        key=("id",),
    )
    _make(
        "visits",
        _text("hash"),
        _text("owner"),
        _text("person"),
        _time("expires_at"),
        key=("hash",),
    )


def _limits() -> None:
    _make("once", _text("id"), _time("expires_at"), key=("id",))
    _make(
        "counters",
        _text("name"),
        _time("window"),
        sa.Column("count", sa.Integer(), nullable=False),
        _time("expires_at"),
        key=("name", "window"),
    )
