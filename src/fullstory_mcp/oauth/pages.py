"""The pages a person sees: one shell, one stylesheet, no script, nothing loaded from anywhere.

What a stranger named (a client, an address) reaches a template as data only: Jinja escapes it, and
`shown` takes out what could make it read as something else. Nothing secret is given to a template.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import SplitResult, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from fullstory_mcp.oauth.naming import one_line
from fullstory_mcp.settings import is_loopback

NAME_CHARACTERS = 60
"""Most characters of a client's name that a page shows."""

HOST_CHARACTERS = 120
"""Most characters of a host that a page shows."""

_environment = Environment(
    loader=PackageLoader("fullstory_mcp.oauth"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def _style() -> str:
    source, _, _ = _environment.loader.get_source(_environment, "style.css")  # type: ignore[union-attr] # it was given above
    return source


_environment.globals["style"] = Markup(_style())  # noqa: S704 - our own file
_STYLE_HASH = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()

HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""What every page is sent with, beside its content security policy."""

ALONE = {"Cross-Origin-Opener-Policy": "same-origin"}
"""Parts a page from the window that opened it: not for pages that lead back to a client, which may
have opened a window for the sign-in and wait in the first one for its news."""


def page(
    template: str,
    status: int = 200,
    *,
    forms: tuple[str, ...] = (),
    alone: bool = True,
    headers: Mapping[str, str] | None = None,
    **values: object,
) -> Response:
    """A page from a template.

    `forms` is where its forms may lead, redirects included; `alone`, whether it is parted from the
    window that opened it.
    """
    targets = " ".join(forms) or "'none'"
    policy = (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; "
        f"form-action {targets}; frame-ancestors 'none'; base-uri 'none'"
    )
    text = _environment.get_template(template).render(values)
    fixed = {**HEADERS, **(ALONE if alone else {}), "Content-Security-Policy": policy}
    return HTMLResponse(text, status, {**fixed, **(headers or {})})


def error_page(
    status: int,
    title: str,
    text: str,
    *,
    link: tuple[str, str] | None = None,
    retry_after: int | None = None,
) -> Response:
    """A page that says what went wrong and what to do; `link` is an address and its words."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return page("error.html", status, headers=headers, heading=title, text=text, link=link)


def shown(text: str) -> str:
    """A stranger's text as one short line of what can be seen."""
    line = one_line(text)
    return line if len(line) <= NAME_CHARACTERS else f"{line[: NAME_CHARACTERS - 1]}…"


def shown_host(name: str) -> str:
    """A host as a short line: one that is too long loses its beginning, as its end says whose it is."""
    line = one_line(name)
    return line if len(line) <= HOST_CHARACTERS else f"…{line[1 - HOST_CHARACTERS :]}"


def place(address: str) -> str:
    """Where an address leads, in words: a host, this computer, or an app of this device."""
    parts = _parts(address)
    if parts is None:
        return "an unreadable address"
    if parts.scheme not in {"http", "https"}:
        return f"an app on this device ({shown(parts.scheme)}:)"
    named = host(address)
    if not named:
        return "an unreadable address"
    return f"{shown_host(named)}{', this computer' if _leads_home(parts) else ''}"


def host(address: str) -> str:
    """The host of an http address, whole, with its port where it names one, in ASCII; else ""."""
    parts = _parts(address)
    if parts is None or parts.scheme not in {"http", "https"}:
        return ""
    try:
        return parts.netloc.rpartition("@")[2].encode("idna").decode()
    except UnicodeError:
        return ""


def is_local(address: str) -> bool:
    """Whether an address leads to a program on the person's own computer, whichever it is."""
    parts = _parts(address)
    return parts is not None and _leads_home(parts)


def is_app(address: str) -> bool:
    """Whether an address opens an app by a private-use scheme (RFC 8252, section 7.1)."""
    parts = _parts(address)
    return parts is not None and parts.scheme not in {"http", "https"}


def form_source(address: str) -> str:
    """The source of a content security policy that lets a form's redirect through to `address`.

    Browsers hold `form-action` against the redirect that answers a form, too. IPv6 addresses have
    no form of their own in a policy: their scheme stands for them.
    """
    parts = _parts(address)
    if parts is None or not re.fullmatch(r"[a-z][a-z0-9+.-]*", parts.scheme):
        return "'self'"
    named = re.fullmatch(r"[A-Za-z0-9.-]+(:[0-9]+)?", parts.netloc)
    if parts.scheme in {"http", "https"} and named:
        return f"{parts.scheme}://{parts.netloc}"
    return f"{parts.scheme}:"


def moment(seconds: int) -> str:
    """A time as people write it, in UTC."""
    time = datetime.fromtimestamp(seconds, UTC)
    return f"{time.day} {time:%B %Y, %H:%M} UTC"


_environment.filters["moment"] = moment


def _parts(address: str) -> SplitResult | None:
    try:
        return urlsplit(address)
    except ValueError:
        return None


def _leads_home(parts: SplitResult) -> bool:
    return parts.scheme in {"http", "https"} and is_loopback(parts.hostname or "")
