"""What a caller is told whose budget does not cover a call."""

from fullstory_mcp.policy import Metered, Ruling
from fullstory_mcp.usage.periods import Span, told

NOUNS: dict[Metered, str] = {
    "activations": "Activation",
    "server_events": "server event",
    "calls": "call",
}


def refusal(  # noqa: PLR0913, PLR0917 - what a sentence is made of
    what: Metered, amount: int, span: Span, most: int, spent: int, ruling: Ruling | None
) -> str:
    """One text: what the call needs, what is left, whose rule it is, and when there is more."""
    needs = f"Nothing was sent: this call needs {counted(amount, NOUNS[what])}"
    by = f" ({ruling.by})" if ruling else ""
    if not most:
        return f"{needs}, and the policy allows none{by}. Only the operator can change that."
    if amount > most:
        return (
            f"{needs}, and the policy allows {most:,} a {span.period} in all{by}. "
            "Ask for less in one call."
        )
    then = f"More from {told(span.ends_at)}. get_usage shows every budget."
    whole = f"the {counted(most, NOUNS[what])} a {span.period} that the policy allows{by}"
    if (left := most - spent) <= 0:
        return f"Nothing was sent: {whole} {'is' if most == 1 else 'are'} spent. {then}"
    return f"{needs}, and of {whole} {left:,} {'is' if left == 1 else 'are'} left. {then}"


def counted(amount: int, noun: str) -> str:
    """`1 call`, `2,000 calls`."""
    return f"{amount:,} {noun}{'' if amount == 1 else 's'}"
