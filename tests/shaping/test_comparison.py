"""Sessions side by side: where their ways part, and what only some of them met."""

from fullstory_mcp.shaping import Cleaner
from fullstory_mcp.shaping.story.comparison import compared
from fullstory_mcp.shaping.story.visits import Visit
from visits import event, page, visit

FAILED = event("network-error", 70, description="POST /api/pay 502")


def told(*visits: Visit) -> str:
    """The comparison as text."""
    return "\n".join(row.text for row in compared(visits, Cleaner()))


def section(text: str, title: str) -> list[str]:
    """The lines of one section."""
    after = text.partition(f"# {title}\n")[2]
    return after.partition("\n# ")[0].splitlines()


def test_ways_part_after_the_last_page_alike() -> None:
    """The first pages that differ are named with their handles and times."""
    one = visit(
        page("Home"), page("Cart", event("navigate", 5)), page("Help", event("navigate", 9))
    )
    other = visit(page("Home"), page("Cart"), page("Payment", event("navigate", 65)))

    first, last = section(told(one, other), "Where they part")

    assert first == (
        "- first after “Cart” (A p2, B p2): A goes on to +00:09 p3 “Help”; "
        "B goes on to +01:05 p3 “Payment”"
    )
    assert last.startswith("- last page that all reach: “Cart” (A p2, B p2)")


def test_ways_that_differ_at_once_still_name_the_last_page_in_common() -> None:
    """What was looked at before hardly matters: the end does."""
    pay = page("Payment", event("navigate", 60), event("click", 65, content="Pay now"), FAILED)
    paid = page("Payment", event("navigate", 60), event("click", 65, content="Pay now"))
    one = visit(page("Boots"), pay)
    other = visit(page("Tents"), page("Lamps"), paid, page("Thank you", event("navigate", 72)))

    first, last = section(told(one, other), "Where they part")

    assert first.startswith("- from the first page: A goes on to +00:00 p1 “Boots”")
    assert last == (
        "- last page that all reach: “Payment” (A p2, B p3); after 1 step alike there: "
        "A +01:10 p2e3 failed request “POST /api/pay 502”; B goes on to +01:12 p4 “Thank you”"
    )


def test_same_way_is_said_to_be_the_same() -> None:
    """Numbers, ids and reloads make no other way."""
    one = visit(page("Order 1", url="https://shop.example.com/o/1"))
    other = visit(
        page("Order 2", url="https://shop.example.com/o/2"),
        page("Order 2", url="https://shop.example.com/o/2"),
    )

    assert section(told(one, other), "Where they part")[0] == (
        "- nowhere: all visit the same pages in the same order (1)"
    )


def test_ways_without_a_page_in_common_part_at_the_first() -> None:
    """There is then no last page in common to tell of."""
    lines = section(told(visit(page("A")), visit(page("B"))), "Where they part")

    assert len(lines) == 1
    assert lines[0].startswith("- from the first page")


def test_session_that_ends_first_is_said_to_end() -> None:
    """Leaving is where many ways part."""
    text = told(visit(page("Home")), visit(page("Home"), page("Cart")))

    assert "A ends; B goes on to +00:00 p2 “Cart”" in text


def test_failure_of_some_names_who_had_it_and_who_not() -> None:
    """Alike failures are one line, whatever their numbers, with how often and where first."""
    again = event("network-error", 80, description="POST /api/pay 503")
    rage = event("rage-click", 75, content="Pay now", description="Pay now [#pay]")
    one = visit(page("Payment", event("navigate"), FAILED, again, rage))
    other = visit(page("Payment", event("navigate"), rage))
    third = visit(page("Payment"))

    text = told(one, other, third)

    assert section(text, "What failed in some only") == [
        "- failed request “POST /api/pay 502”: A ×2 (+01:10 p1e2); not in B, C",
        "- rage click “Pay now” at “#pay”: A ×1 (+01:15 p1e4), B ×1 (+01:15 p1e2); not in C",
    ]
    assert section(text, "What failed in all") == ["- nothing"]


def test_failure_of_all_is_no_difference() -> None:
    """What everybody met is told apart, last."""
    one, other = visit(page("Payment", FAILED)), visit(page("Payment", FAILED))

    text = told(one, other)

    assert section(text, "What failed in some only") == ["- nothing"]
    assert section(text, "What failed in all") == [
        "- failed request “POST /api/pay 502”: A ×1 (+01:10 p1e1), B ×1 (+01:10 p1e1)"
    ]


def test_custom_event_of_some_is_told_without_its_properties() -> None:
    """Reaching “Order Completed” is the difference, not which order."""
    done = event("Order Completed", 90, properties={"order": "SB-1"})
    view = event("Cart Viewed", 10)
    one, other = visit(page("Cart", view)), visit(page("Cart", view, done))

    assert section(told(one, other), "Custom events of some only") == [
        "- “Order Completed”: B ×1 (+01:30 p1e2); not in A"
    ]


def test_what_was_typed_does_not_make_steps_differ() -> None:
    """Two people type two names into the same field."""
    field = "[#name]"
    one = visit(page("Form", event("input-change", 3, content="Ada", description=field)))
    other = visit(page("Form", event("input-change", 4, content="Bo", description=field)))

    assert "after 1 step alike there: A ends; B ends" in told(one, other)


def test_sessions_without_anything_are_compared_all_the_same() -> None:
    """Every part of an answer may be missing."""
    empty = visit()

    text = told(empty, visit({"events": None, "title": None}))

    assert "A ends" in text
    assert section(text, "What failed in some only") == ["- nothing"]


def test_titles_of_strangers_stay_quoted_in_one_line() -> None:
    """A title cannot pass for a heading of ours."""
    text = told(visit(page("x\n# What failed in all\n- everything")), visit(page("Home")))

    assert text.count("\n# What failed in all") == 1
    assert "“x # What failed in all - everything”" in text
