"""The settings of every server, also of one on stdio."""

import base64
import binascii
import ipaddress
import re
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from fullstory_mcp.principal import Level

Names = Annotated[tuple[str, ...], NoDecode]
"""A comma-separated list of names."""

SEAL_KEY_BYTES = 32


class LocalSettings(BaseSettings):
    """What may be set for a server of any kind."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    api_key: SecretStr | None = Field(
        None, validation_alias="FULLSTORY_API_KEY", description="The Fullstory API key."
    )
    api_key_file: Path | None = Field(
        None,
        validation_alias="FULLSTORY_API_KEY_FILE",
        description="A file holding the key instead; read again when it changes.",
    )
    api_url: str = Field(
        "https://api.fullstory.com",
        validation_alias="FULLSTORY_API_URL",
        description="The API's address: https, or http on a loopback address.",
    )
    export_url: str = Field(
        "https://export.fullstory.com",
        validation_alias="FULLSTORY_EXPORT_URL",
        description="The address of the two legacy exports.",
    )
    key_level: Literal["auto", "standard", "architect", "admin"] = Field(
        "auto",
        validation_alias="FULLSTORY_KEY_LEVEL",
        description="The key's permission level; `auto` asks the API (`GET /me`).",
    )
    level_overrides: Annotated[dict[str, Level], NoDecode] = Field(
        default_factory=dict,
        validation_alias="FULLSTORY_MCP_LEVEL_OVERRIDES",
        description="The level single tools need, as `list_segments=standard,get_segment=standard`.",
    )
    toolsets: Names = Field(
        (),
        validation_alias="FULLSTORY_MCP_TOOLSETS",
        description="Serve only these areas, as `sessions,users`; all when empty.",
    )
    tools: Names = Field(
        (),
        validation_alias="FULLSTORY_MCP_TOOLS",
        description="Serve only these tools, beside those of the chosen areas; all when empty.",
    )
    exclude_tools: Names = Field(
        (),
        validation_alias="FULLSTORY_MCP_EXCLUDE_TOOLS",
        description="Never serve these tools.",
    )
    read_only: bool = Field(
        False,
        validation_alias="FULLSTORY_MCP_READ_ONLY",
        description="Serve only tools that change nothing; wins over every other setting.",
    )
    secret_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (),
        validation_alias="FULLSTORY_MCP_SECRET_KEYS",
        description=(
            "Keys that seal cursors and confirmations: base64 of 32 bytes each, comma-separated, "
            "the first seals. Random per process when empty."
        ),
    )
    max_in_flight: int = Field(
        32,
        ge=1,
        le=1024,
        validation_alias="FULLSTORY_MCP_MAX_IN_FLIGHT",
        description="Most requests to Fullstory at once for one key.",
    )
    held_megabytes: int = Field(
        512,
        ge=1,
        le=1_048_576,
        validation_alias="FULLSTORY_MCP_HELD_MEGABYTES",
        description="Most disk for export files held between pages (10 minutes each).",
    )
    hold_answers: bool = Field(
        True,
        validation_alias="FULLSTORY_MCP_HOLD_ANSWERS",
        description="Hold session reads for 10 minutes, so that reading on costs no second Activation.",
    )
    privacy: Literal["off", "mask"] = Field(
        "off",
        validation_alias="FULLSTORY_MCP_PRIVACY",
        description=(
            "`mask` hides e-mail addresses and phone numbers in what is read; payment cards and "
            "credentials in URLs are always hidden."
        ),
    )
    policy_file: Path | None = Field(
        None,
        validation_alias="FULLSTORY_MCP_POLICY_FILE",
        description=(
            "A TOML file of who may do what; read again when it changes. With it everything that it "
            "does not allow is refused."
        ),
    )
    audit: Literal["auto", "off"] = Field(
        "auto",
        validation_alias="FULLSTORY_MCP_AUDIT",
        description=(
            "`auto` keeps the audit in the file named, else in the database of a server for many; "
            "`off` keeps none."
        ),
    )
    audit_file: Path | None = Field(
        None,
        validation_alias="FULLSTORY_MCP_AUDIT_FILE",
        description="Where the audit is kept as JSON Lines.",
    )
    audit_required: Literal["writes", "all"] = Field(
        "writes",
        validation_alias="FULLSTORY_MCP_AUDIT_REQUIRED",
        description=(
            "What is refused while the audit cannot be written: only what changes something, or `all`."
        ),
    )
    freeze_file: Path | None = Field(
        None,
        validation_alias="FULLSTORY_MCP_FREEZE_FILE",
        description=(
            "Where `fullstory-mcp freeze` writes for servers without a database; looked at every "
            "two seconds."
        ),
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "warning",
        validation_alias="FULLSTORY_MCP_LOG_LEVEL",
        description="What is logged to stderr; `info` shows a line for every call.",
    )
    log_format: Literal["text", "json"] = Field(
        "text",
        validation_alias="FULLSTORY_MCP_LOG_FORMAT",
        description="`json` logs one object a line, for a log collector.",
    )

    @field_validator("toolsets", "tools", "exclude_tools", "secret_keys", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return split_names(value)

    @field_validator("level_overrides", mode="before")
    @classmethod
    def _pairs(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = [piece.partition("=") for piece in value.split(",") if piece.strip()]
        return {tool.strip(): level.strip().lower() for tool, _, level in pairs}

    @field_validator("api_url", "export_url")
    @classmethod
    def _safe_url(cls, value: str) -> str:
        return safe_url(value, such_as="https://api.fullstory.com", why="the key travels there")

    @field_validator("secret_keys")
    @classmethod
    def _decodable(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for secret in value:
            _seal_key(secret)
        return value

    @model_validator(mode="after")
    def _one_key(self) -> Self:
        if self.api_key and self.api_key_file:
            raise ValueError("FULLSTORY_API_KEY and FULLSTORY_API_KEY_FILE are both set: keep one")
        return self

    def seal_keys(self) -> tuple[bytes, ...]:
        """The decoded sealing keys, first the one that seals."""
        return tuple(_seal_key(secret) for secret in self.secret_keys)


def split_names(value: object) -> object:
    """A comma-separated text as a tuple; anything else as it is."""
    if isinstance(value, str):
        return tuple(part for part in (piece.strip() for piece in value.split(",")) if part)
    return value


def safe_url(value: str, *, such_as: str, why: str) -> str:
    """An address without its last slash: https, or http on a loopback address.

    Raises:
        ValueError: it is not a plain address, or plain http elsewhere (`why` says what is at stake).
    """
    try:
        parts = urlsplit(value)
        plain = parts.port != 0 and not (parts.query or parts.fragment or "@" in parts.netloc)
    except ValueError:
        plain = False
    if not plain or not parts.hostname or re.search(r"[\s\x00-\x1f]", value):
        raise ValueError(f"must be a plain address such as {such_as}")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
        raise ValueError(f"must be https (http only on a loopback address): {why}")
    return value.rstrip("/")


def _seal_key(secret: SecretStr) -> bytes:
    text = secret.get_secret_value().replace("-", "+").replace("_", "/")
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("each key must be base64") from None
    if len(key) != SEAL_KEY_BYTES:
        raise ValueError(f"each key must be base64 of {SEAL_KEY_BYTES} bytes")
    return key


def is_loopback(host: str) -> bool:
    """Whether `host` (a name or an address) can only be this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
