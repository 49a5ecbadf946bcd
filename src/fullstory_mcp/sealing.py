"""Seals what we hand to a client and want back unread and unchanged: cursors and confirmations.

AES-256-GCM under the first key of the ring; every key of the ring opens. The purpose (which
tool, whose key) is authenticated but not stored, so a token opens only where it was meant for.
"""

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic_core import from_json, to_json

from fullstory_mcp import wire

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12
_ID = 4


class Unsealable(Exception):
    """The token is not ours, was altered, or was meant for something else."""


class Sealer:
    """A ring of 32-byte keys: the first seals, all open."""

    def __init__(self, keys: Sequence[bytes] = ()) -> None:
        self._ring = {hashlib.sha256(key).digest()[:_ID]: key for key in keys or (os.urandom(32),)}

    def __repr__(self) -> str:
        return f"Sealer({len(self._ring)} keys)"

    @property
    def first_id(self) -> str:
        """The id of the key that seals."""
        return next(iter(self._ring)).hex()

    def knows(self, ring_id: str) -> bool:
        """Whether the key of this id is in the ring."""
        return ring_id in {key_id.hex() for key_id in self._ring}

    @staticmethod
    def ring_id(token: str) -> str:
        """The id of the key that sealed `token`, in hexadecimal; it tells nothing of the key."""
        head = token[: _ID * 2]
        try:
            return base64.urlsafe_b64decode(head + "=" * (-len(head) % 4))[:_ID].hex()
        except (binascii.Error, ValueError):
            return ""

    def seal(self, purpose: str, content: object) -> str:
        """`content` (JSON) as URL-safe text that only `open` with the same purpose reads."""
        key_id, key = next(iter(self._ring.items()))
        nonce = os.urandom(_NONCE)
        sealed = _cipher(key).encrypt(nonce, to_json(content), purpose.encode())
        return _as_text(key_id + nonce + sealed)

    def open(self, purpose: str, token: str) -> object:
        """What `seal` was given.

        Raises:
            Unsealable: the token is malformed, altered, of another purpose or of a dropped key.
        """
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - 50 ms, only when needed

        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
            if _as_text(raw) != token:
                # Base64 is read leniently: several texts would be one token.
                raise Unsealable
            key = self._ring[raw[:_ID]]
            body = raw[_ID:]
            return from_json(_cipher(key).decrypt(body[:_NONCE], body[_NONCE:], purpose.encode()))
        except (binascii.Error, ValueError, KeyError, InvalidTag):
            raise Unsealable from None

    def digest(self, purpose: str, content: object) -> str:
        """A fingerprint of `content` (JSON) that nobody without the key can try guesses against.

        Returns:
            The id of the key that made it and 128 bits in hexadecimal: `1f2e3d4c:…`. Alike for the same
            content, whatever the order of its names.
        """
        key_id, key = next(iter(self._ring.items()))
        text = f"digest\0{purpose}\0{wire.digest(content)}"
        made = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        return f"{key_id.hex()}:{made[:32]}"


def _as_text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _cipher(key: bytes) -> "AESGCM":
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - see above

    return AESGCM(key)
