"""Names that strangers give themselves, made fit to be shown: one line of what can be seen."""

import unicodedata

_BLANK = frozenset(
    map(
        chr,
        (
            0x034F,  # joins what can be seen with nothing
            *(0x115F, 0x1160, 0x3164, 0xFFA0),  # fill in for a Korean letter
            *(0x17B4, 0x17B5),  # Khmer vowels that are not written
            *range(0x180B, 0x1810),  # choose between forms of a letter
            0x2800,  # Braille without a dot
            *range(0xFE00, 0xFE10),
            *range(0xE0100, 0xE01F0),
        ),
    )
)
"""What shows nothing though its category is that of letters, marks or signs (Unicode's
`Default_Ignorable_Code_Point`, and the empty Braille pattern)."""


def one_line(name: str) -> str:
    """A name on one line, without control, invisible and direction characters."""
    visible = (
        " " if each.isspace() else each
        for each in name
        if each.isspace() or not (each in _BLANK or unicodedata.category(each)[0] == "C")
    )
    return " ".join("".join(visible).split())
