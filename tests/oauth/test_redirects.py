"""Which addresses a browser may be sent to, as text against text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullstory_mcp.oauth.redirects import chosen, fault, matches

SCHEMES = ("cursor", "vscode", "com.example.app")

ACCEPTABLE = [
    "https://claude.ai/api/mcp/auth_callback",
    "https://chatgpt.com/connector/oauth/abc-123",
    "https://example.com",
    "https://example.com:8443/cb?tenant=1",
    "https://example.com/cb?next=%2Fhome",
    "https://xn--bcher-kva.example/cb",
    "https://[2001:db8::1]/cb",
    "http://localhost/callback",
    "http://localhost:3000/callback",
    "http://127.0.0.1:33418",
    "http://127.0.0.1:33418/",
    "http://[::1]:6276/oauth/callback",
    "cursor://anysphere.cursor-mcp/oauth/callback",
    "CURSOR://anysphere.cursor-mcp/oauth/callback",
    "vscode://vscode.github-authentication/did-authenticate",
    "com.example.app:/callback",
]

REFUSED = {
    "empty": "",
    "relative": "/callback",
    "no scheme": "//example.com/cb",
    "no host": "https:///cb",
    "no slashes": "https:example.com/cb",
    "overlong": "https://example.com/" + "a" * 2000,
    "fragment": "https://example.com/cb#part",
    "empty fragment": "https://example.com/cb#",
    "space": "https://example.com/a b",
    "line break": "https://example.com/cb\r\nSet-Cookie: a=b",
    "tab in the scheme": "java\tscript:alert(1)",
    "leading space": " https://example.com/cb",
    "null byte": "https://example.com/\x00",
    "backslash": "https://example.com\\@evil.example/cb",
    "broken percent": "https://example.com/%zz",
    "user name": "https://user@example.com/cb",
    "user name that looks like a host": "https://good.example@evil.example/cb",
    "escaped host": "https://good%2eexample/cb",
    "unicode host": "https://bücher.example/cb",
    "unicode slash in host": "https://evil.example⁄good.example/cb",
    "last dot": "https://example.com./cb",
    "two dots": "https://example..com/cb",
    "port 0": "https://example.com:0/cb",
    "port beyond": "https://example.com:65536/cb",
    "no port": "https://example.com:/cb",
    "broken IPv6": "https://[::1/cb",
    "no IPv6": "https://[1.2.3.4]/cb",
    "http elsewhere": "http://example.com/cb",
    "http on a private address": "http://192.168.0.1/cb",
    "http on another loopback": "http://127.0.0.2/cb",
    "http on all addresses": "http://0.0.0.0/cb",
    "loopback as a number": "http://2130706433/cb",
    "loopback in short": "http://127.1/cb",
    "loopback as a part of a name": "http://127.0.0.1.evil.example/cb",
    "localhost as a part of a name": "http://localhost.evil.example/cb",
    "localhost as a user": "http://localhost@evil.example/cb",
    "localhost and port as a user": "http://localhost:80@evil.example/cb",
    "localhost with a last dot": "http://localhost./cb",
    "javascript": "javascript:alert(1)",
    "javascript in mixed case": "JaVaScRiPt:alert(1)",
    "javascript with a host": "javascript://example.com/%0aalert(1)",
    "data": "data:text/html,<script>",
    "data in plain letters": "data:text/html;base64,PHNjcmlwdD4=",
    "file": "file:///etc/passwd",
    "view-source": "view-source:https://example.com",
    "another app's scheme": "slack://callback",
    "an app's scheme and nothing": "cursor:",
    "an app's scheme with a user": "cursor://user@host/cb",
    "a code of its own": "https://example.com/cb?code=mine",
    "a state of its own": "https://example.com/cb?a=1&state=mine",
    "an escaped parameter of ours": "https://example.com/cb?%63ode=mine",
    "an error of its own": "cursor://host/cb?error=none",
}


@pytest.mark.parametrize("address", ACCEPTABLE)
def test_what_known_clients_register_is_acceptable(address: str) -> None:
    """https, http on loopback, and the schemes that the operator allows."""
    assert fault(address, SCHEMES) is None


@pytest.mark.parametrize("address", REFUSED.values(), ids=REFUSED)
def test_what_is_odd_in_any_way_is_refused(address: str) -> None:
    """Who reads the address later must not be able to read it differently from us."""
    assert fault(address, SCHEMES) is not None


@pytest.mark.parametrize("scheme", ["javascript", "data", "file", "vbscript", "blob"])
def test_no_setting_allows_a_scheme_that_runs_or_reads(scheme: str) -> None:
    """An operator who lists one by mistake opens nothing."""
    assert fault(f"{scheme}:alert(1)", (scheme,)) is not None


MATCHING = [
    ("https://example.com/cb", "https://example.com/cb"),
    ("http://localhost:51000/callback", "http://localhost/callback"),
    ("http://localhost/callback", "http://localhost:3000/callback"),
    ("http://127.0.0.1:1/cb?a=1", "http://127.0.0.1:65535/cb?a=1"),
    ("http://[::1]:9000/", "http://[::1]/"),
    ("http://127.0.0.1:9000", "http://127.0.0.1:33418"),
    ("cursor://anysphere.cursor-mcp/oauth/callback",) * 2,
]

FOREIGN = [
    ("https://example.com:8443/cb", "https://example.com/cb"),
    ("https://example.com/cb/", "https://example.com/cb"),
    ("https://example.com/cb/../other", "https://example.com/cb"),
    ("https://example.com/CB", "https://example.com/cb"),
    ("https://EXAMPLE.com/cb", "https://example.com/cb"),
    ("https://example.com/cb?a=1", "https://example.com/cb"),
    ("https://example.com/cb?a=1&a=2", "https://example.com/cb?a=1"),
    ("https://example.com/%63b", "https://example.com/cb"),
    ("https://example.com.evil.example/cb", "https://example.com/cb"),
    ("https://evil.example/https://example.com/cb", "https://example.com/cb"),
    ("https://localhost:51000/cb", "https://localhost/cb"),
    ("https://localhost/cb", "http://localhost/cb"),
    ("http://localhost:51000/other", "http://localhost/callback"),
    ("http://localhost:51000/callback?a=1", "http://localhost/callback"),
    ("http://localhost:51000/callback/", "http://localhost/callback"),
    ("http://localhost:51000", "http://localhost/"),
    ("http://127.0.0.1:51000/callback", "http://localhost/callback"),
    ("http://[::1]:51000/callback", "http://127.0.0.1/callback"),
    ("http://127.0.0.2:51000/callback", "http://127.0.0.1/callback"),
    ("http://localhost:0/callback", "http://localhost/callback"),
    ("http://localhost:99999/callback", "http://localhost/callback"),
    ("http://localhost:/callback", "http://localhost/callback"),
    ("http://localhost:80@evil.example/callback", "http://localhost/callback"),
    ("http://localhost@evil.example/callback", "http://localhost/callback"),
    ("http://localhost.evil.example/callback", "http://localhost/callback"),
    ("http://localhost\\@evil.example/callback", "http://localhost/callback"),
    ("http://LOCALHOST:51000/callback", "http://localhost/callback"),
    ("http://localhost:51000/callback#x", "http://localhost/callback"),
    (
        "cursor://anysphere.cursor-mcp:1/oauth/callback",
        "cursor://anysphere.cursor-mcp/oauth/callback",
    ),
]


@pytest.mark.parametrize(("requested", "registered"), MATCHING)
def test_the_same_address_matches_and_loopback_on_any_port(requested: str, registered: str) -> None:
    """A native app learns its port when it starts (RFC 8252, section 7.3)."""
    assert matches(requested, registered)


@pytest.mark.parametrize(("requested", "registered"), FOREIGN)
def test_anything_but_a_loopback_port_must_be_the_same(requested: str, registered: str) -> None:
    """Every difference that a browser could follow elsewhere is a different address."""
    assert chosen(requested, [registered], SCHEMES) is None


def test_an_address_left_out_is_the_only_one() -> None:
    """With several it would be a guess (RFC 6749, section 3.1.2.3)."""
    one, other = "https://example.com/cb", "https://example.com/other"

    assert chosen(None, [one], SCHEMES) == one
    assert chosen(None, [one, other], SCHEMES) is None
    assert chosen(None, [], SCHEMES) is None


def test_a_registered_address_that_is_no_longer_allowed_is_not_used() -> None:
    """The operator's list is asked again each time."""
    assert chosen("slack://cb", ["slack://cb"], SCHEMES) is None
    assert chosen(None, ["slack://cb"], SCHEMES) is None


@given(st.text(max_size=60), st.sampled_from(["https://example.com/cb", "http://localhost/cb"]))
def test_no_text_around_an_address_makes_it_match(text: str, registered: str) -> None:
    """Only itself, or another loopback port, is the registered address."""
    for requested in (text, registered + text, text + registered):
        found = chosen(requested, [registered], SCHEMES)
        assert found in {None, registered}
