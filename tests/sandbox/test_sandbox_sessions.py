"""Sessions of the sandbox: the list, the slices of a context, and summaries."""

from typing import Any
from urllib.parse import quote

import httpx2 as httpx
import pytest

pytestmark = pytest.mark.anyio

PAYMENT, HAPPY, LONG = "visit-1042-latest", "visit-happy", "visit-marathon"


async def _path(client: httpx.AsyncClient, name: str) -> str:
    listed = await client.get("/v2/sessions", params={"session_uid": name})
    return "/v2/sessions/" + quote(listed.json()["results"][0]["id"], safe="")


async def _context(client: httpx.AsyncClient, name: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await client.post(f"{await _path(client, name)}/context", json=body)
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()["context_data"]
    return data


def _events(context: dict[str, Any]) -> list[dict[str, Any]]:
    return [event for page in context["pages"] for event in page["events"]]


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"limit": "5"},
        {"uid": ""},
        {"uid": "cust-1042", "session_uid": "visit-happy"},
        {"uid": "cust-1042", "limit": "0"},
        {"uid": "cust-1042", "limit": "101"},
        {"uid": "cust-1042", "limit": "many"},
    ],
)
async def test_a_list_without_one_clear_selector_is_a_400(
    query: dict[str, str], standard: httpx.AsyncClient
) -> None:
    """One of the three selectors is needed, session_uid alone, limit from 1 to 100."""
    assert (await standard.get("/v2/sessions", params=query)).status_code == 400


async def test_the_list_is_newest_first_and_twenty_long(standard: httpx.AsyncClient) -> None:
    """Without a limit the newest twenty come; a higher limit reaches further back."""
    usual = (await standard.get("/v2/sessions", params={"uid": "cust-1007"})).json()["results"]
    more = await standard.get("/v2/sessions", params={"uid": "cust-1007", "limit": "100"})

    created = [row["created_time"] for row in usual]
    assert created == sorted(created, reverse=True)
    assert (len(usual), len(more.json()["results"])) == (20, 27)
    assert usual[0].keys() == {"id", "app_url", "created_time"}


async def test_uid_and_email_together_give_the_union(standard: httpx.AsyncClient) -> None:
    """Both selectors are asked separately; the same person is not counted twice."""
    query = {"uid": "cust-1042", "email": "petra.oddwick@example.com"}
    both = (await standard.get("/v2/sessions", params=query)).json()["results"]
    same = {"uid": "cust-1042", "email": "nora.quist@example.com"}
    once = (await standard.get("/v2/sessions", params=same)).json()["results"]

    assert (len(both), len(once)) == (7, 6)


@pytest.mark.parametrize("query", [{"uid": "cust-1160"}, {"uid": "nobody"}, {"session_uid": "no"}])
async def test_nobody_found_is_an_empty_list(
    query: dict[str, str], standard: httpx.AsyncClient
) -> None:
    """A person without sessions, or an unknown one, is no error."""
    assert (await standard.get("/v2/sessions", params=query)).json() == {"results": []}


@pytest.mark.parametrize(("session_id", "status"), [("12", 400), ("1%3A", 400), ("1%3A2", 404)])
async def test_a_session_id_has_two_halves_and_must_exist(
    session_id: str, status: int, standard: httpx.AsyncClient
) -> None:
    """A malformed id is told apart from an unknown one."""
    for method, part in (("GET", "events"), ("POST", "context"), ("GET", "summary")):
        answer = await standard.request(method, f"/v2/sessions/{session_id}/{part}")
        assert answer.status_code == status


async def test_the_whole_context_has_all_surroundings(standard: httpx.AsyncClient) -> None:
    """An empty body gives session, organisation, person, place, machine and pages."""
    context = (await _context(standard, PAYMENT, {}))["context"]

    assert context.keys() == {
        "session_id",
        "session_url",
        "session_created_at",
        "org_context",
        "user_context",
        "location_context",
        "device_context",
    }
    assert context["user_context"]["user_uid"] == "cust-1042"
    assert set(map(type, context["user_context"]["properties"].values())) == {str}


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ({"include": ["user"]}, {"user"}),
        ({"exclude": ["location", "org"]}, {"user", "device"}),
        ({"include": ["user", "org"], "exclude": ["org"]}, {"user"}),
        ({"exclude_user_context": True, "exclude_device": True}, {"org", "location"}),
        ({"include": ["user"], "exclude_user_context": True}, {"user"}),
    ],
)
async def test_the_lists_win_over_the_older_flags(
    asked: dict[str, Any], left: set[str], standard: httpx.AsyncClient
) -> None:
    """Surroundings are chosen by lists; flags only count where no list is given."""
    context = (await _context(standard, PAYMENT, {"context": asked}))["context"]

    assert {name[:-8] for name in context if name.endswith("_context")} == left


async def test_the_event_limit_counts_after_the_type_filter(standard: httpx.AsyncClient) -> None:
    """Two failed calls are found although many other events lie around them."""
    asked = {"slice": {"event_limit": 2}, "events": {"include_types": ["network-error"]}}

    events = _events(await _context(standard, PAYMENT, asked))

    assert [event["description"] for event in events] == ["POST /api/pay 502"] * 2


async def test_last_takes_from_the_end(standard: httpx.AsyncClient) -> None:
    """FIRST and LAST read the same story from its two ends."""
    whole = _events(await _context(standard, HAPPY, {}))
    first = _events(await _context(standard, HAPPY, {"slice": {"event_limit": 4}}))
    asked = {"slice": {"mode": "LAST", "event_limit": 4}}
    last = _events(await _context(standard, HAPPY, asked))

    assert (first, last) == (whole[:4], whole[-4:])


async def test_a_duration_limits_how_far_a_slice_reaches(standard: httpx.AsyncClient) -> None:
    """An int64 string of milliseconds cuts the slice by time."""
    asked = {"slice": {"mode": "FIRST", "duration_limit_ms": "20000"}}
    whole = _events(await _context(standard, PAYMENT, {}))
    short = _events(await _context(standard, PAYMENT, asked))

    assert 0 < len(short) < len(whole)
    assert short == whole[: len(short)]


async def test_windows_page_through_a_long_session(standard: httpx.AsyncClient) -> None:
    """Windows that touch cover the story, and a window reads the same twice."""
    whole = _events(await _context(standard, LONG, {}))
    middle = whole[len(whole) // 2]["timestamp"]
    asked = {"slice": {"mode": "TIMESTAMP", "end_timestamp": middle}}
    before = _events(await _context(standard, LONG, asked))
    asked = {"slice": {"mode": "TIMESTAMP", "start_timestamp": middle}}
    after = _events(await _context(standard, LONG, asked))
    again = _events(await _context(standard, LONG, asked))

    shared = sum(event["timestamp"] == middle for event in whole)
    assert len(before) + len(after) - shared == len(whole)
    assert after == again


@pytest.mark.parametrize(
    "body",
    [
        {"slice": {"mode": "MIDDLE"}},
        {"slice": {"event_limit": 0}},
        {"slice": {"mode": "TIMESTAMP", "start_timestamp": "yesterday"}},
        {
            "slice": {
                "start_timestamp": "2026-11-20T12:00:00Z",
                "end_timestamp": "2026-11-20T11:00:00Z",
            }
        },
        {"context": {"include": ["weather"]}},
        {"events": {"include_types": "click"}},
        {"events": {"exclude_selectors": "yes"}},
    ],
)
async def test_a_context_body_that_does_not_fit_is_a_400(
    body: dict[str, Any], standard: httpx.AsyncClient
) -> None:
    """Wrong words, numbers and times are refused rather than ignored."""
    answer = await standard.post(f"{await _path(standard, PAYMENT)}/context", json=body)

    assert answer.status_code == 400


async def test_events_carry_what_was_asked(standard: httpx.AsyncClient) -> None:
    """Selectors, tags, timestamps and descriptions follow the options."""

    async def rage(**shown: Any) -> dict[str, Any]:
        asked = {"events": {"include_types": ["rage-click"], **shown}}
        return _events(await _context(standard, PAYMENT, asked))[0]

    assert await rage(include_selector_tags=True) == {
        "type": "rage-click",
        "description": "Pay now [form#pay > button.pay-now]",
        "timestamp": "2026-11-20T11:40:01Z",
        "content": "Pay now",
        "properties": {"fs-button-name": "pay", "id": "pay"},
    }
    assert (await rage())["description"] == "Pay now [#pay > .pay-now]"
    assert (await rage(trim_to_last_n_selectors=1))["description"] == "Pay now [.pay-now]"
    assert (await rage(exclude_selectors=True))["description"] == "Pay now"
    assert "timestamp" not in await rage(exclude_event_timestamps=True)
    assert "description" not in await rage(include_descriptions=False)
    old_way = {"context": {"exclude_descriptions": True}}
    assert "description" not in _events(await _context(standard, PAYMENT, old_way))[0]


async def test_custom_and_defined_events_can_be_left_out(standard: httpx.AsyncClient) -> None:
    """Custom events go by their own name and leave with their flag, as defined ones do."""
    only = {"events": {"include_types": ["Payment Failed", "Pay attempt"]}}
    no_api = {"events": {**only["events"], "exclude_api_events": True}}
    no_defined = {"events": {**only["events"], "exclude_defined_events": True}}

    both = {e["type"] for e in _events(await _context(standard, PAYMENT, only))}
    defined = {e["type"] for e in _events(await _context(standard, PAYMENT, no_api))}
    custom = {e["type"] for e in _events(await _context(standard, PAYMENT, no_defined))}

    assert (both, defined, custom) == (
        {"Payment Failed", "Pay attempt"},
        {"Pay attempt"},
        {"Payment Failed"},
    )


async def test_a_summary_without_profile_is_text(standard: httpx.AsyncClient) -> None:
    """A short synopsis says what was seen and what went wrong, until a moment when asked."""
    path = f"{await _path(standard, PAYMENT)}/summary"
    whole = (await standard.get(path)).json()
    early = await standard.get(path, params={"end_timestamp": "2026-11-20T11:39:00Z"})

    assert whole.keys() == {"summary"}
    assert "POST /api/pay 502 (3 times)" in whole["summary"]
    assert "502" not in early.json()["summary"]


SCHEMA = {
    "type": "OBJECT",
    "properties": {
        "outcome": {"type": "STRING", "format": "enum", "enum": ["completed", "errored"]},
        "frustrations": {"type": "ARRAY", "items": {"type": "STRING"}},
        "purchased": {"type": "BOOLEAN"},
        "troubles": {"type": "INTEGER"},
        "inner": {"type": "OBJECT", "properties": {"confidence": {"type": "NUMBER"}}},
    },
    "required": ["outcome"],
}


async def test_a_response_schema_makes_the_summary_structured(
    standard: httpx.AsyncClient,
) -> None:
    """The response really follows the schema and comes beside it."""
    path = f"{await _path(standard, HAPPY)}/summary"
    answer = (await standard.post(path, json={"llm": {"response_schema": SCHEMA}})).json()

    assert answer["response_schema"] == SCHEMA
    assert answer["response"] == {
        "outcome": "completed",
        "frustrations": [],
        "purchased": True,
        "troubles": 0,
        "inner": {"confidence": 0.86},
    }


async def test_overrides_replace_values_and_append_to_lists(standard: httpx.AsyncClient) -> None:
    """A list of the profile cannot be shortened by an override, a value can be changed."""
    profile = {
        "slice": {"mode": "FIRST", "event_limit": 3},
        "events": {"include_types": ["network-error"]},
    }
    made = (await standard.post("/v2/visit_profile", json=profile)).json()
    path = f"{await _path(standard, PAYMENT)}/summary"
    overrides = {
        "config_profile": made["id"],
        "slice": {"event_limit": 50},
        "events": {"include_types": ["exception"]},
    }
    plain = await standard.get(path, params={"config_profile": made["id"]})
    laid_over = await standard.post(path, json=overrides)

    assert "Script error" not in plain.json()["summary"]
    assert "502 (3 times)" in laid_over.json()["summary"]
    assert "Script error" in laid_over.json()["summary"]


async def test_an_unknown_profile_is_a_404(standard: httpx.AsyncClient) -> None:
    """A summary by a profile that is not there is refused."""
    path = f"{await _path(standard, PAYMENT)}/summary"

    assert (await standard.get(path, params={"config_profile": "no"})).status_code == 404
    assert (await standard.post(path, json={"config_profile": "no"})).status_code == 404
