"""The segments of the account: what people see of them, and who is in them. Data only."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fullstory_mcp.sandbox.world import shop


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment; its members had a visit of one of these archetypes (none = everybody).

    `kinds` are the moments that match it, for exports of events (none = all).
    """

    id: str
    name: str
    creator: str = ""
    created: str = ""
    archetypes: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()

    @property
    def url(self) -> str:
        """The segment's page in the vendor's application."""
        return f"{shop.APP_URL}/segments/{self.id}/people/0"


_PM, _SUPPORT, _GROWTH = "pm@example.com", "support@example.com", "growth@example.com"

_ROWS: tuple[tuple[str, str, str, str, str], ...] = (
    ("sbRageCheckout", "Rage clickers on checkout", _PM, "payment_failure", "rage_click"),
    ("sbPayFailed", "Payment failed", _PM, "payment_failure", "error_click"),
    ("sbBuyers", "Buyers", _GROWTH, "happy_buyer search_buyer", ""),
    ("sbCoupons", "Coupon trouble", _SUPPORT, "coupon_trouble", "rage_click"),
    ("sbSlow", "Slow pages", _PM, "slow_pages", "load"),
    ("sbAbandon", "Left the address form", _GROWTH, "form_abandoner", "form_abandon"),
    ("sbLost", "Searches without results", _GROWTH, "search_no_results injection", "custom"),
    ("sbApp", "App users", _PM, "mobile_app mobile_crash", ""),
    ("sbCrash", "App crashes", _SUPPORT, "mobile_crash", "crash"),
    ("sbSupport", "Wrote to support", _SUPPORT, "support_seeker", "custom"),
    ("sbBrowsers", "Just looking", _GROWTH, "browser", ""),
    ("sbErrors", "Saw a script error", _PM, "payment_failure form_abandoner", "exception"),
)

_REGIONS = ("Atlanta", "Portland", "Toronto", "Leeds", "Kassel", "Utrecht")


def _segments() -> Mapping[str, Segment]:
    made = [
        Segment(
            key,
            name,
            creator,
            f"2026-0{1 + number % 9}-20T13:44:10Z",
            frozenset(archetypes.split()),
            frozenset(kinds.split()),
        )
        for number, (key, name, creator, archetypes, kinds) in enumerate(_ROWS)
    ]
    copies = [
        Segment(
            f"sbWatch{number:02}",
            f"Watch list {number} ({_REGIONS[number % 6]})",
            _SUPPORT,
            f"2026-10-{number:02}T08:00:00Z",
            frozenset({"support_seeker"}),
        )
        for number in range(1, 13)
    ]
    return {segment.id: segment for segment in [Segment("everyone", "Everyone"), *made, *copies]}


SEGMENTS = _segments()
"""By id, `everyone` first; 25 of them, so that a default page of 20 does not hold all."""


def matches(segment: Segment, archetypes: Iterable[str]) -> bool:
    """Tell whether somebody with visits of these archetypes is a member."""
    return not segment.archetypes or not segment.archetypes.isdisjoint(archetypes)
