"""Hides what nobody needs to read: payment cards, credentials in URLs and, where asked, contacts.

A number is a card only where three things agree: the check digit, an issuer's range, and either
the grouping that cards are printed in or a label beside it ("card", "visa", or the name of the
member that holds it). Ids and order numbers therefore stay. Every pattern here takes time that
grows with the text and no faster, because the texts come from strangers.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

MASK = "•••"

_SEPARATOR = r"(?:[\s._+·‐‑‒–—−-]|%20|%2D)"
_RUN = re.compile(rf"\d(?:{_SEPARATOR}{{0,3}}\d){{11,}}", re.IGNORECASE)
_GROUP = re.compile(r"%2[0D]|(\d+)", re.IGNORECASE)
_TYPED_APART = re.compile(r"(?:\d|\s|\+|%20)+")

_GROUPINGS = frozenset(
    {(4, 4, 4, 4), (4, 4, 4, 4, 1), (4, 4, 4, 4, 2), (4, 4, 4, 4, 3), (4, 6, 5), (4, 6, 4), (6, 13)}
)
"""How many digits stand together where card numbers are printed or typed."""

_GROUP_COUNTS = (5, 4, 3, 2)

_ISSUED = re.compile(
    r"""4(?:\d{12}|\d{15}|\d{18})                                             # Visa
    | (?:5[1-5]\d\d|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720))\d{12}        # Mastercard
    | 3[47]\d{13}                                                             # American Express
    | 3(?:0[0-5]|[689]\d)\d{11,16}                                            # Diners Club
    | (?:6011|64[4-9]\d|65\d\d|62\d\d|81\d\d|60\d\d|82\d\d)\d{12,15}          # Discover, UnionPay, RuPay
    | 35(?:2[89]|[3-8]\d)\d{12,15}                                            # JCB
    | 220[0-4]\d{12,15}                                                       # Mir
    | (?:5018|5020|5038|5[678]\d\d|6304|6390|67\d\d)\d{8,15}                  # Maestro
    """,
    re.VERBOSE,
)
"""Issuers' ranges with the lengths they use. Source: the schemes' public tables of prefixes."""

_CARD_WORD = (
    r"(?:(?<![a-z])|credit|debit|bank|payment|gift)cards?|karten?|carte|tarjeta|cart[aã]o|kreditk\w*|"
    r"(?<![a-z])(?:pan|cc|ccn|cvv|jcb)(?![a-z])|visa|master|maestro|amex|american.express|diners|"
    r"discover|unionpay"
)
_CARD_NAME = re.compile(_CARD_WORD, re.IGNORECASE)
_CARD_BEFORE = re.compile(rf"(?:{_CARD_WORD})(?:\D{{0,24}}[^\w%])?\Z", re.IGNORECASE)
_CARD_AFTER = re.compile(rf"\W{{0,4}}(?:{_CARD_WORD})", re.IGNORECASE)
_OF_AN_ID = re.compile(r":\d|%3a|[a-z_]", re.IGNORECASE)
"""What follows a number that is half of a session id, or the beginning of a longer word."""

_USER_INFO = re.compile(r"\b([a-z][a-z0-9+.-]{0,30}:[/\\]{2,})[^\s/\\?#\"'<>“”]+@", re.IGNORECASE)
_PARAMETER = re.compile(
    r"(?:[?&#;]|%(?:3F|26|23|3B))([\w.\[\]%-]{1,64}?)(?:=|%3D)(?=\S)", re.IGNORECASE
)
_VALUE = re.compile(r"[^&#;\s\"'<>“”…]+")
_WEB_TOKEN = re.compile(r"(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*")

_SECRET_NAME = re.compile(
    r"token|secret|passw|passphrase|passcode|pwd|signature|credential|authori[sz]ation|jwt|saml|"
    r"(?:api|access|private|signing|account|auth|subscription|shared|client)[_-]?key|assertion|"
    r"verifier|j?sessionid|phpsessid|"
    r"^(?:o?auth|sig|sign|hmac|pass|sid|t?otp|mfa|bearer)$",
    re.IGNORECASE,
)
_MAYBE_NAME = re.compile(
    r"^(?:code|key|[kth]|hash|state|nonce|ticket|sess|session(?:_id)?|magic|link|invit\w*|confirm\w*|"
    r"verif\w*|activat\w*|reset|unsubscribe|access|grant)$",
    re.IGNORECASE,
)
"""Parameters that hold a credential only where the value looks like one: long, letters and digits."""
_OPAQUE = re.compile(r"(?=\S{0,64}\d)(?=\S{0,64}[A-Za-z])[\w.~+/=%-]{16}")

_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)

_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]+(?:@|%40)[\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,}")
_NUMBERS = re.compile(r"(?<![\w.])[+(]*\d(?:[\s()./-]{0,3}\d){6,}(?![\w:]|-\w)")
_NUMBER = re.compile(r"[+(]*(\d+)\)?")
_PHONE_WORD = (
    r"phone|(?<![a-z])tel(?![a-z])|telefon\w*|t[eé]l[eé]phone|mobile?(?![a-z])|(?<![a-z])cell|handy|"
    r"(?<![a-z])fax|whats.?app|(?<![a-z])sms"
)
_MOST_PHONE_GROUPS = 6
_PHONE_NAME = re.compile(_PHONE_WORD, re.IGNORECASE)
_PHONE_BEFORE = re.compile(rf"(?:{_PHONE_WORD})\D{{0,16}}\Z", re.IGNORECASE)
_NO_PHONE = re.compile(
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{1,3}(?:\.\d{1,3}){3})(?!\d)"
)
"""Dates and IP addresses."""

SECRETS = re.compile(r"[?&#;]|%3[FfBb]|%2[36]|:[/\\]{2}|eyJ|\d[\d\s._+·‐‑‒–—−%Dd-]{11}")
"""A text without any of these holds neither a card nor a credential; quick, most texts pass it."""
CONTACTS = re.compile(rf"@|%40|\d[\d\s()./-]{{6}}|{SECRETS.pattern}")
"""The same where contacts are hidden as well."""


def secrets(text: str, label: str = "") -> str:
    """`text` without cards and credentials of URLs; `label` is the name of what holds it, if any."""
    text = _RUN.sub(lambda run: _without_cards(run, text, label), text)
    text = _USER_INFO.sub(rf"\1{MASK}@", text)
    return _WEB_TOKEN.sub(MASK, "".join(_without_parameters(text)))


def contacts(text: str, label: str = "") -> str:
    """`text` without e-mail addresses and phone numbers."""
    text = emails(text)
    return _NUMBERS.sub(lambda run: _without_phones(run, text, label), text)


def emails(text: str) -> str:
    """`text` without e-mail addresses."""
    return _EMAIL.sub(MASK, text)


@lru_cache(maxsize=2048)
def holds_numbers(name: str) -> bool:
    """Whether a member of this name holds a card's or a phone's number."""
    return bool(_CARD_NAME.search(name) or _PHONE_NAME.search(name))


def _without_cards(run: re.Match[str], text: str, label: str) -> str:
    """A run of digits and separators with every card in it masked."""
    groups = [group for group in _GROUP.finditer(run[0]) if group[1]]

    def card(index: int) -> tuple[int, str]:
        count = _grouped(groups, index, run, text) or _labelled(groups[index], run, text, label)
        digits = "".join(group[1] for group in groups[index : index + count])
        return count, f"[card ending {digits[-4:]}]"

    return _replaced(run[0], groups, card)


def _replaced(
    shown: str, groups: Sequence[re.Match[str]], find: Callable[[int], tuple[int, str]]
) -> str:
    """`shown` with those of its groups replaced that `find` says: how many from one on, and by what."""
    pieces, written, index = [], 0, 0
    while index < len(groups):
        count, instead = find(index)
        if count:
            pieces += [shown[written : groups[index].start()], instead]
            written = groups[index + count - 1].end()
        index += count or 1
    return "".join(pieces) + shown[written:]


def _grouped(groups: Sequence[re.Match[str]], index: int, run: re.Match[str], text: str) -> int:
    """How many groups from `index` on are a card as cards are printed; 0 where none is."""
    for count in _GROUP_COUNTS:
        part = groups[index : index + count]
        if tuple(len(group[1]) for group in part) not in _GROUPINGS:
            continue
        if _is_card("".join(group[1] for group in part)):
            begin, end = part[0].start() + run.start(), part[-1].end() + run.start()
            glued = text[begin - 1 : begin].isalnum() or text[end : end + 1].isalnum()
            # Joined to letters by hyphens it is a piece of a longer id, such as a UUID.
            return 0 if glued and not _TYPED_APART.fullmatch(text, begin, end) else len(part)
    return 0


def _labelled(group: re.Match[str], run: re.Match[str], text: str, label: str) -> int:
    """1 where the number alone is a card that something beside it calls one."""
    if not _is_card(group[1]):
        return 0
    begin, end = run.start() + group.start(), run.start() + group.end()
    if _OF_AN_ID.match(text, end):
        return 0
    before = text[max(0, begin - 48) : begin]
    named = bool(label) and bool(_CARD_NAME.search(label)) and not before[-1:].isalnum()
    return int(named or bool(_CARD_BEFORE.search(before) or _CARD_AFTER.match(text, end)))


def _is_card(number: str) -> bool:
    digits = number if number.isascii() else "".join(str(int(digit)) for digit in number)
    return bool(_ISSUED.fullmatch(digits)) and _checks(digits)


def _checks(digits: str) -> bool:
    """Whether the last digit is the one that Luhn's rule gives."""
    kept, doubled = digits[-1::-2], digits[-2::-2]
    return (sum(map(int, kept)) + sum(_DOUBLED[int(digit)] for digit in doubled)) % 10 == 0


def _without_parameters(text: str) -> Iterator[str]:
    """The pieces of `text`, credentials in parameters replaced; parameters nest in encoded form."""
    written = 0
    for found in _PARAMETER.finditer(text):
        name, at = found[1], found.end()
        if at < written:
            continue
        maybe = _MAYBE_NAME.search(name) and _OPAQUE.match(text, at)
        if (maybe or _SECRET_NAME.search(name)) and (value := _VALUE.match(text, at)):
            yield text[written:at]
            yield MASK
            written = value.end()
    yield text[written:]


def _without_phones(run: re.Match[str], text: str, label: str) -> str:
    """A run of numbers with every phone number in it masked."""
    groups = list(_NUMBER.finditer(run[0]))

    def phone(index: int) -> tuple[int, str]:
        if other := _NO_PHONE.match(run[0], groups[index].start()):
            count = sum(group.start() < other.end() for group in groups[index : index + 4])
            return count, other[0]
        at = run.start() + groups[index].start()
        before = text[max(0, at - 32) : at]
        named = bool(_PHONE_NAME.search(label) or _PHONE_BEFORE.search(before))
        for count in range(min(_MOST_PHONE_GROUPS, len(groups) - index), 0, -1):
            part = groups[index : index + count]
            if _is_phone(run[0][part[0].start() : part[-1].end()], part, named=named):
                return count, MASK
        return 0, ""

    return _replaced(run[0], groups, phone)


def _is_phone(shown: str, groups: Sequence[re.Match[str]], *, named: bool) -> bool:
    parts = [len(group[1]) for group in groups]
    if not 7 <= sum(parts) <= 15:
        return False
    if named:
        return True
    if shown.startswith(("+", "00", "(")) or ")" in shown:
        return sum(parts) >= 8
    spread = len(parts) >= 3 and all(2 <= part <= 5 for part in parts)
    return 9 <= sum(parts) <= 13 and (spread or parts == [1, 3, 3, 4])
