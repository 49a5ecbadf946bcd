"""The facts that the benchmark plants: invented, of the length and form that real ones have. Data only."""

from dataclasses import dataclass, field
from typing import Any

SITE = "https://shop.example.com"


@dataclass(frozen=True, slots=True)
class Plant:
    """An event or a page as Generate Context gives it, and the texts by which it is recognised."""

    needles: tuple[str, ...]
    event: dict[str, Any] = field(default_factory=dict)
    page: dict[str, Any] = field(default_factory=dict)


def _error(kind: str, message: str) -> Plant:
    return Plant((message,), {"type": kind, "description": message, "properties": {}})


def _request(method: str, url: str, status: int) -> Plant:
    said = f"{method} {url} {status}"
    return Plant((said,), {"type": "network-error", "description": said, "properties": {}})


def _rage(text: str, selector: str) -> Plant:
    event = {
        "type": "rage-click",
        "description": f"{text} [{selector}]",
        "content": text,
        "properties": {},
    }
    return Plant((text,), event)


def _input(name: str, selector: str, value: str) -> Plant:
    event = {
        "type": "input-change",
        "description": f"{value} [{selector}]",
        "content": value,
        "properties": {"fs-input-name": name},
    }
    return Plant((name, value), event)


def _custom(name: str, **properties: str) -> Plant:
    """Recognised by its name and its first property."""
    event = {"type": name, "description": "", "properties": properties}
    return Plant((name, next(iter(properties.values()))), event)


def _page(title: str, path: str) -> Plant:
    events = [
        {"type": "navigate", "description": title, "properties": {}},
        {"type": "page-load", "description": "LCP=812ms,FCP=403ms,Load=1190ms", "properties": {}},
        {"type": "click", "description": "More [.more]", "content": "More", "properties": {}},
    ]
    return Plant((title,), page={"url": f"{SITE}{path}", "title": title, "events": events})


PLANTS: dict[str, tuple[Plant, ...]] = {
    "error": (
        _error("exception", "TypeError: Cannot read properties of null (reading 'quantity')"),
        _error("exception", "ReferenceError: giftWrap is not defined"),
        _error("exception", "RangeError: Maximum call stack size exceeded in recalculateTotals"),
        _error("exception", "ChunkLoadError: Loading chunk vendors-reviews failed."),
        _error(
            "console-error",
            "Hydration failed because the initial UI does not match what was rendered on the server.",
        ),
        _error(
            "console-error",
            "wishlist: could not merge the local list with the stored one, keeping both",
        ),
        _error(
            "console-error",
            "Refused to load the font because it violates the Content Security Policy",
        ),
        _error("console-error", "delivery estimate unavailable: upstream timed out after 8000 ms"),
    ),
    "failed request": (
        _request("POST", "https://api.shop.example.com/v1/wishlist/items", 409),
        _request("GET", "https://api.shop.example.com/v1/stock?sku=MW-2210&store=leeds", 503),
        _request("PUT", "https://shop.example.com/api/profile/addresses/3", 500),
        _request("GET", "https://cdn.example.com/static/size-guide.json", 404),
        _request("POST", "https://shop.example.com/api/reviews", 413),
        _request("GET", "https://api.shop.example.com/v1/recommendations?placement=basket", 504),
        _request("DELETE", "https://shop.example.com/api/basket/lines/7", 403),
        _request("PATCH", "https://shop.example.com/api/newsletter", 401),
    ),
    "rage click": (
        _rage("Update quantity", "form#basket > button.update"),
        _rage("Show delivery options", "main > section.delivery > button.toggle"),
        _rage("Load more reviews", "main > section.reviews > button.more-reviews"),
        _rage("Use this address", "form#addresses > button.use"),
        _rage("Choose a store", "main > aside.stores > button.choose"),
        _rage("Download invoice", "main > table.invoices > a.download"),
        _rage("Apply filters", "aside.filters > button.apply-filters"),
        _rage("Save for later", "main > ul.lines > button.later"),
    ),
    "changed input": (
        _input("gift_note", "#basket > #gift-note", "Happy birthday, from all of us at the hut"),
        _input("delivery_slot", "#delivery > #slot", "Thursday 14:00 to 16:00"),
        _input("company_name", "#address > #company", "Fernweh Outfitters Ltd"),
        _input("shoe_width", "#buy > #width", "extra wide (3E)"),
        _input("newsletter_topics", "#newsletter > #topics", "tents and sleeping bags"),
        _input("return_reason", "#return > #reason", "left boot squeaks on stone"),
        _input("store_search", "#stores > #place", "Harrogate"),
        _input("review_title", "#review > #title", "Kept dry for nine days"),
    ),
    "page order": (
        _page("Size guide for boots", "/help/size-guide/boots"),
        _page("Store finder", "/stores/find"),
        _page("Gift cards and vouchers", "/gift-cards"),
        _page("Repair service", "/services/repair"),
        _page("Rent a tent for the weekend", "/rental/tents"),
        _page("Newsletter preferences", "/account/newsletter"),
        _page("Trail reports: Lake District", "/blog/trail-reports/lake-district"),
        _page("Compare rucksacks", "/compare?category=packs&items=3"),
        _page("Delivery times and costs", "/help/delivery"),
        _page("Our workshop", "/about/workshop"),
        _page("Outlet: last pairs", "/outlet/last-pairs"),
        _page("Warranty registration", "/account/warranty"),
    ),
    "custom event": (
        _custom("Voucher Redeemed", voucher="SPRING-4471", amount_real="12.5"),
        _custom("Store Reserved", store="Harrogate Mill Street", pickup="2026-11-24"),
        _custom("Wishlist Shared", channel="e-mail to a friend", items_int="6"),
        _custom("Delivery Slot Lost", slot="Thursday morning", reason="held too long"),
        _custom("Experiment Viewed", experiment="basket-upsell-b", variant="treatment"),
        _custom("Loyalty Level Reached", level="bracken", points_int="2600"),
        _custom("Return Label Printed", carrier="Postbird Parcel", order="RX-77120"),
        _custom("Stock Alert Set", product="Ridge Poncho", size="XL"),
    ),
}
"""Plants by kind. Of pages, two make one fact."""
