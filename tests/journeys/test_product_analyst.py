"""A product analyst wants the rows behind a segment: who clicked in rage at the checkout."""

import pytest

from support import ERAS, connected

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("mode", ERAS)
async def test_segment_becomes_rows_that_can_be_counted(mode: str) -> None:
    """List, export, wait, read: every step's answer holds what the next one takes."""
    async with connected("architect", mode) as server:
        segments = (await server.data("list_segments", limit=100))["segments"]
        wanted = next(row for row in segments if row["name"] == "Rage clickers on checkout")

        started = await server.data(
            "create_segment_export",
            segmentId=wanted["id"],
            type="TYPE_EVENT",
            format="FORMAT_NDJSON",
            timeRange={"start": "", "end": ""},
            fields=["EventStart", "EventType", "PageUrl", "IndvId", "EventModFrustrated"],
        )
        running = await server.data("get_operation", id=started["operationId"])
        server.clock.time += 5
        finished = await server.data("get_operation", id=started["operationId"])

        export = finished["results"]["searchExportId"]
        page = await server.data("get_search_export", id=export)
        rows = list(page["rows"])
        while "cursor" in page:
            page = await server.data("get_search_export", id=export, cursor=page["cursor"])
            rows += page["rows"]

    assert (running["state"], finished["state"]) == ("PENDING", "COMPLETED")
    assert "results" not in running
    assert page["note"].endswith(f" of {len(rows)}. That is the end.")
    assert {row["EventType"] for row in rows} == {"click"}
    assert len({row["IndvId"] for row in rows}) > 3


async def test_analyst_with_a_standard_key_is_told_what_is_missing() -> None:
    """The refusal names the level; explain_access says the same of the whole way."""
    async with connected("standard") as server:
        refused = await server.error("list_segments")
        told = await server.data("explain_access")

    hidden = {row["tool"] for row in told["hidden"]}
    assert "it needs an Architect key and this key counts as Standard" in refused
    assert {"list_segments", "create_segment_export", "get_search_export"} <= hidden
    assert "get_operation" in told["served"]
