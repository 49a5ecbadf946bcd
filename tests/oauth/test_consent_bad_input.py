"""Forms of the consent page that are not what they should be: nobody is redirected anywhere."""

from collections.abc import Callable

import anyio
import pytest

from oauth.consenting import begun, proven
from oauth.harness import (
    ALL_SCOPES,
    OTHER_SECRET_KEY,
    Door,
    form_on,
    hosting,
    redirected,
    submitted,
)
from oauth.organisation import organisation

pytestmark = pytest.mark.anyio

READ = "fullstory:read"


async def test_a_form_that_is_sent_again_is_told_so(database_url: str) -> None:
    """Nothing is given out twice for one consent."""
    async with hosting(database_url) as door:
        page = await proven(door)
        first = await submitted(door.client, page, {"scope": [READ]}, button="allow")
        second = await submitted(door.client, page, {"scope": [READ]}, button="allow")
        shown = await door.client.get("/connections")

    assert redirected(first)["code"]
    assert second.status_code == 400
    assert "already answered" in second.text
    assert shown.text.count('value="end"') == 1


async def test_of_two_forms_at_once_one_counts(database_url: str) -> None:
    """The request is claimed in the transaction that gives the code out."""
    answers: list[int] = []
    async with hosting(database_url) as door:
        page = await proven(door)

        async def press(button: str) -> None:
            answer = await submitted(door.client, page, {"scope": [READ]}, button=button)
            answers.append(answer.status_code)

        async with anyio.create_task_group() as tasks:
            for button in ("allow", "allow", "cancel", "allow"):
                tasks.start_soon(press, button)

    assert sorted(answers) == [303, 400, 400, 400]


async def test_another_browser_gets_neither_page_nor_code() -> None:
    """An address or a form that was passed on is worth nothing without the cookie."""
    async with hosting() as door, door.browser() as other, door.browser() as bare:
        page = await proven(door)
        await begun(door, other)
        answers = [
            *[await browser.get(str(page.url)) for browser in (other, bare)],
            *[
                await submitted(browser, page, {"scope": [READ]}, button="allow")
                for browser in (other, bare)
            ],
            await submitted(other, page, {}, button="cancel"),
        ]

    for answer in answers:
        assert answer.status_code == 403
        assert "another browser" in answer.text
        assert "start again" in answer.text


async def test_a_request_waits_ten_minutes() -> None:
    """Later its page and its form say that it is over."""
    async with hosting() as door:
        page = await proven(door)
        door.clock.time += 599
        standing = await door.client.get(str(page.url))
        door.clock.time += 1
        late = [
            await door.client.get(str(page.url)),
            await submitted(door.client, page, {"scope": [READ]}, button="allow"),
        ]

    assert standing.status_code == 200
    for answer in late:
        assert answer.status_code == 400
        assert "no longer open" in answer.text


@pytest.mark.parametrize("query", ["", "request=", "request=nonsense", f"request={'x' * 4000}"])
async def test_a_request_that_is_none_of_ours(query: str) -> None:
    """Unknown ids are told apart from nothing."""
    async with hosting() as door:
        answer = await door.client.get(f"/consent?{query}")

    assert answer.status_code == 400
    assert "no longer open" in answer.text


async def test_an_id_that_no_database_takes(database_url: str) -> None:
    """PostgreSQL has no NUL in its texts: it is not asked for what cannot be one of ours."""
    async with organisation(database_url) as (door, _):
        form = form_on(await begun(door), "api_key").hidden
        answers = [
            await door.client.get("/consent", params={"request": "a\0b"}),
            await door.client.post("/consent", data={**form, "request": "a\0b"}),
            await door.client.get("/signin", params={"request": "a\0b"}),
            await door.client.get("/signin/callback", params={"state": "a\0b", "code": "c"}),
        ]

    for answer in answers:
        assert answer.status_code == 400
        assert "no longer open" in answer.text


Change = Callable[[Door, dict[str, str], dict[str, str]], None]


def _without(name: str) -> Change:
    return lambda _door, _headers, form: form.pop(name) and None


def _with(name: str, value: str) -> Change:
    return lambda _door, _headers, form: form.update({name: value})


def _header(name: str, value: str) -> Change:
    return lambda _door, headers, _form: headers.update({name: value})


FORGED: dict[str, tuple[Change, int]] = {
    "no token": (_without("token"), 403),
    "another token": (_with("token", "nonsense"), 403),
    "no request": (_without("request"), 400),
    "no button, and no key": (_without("action"), 422),
    "another button": (_with("action", "grant"), 400),
    "another site's form": (_header("Origin", "https://evil.example.com"), 403),
    "our name over http": (_header("Origin", "http://mcp.example.com"), 403),
    "a cross-site form": (_header("Sec-Fetch-Site", "cross-site"), 403),
    "a sibling's form": (_header("Sec-Fetch-Site", "same-site"), 403),
    "a file upload": (_header("Content-Type", "multipart/form-data; boundary=x"), 400),
    "JSON": (_header("Content-Type", "application/json"), 400),
    "too large": (_with("more", "x" * 20_000), 413),
    "scope of another product": (_with("scope", "admin"), 400),
}


@pytest.mark.parametrize(("change", "status"), FORGED.values(), ids=FORGED)
async def test_a_form_that_is_not_ours_changes_nothing(change: Change, status: int) -> None:
    """The person is told, and the true form still works."""
    async with hosting() as door:
        page = await proven(door)
        form = form_on(page, 'value="allow"').hidden | {"action": "allow", "scope": READ}
        headers: dict[str, str] = {}
        change(door, headers, form)
        answer = await door.client.post("/consent", data=form, headers=headers)
        true = await submitted(door.client, page, {"scope": [READ]}, button="allow")

    assert answer.status_code == status, answer.text
    assert "location" not in answer.headers
    assert redirected(true)["code"]


async def test_a_token_belongs_to_its_request() -> None:
    """The token of one form does not open another, though the browser is the same."""
    async with hosting() as door:
        one, two = await proven(door), await proven(door)
        token = form_on(one, 'value="allow"').hidden["token"]
        form = form_on(two, 'value="allow"').hidden | {"token": token, "action": "allow"}
        answer = await door.client.post("/consent", data={**form, "scope": READ})

    assert answer.status_code == 403


@pytest.mark.parametrize("headers", [{"Origin": "null"}, {"Origin": "https://mcp.example.com"}])
async def test_what_browsers_send_with_our_own_form_is_taken(headers: dict[str, str]) -> None:
    """Our pages send no referrer, for which browsers name no origin either."""
    headers |= {"Sec-Fetch-Site": "same-origin"}
    async with hosting() as door:
        page = await proven(door)
        form = form_on(page, 'value="allow"').hidden | {"action": "allow", "scope": READ}
        answer = await door.client.post("/consent", data=form, headers=headers)

    assert redirected(answer)["code"]


RAW = {
    "doubled": b"request=%(request)s&token=%(token)s&action=allow&action=cancel",
    "no text": b"request=%%ff%%fe",
    "not encoded": "request=ä".encode(),
    "many fields": b"&".join([b"a=1"] * 100),
    "empty": b"",
}


@pytest.mark.parametrize("raw", RAW.values(), ids=RAW)
async def test_a_body_that_is_no_form_of_ours(raw: bytes) -> None:
    """Unreadable and doubled fields are refused whole."""
    async with hosting() as door:
        page = await proven(door)
        hidden = {k.encode(): v.encode() for k, v in form_on(page, "allow").hidden.items()}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await door.client.post("/consent", content=raw % hidden, headers=headers)

    assert answer.status_code == 400


async def test_nothing_is_allowed_before_a_proof() -> None:
    """The second step's button on the first step's form gives nothing."""
    async with hosting() as door:
        page = await begun(door)
        form = form_on(page, "api_key").hidden | {"action": "allow", "scope": READ}
        answer = await door.client.post("/consent", data=form)

    assert answer.status_code == 400
    assert "Nobody has shown who they are" in answer.text


async def test_a_proof_sealed_by_a_dropped_key_is_asked_for_again(database_url: str) -> None:
    """After the ring of secrets was changed the person starts with the first step."""
    async with hosting(database_url) as door:
        page = await proven(door)
        cookies = dict(door.client.cookies)
    async with hosting(database_url, FULLSTORY_MCP_SECRET_KEYS=OTHER_SECRET_KEY) as door:
        door.client.cookies.update(cookies)
        again = await door.client.get(str(page.url))
        stale = await submitted(door.client, page, {"scope": ALL_SCOPES.split()}, button="allow")

    assert "Step 1 of 2" in again.text
    assert stale.status_code == 403
