"""The rows of the access file: read from TOML, checked strictly, and told by row where they fail.

No message repeats a value: an operator may have put a secret into the wrong place.
"""

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic_core import from_json

from fullstory_mcp.errors import SettingsError
from fullstory_mcp.oauth import redirects
from fullstory_mcp.oauth.access_reading import Reader, fault
from fullstory_mcp.oauth.client import OPERATOR, Client, Method
from fullstory_mcp.oauth.identity import Identity
from fullstory_mcp.oauth.keysets import key_set_of
from fullstory_mcp.principal import SCOPES, ApiKey, Level

Scope = Literal["fullstory:read", "fullstory:write", "fullstory:delete"]


def _looks(pattern: str, why: str) -> AfterValidator:
    """Checks a text's whole form, with an objection in words."""

    def checked(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(why)
        return text

    return AfterValidator(checked)


Words = Annotated[str, _looks(r"[^\x00-\x1f\x7f]{1,2000}", "must be a line of text")]
Name = Annotated[str, _looks(r"[A-Za-z0-9_-]{1,64}", "must be 1 to 64 letters, digits, - or _")]
Address = Annotated[
    Words,
    _looks(
        r"(?:\*|[!-)+-?A-~]+)@[!-)+-?A-~]+",
        "must be an e-mail address or *@ and a domain, in ASCII (a domain's other letters as xn--…)",
    ),
    AfterValidator(str.lower),
]
Hash = Annotated[str, _looks(r"[0-9a-f]{64}", "must be the SHA-256 in 64 lower-case hex digits")]
WebAddress = Annotated[Words, _looks(r"https://.+", "must be https")]


@dataclass(frozen=True, slots=True)
class NamedKey:
    """A key of the operator's that people use without seeing it.

    `ceiling` is the level it counts as at most, None for its own; `scopes` the most that may be
    granted with it.
    """

    name: str
    key: ApiKey
    ceiling: Level | None = None
    scopes: frozenset[str] = frozenset(SCOPES)

    def current(self) -> ApiKey:
        """The key as it was when the file was last read."""
        return self.key


@dataclass(frozen=True, slots=True)
class Content:
    """The whole file, every row checked."""

    keys: Mapping[str, NamedKey] = field(default_factory=dict)
    people: tuple["PersonRow", ...] = ()
    clients: Mapping[str, Client] = field(default_factory=dict)
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def _one_of(row: BaseModel, names: tuple[str, ...], why: str) -> str:
    """The one name of `names` that the row gives."""
    given = [name for name in names if getattr(row, name) is not None]
    if len(given) != 1:
        raise ValueError(f"give exactly one of {', '.join(names)}{why}")
    return given[0]


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class KeyRow(_Row):
    """A row of `[keys.<name>]`."""

    file: Words | None = None
    env: Words | None = None
    level: Level | None = None
    scopes: Annotated[list[Scope], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        _one_of(self, ("file", "env"), ", where the key is")
        return self

    def named(self, name: str, reader: Reader) -> NamedKey:
        """The key itself, from where the row says it is."""
        where = f"[keys.{name}]"
        if self.file is not None:
            text = reader.text(self.file, f"{where} file")
        elif (text := reader.environ.get(self.env or "", "")) == "":
            raise fault(where, "the environment variable that `env` names is not set")
        try:
            key = ApiKey(text.strip())
        except ValueError as error:
            raise fault(where, str(error)) from None
        return NamedKey(name, key, self.level, frozenset(self.scopes or SCOPES))


class PersonRow(_Row):
    """A row of `[[people]]`."""

    email: Address | None = None
    group: Words | None = None
    subject: Words | None = None
    issuer: Words | None = None
    key: Name

    @model_validator(mode="after")
    def _one_selector(self) -> Self:
        _one_of(self, ("email", "group", "subject"), "; a second one needs a row of its own")
        return self

    def fits(self, identity: Identity) -> bool:
        """Whether the row means this person."""
        if self.issuer is not None and self.issuer.rstrip("/") != identity.issuer.rstrip("/"):
            return False
        if self.email is not None:
            return identity.email_verified and self._is_address(identity.email)
        if self.group is not None:
            return self.group in identity.groups
        return self.subject == identity.subject

    def _is_address(self, email: str) -> bool:
        """Whether the row names an address; only ASCII's own letters are alike in both cases."""
        if not email.isascii():
            return False
        email = email.lower()
        local, _, domain = email.rpartition("@")
        if (self.email or "").startswith("*@"):
            return bool(local) and "@" not in local and self.email == f"*@{domain}"
        return self.email == email


_PLACES: Mapping[Method, tuple[str, ...]] = {
    "none": (),
    "client_secret_basic": ("secret_file", "secret_sha256"),
    "client_secret_post": ("secret_file", "secret_sha256"),
    "private_key_jwt": ("jwks_file", "jwks_uri"),
}
"""Where each method's secret or public keys are."""


def _redirect(uri: str) -> str:
    # Its own scheme is allowed: the operator wrote the whole address.
    if why := redirects.fault(uri, (uri.partition(":")[0],)):
        raise ValueError(why)
    return uri


class ClientRow(_Row):
    """A row of `[[clients]]`."""

    id: Words
    name: Words
    redirect_uris: Annotated[list[Annotated[Words, AfterValidator(_redirect)]], Field(min_length=1)]
    method: Method = "none"
    secret_file: Words | None = None
    secret_sha256: Hash | None = None
    jwks_file: Words | None = None
    jwks_uri: WebAddress | None = None

    @model_validator(mode="after")
    def _as_the_method_needs(self) -> Self:
        wanted = _PLACES[self.method]
        for name in {name for places in _PLACES.values() for name in places} - {*wanted}:
            if getattr(self, name) is not None:
                raise ValueError(f"{name} is of no use to the method {self.method}")
        if wanted:
            _one_of(self, wanted, f" for the method {self.method}")
        return self

    def client(self, where: str, reader: Reader) -> Client:
        """The client, its secret hashed and its keys read."""
        secret_hash, jwks = self.secret_sha256, None
        if self.secret_file is not None:
            secret = reader.text(self.secret_file, f"{where} secret_file").strip()
            if not secret:
                raise fault(f"{where} secret_file", "the file is empty")
            secret_hash = hashlib.sha256(secret.encode()).hexdigest()
        if self.jwks_file is not None:
            jwks = _public_keys(reader.text(self.jwks_file, f"{where} jwks_file"), where)
        return Client(
            id=self.id,
            name=self.name,
            kind="known",
            redirect_uris=tuple(self.redirect_uris),
            method=self.method,
            secret_hash=secret_hash,
            jwks=jwks,
            jwks_uri=self.jwks_uri,
            host=OPERATOR,
        )


class _File(_Row):
    keys: dict[Name, KeyRow] = {}
    people: list[PersonRow] = []
    clients: list[ClientRow] = []
    scopes: dict[Words, Scope | Annotated[list[Scope], Field(min_length=1)]] = {}


_ROWS: Mapping[str, type[BaseModel]] = {"keys": KeyRow, "people": PersonRow, "clients": ClientRow}


def content_of(reader: Reader) -> Content:
    """Everything that the file says.

    Raises:
        SettingsError: the first thing in it that cannot be used, its row, and how to mend it.
    """
    try:
        file = _File.model_validate(tomllib.loads(reader.text(reader.path.name, "")))
    except tomllib.TOMLDecodeError as error:
        raise fault("", f"is not TOML: {error}") from None
    except ValidationError as error:
        raise _told(error) from None
    keys = {name: row.named(name, reader) for name, row in file.keys.items()}
    for number, person in enumerate(file.people, 1):
        if person.key not in keys:
            raise fault(f"[[people]] row {number}", f"there is no [keys.{person.key}]")
    clients: dict[str, Client] = {}
    for where, row in _numbered("clients", file.clients):
        if row.id in clients:
            raise fault(where, "an earlier row has the same id")
        clients[row.id] = row.client(where, reader)
    aliases = {
        name: (meant,) if isinstance(meant, str) else tuple(meant)
        for name, meant in file.scopes.items()
    }
    return Content(keys, tuple(file.people), clients, aliases)


def _numbered(table: str, rows: list[ClientRow]) -> Iterator[tuple[str, ClientRow]]:
    for number, row in enumerate(rows, 1):
        yield f"[[{table}]] row {number}", row


def _public_keys(text: str, where: str) -> Mapping[str, Any]:
    """A JSON Web Key Set (RFC 7517 section 5) that holds nothing secret."""
    where = f"{where} jwks_file"
    try:
        jwks = from_json(text)
    except ValueError:
        raise fault(where, "is not JSON") from None
    keys = key_set_of(jwks)
    if keys is None or len(keys.keys) != len(jwks["keys"]):
        raise fault(where, "must be a JSON Web Key Set of public signature keys alone")
    return dict(jwks)


def _told(error: ValidationError) -> SettingsError:
    """Pydantic's first objection as a row and a sentence."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    where, model = _where(first["loc"])
    if first["type"] == "extra_forbidden":
        known = ", ".join((model or _File).model_fields)
        return fault(where, f"is not known here; known are {known}")
    return fault(where, first["msg"].removeprefix("Value error, ").rstrip("."))


def _where(loc: tuple[int | str, ...]) -> tuple[str, type[BaseModel] | None]:
    """`("people", 1, "key", ...)` as `[[people]] row 2 key`, and the model of that row."""
    table = str(loc[0]) if loc else ""
    if len(loc) < 2:
        return f"[{table}]" if table else "", None
    row = f"[[{table}]] row {loc[1] + 1}" if isinstance(loc[1], int) else f"[{table}.{loc[1]}]"
    # Pydantic says "[key]" of a table's own name.
    return " ".join([row, *(str(part) for part in loc[2:3] if part != "[key]")]), _ROWS.get(table)
