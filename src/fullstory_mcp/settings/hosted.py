"""The settings of a server for many: its address, its front door, its database, its limits."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

from fullstory_mcp.principal import SCOPES
from fullstory_mcp.settings.local import LocalSettings, Names, safe_url, split_names

Mode = Literal["none", "embedded", "external"]
"""How a caller over HTTP is known: not at all, by this server's own tokens, or by another's."""

ALGORITHMS = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
)
"""Signatures that an access token may carry: asymmetric ones alone."""

LISTS = ("first_scopes", "redirect_schemes", "metadata_hosts", "private_hosts", "token_algorithms")
ADDRESSES = ("public_url", "oidc_issuer", "token_issuer", "token_jwks_url")


class HostedSettings(LocalSettings):
    """What may be set for `fullstory-mcp serve`."""

    auth: Literal["auto", "none", "embedded", "external"] = Field(
        "auto",
        validation_alias="FULLSTORY_MCP_AUTH",
        description=(
            "Who lets callers in over HTTP: `embedded` (this server's OAuth front door), `external` "
            "(your own authorization server's JWTs), `none` (loopback only). `auto` is `embedded` "
            "where FULLSTORY_MCP_PUBLIC_URL is set, else `none`."
        ),
    )
    public_url: str | None = Field(
        None,
        validation_alias="FULLSTORY_MCP_PUBLIC_URL",
        description=(
            "The address that clients reach this server by, as `https://mcp.example.com` or with a "
            "path; it is the issuer, and with `/mcp` the resource."
        ),
    )
    database_url: SecretStr = Field(
        SecretStr("sqlite:///fullstory-mcp.db"),
        validation_alias="FULLSTORY_MCP_DATABASE_URL",
        description=(
            "Where connections are stored: `sqlite:///path` (a file in the working folder by "
            "default) or `postgresql://user:password@host/name`."
        ),
    )
    access_file: Path | None = Field(
        None,
        validation_alias="FULLSTORY_MCP_ACCESS_FILE",
        description="A TOML file of named keys, who may use them, and clients known beforehand.",
    )
    first_scopes: Annotated[tuple[str, ...], NoDecode] = Field(
        ("fullstory:read",),
        validation_alias="FULLSTORY_MCP_FIRST_SCOPES",
        description="What a client is told to ask for first; it asks for more when a call needs it.",
    )
    redirect_schemes: Names = Field(
        ("cursor", "vscode", "vscode-insiders", "windsurf", "zed", "claude"),
        validation_alias="FULLSTORY_MCP_REDIRECT_SCHEMES",
        description="Private-use URL schemes that a client may be sent back to.",
    )
    metadata_hosts: Names = Field(
        (),
        validation_alias="FULLSTORY_MCP_METADATA_HOSTS",
        description="Hosts whose client ID metadata documents are taken; any public host when empty.",
    )
    private_hosts: Names = Field(
        (),
        validation_alias="FULLSTORY_MCP_PRIVATE_HOSTS",
        description="Hosts whose metadata documents may be fetched from a private or loopback address.",
    )
    access_minutes: int = Field(
        60,
        ge=1,
        le=1440,
        validation_alias="FULLSTORY_MCP_ACCESS_MINUTES",
        description="How long an access token holds.",
    )
    refresh_days: int = Field(
        30,
        ge=1,
        le=365,
        validation_alias="FULLSTORY_MCP_REFRESH_DAYS",
        description="How long a connection that nobody uses holds.",
    )
    sign_in_days: int = Field(
        30,
        ge=1,
        le=365,
        validation_alias="FULLSTORY_MCP_SIGN_IN_DAYS",
        description=(
            "How long a sign-in with your organisation counts: the connection made with it ends "
            "then, used or not, and the person signs in again."
        ),
    )
    oidc_issuer: str | None = Field(
        None,
        validation_alias="FULLSTORY_MCP_OIDC_ISSUER",
        description="Your identity provider, for “sign in with your organisation”.",
    )
    oidc_client_id: str | None = Field(
        None,
        validation_alias="FULLSTORY_MCP_OIDC_CLIENT_ID",
        description="This server's client id there; its redirect URI is `<public URL>/signin/callback`.",
    )
    oidc_client_secret: SecretStr | None = Field(
        None,
        validation_alias="FULLSTORY_MCP_OIDC_CLIENT_SECRET",
        description="The client secret there.",
    )
    oidc_scopes: str = Field(
        "openid email profile",
        validation_alias="FULLSTORY_MCP_OIDC_SCOPES",
        description="What is asked of the identity provider.",
    )
    groups_claim: str = Field(
        "groups",
        validation_alias="FULLSTORY_MCP_GROUPS_CLAIM",
        description="The claim that names a person's groups, in ID tokens and access tokens.",
    )
    token_issuer: str | None = Field(
        None,
        validation_alias="FULLSTORY_MCP_TOKEN_ISSUER",
        description="`external`: the issuer of the access tokens.",
    )
    token_audience: str | None = Field(
        None,
        validation_alias="FULLSTORY_MCP_TOKEN_AUDIENCE",
        description="`external`: the audience they must name; `<public URL>/mcp` when empty.",
    )
    token_email: Literal["verified", "trusted"] = Field(
        "verified",
        validation_alias="FULLSTORY_MCP_TOKEN_EMAIL",
        description=(
            "`external`: which e-mail addresses count: `verified` (those that `email_verified` "
            "confirms) or `trusted` (also those without that claim, for an issuer that vouches for "
            "every address)."
        ),
    )
    token_jwks_url: str | None = Field(
        None,
        validation_alias="FULLSTORY_MCP_TOKEN_JWKS_URL",
        description="`external`: where the issuer's keys are; looked up in its metadata when empty.",
    )
    token_algorithms: Names = Field(
        ("RS256", "PS256", "ES256", "EdDSA"),
        validation_alias="FULLSTORY_MCP_TOKEN_ALGORITHMS",
        description="`external`: the signatures that are accepted.",
    )
    client_calls_per_minute: int = Field(
        600,
        ge=0,
        le=1_000_000,
        validation_alias="FULLSTORY_MCP_CLIENT_CALLS_PER_MINUTE",
        description="Most requests a minute of one connection, for each replica; 0 for no limit.",
    )
    key_calls_per_minute: int = Field(
        3000,
        ge=0,
        le=1_000_000,
        validation_alias="FULLSTORY_MCP_KEY_CALLS_PER_MINUTE",
        description="Most requests a minute with one Fullstory key, for each replica; 0 for no limit.",
    )
    proxies: int = Field(
        0,
        ge=0,
        le=10,
        validation_alias="FULLSTORY_MCP_PROXIES",
        description=(
            "How many reverse proxies stand in front; only so many entries of `X-Forwarded-For` "
            "are believed when callers are counted by address."
        ),
    )

    @property
    def mode(self) -> Mode:
        """How a caller over HTTP is known."""
        if self.auth != "auto":
            return self.auth
        return "embedded" if self.public_url else "none"

    @field_validator(*LISTS, mode="before")
    @classmethod
    def _split_more(cls, value: object) -> object:
        return split_names(value)

    @field_validator(*ADDRESSES)
    @classmethod
    def _safe_addresses(cls, value: str | None) -> str | None:
        if value is None:
            return None
        return safe_url(value, such_as="https://mcp.example.com", why="tokens travel there")

    @field_validator("first_scopes")
    @classmethod
    def _known_scopes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or not set(value) <= set(SCOPES):
            raise ValueError(f"must be some of {', '.join(SCOPES)}")
        return tuple(scope for scope in SCOPES if scope in value)

    @field_validator("token_algorithms")
    @classmethod
    def _known_algorithms(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or not set(value) <= set(ALGORITHMS):
            raise ValueError(f"must be some of {', '.join(ALGORITHMS)}")
        return value

    @model_validator(mode="after")
    def _whole(self) -> Self:
        """What each way of letting callers in cannot do without."""
        needed: dict[Mode, tuple[str, ...]] = {
            "none": (),
            "embedded": ("public_url", "secret_keys"),
            "external": ("public_url", "token_issuer", "access_file"),
        }
        wanted = list(needed[self.mode])
        if self.oidc_issuer:
            wanted += ["oidc_client_id", "oidc_client_secret", "access_file"]
        for name in wanted:
            if not getattr(self, name):
                setting = type(self).model_fields[name].validation_alias
                why = (
                    "FULLSTORY_MCP_OIDC_ISSUER"
                    if name.startswith("oidc")
                    else f"the {self.mode} front door"
                )
                raise ValueError(f"{setting} is not set, and {why} needs it{_HOW.get(name, '')}")
        return self


_HOW = {
    "secret_keys": "; `openssl rand -base64 32` makes one",
    "public_url": ": the address that clients are given, such as https://mcp.example.com",
}
