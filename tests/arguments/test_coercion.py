"""What models get wrong about types is read where only one reading is possible, and nowhere else."""

from typing import Any

import pytest

from fullstory_mcp.arguments import Binder
from fullstory_mcp.catalogue import load_catalogue
from fullstory_mcp.errors import InvalidArguments

CATALOGUE = load_catalogue()
BINDER = Binder(CATALOGUE.provider)

REFUSED = object()


def bound(tool: str, path: str, value: Any, **others: Any) -> Any:
    """What a value at a dotted path becomes, or REFUSED."""
    names = path.split(".")
    arguments: Any = value
    for name in reversed(names):
        arguments = {name: arguments}
    try:
        result: Any = BINDER.bind(CATALOGUE.tools[tool], {**others, **arguments})
    except InvalidArguments as error:
        return REFUSED if error.faults[0].field == path else error
    for name in names:
        result = result[name]
    return result


INTEGERS = [
    ("42", 42), ("1", 1), ("100", 100), (42, 42),
    ("4.2", REFUSED), ("4.0", REFUSED), ("1e2", REFUSED), (" 5", REFUSED), ("5 ", REFUSED),
    ("+5", REFUSED), ("007", REFUSED), ("0x10", REFUSED), ("1_0", REFUSED), ("٤٢", REFUSED),
    ("", REFUSED), ("many", REFUSED), ("true", REFUSED), (True, REFUSED), (False, REFUSED),
    (4.2, REFUSED), (None, REFUSED), ([42], REFUSED), ("9" * 30, REFUSED), ("101", REFUSED),
]  # fmt: skip

NUMBERS = [
    ("1.5", 1.5), ("-1.5", -1.5), ("2", 2), ("0", 0), ("0.25", 0.25),
    ("1,5", REFUSED), (".5", REFUSED), ("5.", REFUSED), ("1e3", REFUSED), ("NaN", REFUSED),
    ("inf", REFUSED), (" 1", REFUSED), ("90.5", REFUSED), (True, REFUSED),
]  # fmt: skip

BOOLEANS = [
    ("true", True), ("false", False), (True, True), (False, False),
    ("True", REFUSED), ("FALSE", REFUSED), ("yes", REFUSED), ("1", REFUSED), (1, REFUSED),
    (0, REFUSED), ("", REFUSED), (None, REFUSED),
]  # fmt: skip

INT64_TEXTS = [
    (20, "20"), ("20", "20"), (1, "1"), (100, "100"),
    (True, REFUSED), (20.0, REFUSED), (20.5, REFUSED), (-1, REFUSED), (101, REFUSED),
    (" 20", REFUSED), ("twenty", REFUSED), (None, REFUSED), (10**20, REFUSED),
]  # fmt: skip


@pytest.mark.parametrize(("given", "expected"), INTEGERS)
def test_integer_is_read_from_its_plain_digits(given: object, expected: object) -> None:
    """The text 42 is 42; anything that would have to be rounded, trimmed or guessed is refused."""
    assert bound("list_segments", "limit", given) == expected


@pytest.mark.parametrize(("given", "expected"), NUMBERS)
def test_number_is_read_from_its_plain_decimal_form(given: object, expected: object) -> None:
    """The text 1.5 is 1.5, three levels down as at the top, and limits hold afterwards."""
    assert bound("create_event", "context.location.latitude", given, name="x") == expected


@pytest.mark.parametrize(("given", "expected"), BOOLEANS)
def test_boolean_is_read_from_json_s_own_two_words(given: object, expected: object) -> None:
    """The words true and false are what JSON says; other words are not guessed at."""
    assert bound("list_users", "is_identified", given) is expected


@pytest.mark.parametrize(("given", "expected"), INT64_TEXTS)
def test_int64_that_travels_as_text_may_be_given_as_a_number(
    given: object, expected: object
) -> None:
    """The number 20 becomes the text 20, because the API wants text there and a model thinks in numbers."""
    assert bound("list_sessions", "limit", given, uid="x") == expected


@pytest.mark.parametrize("given", [5, 5.5, True, None, [], {}])
def test_plain_text_is_never_made_of_something_else(given: object) -> None:
    """A uid of 5 may be "5" or a mistake; which of both is not for us to say."""
    assert bound("list_sessions", "uid", given) is REFUSED


def test_given_arguments_are_not_changed() -> None:
    """Conversion works on a copy: what the door handed in stays as it was."""
    given = {"name": "x", "context": {"location": {"latitude": "1.5"}}}
    BINDER.bind(CATALOGUE.tools["create_event"], given)

    assert given == {"name": "x", "context": {"location": {"latitude": "1.5"}}}


@pytest.mark.parametrize("value", ["42", "true", 42, 1.5, None, ["1"], {"deep": "7"}])
def test_custom_properties_keep_the_types_they_were_given(value: object) -> None:
    """Below `properties` the type is the customer's own and is never touched."""
    assert bound("create_user", "properties.plan", value, uid="x") == value


def test_nothing_is_added_to_what_the_caller_gave() -> None:
    """Defaults are the API's: a call without `limit` is sent without it."""
    assert BINDER.bind(CATALOGUE.tools["list_segments"], None) == {}
    assert BINDER.bind(CATALOGUE.tools["list_segments"], {}) == {}
    assert BINDER.bind(CATALOGUE.tools["generate_context"], {"session_id": "1:2", "slice": {}}) == {
        "session_id": "1:2",
        "slice": {},
    }
