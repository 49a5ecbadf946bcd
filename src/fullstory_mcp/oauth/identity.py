"""Who a person is by what an issuer said of them; what they may do is the access file's."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Identity:
    """What one issuer vouches for. `email` is "" where it named none."""

    issuer: str
    subject: str
    email: str = ""
    email_verified: bool = False
    groups: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        claims: Mapping[str, Any],
        groups_claim: str,
        *,
        email_counts_unless_denied: bool = False,
    ) -> Self:
        """The identity in checked claims of an ID token or access token, which name `iss` and `sub`.

        An e-mail address counts where `email_verified` says so (OpenID Connect Core 1.0 section
        5.1; some issuers say it as text), or, on demand, where the claim is left out.

        Raises:
            ValueError: `iss` or `sub` is missing or no text, or something has signs that cannot be
                printed. The message repeats nothing.
        """
        verified = claims.get("email_verified", email_counts_unless_denied)
        email = claims.get("email")
        return cls(
            issuer=_printable(claims.get("iss") or None),
            subject=_printable(claims.get("sub") or None),
            email=_printable(email) if isinstance(email, str) else "",
            email_verified=verified is True or verified == "true",
            groups=tuple(_printable(each) for each in _texts(claims.get(groups_claim))),
        )

    def to_json(self) -> str:
        """As it is stored beside a connection."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What `to_json` wrote."""
        told = json.loads(text)
        return cls(**{**told, "groups": tuple(told["groups"])})

    @property
    def owner(self) -> str:
        """Who it is, for good: the issuer's own name for the person, which never changes."""
        return f"oidc:{self.issuer}#{self.subject}"

    @property
    def verified_email(self) -> str:
        """The address in small letters; "" where the issuer has not verified it, or it is not ASCII.

        Small letters make ASCII of some other signs (the Kelvin sign is a k): nobody is let in by them.
        """
        return self.email.lower() if self.email_verified and self.email.isascii() else ""

    @property
    def shown(self) -> str:
        """How the person is shown to themselves and in the audit: the address, else the subject."""
        return self.email or self.subject


def _printable(value: object) -> str:
    if not isinstance(value, str) or not value.isprintable():
        raise ValueError("a claim is not printable text")
    return value


def _texts(value: object) -> tuple[str, ...]:
    """A claim that is one text or a list of texts, as issuers differ."""
    if isinstance(value, str):
        return (value,)
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()
