"""Ids that become part of a path: tricks are refused by name, and nothing can leave its segment."""

from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullstory_mcp.arguments import Binder
from fullstory_mcp.catalogue import Tool, load_catalogue
from fullstory_mcp.errors import InvalidArguments
from fullstory_mcp.upstream import Hosts
from fullstory_mcp.upstream.request import outgoing
from support import connected

CATALOGUE = load_catalogue()
BINDER = Binder(CATALOGUE.provider)
HOSTS = Hosts("https://api.example.com", "https://export.example.com")

PATH_ARGUMENTS = [
    (tool, name) for tool in CATALOGUE.tools.values() if tool.http for name in tool.http.path_names
]
each_path_argument = pytest.mark.parametrize(
    ("tool", "name"), PATH_ARGUMENTS, ids=[f"{tool.name}-{name}" for tool, name in PATH_ARGUMENTS]
)

TRICKS = [
    "", " ", "\t", ".", "..", "../users", "a/b", "/", "a\\b", "a%2Fb", "%2e%2e", "%", "a..b",
    "1:2/../3", "..:..", "a\x00b", "a\nb", "a\r\nX: y", "a\x7f", "a\x85b", "//evil.example.com",
    "http://evil.example.com", "1:2?x=/../", "1:2#/..", "\u2028/", "..;/", "a/..;/b",
]  # fmt: skip
"""Not every one is a trick for every kind of id, but none may be sent as more than one segment."""


def call(tool: Tool, name: str, value: object) -> dict[str, Any]:
    """A call of the tool whose one path argument is `value`."""
    example = {k: v for k, v in tool.examples[0]["arguments"].items() if k not in ("uid", "id")}
    if tool.name == "update_user":
        example["display_name"] = "Mira"
    return {**example, name: value}


def path_of(tool: Tool, arguments: dict[str, Any]) -> str:
    """The path of the request that a call becomes."""
    bound = BINDER.bind(tool, arguments)
    return urlsplit(outgoing(tool, bound, HOSTS, CATALOGUE.provider).url).path


BREAKING = [trick for trick in TRICKS if set(trick) & set("/\\%\x00\n\r")]
FORBIDDEN = [
    pytest.param(tool, name, trick, id=f"{tool.name}-{name}-{trick!a}")
    for tool, name in PATH_ARGUMENTS
    for trick in BREAKING
    # A slash is part of base64: see test_slash_of_a_webhook_id.
    if not ("webhook_endpoint" in tool.name and trick in ("a/b", "/"))
]


@pytest.mark.parametrize(("tool", "name", "trick"), FORBIDDEN)
def test_trick_is_refused_and_the_argument_named(tool: Tool, name: str, trick: str) -> None:
    """Slashes, backslashes, percent signs and control characters are refused in every id but one."""
    with pytest.raises(InvalidArguments) as raised:
        BINDER.bind(tool, call(tool, name, trick))

    assert [fault.field for fault in raised.value.faults] == [name]
    assert len(trick) < 4 or trick not in str(raised.value)


@each_path_argument
@pytest.mark.parametrize("trick", ["", " ", ".", "..", "a..b", "\t"])
def test_empty_and_dotted_ids_are_refused(tool: Tool, name: str, trick: str) -> None:
    """An id that is no id, or that means the folder above, is refused."""
    with pytest.raises(InvalidArguments) as raised:
        BINDER.bind(tool, call(tool, name, trick))

    assert {fault.field for fault in raised.value.faults} == {name}


@each_path_argument
@pytest.mark.parametrize("value", [5, None, True, ["1"], {"id": "1"}])
def test_id_that_is_no_text_is_refused(tool: Tool, name: str, value: object) -> None:
    """A number is not turned into an id: large ones have lost digits before they came here."""
    with pytest.raises(InvalidArguments) as raised:
        BINDER.bind(tool, call(tool, name, value))

    assert str(raised.value.faults[0]) == f"{name}: must be a string"


@given(
    st.sampled_from(PATH_ARGUMENTS),
    st.text() | st.sampled_from(TRICKS) | st.from_regex(r"[./\\%:a]{1,8}"),
)
def test_no_accepted_id_leaves_its_segment_of_the_path(place: tuple[Tool, str], value: str) -> None:
    """Whatever text is accepted as an id, it is one segment of the path, and decodes to itself."""
    tool, name = place
    try:
        path = path_of(tool, call(tool, name, value))
    except InvalidArguments:
        return
    segments, template = path.split("/"), tool.endpoint.path.split("/")

    assert len(segments) == len(template)
    for segment, expected in zip(segments, template, strict=True):
        if expected == f"{{{name}}}":
            assert unquote(segment) == value
            assert segment not in ("", ".", "..")
            assert not set(segment) & set("/\\?#;")
        else:
            assert segment == expected


@pytest.mark.parametrize("value", ["a/b", "ab+/==", "-_=", "aHR0cHM6Ly9ob29rcy5leGFtcGxlLmNvbS8/"])
def test_slash_of_a_webhook_id_is_encoded_and_stays_in_its_segment(value: str) -> None:
    """A webhook id is base64 of an address, so a slash in it is no trick; it is sent as %2F."""
    tool = CATALOGUE.tools["get_webhook_endpoint"]
    path = path_of(tool, {"id": value})

    assert path.startswith("/webhooks/v1/endpoints/")
    assert unquote(path.removeprefix("/webhooks/v1/endpoints/")) == value
    assert path.count("/") == 4


@pytest.mark.parametrize("value", ["a b", "a=b", "a===", "=", "ü", "a.b", "a\n", "x" * 4097])
def test_text_that_is_no_base64_is_no_webhook_id(value: str) -> None:
    """Only the letters of base64, then at most two equals signs."""
    with pytest.raises(InvalidArguments):
        BINDER.bind(CATALOGUE.tools["get_webhook_endpoint"], {"id": value})


REPLAY = "is a URL, but not a session's replay link on app.fullstory.com or app.eu1.fullstory.com"
NO_SESSION = "must be a session id as device:session, from list_sessions"
UNSAFE = "must be an id: not empty, without /, \\, %, .. or control characters"


@pytest.mark.parametrize(
    ("given_id", "why"),
    [
        ("http://app.fullstory.com/ui/ORG/session/1:2", REPLAY),
        ("https://app.fullstory.com.evil.example/ui/ORG/session/1:2", REPLAY),
        ("https://evil.example/ui/ORG/session/1:2", REPLAY),
        ("https://evil.example/?x=https://app.fullstory.com/ui/ORG/session/1:2", REPLAY),
        ("https://app.fullstory.com@evil.example/ui/ORG/session/1:2", REPLAY),
        ("https://user@app.fullstory.com/ui/ORG/session/1:2", REPLAY),
        ("https://app.fullstory.com:8443/ui/ORG/session/1:2", REPLAY),
        ("https://app.fullstory.com/ui/ORG/segments/everyone/people/0", REPLAY),
        ("https://app.fullstory.com/ui/ORG/session/1:2/extra", REPLAY),
        ("https://app.fullstory.com/ui/ORG/session/", REPLAY),
        ("https://[app.fullstory.com/ui/ORG/session/1:2", REPLAY),
        ("https://app.fullstory.com/ui/ORG/session/..%2F..%2Fusers%3A1", UNSAFE),
        ("https://app.fullstory.com/ui/ORG/session/1%2500:2", UNSAFE),
        ("https://app.fullstory.com/ui/ORG/session/12", NO_SESSION),
        ("12", NO_SESSION),
        ("1:2:3", NO_SESSION),
        (":2", NO_SESSION),
        ("1:", NO_SESSION),
        ("1: 2", NO_SESSION),
    ],
)
@pytest.mark.anyio
async def test_only_replay_links_of_fullstory_s_own_hosts_stand_for_a_session(
    given_id: str, why: str
) -> None:
    """A link to anywhere else is refused and never opened, and its id is checked like any other."""
    async with connected() as server:
        text = await server.error("get_session_events", session_id=given_id)
        sent = server.sent()

    assert text == f"Nothing was sent: 1 argument is not usable.\n- session_id: {why}"
    assert sent == []
