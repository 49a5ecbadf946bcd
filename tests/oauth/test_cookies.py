"""Whose browser it is: what counts as our cookie, and that a proof is of use to nobody else."""

import anyio
import anyio.lowlevel
import httpx2 as httpx
import pytest

from oauth.consenting import begun, shown_key, text_of
from oauth.harness import (
    ALL_SCOPES,
    KEY,
    Door,
    followed,
    form_on,
    hosting,
    redirected,
    submitted,
)
from oauth.organisation import at_the_provider, link_on, organisation
from transports import Api

pytestmark = pytest.mark.anyio

NAME = "__Host-fullstory-mcp"
VISIT = f"{NAME}-visit"
ALLOW = {"scope": ALL_SCOPES.split()}


def value_of(browser: httpx.AsyncClient, name: str = NAME) -> str:
    """The value of a browser's cookie."""
    return next(each.value for each in browser.cookies.jar if each.name == name)


async def asked_for_with(door: Door, url: str, *lines: bytes) -> httpx.Response:
    """What a browser gets that sends these lines of cookies."""
    async with door.browser() as browser:
        return await browser.get(url, headers=[(b"cookie", line) for line in lines])


COOKIES: dict[str, tuple[list[str], int]] = {
    "as it was handed out": (["{name}={value}"], 200),
    "among others": (["a=b; c; =d;\t{name}={value} ; e=f"], 200),
    "on a second line": (["a=b", "{name}={value}"], 200),
    "beside another's in disguise": (["{name}={value}; \xa0{name}=x"], 200),
    "after a no-break space": (["\xa0{name}={value}"], 403),
    "after a next line": (["\x85{name}={value}"], 403),
    "after a unit separator": (["\x1f{name}={value}"], 403),
    "before a no-break space": (["{name}\xa0={value}"], 403),
    "in small letters": (["__host-fullstory-mcp={value}"], 403),
    "without the prefix": (["fullstory-mcp={value}"], 403),
    "in quotation marks": (['{name}="{value}"'], 403),
    "after a comma": (["a=b, {name}={value}"], 403),
    "as another's value": (["a={name}={value}"], 403),
    "twice": (["{name}={value}; {name}={value}"], 403),
    "twice, on two lines": (["{name}={value}", "{name}={value}"], 403),
    "twice, one odd": (["{name}={value}; {name}="], 403),
}


@pytest.mark.parametrize(("lines", "status"), COOKIES.values(), ids=COOKIES)
async def test_only_our_own_cookie_counts(lines: list[str], status: int) -> None:
    """A host beside ours can set cookies of nearly that name, which no browser holds to the prefix."""
    async with hosting() as door:
        page = await begun(door)
        given = {"name": NAME, "value": value_of(door.client)}
        sent = [line.format(**given).encode("latin-1") for line in lines]
        answer = await asked_for_with(door, str(page.url), *sent)

    assert answer.status_code == status


async def test_a_person_who_has_their_own_cookie_keeps_it() -> None:
    """Another's beside it neither takes its place nor opens another's request."""
    async with hosting() as door, door.browser() as attacker:
        theirs = await begun(door, attacker)
        page = await begun(door)
        both = f"{NAME}={value_of(door.client)}; \xa0{NAME}={value_of(attacker)}".encode("latin-1")
        answers = [
            (await asked_for_with(door, str(url), both)).status_code
            for url in (theirs.url, page.url)
        ]

    assert answers == [403, 200]


@pytest.mark.parametrize("way", ["key", "sign-in"])
async def test_a_proof_is_of_use_to_nobody_else(database_url: str, way: str) -> None:
    """Who began a request and knows its cookie is shut out once another person proved who they are."""
    async with organisation(database_url) as (door, at), door.browser() as attacker:
        page = await begun(door, attacker)
        door.client.cookies.set(NAME, value_of(attacker), domain="mcp.example.com")
        if way == "key":
            second = await shown_key(door, page)
        else:
            request = form_on(page, "api_key").hidden["request"]
            there = await door.client.get("/signin", params={"request": request})
            back = await door.client.get(at.sign_in(there.headers["location"]))
            second = await followed(door.client, back)
        form = form_on(second, 'value="allow"').hidden | {
            "action": "allow",
            "scope": ALLOW["scope"][0],
        }
        looked = await attacker.get(str(page.url))
        pressed = await attacker.post("/consent", data=form)
        shown = await attacker.get("/connections")
        own = await door.client.post("/consent", data=form)

    assert [looked.status_code, pressed.status_code] == [403, 403]
    assert "begun in another browser" in looked.text
    assert "First show who you are" in text_of(shown)
    assert redirected(own)["code"]


async def test_a_proof_begins_a_cookie_of_its_request() -> None:
    """It lasts as long as a request waits, is bound to the host, and is another one for each proof."""
    async with hosting() as door:
        page = await begun(door)
        answers = [await submitted(door.client, page, {"api_key": KEY})]
        second = await followed(door.client, answers[0])
        again = await followed(door.client, await submitted(door.client, second, {}, button="back"))
        answers.append(await submitted(door.client, again, {"api_key": KEY}))
        first = await asked_for_with(
            door, str(page.url), answers[0].headers["set-cookie"].partition(";")[0].encode()
        )

    name = f"{NAME}-{form_on(page, 'api_key').hidden['request'][:8]}"
    for each in answers:
        cookie, _, attributes = each.headers["set-cookie"].partition("; ")
        assert cookie.partition("=")[0] == name
        assert attributes == "HttpOnly; Max-Age=600; Path=/; SameSite=lax; Secure"
    assert answers[0].headers["set-cookie"] != answers[1].headers["set-cookie"]
    assert first.status_code == 403


async def test_requests_in_two_tabs_leave_each_other_alone() -> None:
    """A proof in one tab ends neither the request nor the form that is open in another."""
    async with organisation() as (door, at):
        one, two, key_page = (
            await begun(door),
            await begun(door),
            await door.client.get("/connections"),
        )
        there = await at_the_provider(door)
        seconds = [await shown_key(door, page) for page in (one, two)]
        seconds.append(await followed(door.client, await door.client.get(at.sign_in(there))))
        answers = [
            await submitted(door.client, second, {"scope": ["fullstory:read"]}, button="allow")
            for second in seconds
        ]
        visit = await submitted(door.client, key_page, {"api_key": KEY})

    assert all(redirected(answer)["code"] for answer in answers)
    assert visit.status_code == 303


class Slow(Api):
    """Lets each question for a role wait until the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.gates = [(anyio.Event(), anyio.Event()) for _ in range(2)]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answers when it is time."""
        asked, may_answer = self.gates[len(self.asked_for_role)]
        answer = await super().handle_async_request(request)
        asked.set()
        await may_answer.wait()
        return answer


async def test_a_form_that_is_sent_twice_at_once_goes_on() -> None:
    """A second press of the button drops the first answer, and with it the cookie in it."""
    api = Slow()
    async with hosting(transport=api) as door, door.browser() as dropped:
        page = await begun(door)
        dropped.cookies.update(door.client.cookies)
        answers: list[httpx.Response] = []

        async def press(browser: httpx.AsyncClient) -> None:
            answers.append(await submitted(browser, page, {"api_key": KEY}))

        async with anyio.create_task_group() as tasks:
            for (asked, _), browser in zip(api.gates, (dropped, door.client), strict=True):
                tasks.start_soon(press, browser)
                await asked.wait()
            for count, (_, may_answer) in enumerate(api.gates, 1):
                may_answer.set()
                while len(answers) < count:
                    await anyio.lowlevel.checkpoint()
        second = await followed(door.client, answers[1])

    assert "Step 2 of 2" in text_of(second)


async def test_a_form_of_the_first_step_that_comes_late_leads_to_the_second() -> None:
    """It stood in another tab when the key was accepted; the page that says so leads on."""
    async with hosting() as door:
        page = await begun(door)
        await shown_key(door, page)
        late = await submitted(door.client, page, {"api_key": "na1.sandbox-standard"})
        second = await door.client.get(link_on(late))

    assert late.status_code == 403
    assert "Nothing was changed. Open the page again." in text_of(late)
    assert "Step 2 of 2" in text_of(second)
    assert "Admin: it can do everything" in text_of(second)


async def test_a_visit_begins_with_a_cookie_that_nobody_knows() -> None:
    """One that was put into the browser beforehand shows nobody's connections."""
    async with hosting() as door:
        planted = "p" * 43
        door.client.cookies.set(VISIT, planted, domain="mcp.example.com")
        page = await door.client.get("/connections")
        await submitted(door.client, page, {"api_key": KEY})
        own = await door.client.get("/connections")
        with_it = await asked_for_with(door, "/connections", f"{VISIT}={planted}".encode())
        disguised = f"\xa0{VISIT}={value_of(door.client, VISIT)}".encode("latin-1")
        with_another = await asked_for_with(door, "/connections", disguised)

    assert "Nothing is connected" in text_of(own)
    assert "First show who you are" in text_of(with_it)
    assert "First show who you are" in text_of(with_another)


async def test_a_trial_on_this_machine_is_as_strict() -> None:
    """There other programs on other ports share the cookies, so a proof has its own there, too."""
    async with (
        hosting(FULLSTORY_MCP_PUBLIC_URL="http://127.0.0.1:8080") as door,
        door.browser() as attacker,
    ):
        page = await begun(door, attacker)
        door.client.cookies.update(attacker.cookies)
        second = await shown_key(door, page)
        looked = await attacker.get(str(page.url))

    assert "Step 2 of 2" in text_of(second)
    assert looked.status_code == 403
