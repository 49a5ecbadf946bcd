"""get_search_export under a policy that names segments: rows of no other segment's export come out."""

import json
from pathlib import Path

import pytest
from starlette.applications import Starlette

from fullstory_mcp.sandbox import create_app
from support import Clock, Connected, connected
from transports import KEY, Api, Reply

pytestmark = pytest.mark.anyio

POLICY = """
version = 1
[presets.narrow]
areas = { exports = "read" }
tools = { list_operations = "off" }
limits = { segments = ["sbCrash"] }
[[principals]]
door = "stdio"
preset = "narrow"
"""


@pytest.fixture
def narrow(tmp_path: Path) -> dict[str, str]:
    """Settings with the policy, which does not even give list_operations."""
    path = tmp_path / "policy.toml"
    path.write_text(POLICY, encoding="utf-8")
    return {"FULLSTORY_MCP_POLICY_FILE": str(path)}


async def exported(server: Connected, *segments: str) -> list[str]:
    """The ids of finished exports of these segments."""
    operations = [
        await server.data(
            "create_segment_export",
            segmentId=segment,
            type="TYPE_INDIVIDUAL",
            format="FORMAT_JSON",
            timeRange={"start": "", "end": ""},
        )
        for segment in segments
    ]
    server.clock.time += 10
    done = [await server.data("get_operation", id=each["operationId"]) for each in operations]
    return [each["results"]["searchExportId"] for each in done]


@pytest.fixture
def app(clock: Clock) -> Starlette:
    """One sandbox for whoever exports and whoever reads."""
    return create_app(clock=clock)


@pytest.fixture
def clock() -> Clock:
    """The time of all."""
    return Clock()


async def test_export_of_another_segment_is_refused_before_its_link_is_asked_for(
    narrow: dict[str, str], app: Starlette, clock: Clock
) -> None:
    """By whomever it was started; the id alone opens nothing, and the reason names what is left."""
    async with connected("architect", app=app, clock=clock) as server:
        theirs, ours = await exported(server, "everyone", "sbCrash")
    async with connected("architect", app=app, clock=clock, **narrow) as server:
        before = len(server.sent())
        refused = await server.error("get_search_export", id=theirs)
        asked = server.sent()[before:]
        answered = await server.data("get_search_export", id=ours)

    assert refused == (
        "get_search_export is not permitted: the policy leaves only exports of these segments, and this "
        "is not known to be one: sbCrash (preset narrow, row 1: door stdio). list_operations tells which "
        "export is of which segment."
    )
    assert asked == ["GET /operations/v1"]
    assert answered["rows"]


async def test_refused_export_is_in_the_audit_with_its_limit(
    narrow: dict[str, str], app: Starlette, clock: Clock, tmp_path: Path
) -> None:
    """The call itself was allowed; what refused to go on is named in its second record."""
    log = tmp_path / "audit.jsonl"
    async with connected("architect", app=app, clock=clock) as server:
        (theirs,) = await exported(server, "everyone")
    given = {**narrow, "FULLSTORY_MCP_AUDIT_FILE": str(log)}
    async with connected("architect", app=app, clock=clock, **given) as server:
        await server.error("get_search_export", id=theirs)

    first, second = map(json.loads, log.read_text().splitlines())
    assert (first["decision"], first["targets"]) == ("allowed", {"id": [theirs]})
    assert second["rule"] == "limit segments of preset narrow, row 1: door stdio"


def operations(*rows: object, **more: str) -> Reply:
    """A list of operations as the API gives it."""
    return Reply(json.dumps({"operations": rows, **more}))


OURS = {"details": {"segmentId": "sbCrash"}, "results": {"searchExportId": "e1"}}
LINK = Reply('{"location": "https://storage.example.net/f"}')


async def test_operation_is_looked_for_on_every_page(narrow: dict[str, str]) -> None:
    """The newest need not come first."""
    api = Api(operations(7, {}, nextPaginationToken="next"), operations(OURS), LINK, Reply("[]"))
    async with connected(transport=api, FULLSTORY_API_KEY=KEY, **narrow) as server:
        answer = await server.data("get_search_export", id="e1")

    assert answer["rows"] == []
    assert "paginationToken=next" in api.urls()[1]
    assert all("type=SEARCH_EXPORT" in url for url in api.urls()[:2])


UNKNOWN = {
    "no operation": operations(),
    "another export": operations({**OURS, "results": {"searchExportId": "e2"}}),
    "no segment": operations({**OURS, "details": None}),
    "a segment that is no text": operations({**OURS, "details": {"segmentId": ["sbCrash"]}}),
    "no list": Reply('{"operations": null}'),
    "no object": Reply("[]"),
    "pages without end": operations({}, nextPaginationToken="again"),
}


@pytest.mark.parametrize("reply", UNKNOWN.values(), ids=UNKNOWN)
async def test_export_of_which_nothing_is_known_is_refused(
    narrow: dict[str, str], reply: Reply
) -> None:
    """Doubt means deny."""
    api = Api(reply)
    async with connected(transport=api, FULLSTORY_API_KEY=KEY, **narrow) as server:
        told = await server.error("get_search_export", id="e1")

    assert "this is not known to be one: sbCrash" in told
    assert not any("exports" in url for url in api.urls())


async def test_without_a_limit_of_segments_nothing_more_is_asked(tmp_path: Path) -> None:
    """The look-up is the policy's alone."""
    path = tmp_path / "policy.toml"
    path.write_text(POLICY.replace('segments = ["sbCrash"]', "rows = 5"), encoding="utf-8")
    api = Api(LINK, Reply("[]"))
    given = {"FULLSTORY_API_KEY": KEY, "FULLSTORY_MCP_POLICY_FILE": str(path)}
    async with connected(transport=api, **given) as server:
        await server.data("get_search_export", id="e1")

    assert not any("operations" in url for url in api.urls())
