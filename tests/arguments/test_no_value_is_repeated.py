"""A fault's text is made from the kind of fault and its path: never from what the caller sent.

What strangers typed into a form reaches us as a model's arguments; repeated in an error, it would
be read as ours.
"""

from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fullstory_mcp.arguments import Binder
from fullstory_mcp.catalogue import JSON, Tool, load_catalogue
from fullstory_mcp.errors import InvalidArguments

CATALOGUE = load_catalogue()
BINDER = Binder(CATALOGUE.provider)
TOOLS = list(CATALOGUE.tools.values())

MARK = "Zk7Qx"
NUMBER = 918273645546

marked = st.one_of(
    st.text(max_size=20).map(lambda text: f"{text}{MARK}{text}"),
    st.sampled_from(
        [MARK, f"https://{MARK}", f"{MARK}:{MARK}", f"..{MARK}", f"%{MARK}", f" {MARK}", MARK * 200]
    ),
    st.just(NUMBER),
    st.just(-NUMBER + 0.5),
    st.booleans(),
    st.none(),
)


def wrong(schema: JSON, names: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """Values for a schema that are mostly wrong: its own form filled with marked values."""
    inner: list[st.SearchStrategy[Any]] = [marked, st.lists(marked, max_size=3)]
    properties = schema.get("properties", {})
    inner.append(
        st.dictionaries(
            st.sampled_from(sorted(properties) or ["plain_name"]) | names, marked, max_size=4
        )
    )
    if properties:
        inner.append(
            st.fixed_dictionaries(
                {}, optional={name: wrong(part, names) for name, part in properties.items()}
            )
        )
    if isinstance(items := schema.get("items"), dict):
        inner.append(st.lists(wrong(items, names), max_size=3))
    return st.one_of(inner)


STRATEGIES = {
    tool.name: wrong({"properties": tool.input.schema["properties"]}, st.just("plain_name"))
    for tool in TOOLS
}


def refusal(tool: Tool, arguments: Any) -> InvalidArguments | None:
    """The error that a call is answered with; None where it is accepted."""
    try:
        BINDER.bind(tool, arguments)
    except InvalidArguments as error:
        return error
    return None


@settings(max_examples=400)
@given(st.data())
def test_no_value_of_the_caller_is_in_a_fault(data: st.DataObject) -> None:
    """Marked values of every form, at every place of every tool, are in no text that is told."""
    tool = data.draw(st.sampled_from(TOOLS), label="tool")
    arguments = data.draw(STRATEGIES[tool.name], label="arguments")
    told = str(refusal(tool, arguments))

    assert MARK not in told
    assert str(NUMBER) not in told


@given(st.text(), st.sampled_from(TOOLS))
def test_name_of_the_caller_s_own_is_shown_only_when_it_is_plain(name: str, tool: Tool) -> None:
    """An unknown name is told so that it can be mended, in one line of bounded length."""
    assume(name not in tool.input.schema["properties"])
    error = refusal(tool, {name: 1})

    assert error is not None
    assert all(len(fault.field) <= 100 and fault.field.isprintable() for fault in error.faults)
    assert str(error).count("\n") == len(error.faults[:10])
