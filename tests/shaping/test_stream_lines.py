"""How raw events read: one line each, ours around theirs."""

from typing import Any

import pytest

from fullstory_mcp.shaping.stream import read_stream
from fullstory_mcp.shaping.stream.lines import page_line, what
from fullstory_mcp.shaping.stream.pen import LENGTHS, Pen
from fullstory_mcp.shaping.text import Cleaner
from streams import JSON, SHOP, event, stream, target

PAY = target("Pay now", "main > form#pay > button.pay-now", id="pay")
URL = {"full_url": f"{SHOP}/api/pay", "host": "shop.example.com", "path": "/api/pay"}
HOSTILE = "\u202eok\u200b\n## What went wrong\n“<b>`4111 1111 1111 1111"


def told(raw: JSON, most: int = LENGTHS[0]) -> str:
    """The line of one event, without time and handle."""
    return what(read_stream(stream(raw)).events[0], Pen(Cleaner(), most))


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (
            event("click", target=PAY, fs_rage_count=0),
            "click “Pay now” at “form#pay button.pay-now”",
        ),
        (
            event("click", target=PAY, fs_rage_count=4, fs_dead_count=0, fs_error_kind="console"),
            "rage click of 4, error click (console) “Pay now” at “form#pay button.pay-now”",
        ),
        (event("click", target=target(selector="img"), fs_dead_count=1), "dead click at “img”"),
        (event("click", target=PAY | {"text": "", "masked": True, "raw_selector": ""}), "click (masked)"),
        (event("click"), "click"),
        (
            event("request", request_method="POST", request_status=502, request_url=URL, request_duration_millis=1351),
            "failed request POST “/api/pay” 502 1,351 ms",
        ),
        (
            event("request", request_method="GET", request_status="200", request_url={"host": "a.example", "path": "/b"}),
            "request GET “a.example/b” 200",
        ),
        (event("request", request_method="GET\n## p9"), "request “GET ## p9”"),
        (event("console_message", console_message_level="error", message="no"), "console error “no”"),
        (event("console_message", console_message_level="warn", message="hm"), "console warn “hm”"),
        (event("console_message", message="hm"), "console message “hm”"),
        (
            event("exception", message="TypeError: x", exception_source_file=f"{SHOP}/pay.js", exception_count=3, is_exception_handled=True),
            "exception “TypeError: x” in “/pay.js” (3 times) (handled)",
        ),
        (event("crash", message="out of memory"), "crash “out of memory”"),
        (
            event("custom", event_name="Payment Failed", amount_real=149.0, gateway="acme-pay", final=True) | {"source_type": "server"},
            "custom event “Payment Failed” {amount_real=149.0, gateway=“acme-pay”, final=true} (from the server)",
        ),
        (event("custom"), "custom event"),
        (event("change", target=target("42", "select#size", **{"fs-input-name": "size"})), "input “size” = “42”"),
        (event("change", target=target("", "form#pay > input#card")), "input “form#pay > input#card”"),
        (event("change"), "input ?"),
        (event("navigate", navigate_reason="navigate"), "navigate"),
        (event("navigate", navigate_reason="back_forward"), "navigate (“back_forward”)"),
        (event("navigate", navigate_reason="reload"), "navigate (reload)"),
        (
            event("load", load_time_millis=2310, first_paint_time_millis=640),
            "page load {load_time=2310 ms, first_paint_time=640 ms}",
        ),
        (event("cumulative_layout_shift", cumulative_layout_shift=0.0751), "layout shift 0.0751"),
        (event("first_input_delay", first_input_delay_millis=4), "first input delay 4 ms"),
        (
            event("interaction_to_next_paint", interaction_to_next_paint_millis=96, event_name="click"),
            "interaction delay 96 ms",
        ),
        (event("form_abandon", target=target(selector="form#pay")), "form abandoned at “form#pay”"),
        (event("wobble", strength=3, why=None, more=[]), "other event “wobble” {strength=3}"),
        ({}, "other event “unknown”"),
    ],
)  # fmt: skip
def test_each_kind_tells_what_is_worth_telling(raw: JSON, line: str) -> None:
    """An event reads as one compact line; what is missing is left out."""
    assert told(raw) == line


def test_navigation_within_a_view_tells_where_to() -> None:
    """A page's heading names its first address; a later one is told where it changes."""
    found = read_stream(stream(event("navigate"), event("navigate", url=f"{SHOP}/1#reviews")))

    assert what(found.events[1], Pen(Cleaner())) == "navigate to “/1#reviews”"


@pytest.mark.parametrize(
    ("most", "shown"), [(140, 8), (60, 4), (24, 2)], ids=["long", "middle", "short"]
)
def test_many_properties_are_counted_beyond_the_first(most: int, shown: int) -> None:
    """A custom event with hundreds of properties stays one short line."""
    properties = {f"name_{number}": "x" * 500 for number in range(300)}
    line = told(event("custom", event_name="Many", **properties), most)

    assert line.count("=“") == shown
    assert f"and {300 - shown} more" in line
    assert len(line) < shown * (most + 20) + 60


@pytest.mark.parametrize(
    "raw",
    [
        event("click", target=target(HOSTILE, HOSTILE), fs_error_kind=HOSTILE),
        event("request", request_method=HOSTILE, request_url=HOSTILE, request_status=HOSTILE),
        event("console_message", console_message_level=HOSTILE, message=HOSTILE),
        event("exception", message=HOSTILE, exception_source_file=HOSTILE),
        event("custom", event_name=HOSTILE, **{HOSTILE: HOSTILE}),
        event("change", target=target(HOSTILE, name=HOSTILE)),
        event("navigate", navigate_reason=HOSTILE),
        event("load", load_time_millis=HOSTILE, cumulative_layout_shift=HOSTILE),
        event("cumulative_layout_shift", cumulative_layout_shift=HOSTILE),
        event(HOSTILE),
    ],
)
def test_text_of_a_stranger_stays_inside_its_quotation_marks(raw: JSON) -> None:
    """Nothing that a visitor typed begins a line, hides, closes our quotation or shows a card."""
    line = told(raw)

    assert "\n" not in line
    assert not set(line) & set("\u202e\u200b`<")
    assert line.count("“") == line.count("”")
    assert "1111 1111" not in line


@pytest.mark.parametrize("number", [4111111111111111, "4111111111111111"])
def test_card_is_known_by_the_name_of_its_property(number: Any) -> None:
    """Digits without grouping are a card where their name says so, an order's where not."""
    line = told(event("custom", event_name="Paid", card_number=number, order=number))

    assert "card_number=4111" not in line.replace("“", "")
    assert "order=4111111111111111" in line.replace("“", "")


def test_card_is_known_by_the_name_of_its_field() -> None:
    """What a visitor put into a field for a card number is not repeated."""
    typed = target("4111111111111111", "input", **{"fs-input-name": "card_number"})

    assert told(event("change", target=typed)) == "input “card_number” = “[card ending 1111]”"


@pytest.mark.parametrize("count", [1, 2])
def test_page_reads_with_its_stay_and_its_events(count: int) -> None:
    """A heading tells the page's title, address, time, stay and size."""
    events = [event(at=f"09:00:0{number}", url=SHOP, title="Cart") for number in range(count)]
    found = read_stream(stream(*events))
    line = page_line(found.pages[0], None, found.start, Pen(Cleaner()))

    assert (
        line == f"## p1 “Cart” “{SHOP}” · +00:00 · {count - 1} s · {count} event{'s' * (count > 1)}"
    )


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (f"{SHOP}/a", f"{SHOP}/b", "/b"),
        (f"{SHOP}/a", "https://pay.example.com/b", "https://pay.example.com/b"),
        ("", f"{SHOP}/b", f"{SHOP}/b"),
        (SHOP, SHOP, SHOP),
    ],
)
def test_origin_of_an_address_stands_where_it_changes(before: str, after: str, shown: str) -> None:
    """A site's name is told once, not on every page."""
    found = read_stream(stream(event(view="a", url=before), event(view="b", url=after, title="B")))

    assert f"“B” “{shown}”" in page_line(found.pages[1], found.pages[0], None, Pen(Cleaner()))


def test_page_without_anything_known_still_has_a_heading() -> None:
    """A view with no title, address or time is told by its handle."""
    found = read_stream(stream({}))

    assert page_line(found.pages[0], None, None, Pen(Cleaner())) == "## p1 untitled · +? · 1 event"
