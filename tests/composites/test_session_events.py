"""get_session_events through the whole server: what is asked, answered, held, and what it costs."""

import gc
import json
import re
import tracemalloc
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2 as httpx
import pytest
from rs_bpe.bpe import openai

from fullstory_mcp.sandbox import create_app
from fullstory_mcp.shaping.text import JSON_NOTE
from support import STRUGGLING_UID, Connected, connected

pytestmark = pytest.mark.anyio

ENCODER = openai.o200k_base()
MARATHON = "4860232054893618:6032559378164154"
"""The sandbox's session of 5,000 events."""

EVENTS = f"/v2/sessions/{MARATHON.replace(':', '%3A')}/events"
CURSOR = re.compile(r'cursor: "([^"]+)"')
LINE = re.compile(r"- (\S+) (p\d+r\d+)(?:-\d+)? (.*?)(?: ×(\d+))?$", re.MULTILINE)
SHOWN = re.compile(r"Shown: ([\d,]+)–([\d,]+) of ([\d,]+)")


class Chunks(httpx.AsyncByteStream):
    """A body as a network brings it: in pieces."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._body), 65_536):
            yield self._body[start : start + 65_536]


class Given(httpx.AsyncBaseTransport):
    """An API whose every session has this body."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The body, whatever is asked; a level where that is."""
        if request.url.path == "/me":
            return httpx.Response(200, json={"role": "USER"})
        return httpx.Response(200, stream=Chunks(self.body))


@pytest.fixture(scope="module")
def app() -> Any:
    """One sandbox for the module: its longest session is written once."""
    return create_app()


@asynccontextmanager
async def serving(app: Any, **settings: Any) -> AsyncIterator[Connected]:
    """A server over the module's sandbox, with what it was asked before forgotten."""
    app.state.sandbox.requests.clear()
    async with connected("standard", app=app, **settings) as server:
        yield server


async def marathon_body(app: Any) -> bytes:
    """The long session's answer as bytes."""
    transport = httpx.ASGITransport(app=app)
    headers = {"Authorization": "Basic na1.sandbox-standard"}
    async with httpx.AsyncClient(transport=transport, headers=headers) as client:
        return (await client.get(f"http://sandbox.example.com{EVENTS}")).content


async def kinds(server: Connected, **arguments: Any) -> Counter[str]:
    """How often each kind stands in all parts: the first word or two of a line."""
    counts: Counter[str] = Counter()
    async for part in parts(server, max_tokens=12_000, **arguments):
        for _, _, what, times in LINE.findall(part):
            counts[re.split(r" (?=[“({\d]|of |at |GET|POST)|, ", what)[0]] += int(times or 1)
    return counts


async def parts(server: Connected, **arguments: Any) -> AsyncIterator[str]:
    """The texts of every part, one cursor after the other."""
    more = {}
    while True:
        text = await server.text("get_session_events", session_id=MARATHON, **arguments, **more)
        yield text
        found = CURSOR.search(text)
        if not found:
            return
        more = {"cursor": found[1]}


async def test_lines_are_prose_without_structured_content(app: Any) -> None:
    """Clients show text or data, not both: lines are text alone, and say what they cost."""
    async with serving(app) as server:
        result = await server.call("get_session_events", session_id=MARATHON)
        text = result.content[0].text

    assert result.structured_content is None
    assert text.startswith(f"# Session {MARATHON}, raw events\n5,000 events on 648 pages.")
    assert text.endswith("\nCost: 1 Activation.")


async def test_json_is_the_same_as_data_and_as_text(app: Any) -> None:
    """A client that shows only one of both misses nothing."""
    async with serving(app) as server:
        result = await server.call("get_session_events", session_id=MARATHON, format="json")

    data = result.structured_content
    assert httpx.Response(200, json=data).text == result.content[0].text
    assert data["note"].startswith(JSON_NOTE)
    assert data["events"][0]["event_type"] == "navigate"
    assert data["cost"] == "Cost: 1 Activation."


@pytest.mark.parametrize("form", ["lines", "json"])
@pytest.mark.parametrize("max_tokens", [500, 1_000, 4_000, 12_000])
async def test_answer_stays_within_the_budget_and_uses_it(
    app: Any, max_tokens: int, form: str
) -> None:
    """Counted by a real tokenizer, on the first part and on the one after it."""
    asked = {"session_id": MARATHON, "format": form, "max_tokens": max_tokens}
    async with serving(app) as server:
        first = await server.text("get_session_events", **asked)
        cursor = re.search(r'cursor"?: ?"([^"]+)"', first)
        second = await server.text("get_session_events", cursor=cursor[1], **asked)

    for text in (first, second):
        assert max_tokens * 0.6 < len(ENCODER.encode(text)) <= max_tokens


async def test_cursors_yield_every_event_once_for_one_activation(app: Any) -> None:
    """All 5,000 events, in order, from one request to the API."""
    handles: list[tuple[str, int]] = []
    ends: list[tuple[int, int]] = []
    async with serving(app) as server:
        async for part in parts(server, max_tokens=12_000):
            handles += [(found[1], int(found[3] or 1)) for found in LINE.findall(part)]
            first, last, _ = (int(n.replace(",", "")) for n in SHOWN.search(part).groups())
            ends.append((first, last))
            assert ("Cost: none;" in part) is (first > 1)
        sent = server.sent()

    assert len(handles) == len({handle for handle, _ in handles})
    assert sum(count for _, count in handles) == 5_000
    assert [first for first, _ in ends] == [1, *(last + 1 for _, last in ends[:-1])]
    assert ends[-1][1] == 5_000
    assert sent == [f"GET {EVENTS}"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"types": ["rage-click"]}, {"rage click"}),
        ({"types": ["network-error"]}, {"failed request"}),
        ({"types": ["request"]}, {"failed request", "request"}),
        ({"types": ["console-error"]}, {"console error"}),
        ({"types": ["input-change"]}, {"input"}),
        ({"types": ["Payment Failed", "exception"]}, {"custom event", "exception"}),
        (
            {"errors_only": True},
            {"rage click", "error click", "dead click", "failed request", "console error"}
            | {"exception", "mouse thrash"},
        ),
        ({"page": "p2"}, {"navigate", "page load", "layout shift", "interaction delay", "seen", "click"}),
        ({"page": "/checkout?step=payment", "types": ["exception"]}, {"exception"}),
        ({"from": "+00:24", "to": "+00:26", "types": ["click", "load"]}, {"click", "page load"}),
    ],
    ids=lambda part: ",".join(part) if isinstance(part, dict) else "",
)  # fmt: skip
async def test_filters_are_applied_here(
    app: Any, arguments: dict[str, Any], expected: set[str]
) -> None:
    """Each argument narrows the events, and the API is asked as if there were none."""
    async with serving(app) as server:
        found = await kinds(server, **arguments)
        sent = server.sent()

    assert set(found) == expected
    assert sent == [f"GET {EVENTS}"]


@pytest.mark.parametrize(
    ("types", "raw"),
    [
        ("custom", {"event_type": "custom"}),
        ("click", {"event_type": "click"}),
        ("input-change", {"event_type": "change"}),
        ("page-load", {"event_type": "load"}),
        ("console-message", {"event_type": "console_message"}),
        ("console-error", {"console_message_level": "error"}),
        ("error-click", {"fs_error_kind": "console"}),
        ("Payment Failed", {"event_name": "Payment Failed"}),
    ],
)
async def test_as_many_are_found_as_the_raw_stream_has(
    app: Any, types: str, raw: dict[str, str]
) -> None:
    """Nothing is lost between the API's properties and the words of a reading."""
    events = json.loads(await marathon_body(app))["events"]
    flat = [each["event_properties"] | {"event_type": each["event_type"]} for each in events]
    there = sum(
        raw.items() <= {name: str(part) for name, part in each.items()}.items() for each in flat
    )
    async with serving(app) as server:
        text = await server.text("get_session_events", session_id=MARATHON, types=[types])

    assert SHOWN.search(text)[3] == f"{there:,}"
    assert there > 0


async def test_page_numbers_agree_with_those_of_the_reading(app: Any) -> None:
    """p6 is the same page in generate_context and in the raw stream."""
    async with serving(app) as server:
        sessions = await server.data("list_sessions", uid=STRUGGLING_UID)
        newest = sessions["results"][0]["id"]
        raw = await server.text("get_session_events", session_id=newest, max_tokens=12_000)
        reading = await server.text("generate_context", session_id=newest, max_tokens=12_000)

    heading = re.compile(r"^## (p\d+ “[^”]+” “[^”]+”)", re.MULTILINE)
    assert heading.findall(raw) == heading.findall(reading) != []


@pytest.mark.parametrize("mode", ["2026-07-28", "legacy"])
async def test_call_without_cursor_always_asks_the_api(app: Any, mode: str) -> None:
    """A live session is read anew; only a cursor reads what is held, and says so."""
    app.state.sandbox.requests.clear()
    async with connected("standard", mode, app=app) as server:
        first = await server.text("get_session_events", session_id=MARATHON)
        again = await server.text("get_session_events", session_id=MARATHON)
        server.clock.time += 60
        cursor = CURSOR.search(again)[1]
        held = await server.text("get_session_events", session_id=MARATHON, cursor=cursor)
        sent = server.sent()

    assert sent == [f"GET {EVENTS}"] * 2
    assert all(text.endswith("\nCost: 1 Activation.") for text in (first, again))
    assert "Cost: none; read from the answer of 1 min ago" in held


@pytest.mark.parametrize("late", [True, False])
async def test_cursor_goes_on_without_a_held_answer(app: Any, late: bool) -> None:
    """After ten minutes, or where nothing is held, the same cursor reads again and says its price."""
    settings = {} if late else {"FULLSTORY_MCP_HOLD_ANSWERS": "false"}
    async with serving(app, **settings) as server:
        first = await server.text("get_session_events", session_id=MARATHON)
        server.clock.time += 601 if late else 0
        cursor = CURSOR.search(first)[1]
        second = await server.text("get_session_events", session_id=MARATHON, cursor=cursor)
        sent = server.sent()

    assert ("no Activation within 10 minutes" in first) is late
    assert "Shown: 1–" in first
    assert f"Shown: {int(SHOWN.search(first)[2]) + 1}–" in second
    assert second.endswith("\nCost: 1 Activation.")
    assert len(sent) == 2


async def test_cursor_goes_on_with_another_budget_and_form(app: Any) -> None:
    """How much and in which form is chosen anew for each part."""
    async with serving(app) as server:
        first = await server.text("get_session_events", session_id=MARATHON, max_tokens=500)
        shown = int(SHOWN.search(first)[2])
        data = await server.data(
            "get_session_events",
            session_id=MARATHON,
            cursor=CURSOR.search(first)[1],
            format="json",
            max_tokens=1_000,
        )

    assert data["shown"].startswith(f"Shown: {shown + 1}–")


async def test_cursor_of_other_filters_is_refused(app: Any) -> None:
    """A place among some events is none among others."""
    async with serving(app) as server:
        first = await server.text("get_session_events", session_id=MARATHON)
        result = await server.call(
            "get_session_events",
            session_id=MARATHON,
            errors_only=True,
            cursor=CURSOR.search(first)[1],
        )

    assert result.is_error
    assert "other arguments" in result.content[0].text


async def test_session_that_has_grown_is_told() -> None:
    """Where the session is no longer what it was, what that means for the reader is said."""
    custom = b'{"event_type":"custom","event_properties":{"event_name":"e%d"}}'
    given = Given(b'{"events":[%s]}' % b",".join(custom % number for number in range(900)))
    async with connected("standard", transport=given) as server:
        first = await server.text("get_session_events", session_id="1:2", max_tokens=500)
        server.clock.time += 601
        given.body = given.body.replace(b"]}", b',{"event_type":"click"}]}')
        cursor = CURSOR.search(first)[1]
        second = await server.text(
            "get_session_events", session_id="1:2", max_tokens=500, cursor=cursor
        )

    assert "The session had 900 events when this cursor was given" in second
    assert "The session had" not in first


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"from": "noon"}, "- from: must be a time in RFC 3339, or one into the session such as"),
        ({"to": "2026-99-99T00:00:00Z"}, "- to: must be a time"),
        ({"from": "+02:00", "to": "+01:00"}, "- from: must not be after to"),
        ({"max_tokens": 499}, "- max_tokens: must be at least 500"),
        ({"max_tokens": 12_001}, "- max_tokens: must be at most 12000"),
        ({"format": "xml"}, "- format: must be one of lines, json"),
        ({"types": []}, "- types: must not be empty"),
        ({"page": ""}, "- page: must not be empty"),
    ],
)
async def test_unusable_argument_is_named_before_anything_is_spent(
    app: Any, arguments: dict[str, Any], said: str
) -> None:
    """A mistake costs no Activation."""
    async with serving(app) as server:
        result = await server.call("get_session_events", session_id=MARATHON, **arguments)
        sent = server.sent()

    assert result.is_error
    assert said in result.content[0].text
    assert sent == []


async def test_replay_link_is_taken_for_its_session(app: Any) -> None:
    """What a person copies from the browser names the session as well."""
    link = f"https://app.fullstory.com/ui/ORG/session/{MARATHON}"
    async with serving(app) as server:
        text = await server.text("get_session_events", session_id=link, max_tokens=500)

    assert text.startswith(f"# Session {MARATHON}, raw events")


async def test_unknown_session_is_told_plainly(app: Any) -> None:
    """What the API does not know is said in its own words' sense."""
    async with serving(app) as server:
        result = await server.call("get_session_events", session_id="1:2")

    assert result.is_error
    assert "404" in result.content[0].text


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"null", b'{"events":null}', b'"x"', b"3"])
async def test_answer_without_events_is_an_empty_session(body: bytes) -> None:
    """Whatever stands where events should is told as none."""
    async with connected("standard", transport=Given(body)) as server:
        text = await server.text("get_session_events", session_id="1:2")

    assert "The session has no raw events." in text


@pytest.mark.parametrize("form", ["lines", "json"])
async def test_memory_for_a_long_session_is_less_than_four_times_its_answer(
    app: Any, form: str
) -> None:
    """A 5,000-event answer of 5 MB is read, held and told in less than 4 times its size."""
    body = await marathon_body(app)
    asked = {"session_id": MARATHON, "format": form}
    async with connected("standard", transport=Given(body)) as server:
        first = await server.text("get_session_events", **asked)  # what is loaded once is loaded
        cursor = re.search(r'cursor"?: ?"([^"]+)"', first)[1]
        peaks = [await peak(server, **asked), await peak(server, cursor=cursor, **asked)]

    assert len(body) > 5_000_000
    assert max(peaks) < 4 * len(body)


async def peak(server: Connected, **asked: Any) -> int:
    """The most memory that one call takes, in bytes."""
    gc.collect()
    tracemalloc.start()
    try:
        await server.text("get_session_events", **asked)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
