"""What an MCP client gets is the same through both doors and in both eras."""

import anyio
import mcp.types as t
import pytest
from mcp import Client, MCPError

from fullstory_mcp.catalogue import load_catalogue
from server.doors import HIDDEN, MODERN, Api, Door

pytestmark = pytest.mark.anyio


async def test_a_client_gets_the_era_it_asks_for(client: Client, door: Door) -> None:
    """Nothing has to be switched on for either era, and both tell an agent how to begin."""
    assert client.protocol_version == door.era
    assert client.server_info is not None
    assert client.server_info.name == "fullstory-mcp"
    assert "explain_access" in (client.instructions or "")


async def test_tools_come_in_the_catalogues_order(client: Client) -> None:
    """The list is the catalogue's, in its order, without what the operator excluded."""
    listed = await client.list_tools(cache_mode="bypass")

    assert [tool.name for tool in listed.tools] == [
        name for name in load_catalogue().tools if name != HIDDEN
    ]


async def test_the_list_may_be_kept_a_minute_by_its_caller_alone(
    client: Client, door: Door
) -> None:
    """2026-07-28 says how long a list holds and for whom; it depends on the key, so it is private."""
    listed = await client.list_tools(cache_mode="bypass")

    if door.era == MODERN:
        assert (listed.ttl_ms, listed.cache_scope) == (60_000, "private")


async def test_a_read_answers_with_the_same_data_twice(client: Client, api: Api) -> None:
    """Clients that show text and clients that read structure get the same."""
    result = await client.call_tool("get_quotas", {})

    assert not result.is_error
    assert isinstance(result.content[0], t.TextContent)
    assert '"session_quota"' in result.content[0].text
    assert result.structured_content["session_quota"]["limit"] == "100000"
    assert api.asked() == ["GET /v2/organization/quotas"]


async def test_an_error_of_the_api_is_a_result(client: Client) -> None:
    """A model can read it and mend the call."""
    result = await client.call_tool("get_user", {"id": "9"})

    assert result.is_error
    assert "(404)" in result.content[0].text


async def test_a_bad_argument_is_a_result_and_nothing_is_sent(client: Client, api: Api) -> None:
    """The field is named, and the API is not asked."""
    result = await client.call_tool("get_user", {"id": "../me"})

    assert result.is_error
    assert "id" in result.content[0].text
    assert api.asked() == []


async def test_an_unknown_tool_is_a_protocol_error(client: Client) -> None:
    """The one fault that is no result, as the protocol asks."""
    with pytest.raises(MCPError) as refused:
        await client.call_tool("delete_everything", {})

    assert refused.value.error.code == t.INVALID_PARAMS
    assert "delete_everything" in refused.value.error.message


async def test_a_hidden_tool_is_refused_with_the_reason(client: Client, api: Api) -> None:
    """What a list hides a call refuses, and it says what would help."""
    result = await client.call_tool(
        HIDDEN, {"text": "Release", "startTime": "2026-11-20T12:00:00Z"}
    )

    assert result.is_error
    assert "FULLSTORY_MCP_EXCLUDE_TOOLS" in result.content[0].text
    assert api.asked() == []


async def test_an_export_reports_progress_on_its_way(client: Client) -> None:
    """From the job to its rows, and a waiting client is told of the download."""
    told: list[str | None] = []

    async def hear(_done: float, _total: float | None, message: str | None) -> None:
        told.append(message)

    started = await client.call_tool(
        "create_segment_export",
        {
            "segmentId": "everyone",
            "type": "TYPE_INDIVIDUAL",
            "format": "FORMAT_NDJSON",
            "timeRange": {"start": "2026-01-01T00:00:00Z"},
        },
    )
    operation = await _completed(client, started.structured_content["operationId"])
    rows = await client.call_tool(
        "get_search_export",
        {"id": operation["results"]["searchExportId"]},
        progress_callback=hear,
    )

    assert not rows.is_error
    assert told == ["Downloading the export"]


async def _completed(client: Client, operation: str) -> dict:
    with anyio.fail_after(10):
        while True:
            result = await client.call_tool("get_operation", {"id": operation})
            if result.structured_content["state"] == "COMPLETED":
                return dict(result.structured_content)
            await anyio.sleep(0.05)
