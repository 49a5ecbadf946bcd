"""What came of fetching a document: its bytes, or half a sentence why there are none."""

import re
from dataclasses import dataclass

import httpx2 as httpx

from fullstory_mcp.errors import CallerError

_JSON = re.compile(r"application/(?:[a-z0-9.+-]+\+)?json", re.IGNORECASE)
_MAX_AGE = re.compile(r"max-age=\"?(\d{1,9})", re.IGNORECASE)
_NOT_STORED = re.compile(r"\b(?:no-store|no-cache)\b", re.IGNORECASE)


class FetchRefused(CallerError):
    """Nothing was fetched; the text is half a sentence why, without anything that was received."""


class Gone(FetchRefused):
    """The host says that there is no such document (404, 410), or nothing in it: an answer of its own."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document as it came; `max_age` in seconds, 0 for "do not keep", None where it did not say."""

    body: bytes
    max_age: int | None
    content_type: str


async def read(response: httpx.Response, most_bytes: int, *, any_type: bool) -> Fetched:
    """The answer, if it is a small JSON document; how long it says it is does not count."""
    content_type = response.headers.get("content-type", "").partition(";")[0].strip()
    if response.is_redirect:
        raise FetchRefused("it redirects, which is not followed")
    if response.status_code != 200:
        kind = Gone if response.status_code in {404, 410} else FetchRefused
        raise kind(f"its host answered with status {response.status_code}")
    if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise FetchRefused("it came compressed, which was not asked for")
    if not any_type and not _JSON.fullmatch(content_type):
        raise FetchRefused("its content type is not application/json")
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > most_bytes:
            raise FetchRefused(f"it is larger than {most_bytes // 1024} KB")
    return Fetched(bytes(body), _max_age(response.headers.get("cache-control", "")), content_type)


def _max_age(cache_control: str) -> int | None:
    """How long a document may be kept (RFC 9111 section 5.2.2)."""
    if _NOT_STORED.search(cache_control):
        return 0
    found = _MAX_AGE.search(cache_control)
    return int(found[1]) if found else None
