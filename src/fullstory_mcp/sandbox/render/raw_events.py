"""The raw event stream of a session: snake_case types, one event for each moment."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fullstory_mcp.sandbox import times
from fullstory_mcp.sandbox.render.vocabulary import WORDS
from fullstory_mcp.sandbox.world import shop
from fullstory_mcp.sandbox.world.model import Moment, PageVisit, Person, Story

Facts = Mapping[str, Any]


def raw_events(story: Story, person: Person | None) -> list[dict[str, Any]]:
    """Write the whole story; `person` is who was identified, if anybody was."""
    sources = [_source_properties(story, page) for page in story.pages]
    return [_event(story, person, moment, sources[moment.page]) for moment in story.moments]


def _event(
    story: Story, person: Person | None, moment: Moment, source: dict[str, Any]
) -> dict[str, Any]:
    server = moment.source == "server"
    event = {
        "device_id": story.session.device,
        "session_id": story.session.number,
        "view_id": story.pages[moment.page].view_id,
        "event_time": times.stamp_millis(moment.at),
        "event_type": WORDS[moment.kind].raw,
        "event_properties": _properties(moment, person),
        "source_type": "server" if server else "mobile_app" if story.mobile else "web",
        "source_properties": {"origin": "server"} if server else source,
    }
    if server:
        del event["view_id"]
    return event


def _properties(moment: Moment, person: Person | None) -> dict[str, Any]:
    if moment.kind == "identify":
        return _identity(person)
    properties = dict(_OWN_KEYS.get(moment.kind, _nothing)(moment.facts))
    if moment.element is None:
        return properties
    if moment.element.event:
        properties["event_definition_id"] = f"evdef-{moment.element.definition}"
        properties["additional_event_definition_ids"] = []
    return {"target": _target(moment.element), **properties}


def _target(element: shop.Element) -> dict[str, Any]:
    return {
        "text": "" if element.masked else element.text,
        "masked": element.masked,
        "raw_selector": element.selector,
        "element_properties": dict(element.properties),
        "element_definition_id": element.definition,
        "additional_element_definition_ids": [],
    }


def _identity(person: Person | None) -> dict[str, Any]:
    if person is None or not person.uid:
        return {}
    return {
        "user_id": person.uid,
        "user_email": person.email,
        "user_display_name": person.display_name,
        "user_properties": person.properties,
    }


def _nothing(_facts: Facts) -> dict[str, Any]:
    return {}


def _navigate(facts: Facts) -> dict[str, Any]:
    return {
        "navigate_reason": facts["reason"],
        "event_definition_id": None,
        "additional_event_definition_ids": [],
    }


def _load(facts: Facts) -> dict[str, Any]:
    return {
        "load_time_millis": facts["load"],
        "dom_content_time_millis": facts["content"],
        "first_paint_time_millis": facts["paint"],
        "largest_paint_time_millis": facts["lcp"],
        "time_to_first_byte_millis": facts["ttfb"],
    }


def _click(_facts: Facts) -> dict[str, Any]:
    return {"fs_rage_count": 0, "fs_dead_count": 0, "is_click_unhandled": False}


def _request(facts: Facts) -> dict[str, Any]:
    return {
        "request_method": facts["method"],
        "request_status": facts["status"],
        "request_duration_millis": facts["took"],
        "request_url": _url(f"https://{shop.HOST}{facts['path']}"),
    }


def _console(facts: Facts) -> dict[str, Any]:
    return {"console_message_level": facts["level"], "message": facts["message"]}


def _exception(facts: Facts) -> dict[str, Any]:
    return {
        "message": facts["message"],
        "exception_count": 1,
        "exception_source_file": facts["file"],
        "is_exception_handled": False,
    }


def _consent(facts: Facts) -> dict[str, Any]:
    return {
        "is_consent_given": facts["given"],
        "consent_scope": "recording",
        "consent_action_type": "explicit",
    }


_OWN_KEYS: Mapping[str, Callable[[Facts], dict[str, Any]]] = {
    "navigate": _navigate,
    "load": _load,
    "cls": lambda facts: {"cumulative_layout_shift": facts["score"]},
    "fid": lambda _: {"first_input_delay_millis": 4},
    "inp": lambda _: {"interaction_to_next_paint_millis": 96, "event_name": "click"},
    "click": _click,
    "rage_click": lambda facts: _click(facts) | {"fs_rage_count": facts["count"]},
    "dead_click": lambda facts: _click(facts) | {"fs_dead_count": facts["count"]},
    "error_click": lambda facts: _click(facts) | {"fs_error_kind": facts["error"]},
    "request": _request,
    "console": _console,
    "exception": _exception,
    "crash": lambda facts: {"message": facts["message"]},
    "seen": lambda _: {"element_start_type": "visible", "element_visible_duration_millis": 800},
    "custom": lambda facts: {"event_name": facts["name"], **facts["properties"]},
    "consent": _consent,
}


def _source_properties(story: Story, page: PageVisit) -> dict[str, Any]:
    place = story.place
    common = {
        "title": page.title,
        "location": {
            "ip_address": story.ip_address,
            "country": place.country,
            "region": place.region,
            "city": place.city,
            "lat_long": place.lat_long,
        },
        "origin": "dom",
    }
    return (_app_source(story, page) if story.mobile else _web_source(story, page)) | common


def _web_source(story: Story, page: PageVisit) -> dict[str, Any]:
    machine = story.machine
    return {
        "user_agent": {
            "raw_user_agent": machine.user_agent,
            "device": machine.kind,
            "operating_system": machine.operating_system,
            "browser": machine.browser,
            "browser_version": machine.browser_version,
        },
        "url": _url(page.url) if page.url else None,
        "initial_referrer": None,
        "device": _device(story),
    }


def _app_source(story: Story, page: PageVisit) -> dict[str, Any]:
    return {
        "app": {
            "name": "Sandbox Shop",
            "version": story.machine.app_version,
            "package_name": shop.APP_PACKAGE,
        },
        "device": _device(story),
        "entrypoint": page.name,
    }


def _device(story: Story) -> dict[str, Any]:
    machine = story.machine
    return {
        "manufacturer": machine.manufacturer,
        "model": machine.model,
        "screen_width": machine.screen[0],
        "screen_height": machine.screen[1],
        "viewport_width": machine.viewport[0],
        "viewport_height": machine.viewport[1],
        "operating_system": machine.operating_system,
    }


def _url(full: str) -> dict[str, Any]:
    parts = urlsplit(full)
    query = {name: {"values": values} for name, values in parse_qs(parts.query).items()}
    return {"full_url": full, "host": parts.netloc, "path": parts.path, "query": query}
