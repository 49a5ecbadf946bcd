"""Who a person is by an issuer's claims, and how that is kept."""

import pytest

from fullstory_mcp.oauth.access import Identity

ISSUER = "https://id.example.com"


def test_an_identity_survives_being_stored() -> None:
    """A connection's person is asked of the file again at every request."""
    who = Identity(ISSUER, "s-1", "ada@example.com", True, ("a", "b"))

    assert Identity.from_json(who.to_json()) == who


@pytest.mark.parametrize(
    ("claims", "verified", "verified_here"),
    [
        ({"email_verified": True}, True, True),
        ({"email_verified": "true"}, True, True),
        ({"email_verified": False}, False, False),
        ({"email_verified": "false"}, False, False),
        ({"email_verified": 1}, False, False),
        ({"email_verified": None}, False, False),
        ({}, False, True),
    ],
)
def test_an_address_counts_as_its_issuer_says(
    claims: dict[str, object], verified: bool, verified_here: bool
) -> None:
    """Only where it is said to be verified; on demand also where nothing is said."""
    told = {"iss": ISSUER, "sub": "s", "email": "ada@example.com", **claims}

    assert Identity.of(told, "groups").email_verified is verified
    lenient = Identity.of(told, "groups", email_counts_unless_denied=True)
    assert lenient.email_verified is verified_here


@pytest.mark.parametrize(
    ("email", "counts"),
    [
        ("Ada@Example.com", "ada@example.com"),
        ("\u212aim@example.com", ""),
        ("ad\u00e4@example.com", ""),
    ],
)
def test_only_an_address_in_ascii_counts(email: str, counts: str) -> None:
    """The Kelvin sign becomes a k in small letters, which would make it somebody else's address."""
    assert Identity(ISSUER, "s-1", email, email_verified=True).verified_email == counts


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": ""},
        {"sub": None},
        {"sub": 7},
        {"sub": "u\0"},
        {"sub": "\ud800"},
        {"iss": "https://id.example.com\0"},
        {"iss": None},
        {"email": "ada\0@example.com"},
        {"groups": ["a", "b\0"]},
        {"groups": "b\n"},
    ],
)
def test_claims_that_cannot_be_printed_make_no_identity(claims: dict[str, object]) -> None:
    """Nothing is left out in silence, and the message repeats nothing."""
    with pytest.raises(ValueError, match=r"^a claim is not printable text$"):
        Identity.of({"iss": ISSUER, "sub": "s", **claims}, "groups")
