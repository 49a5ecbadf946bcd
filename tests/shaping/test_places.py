"""The same page is the same place in every session, whatever its numbers, ids, query and login."""

import pytest

from fullstory_mcp.shaping.story.places import address, place_of, stop_of
from visits import page, visit

ADDRESSES = [
    ("https://shop.example.com/cart?coupon=AUTUMN20#top", "shop.example.com/cart"),
    ("https://ann:secret@shop.example.com/account", "shop.example.com/account"),
    ("https://shop.example.com/", "shop.example.com/"),
    ("https://shop.example.com", "shop.example.com"),
    ("https://shop.example.com/cart/", "shop.example.com/cart"),
    ("https://shop.example.com/order/SB-617712/thanks", "shop.example.com/order/SB-#/thanks"),
    ("https://eu1.example.com:8443/o/17", "eu1.example.com:8443/o/#"),
    (
        "https://shop.example.com/u/3f2504e0-4f89-41d3-9a0c-0305e82c3301/edit",
        "shop.example.com/u/#/edit",
    ),
    ("https://shop.example.com/v/8fKx92LmQz", "shop.example.com/v/#"),
    ("https://shop.example.com/p/cloudhopper-boots", "shop.example.com/p/cloudhopper-boots"),
    ("https://app.example.com/?lang=en#/cart/12?step=2", "app.example.com/#/cart/#"),
    ("com.example.sandboxshop", "com.example.sandboxshop"),
    ("", ""),
]


@pytest.mark.parametrize(("url", "expected"), ADDRESSES)
def test_address_keeps_what_names_the_page(url: str, expected: str) -> None:
    """Scheme, login, query and fragment go; numbers and ids are folded; a fragment's path stays."""
    assert address(url) == expected


def test_pages_that_differ_in_numbers_only_are_one_stop() -> None:
    """Two orders' pages are the same step of a way."""
    one, other = visit(
        page("Order 17", url="https://shop.example.com/order/17"),
        page("Order 4", url="https://shop.example.com/order/4?from=mail"),
    ).story.pages

    assert stop_of(one) == stop_of(other)


def test_screen_without_address_is_known_by_its_title() -> None:
    """An app's screens have titles only; a page with nothing is still named."""
    screen, bare = visit(
        {"title": "Basket (3)", "url": None, "events": [{}]}, {"events": [{}]}
    ).story.pages

    assert place_of(screen) == "Basket (#)"
    assert place_of(bare) == "a page without address"
