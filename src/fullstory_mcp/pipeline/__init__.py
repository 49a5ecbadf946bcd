"""The way of a call: what the doors hand in, who may, what is asked first, and what comes back."""

from fullstory_mcp.pipeline.calls import Call, Consent, Question, silent
from fullstory_mcp.pipeline.way import Listed, Pipeline

__all__ = ["Call", "Consent", "Listed", "Pipeline", "Question", "silent"]
