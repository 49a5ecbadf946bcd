"""The benchmarks' own parts, for tests that hold what a benchmark measures."""

import sys

from checkout import ROOT

sys.path.append(str(ROOT / "benchmarks"))

from facts import broken, measured, table
from hostile import contexts
from planting import planted_sessions
from shaping import PROMISED, longest, ratio, shaped

__all__ = [
    "PROMISED",
    "broken",
    "contexts",
    "longest",
    "measured",
    "planted_sessions",
    "ratio",
    "shaped",
    "table",
]
