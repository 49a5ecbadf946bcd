"""Logs as JSON: one object a line, with fields of ours, and no key or exception text in any."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from fullstory_mcp.audit.records import Record, to_log
from fullstory_mcp.errors import SettingsError
from fullstory_mcp.principal import ApiKey, Principal
from fullstory_mcp.server.logs import JsonFormatter, to_stderr
from transports import KEY

LOGGER = "fullstory_mcp.test"
QUOTED = 'eu1.Zq8"Xw3\\Lm9TkVb7Np2Rd5Hs6Jc'
"""A key with signs that JSON writes otherwise."""


class Log(io.StringIO):
    """What was logged."""

    def lines(self) -> list[dict[str, Any]]:
        """Every line, read as JSON."""
        return [json.loads(line) for line in self.getvalue().splitlines()]


@pytest.fixture
def log() -> Iterator[Log]:
    """A log as `to_stderr` would write it."""
    written = Log()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonFormatter(lambda: ApiKey(QUOTED)))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield written
    root.setLevel(before)
    root.removeHandler(handler)


def test_record_of_a_call_is_an_object_with_fields(log: Log) -> None:
    """A collector finds who called what, and how it ended, without reading the sentence."""
    caller = Principal(ApiKey(KEY), "ana@example.com", client="Claude", connection="c-1")
    to_log(Record(caller, "get_user", "failed", "NotFound", 404, 0.4123))

    (line,) = log.lines()
    assert list(line)[:4] == ["time", "level", "logger", "message"]
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "info",
        "logger": "fullstory_mcp.audit",
        "message": f"ana@example.com with Claude, connection c-1, key {caller.key.fingerprint}: "
        "get_user failed (NotFound, 404) in 0.412 s",
        "caller": "ana@example.com",
        "client": "Claude",
        "connection": "c-1",
        "key": caller.key.fingerprint,
        "tool": "get_user",
        "outcome": "failed",
        "reason": "NotFound",
        "status": 404,
        "seconds": 0.412,
    }


@pytest.mark.parametrize(
    "name",
    ["X, key 0: delete_user answered", "line\nbreak", "\u202eelcruaL", "<b>(1)</b>", "a" * 500],
)
def test_name_that_a_client_gave_itself_cannot_pass_for_a_part_of_the_record(
    name: str, log: Log
) -> None:
    """Its signs with a meaning are replaced, and it is cut."""
    to_log(Record(Principal(ApiKey(KEY), "ana", client=name), "get_me", "answered"))

    (line,) = log.lines()
    assert len(line["client"]) <= 64
    assert not set(line["client"]) & set("\n,:()<>\u202e")
    assert line["message"].count(": ") == 1


def test_exception_is_told_by_its_type_and_places(log: Log) -> None:
    """Its own text can repeat what was sent."""
    try:
        int(KEY)
    except ValueError:
        logging.getLogger(LOGGER).exception("A request failed unexpectedly")

    (line,) = log.lines()
    assert (line["level"], line["error"]) == ("error", "ValueError")
    assert line["places"][0].endswith("test_exception_is_told_by_its_type_and_places")
    assert KEY[4:12] not in log.getvalue()


def test_key_is_masked_even_where_json_would_write_it_otherwise(log: Log) -> None:
    """In messages and in fields."""
    logging.getLogger(LOGGER).warning("sent %s", QUOTED, extra={"sent": QUOTED, "count": 3})

    (line,) = log.lines()
    assert (line["message"], line["sent"], line["count"]) == ("sent [key]", "[key]", 3)


def test_fields_of_other_libraries_stay_out(log: Log) -> None:
    """They could be anything; their messages are masked as any."""
    logging.getLogger("another.library").warning("up", extra={"color_message": "\x1b[1mup"})

    (line,) = log.lines()
    assert "color_message" not in line


def test_field_cannot_pass_for_the_record_itself(log: Log) -> None:
    """A field named like one of the first four does not hide it."""
    logging.getLogger(LOGGER).warning("true", extra={"level": "debug", "time": "never"})

    (line,) = log.lines()
    assert (line["level"], line["message"]) == ("warning", "true")
    assert line["time"] != "never"


def test_masking_outlives_the_key_file(capsys: pytest.CaptureFixture[str]) -> None:
    """A key that was known once stays masked, also in a server that has none at the moment."""
    keys = [ApiKey(KEY)]

    def current() -> ApiKey:
        if not keys:
            raise SettingsError("The key file is gone.")
        return keys[0]

    root = logging.getLogger()
    before = root.handlers[:], root.level
    try:
        to_stderr("info", current, "json")
        logging.getLogger(LOGGER).info("first")
        keys.clear()
        logging.getLogger(LOGGER).info("then %s", KEY)
        logging.getLogger(LOGGER).debug("never")
    finally:
        root.handlers[:], _ = before
        root.setLevel(before[1])

    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["message"] for line in lines] == ["first", "then [key]"]
