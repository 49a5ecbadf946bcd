"""Nothing that holds a secret shows it: not when printed, logged, compared or raised."""

import base64
import logging
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullstory_mcp.errors import SettingsError
from fullstory_mcp.principal import ApiKey, Principal
from fullstory_mcp.sealing import Sealer
from fullstory_mcp.server.logs import SafeFormatter
from fullstory_mcp.settings import Settings
from transports import KEY

SECRET = KEY.partition(".")[2]
SEAL = base64.b64encode(bytes(range(32))).decode()

HOLDERS = {
    "ApiKey": ApiKey(KEY),
    "Principal": Principal(ApiKey(KEY)),
    "Settings": Settings.read(FULLSTORY_API_KEY=KEY, FULLSTORY_MCP_SECRET_KEYS=SEAL),
    "Sealer": Sealer([bytes(range(32))]),
}

STRANGERS = ("nora.quist@example.com",)

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-"
secrets = st.text(ALPHABET, min_size=16, max_size=64).filter(
    lambda text: sum(not letter.isalpha() for letter in text) >= 4
)


@pytest.mark.parametrize("holder", HOLDERS.values(), ids=HOLDERS)
@pytest.mark.parametrize("shown", [repr, str, ascii, "{0}".format, "%s".__mod__, "%r".__mod__])
def test_printing_shows_no_secret(holder: object, shown: object) -> None:
    """However a holder of secrets is turned into text, no recognisable piece is in it."""
    text = shown(holder)  # type: ignore[operator]

    for secret in (SECRET, SEAL, bytes(range(32)).hex()):
        assert all(secret[at : at + 6] not in text for at in range(len(secret) - 5))


def test_region_is_shown_and_nothing_else_of_a_key() -> None:
    """The prefix says which data centre; the rest of the key is replaced by a mark."""
    assert repr(ApiKey(KEY)) == "ApiKey(eu1, …)"
    assert repr(ApiKey("0123456789abcdef")) == "ApiKey(no region, …)"


def test_unusable_setting_is_named_and_its_value_is_not() -> None:
    """A secret pasted into the wrong variable does not come back in the error."""
    for name in ("FULLSTORY_API_URL", "FULLSTORY_MCP_SECRET_KEYS", "FULLSTORY_MCP_READ_ONLY"):
        with pytest.raises(SettingsError) as raised:
            Settings.read(**{name: KEY})

        assert name in str(raised.value)
        assert SECRET[:6] not in str(raised.value)


@given(secrets, st.integers(0), st.integers(8, 64))
def test_pieces_of_a_key_are_masked(secret: str, start: int, length: int) -> None:
    """Any run of eight characters that is no word is taken out of a text."""
    key = ApiKey(f"na1.{secret}")
    start %= len(secret) - 7
    piece = secret[start : start + length]
    masked = key.mask(f"before {piece} after; whole: {key.reveal()}")

    assert masked.startswith("before ")
    assert key.reveal() not in masked
    assert piece.isalpha() or len(piece) < 8 or piece not in masked


def test_ordinary_words_are_not_masked() -> None:
    """The sandbox's key is made of words that messages also use; they stay readable."""
    key = ApiKey("na1.sandbox-standard")

    assert key.mask("needs a standard key") == "needs a standard key"
    assert key.mask("na1.sandbox-standard is refused") == "[key] is refused"


def formatted(record: logging.LogRecord) -> str:
    """A record as the server's log would have it."""
    return SafeFormatter(lambda: ApiKey(KEY)).format(record)


def record(message: str, *values: object, error: BaseException | None = None) -> logging.LogRecord:
    """A log record, with the exception being handled if there is one."""
    info = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("some.library", logging.ERROR, "f.py", 1, message, values, info)


def test_log_line_shows_no_key_however_it_got_there() -> None:
    """A library that logs a header or a piece of a key is masked like ourselves."""
    text = formatted(record("Authorization: Basic %s and %s", KEY, SECRET[3:13]))

    assert text.endswith("some.library: Authorization: Basic [key] and [key]")


def raise_from_deep_within(text: str) -> None:
    """An exception whose text and cause carry what no log may show."""
    try:
        {}[text]
    except KeyError as cause:
        raise RuntimeError(text) from cause


def test_log_of_an_exception_names_its_place_and_type_without_its_text() -> None:
    """Exception texts repeat what was sent; only where and what kind is written."""
    try:
        raise_from_deep_within(" ".join([KEY, *STRANGERS]))
    except RuntimeError as error:
        text = formatted(record("A request failed unexpectedly", error=error))

    assert "raise_from_deep_within" in text
    assert "RuntimeError (its text is not logged)" in text
    assert SECRET[:8] not in text
    assert STRANGERS[0] not in text


def test_text_that_another_formatter_left_on_a_record_is_not_logged() -> None:
    """A record is shared by all handlers, and the standard one keeps the exception's text on it."""
    try:
        raise_from_deep_within(STRANGERS[0])
    except RuntimeError as error:
        shared = record("A request failed unexpectedly", error=error)
        logging.Formatter().format(shared)
        text = formatted(shared)

    assert STRANGERS[0] not in text


def test_key_is_masked_after_its_file_is_gone() -> None:
    """A key file may be removed while the server runs; the key that was used is still a secret."""
    keys = [ApiKey(KEY)]

    def current() -> ApiKey:
        if not keys:
            raise SettingsError("the key file is gone")
        return keys.pop()

    formatter = SafeFormatter(current)
    formatter.format(record("starting"))

    assert formatter.format(record("key %s", KEY)).endswith("key [key]")


def test_formatter_works_without_a_key() -> None:
    """Before there is a usable key, lines are still written."""

    def none() -> ApiKey:
        raise SettingsError("No Fullstory API key")

    assert SafeFormatter(none).format(record("starting")).endswith("some.library: starting")
    assert sys.exc_info() == (None, None, None)
