"""Kinds of visits as data: scenes made of beats, and scripts made of scenes.

In a script, `scene?` happens in every other visit and `scene*` one to three times.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from fullstory_mcp.sandbox.world.beats import (
    Beat,
    call,
    click,
    dead,
    enter,
    error_click,
    fails,
    go,
    log,
    on,
    rage,
    tell,
)

SCENES: Mapping[str, tuple[Beat, ...]] = {
    "land": (go("home"), Beat("identify"), on("seen", "banner"), on("seen", "hero")),
    "consent": (click("consent_ok"), Beat("consent", "", {"given": True})),
    "refuse_consent": (Beat("consent", "", {"given": False}),),
    "sign_in": (
        go("login"),
        enter("email"),
        click("sign_in"),
        call("POST", "/api/login", 200),
        go("account"),
    ),
    "browse": (click("nav_category"), go("category"), Beat("inp"), on("seen", "product_card")),
    "search": (enter("search_box"), click("search_go"), go("search"), click("product_card")),
    "lost_search": (
        enter("search_box"),
        click("search_go"),
        go("search"),
        tell("Search Without Results", query="{query}"),
        dead("search_go"),
    ),
    "view_product": (click("product_card"), go("product"), Beat("fid"), click("gallery")),
    "read_details": (on("highlight", "details"), on("copy", "details"), click("reviews")),
    "stuck_gallery": (dead("gallery"), Beat("thrash", "gallery")),
    "add_to_cart": (
        enter("size"),
        click("add_to_cart"),
        call("POST", "/api/cart", 200),
        tell("Product Added", product="{product}", price_real="=price", quantity_int=1),
    ),
    "open_cart": (click("cart_icon"), go("cart"), log("info", "cart restored")),
    "to_checkout": (click("to_checkout"), go("checkout"), tell("Checkout Started")),
    "fill_address": (enter("street"), enter("zip"), enter("phone"), click("continue")),
    "fill_card": (go("payment"), enter("card_name"), enter("card_number")),
    "pay_ok": (
        click("pay_now"),
        call("POST", "/api/pay", 200, 640),
        go("confirmation"),
        tell("Order Completed", "server", order="{order}", total_real="=price"),
        on("copy", "order_number"),
    ),
    "pay_fails": (
        click("pay_now"),
        call("POST", "/api/pay", 502, 351),
        log("error", "payment: gateway answered 502"),
        error_click("pay_now", "console"),
        call("POST", "/api/pay", 502, 412),
        rage("pay_now", 5),
        call("POST", "/api/pay", 502, 388),
        fails("TypeError: Cannot read properties of undefined (reading 'token')", "/static/pay.js"),
        tell("Payment Failed", "server", gateway="acme-pay", amount_real="=price"),
        Beat("thrash", "pay_form"),
    ),
    "leave_payment": (on("form_abandon", "pay_form"),),
    "coupon_refused": (
        on("paste", "coupon_box"),
        enter("coupon_box"),
        click("coupon_apply"),
        call("POST", "/api/coupon", 422, 95),
        log("warn", "coupon {coupon} refused"),
        tell("Coupon Refused", code="{coupon}", reason="expired"),
        rage("coupon_apply", 3),
    ),
    "leave_coupon": (on("form_abandon", "coupon_form"), go("home")),
    "slow_home": (go("home", slow=5.5), dead("nav_category"), Beat("inp"), Beat("fid")),
    "slow_product": (go("product", slow=7.0), rage("gallery", 4), log("error", "image timed out")),
    "slow_api": (call("GET", "/api/stock", 504, 15_020), go("product", 4.0, "reload")),
    "leave_address": (
        enter("street"),
        enter("phone"),
        error_click("continue", "exception"),
        fails("ReferenceError: zipRules is not defined", "/static/address.js"),
        on("form_abandon", "address_form"),
    ),
    "orders": (click("my_orders"), go("orders"), click("order_row"), on("copy", "order_number")),
    "find_help": (click("help_link"), go("help"), go("returns"), click("return_link")),
    "write_support": (
        click("contact_link"),
        go("contact"),
        on("paste", "message"),
        enter("message"),
        click("send"),
        call("POST", "/api/tickets", 201),
        tell("Support Ticket Opened", "server", ticket="{ticket}", topic="return"),
    ),
    "strange_search": (
        enter("search_box"),
        click("search_go"),
        go("search"),
        tell("Search Without Results", query="{query}"),
        tell("Review Submitted", product="{product}", text="{query}"),
    ),
    "app_start": (go("home"), Beat("identify"), on("seen", "banner")),
    "app_search": (Beat("keyboard_open"), enter("search_box"), Beat("keyboard_close")),
    "app_product": (go("product"), Beat("pinch", "gallery"), click("add_to_cart")),
    "app_away": (Beat("background"), Beat("low_memory")),
    "app_crash": (
        Beat("low_memory"),
        Beat("crash", "", {"message": "OutOfMemoryError in GalleryView"}),
    ),
    "app_pay": (
        go("payment"),
        click("pay_now"),
        call("POST", "/api/pay", 200, 530),
        tell("Order Completed", "server", order="{order}", total_real="=price"),
    ),
}


@dataclass(frozen=True, slots=True)
class Archetype:
    """A kind of visit: how often it occurs (0 = only where placed) and its script."""

    weight: int
    script: str
    searches: str = "plain"
    mobile: bool = False


ARCHETYPES: Mapping[str, Archetype] = {
    "happy_buyer": Archetype(
        20,
        "land consent? sign_in? browse* view_product read_details? add_to_cart open_cart "
        "to_checkout fill_address fill_card pay_ok",
    ),
    "browser": Archetype(26, "land consent? refuse_consent? browse* view_product* read_details?"),
    "payment_failure": Archetype(
        7,
        "land browse view_product add_to_cart open_cart to_checkout fill_address fill_card "
        "pay_fails leave_payment",
    ),
    "coupon_trouble": Archetype(
        7, "land browse view_product add_to_cart open_cart coupon_refused* leave_coupon"
    ),
    "slow_pages": Archetype(8, "slow_home browse slow_product slow_api? stuck_gallery?"),
    "form_abandoner": Archetype(
        7, "land view_product add_to_cart open_cart to_checkout leave_address"
    ),
    "search_no_results": Archetype(7, "land consent? lost_search* browse", searches="lost"),
    "search_buyer": Archetype(
        6,
        "land search view_product add_to_cart open_cart to_checkout fill_address fill_card pay_ok",
    ),
    "support_seeker": Archetype(6, "land sign_in orders find_help write_support"),
    "injection": Archetype(2, "land strange_search browse", searches="injection"),
    "mobile_app": Archetype(9, "app_start app_search app_product* app_away? app_pay?", mobile=True),
    "mobile_crash": Archetype(2, "app_start app_search app_product app_crash", mobile=True),
    "marathon": Archetype(
        0,
        "land browse* view_product* read_details? stuck_gallery? add_to_cart open_cart "
        "coupon_refused? to_checkout fill_address? fill_card pay_fails?",
    ),
    "server_only": Archetype(0, ""),
}
