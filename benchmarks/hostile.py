"""Contexts that nobody would record and everybody could be sent: long, odd, many-scripted texts.

Used by the budget benchmark and by tests. All of it comes from one seed.
"""

import base64
import string
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

JSON = dict[str, Any]
Words = Callable[[Random, int], str]

_EMOJI = "🎉😀🚀💥🧨🔥🦄🤷🏽‍♀️👩‍🚀🇩🇪"
_ARABIC = "مرحبا بالعالم هذا نص طويل باللغة العربية لاختبار عدد الرموز في هذا النظام "
_HEBREW = "שלום עולם זהו טקסט ארוך בעברית כדי לבדוק את מספר האסימונים "
_CHINESE = "订单已提交但是付款失败了请稍后再试或者联系客服人员处理问题谢谢您的耐心等待"
_JAPANESE = "お支払いに失敗しました。もう一度お試しください。"
_THAI = "การชำระเงินล้มเหลว กรุณาลองใหม่อีกครั้ง "
_FINNISH = (
    "Valitettavasti maksutapahtumaa ei voitu suorittaa loppuun, yritä myöhemmin uudelleen kiitos. "
)


def _repeated(text: str) -> Words:
    return lambda _, size: (text * (size // len(text) + 1))[:size]


def _drawn(letters: str, most: int = 9) -> Words:
    """Words of letters drawn at random, up to `most` long."""

    def words(rng: Random, size: int) -> str:
        text = ""
        while len(text) < size:
            text += "".join(rng.choices(letters, k=rng.randrange(2, most))) + " "
        return text[:size]

    return words


def _between(*ranges: tuple[int, int]) -> Words:
    return lambda rng, size: "".join(chr(rng.randint(*rng.choice(ranges))) for _ in range(size))


TEXTS: dict[str, Words] = {
    "emoji": lambda rng, size: "".join(rng.choices(_EMOJI, k=size)),
    "arabic": _repeated(_ARABIC),
    "hebrew": _repeated(_HEBREW),
    "chinese": _repeated(_CHINESE),
    "japanese": _repeated(_JAPANESE),
    "thai": _repeated(_THAI),
    "finnish": _repeated(_FINNISH),
    "any ideographs": _between((0x4E00, 0x9FFF)),
    "any letters": _between((0x100, 0x2FF), (0x370, 0x1FFF)),
    "any characters": _between((0x20, 0x2FFF), (0xE000, 0xFFFD), (0x10000, 0x1FFFF)),
    "letters drawn": _drawn(string.ascii_lowercase),
    "LETTERS DRAWN": _drawn(string.ascii_uppercase),
    "one long word": _drawn(string.ascii_letters, 400),
    "ascii drawn": lambda rng, size: "".join(rng.choices(string.printable[:94], k=size)),
    "base64": lambda rng, size: base64.b64encode(rng.randbytes(size)).decode()[:size],
    "hex": lambda rng, size: rng.randbytes(size).hex()[:size],
    "same letter": _repeated("x"),
    "markdown": _repeated(
        "# Session\n## p1 “x” ```` [a](http://b) <b> | --- |\n- +00:01 p1e1 click “”” "
    ),
    "digits": lambda rng, size: "".join(rng.choices(string.digits, k=size)),
}
"""Texts of a size, by what they are made of."""

SIZES = (12, 200, 10_000)
"""Characters of each text: a name, a paragraph, a document."""


def contexts(seed: int) -> Iterator[tuple[str, JSON]]:
    """Answers of Generate Context whose every text is of one kind and size, and one that mixes them."""
    rng = Random(f"{seed}:hostile")  # noqa: S311 - repeatable, no secret
    for name, words in TEXTS.items():
        for size in SIZES:
            yield f"{name}, {size:,} characters", _context(rng, words, size)
    yield "all mixed", _context(rng, _mixed, 300)


def _mixed(rng: Random, size: int) -> str:
    return rng.choice(list(TEXTS.values()))(rng, size)


def _context(rng: Random, words: Words, size: int) -> JSON:
    def text() -> str:
        return words(rng, size)

    facts = {name: text() for name in ("city", "region", "country", "browser", "operating_system")}
    return {
        "context_data": {
            "context": {
                "session_id": text(),
                "session_url": f"https://app.fullstory.com/{'x' * size}",
                "session_created_at": "2026-11-20T11:38:07Z",
                "user_context": {
                    "user_uid": text(),
                    "display_name": text(),
                    "email": text(),
                    "properties": {f"{number} {text()}": text() for number in range(14)},
                },
                "location_context": facts,
                "device_context": facts,
            },
            "pages": [_page(number, text, size) for number in range(12 if size > 1_000 else 60)],
        }
    }


def _page(number: int, text: Callable[[], str], size: int) -> JSON:
    stamp = f"2026-11-20T11:{number % 60:02}:1{number % 10}Z"
    few = 3 if size > 1_000 else 20
    kinds = (
        "navigate",
        "exception",
        "rage-click",
        "input-change",
        "network-error",
        "click",
        "copy",
    )
    events = [
        {
            "type": kind if place % 3 else text(),
            "timestamp": stamp,
            "description": text(),
            "content": text(),
            "properties": {text(): text() for _ in range(few)},
        }
        for place, kind in enumerate(kinds)
    ]
    return {"url": text(), "title": text(), "tab": 1, "events": events}
