"""Every setting, as one table: field, environment variable, default, sentence.

The README's table is generated from these descriptions. Settings are read once at the start.
"""

import base64
import binascii
import ipaddress
import re
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from fullstory_mcp.errors import SettingsError
from fullstory_mcp.principal import Level

Names = Annotated[tuple[str, ...], NoDecode]
"""A comma-separated list of names."""

SEAL_KEY_BYTES = 32


class Settings(BaseSettings):
    """What the operator may set; `Settings.read()` gives one sentence where a value is unusable."""

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
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "warning",
        validation_alias="FULLSTORY_MCP_LOG_LEVEL",
        description="What is logged to stderr; `info` shows a line for every call.",
    )

    @classmethod
    def read(cls, **given: Any) -> "Settings":
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

    @field_validator("toolsets", "tools", "exclude_tools", "secret_keys", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part for part in (piece.strip() for piece in value.split(",")) if part)
        return value

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
        try:
            parts = urlsplit(value)
            plain = parts.port != 0 and not (parts.query or parts.fragment or "@" in parts.netloc)
        except ValueError:
            plain = False
        if not plain or not parts.hostname or re.search(r"[\s\x00-\x1f]", value):
            raise ValueError("must be a plain address such as https://api.fullstory.com")
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
            raise ValueError(
                "must be https (http only on a loopback address): the key travels there"
            )
        return value.rstrip("/")

    @field_validator("secret_keys")
    @classmethod
    def _decodable(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for secret in value:
            _seal_key(secret)
        return value

    @model_validator(mode="after")
    def _one_key(self) -> "Settings":
        if self.api_key and self.api_key_file:
            raise ValueError("FULLSTORY_API_KEY and FULLSTORY_API_KEY_FILE are both set: keep one")
        return self

    def seal_keys(self) -> tuple[bytes, ...]:
        """The decoded sealing keys, first the one that seals."""
        return tuple(_seal_key(secret) for secret in self.secret_keys)


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
