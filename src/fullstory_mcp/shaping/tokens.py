"""How many tokens a model reads in a text: the one place that estimates, for budgets and tables.

A count of o200k needs its vocabulary of megabytes; this is a rule over pieces of the text instead,
one pass, about a millisecond for 10,000 characters. On what this server answers (tool lists, JSON,
markdown) it stays within 10 % of o200k; a test holds it there. It is not a count: what is unlike
any text of ours (emoji, rare scripts, letters without a word in them) is taken for dearer than it
mostly is, so that a budget is kept with such texts too.
"""

import re
from functools import lru_cache
from operator import add
from typing import NamedTuple


class _Piece(NamedTuple):
    """A kind of piece: tokens of a whole one, of each character, and of each one beyond `usual`."""

    pattern: str
    whole: float
    each: float = 0.0
    usual: int = 0
    beyond: float = 0.0


_OURS = "“”‘’«»·×…–—ʼ‹›→•"
"""Signs that this server writes itself: cheaper than other signs beyond ASCII."""

_SIGN = r"[!-/:-@\[-`{-~]"
_WORD = r"[A-Za-z][a-z]{0,63}"

_PIECES = {
    # ids of letters and digits: nothing in them is a known word
    "opaque": _Piece(r"(?:[A-Za-z]{1,24}[0-9]|[0-9]{1,24}[A-Za-z])[A-Za-z0-9]{6,63}", 0.0, 0.67),
    "capitals": _Piece(rf"(?:{_SIGN}|[ \t{_OURS}])?[A-Z]{{2,32}}[a-z]{{0,31}}", 1.5, 0.0, 8, 0.3),
    # nearly every English word is one token, and takes a space before it along, less often a sign
    "spaced": _Piece(rf" {_WORD}", 1.02, 0.0, 7, 0.3),
    "joined": _Piece(rf"[_.]?{_WORD}", 1.04, 0.0, 7, 0.3),
    "marked": _Piece(rf"(?:{_SIGN}|[\t{_OURS}]){_WORD}", 1.6, 0.0, 7, 0.3),
    "digits": _Piece(r"[0-9]{1,3}", 1.0),
    "kana": _Piece(r" ?[\u3040-\u30ff\uac00-\ud7af]{1,64}", 0.0, 0.9),
    "han": _Piece(r" ?[\u3400-\u9fff]{1,64}", 0.0, 0.9),
    "near": _Piece(r" ?[\u0370-\u06ff]{1,64}", 0.0, 0.5),  # Greek, Cyrillic, Hebrew, Arabic
    "indic": _Piece(r" ?[\u0900-\u0eff]{1,64}", 0.0, 0.6),
    # the accented letters within a word
    "latin": _Piece(r" ?[\u00c0-\u024f\u1e00-\u1eff]{1,64}", 0.0, 1.0),
    "emoji": _Piece(r" ?[\U0001f300-\U0001faff]{1,64}", 0.0, 2.4),
    # rare scripts, styled letters, signs of all kinds: mostly cut into bytes
    "rare": _Piece(r" ?[\U00010000-\U0010ffff]{1,64}", 0.0, 3.6),
    "letters": _Piece(r" ?[^\W\d_]{1,64}", 0.0, 2.4),
    "mark": _Piece(rf" ?[{_OURS}][,;.)]?(?!{_SIGN}|[{_OURS}])[\r\n/]{{0,64}}", 1.0),
    "marks": _Piece(
        rf" ?{_SIGN}{{0,32}}[{_OURS}](?:{_SIGN}|[{_OURS}]){{0,31}}[\r\n/]{{0,64}}", 0.0, 0.95
    ),
    # runs of JSON punctuation are tokens of their own
    "signs": _Piece(rf" ?{_SIGN}{{1,64}}[\r\n/]{{0,64}}", 1.0, 0.0, 4, 0.6),
    "space": _Piece(r"\s{1,64}", 1.0, 0.0, 16, 0.1),
    "other": _Piece(r".", 3.2),
}
"""Pieces as o200k cuts them before it looks anything up, and what they cost: fitted.

No piece is longer than a short line, so that time grows with the text and what is kept stays small."""

_WORDS = frozenset({"capitals", "spaced", "joined", "marked"})

_PIECE = re.compile("|".join(row.pattern for row in _PIECES.values()), re.DOTALL)
_NAMED = re.compile(
    "|".join(f"(?P<{name}>{row.pattern})" for name, row in _PIECES.items()), re.DOTALL
)

_ODD_AFTER = {
    "a": "aehjoq", "b": "bfgkmnqvwxz", "c": "bdfgjmnqvwxz", "d": "fkqwxz", "e": "jz", "f": "bdghjkmnpqvwxz",
    "g": "bcdjkpqvwxy", "h": "bcdfghjknpqvwxz", "i": "hjqwy", "j": "bcdfghijklmnpqrtvwxyz",
    "k": "bchjkmpqrvwxyz", "l": "bghjnqrwxz", "m": "fhjkqrtvwxz", "n": "bhjqwxz", "o": "h",
    "p": "fgjknqvwz", "q": "abcdefghijklmnopqrstvwxyz", "r": "hjqxz", "s": "bgjqxz", "t": "bgjknqvz",
    "u": "hjkquwyz", "v": "bcdfhjklmnpqrstuvwxyz", "w": "bcdfgjkmpquvxyz", "x": "bdfghjklmnoqrsuvwxz",
    "y": "fghjkquvxyz", "z": "bcdfghjklmnpqrstuvwxyz",
}  # fmt: skip
_ODD = frozenset(letter + after for letter, odd in _ODD_AFTER.items() for after in odd)
"""Pairs of letters that English words and names in code hardly have; each breaks a word in two.
Counted in this project's and its libraries' texts: less than one pair in 10,000."""

_EVERYDAY = (("gb2312", 0xD7), ("big5", 0xC6))
"""Character sets and the last lead byte of the characters in everyday use."""


def estimate(text: str) -> int:
    """About how many o200k tokens `text` has; 0 for an empty one."""
    return round(sum(map(_tokens, _PIECE.findall(text))))


@lru_cache(maxsize=2**14)
def _tokens(piece: str) -> float:
    """A piece costs one token at least; the same pieces come again and again."""
    found = _NAMED.match(piece)
    kind = (found and found.lastgroup) or "other"
    row, size = _PIECES[kind], len(piece)
    broken = _odd(piece) if kind in _WORDS else 2 * _seldom(piece) if kind == "han" else 0
    return broken + max(1.0, row.whole + row.each * size + row.beyond * max(0, size - row.usual))


def _odd(word: str) -> int:
    lower = word.lower()
    return sum(map(_ODD.__contains__, map(add, lower, lower[1:])))


def _seldom(text: str) -> int:
    """How many characters are outside the first levels of the sets that Chinese is written in."""
    return sum(not any(_holds(codec, last, char) for codec, last in _EVERYDAY) for char in text)


def _holds(codec: str, last: int, char: str) -> bool:
    code = char.encode(codec, "ignore")
    return bool(code) and code[0] <= last
