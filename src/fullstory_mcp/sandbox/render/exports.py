"""Export rows: CamelCase columns, the third vocabulary, for segment and legacy exports."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from fullstory_mcp.sandbox import times
from fullstory_mcp.sandbox.property_types import flattened, infer
from fullstory_mcp.sandbox.render.vocabulary import WORDS
from fullstory_mcp.sandbox.world.model import Moment, Person, Story
from fullstory_mcp.sandbox.world.shop import PAGES

Row = dict[str, Any]

EVENT_COLUMNS = tuple(
    (  # noqa: SIM905 - reads better as words
        "IndvId UserId SessionId PageId UserCreated UserAppKey UserDisplayName UserEmail "
        "SessionStart EventStart EventType EventSubType EventCustomName EventTargetText "
        "EventTargetSelector EventDuration EventSecondaryDuration EventPageOffset "
        "EventSessionOffset EventModFrustrated EventModDead EventModError EventModSuspicious "
        "EventCumulativeLayoutShift EventFirstInputDelay EventVarErrorKind EventVarFields "
        "EventMobileSourceFile EventWebSourceFileUrl PageName PageStart PageDuration "
        "PageActiveDuration PageUrl PageRefererUrl PageIp PageLatLong PageUserAgent PageBrowser "
        "PageBrowserVersion PageDevice PagePlatform PageOperatingSystem PageScreenWidth "
        "PageScreenHeight PageViewportWidth PageViewportHeight PageNumEvents "
        "PageNumDerivedEvents PageNumInfos PageNumWarnings PageNumErrors PageClusterId "
        "PageMaxScrollDepthPercent LoadDomContentTime LoadFirstPaintTime LoadEventTime ReqUrl "
        "ReqMethod ReqStatus AppName AppPackageName AppDeviceModel AppDeviceVendor AppVersion "
        "AppOsVersion AppViewName"
    ).split()
)
INDIVIDUAL_COLUMNS = tuple(
    (  # noqa: SIM905 - reads better as words
        "IndvId Created Uid DisplayName Email NumSessions NumPages NumEvents TotalSec ActiveSec "
        "AvgSessionSec AvgSessionActiveSec MaxSessionSec LastSessionStart LastPage LastIp "
        "LastLatLong LastEventStart LastBrowser LastDevice LastPlatform LastOperatingSystem"
    ).split()
)

_CLUSTERS = {name: number for number, name in enumerate(PAGES, start=1)}
_ERROR_LEVEL = {"console": 1, "exception": 2}


def event_rows(story: Story, person: Person, moments: Iterable[Moment]) -> Iterator[Row]:
    """Write these moments of a story as rows; those without an export name are left out."""
    common = _person(person) | _session(story)
    pages = _pages(story)
    custom = user_columns(person)
    for moment in moments:
        if WORDS[moment.kind].export:
            row = common | pages[moment.page] | _event(story, moment) | custom
            yield row | _custom_columns(moment)


def _person(person: Person) -> Row:
    return {
        "IndvId": person.id,
        "UserCreated": times.stamp(person.created),
        "UserAppKey": person.uid,
        "UserDisplayName": person.display_name,
        "UserEmail": person.email,
    }


def _session(story: Story) -> Row:
    machine, place = story.machine, story.place
    app = {
        "AppName": "Sandbox Shop",
        "AppPackageName": "com.example.sandboxshop",
        "AppDeviceModel": machine.model,
        "AppDeviceVendor": machine.manufacturer,
        "AppVersion": machine.app_version,
    }
    return {
        "UserId": int(story.session.device),
        "SessionId": int(story.session.number),
        "SessionStart": times.stamp(story.session.start),
        "PageIp": story.ip_address,
        "PageLatLong": place.lat_long,
        "PageUserAgent": machine.user_agent,
        "PageBrowser": machine.browser,
        "PageBrowserVersion": machine.browser_version,
        "PageDevice": machine.kind,
        "PagePlatform": "mobile_app" if story.mobile else "web",
        "PageOperatingSystem": machine.operating_system,
        "PageScreenWidth": machine.screen[0],
        "PageScreenHeight": machine.screen[1],
        "PageViewportWidth": machine.viewport[0],
        "PageViewportHeight": machine.viewport[1],
        **(app if story.mobile else {}),
    }


def _pages(story: Story) -> list[Row]:
    here: list[list[Moment]] = [[] for _ in story.pages]
    for moment in story.moments:
        here[moment.page].append(moment)
    return [_page(story, number, moments) for number, moments in enumerate(here)]


def _page(story: Story, number: int, here: Sequence[Moment]) -> Row:
    visit = story.pages[number]
    length = here[-1].at - visit.start if here else 0
    levels = [_level(moment) for moment in here]
    return {
        "PageId": int(visit.view_id),
        "PageName": visit.name,
        "PageStart": times.stamp_millis(visit.start),
        "PageDuration": length,
        "PageActiveDuration": length * 2 // 3,
        "PageUrl": visit.url,
        "PageRefererUrl": story.pages[number - 1].url if number else "",
        "PageNumEvents": len(here),
        "PageNumInfos": levels.count("info"),
        "PageNumWarnings": levels.count("warn"),
        "PageNumErrors": levels.count("error"),
        "PageClusterId": _CLUSTERS[visit.name],
        **_load(here),
    }


def _level(moment: Moment) -> str:
    if moment.kind == "exception":
        return "error"
    return str(moment.facts["level"]) if moment.kind == "console" else ""


def _load(moments: Sequence[Moment]) -> Row:
    for moment in moments:
        if moment.kind == "load":
            return {
                "LoadDomContentTime": moment.facts["content"],
                "LoadFirstPaintTime": moment.facts["paint"],
                "LoadEventTime": moment.facts["load"],
            }
    return {}


def _event(story: Story, moment: Moment) -> Row:
    word, visit = WORDS[moment.kind], story.pages[moment.page]
    row: Row = {
        "EventStart": times.stamp_millis(moment.at),
        "EventType": word.export,
        "EventSubType": word.subtype,
        "EventPageOffset": moment.at - visit.start,
        "EventSessionOffset": moment.at - story.session.start,
    }
    if moment.element:
        text = "" if moment.element.masked else moment.element.text
        row |= {"EventTargetText": text, "EventTargetSelector": moment.element.selector}
    return row | _MORE.get(moment.kind, _nothing)(moment.facts)


def _nothing(_facts: Mapping[str, Any]) -> Row:
    return {}


_MORE: Mapping[str, Callable[[Mapping[str, Any]], Row]] = {
    "navigate": lambda f: {"EventSubType": f["reason"]},
    "rage_click": lambda f: {"EventModFrustrated": f["count"]},
    "dead_click": lambda f: {"EventModDead": f["count"]},
    "error_click": lambda f: {
        "EventModError": _ERROR_LEVEL[f["error"]],
        "EventVarErrorKind": f["error"],
    },
    "cls": lambda f: {"EventCumulativeLayoutShift": f["score"]},
    "fid": lambda _: {"EventFirstInputDelay": 4},
    "request": lambda f: {
        "ReqUrl": f"https://shop.example.com{f['path']}",
        "ReqMethod": f["method"],
        "ReqStatus": f["status"],
        "EventDuration": f["took"],
    },
    "exception": lambda f: {"EventWebSourceFileUrl": f["file"], "EventTargetText": f["message"]},
    "console": lambda f: {"EventSubType": f["level"], "EventTargetText": f["message"]},
    "custom": lambda f: {"EventCustomName": f["name"], "EventVarFields": f["properties"]},
}


def user_columns(person: Person) -> Row:
    """Write the person's own properties as `user_<name>_<type>` columns."""
    return _typed_columns("user", flattened(person.properties))


def _custom_columns(moment: Moment) -> Row:
    if moment.kind != "custom":
        return {}
    return _typed_columns("evt", flattened(moment.facts["properties"]))


def _typed_columns(prefix: str, leaves: Iterable[tuple[str, Any]]) -> Row:
    """Name columns by type; a name that already ends in its type keeps it once."""
    row = {}
    for path, value in leaves:
        name, word = path.replace(".", "_"), infer(value)
        row[f"{prefix}_{name.removesuffix(f'_{word}')}_{word}"] = value
    return row


def individual_row(person: Person, stories: Sequence[Story]) -> Row:
    """Write one person as a row over these sessions, newest first."""
    lengths = [_seconds(story) for story in stories]
    total = sum(lengths)
    row: Row = {
        "IndvId": person.id,
        "Created": times.stamp(person.created),
        "Uid": person.uid,
        "DisplayName": person.display_name,
        "Email": person.email,
        "NumSessions": len(stories),
        "NumPages": sum(len(story.pages) for story in stories),
        "NumEvents": sum(len(story.moments) for story in stories),
        "TotalSec": total,
        "ActiveSec": total * 2 // 3,
        "AvgSessionSec": total // max(len(stories), 1),
        "AvgSessionActiveSec": total * 2 // 3 // max(len(stories), 1),
        "MaxSessionSec": max(lengths, default=0),
    }
    return row | (_last(stories[0]) if stories else {}) | user_columns(person)


def _seconds(story: Story) -> int:
    return (story.moments[-1].at - story.session.start) // times.SECOND if story.moments else 0


def _last(story: Story) -> Row:
    ending = story.moments[-1].at if story.moments else story.session.start
    return {
        "LastSessionStart": times.stamp(story.session.start),
        "LastPage": story.pages[-1].url,
        "LastIp": story.ip_address,
        "LastLatLong": story.place.lat_long,
        "LastEventStart": times.stamp_millis(ending),
        "LastBrowser": story.machine.browser,
        "LastDevice": story.machine.kind,
        "LastPlatform": "mobile_app" if story.mobile else "web",
        "LastOperatingSystem": story.machine.operating_system,
    }
