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
    """In ID tokens only where it is said to be verified; in access tokens unless it is denied."""
    told = {"iss": ISSUER, "sub": "s", "email": "ada@example.com", **claims}

    assert Identity.of(told, "groups").email_verified is verified
    lenient = Identity.of(told, "groups", email_counts_unless_denied=True)
    assert lenient.email_verified is verified_here
