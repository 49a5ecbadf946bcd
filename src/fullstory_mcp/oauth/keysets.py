"""JSON Web Key Sets (RFC 7517) of others: their public keys, and never a shared secret."""

from collections.abc import Mapping
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key, KeySet

MOST_KEYS = 100
LEAST_MODULUS = 340
"""Characters of an RSA modulus of 2,048 bits, the least that RFC 7518 section 3.3 allows."""

_PUBLIC_KINDS = frozenset({"RSA", "EC", "OKP"})


def key_set_of(document: object) -> KeySet | None:
    """The keys for checking signatures, None where there is none.

    What cannot be used is left out alone: unknown kinds, keys for encryption, symmetric keys (a
    public text must not become a secret, RFC 8725 section 2.1).
    """
    listed = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(listed, list):
        return None
    found = [key for each in listed[:MOST_KEYS] if (key := _key(each)) is not None]
    return KeySet(found) if found else None


def knows(keys: KeySet, kid: str | None) -> bool:
    """Whether a signature that names `kid` can be checked with these keys."""
    return kid is None or any(key.kid == kid for key in keys)


def _key(row: Any) -> Key | None:
    if not isinstance(row, dict) or str(row.get("kty")) not in _PUBLIC_KINDS or "d" in row:
        return None
    if row.get("use", "sig") != "sig":
        return None
    if row["kty"] == "RSA" and len(str(row.get("n"))) < LEAST_MODULUS:
        return None
    try:
        return JWKRegistry.import_key(row)
    except (JoseError, ValueError, TypeError, KeyError):
        return None
