"""Which variant the others of a suite are compared with."""

from __future__ import annotations

from bench.errors import InputError
from bench.results.index import Index
from bench.suite.problems import suggest

USUAL = "SASRec"


def baseline_of(index: Index, wanted: str | None) -> str:
    """The label of the baseline: as wanted, else the suite's, else `USUAL`.

    Raises:
        InputError: the suite has no such variant.
    """
    label = wanted or index.baseline or USUAL
    if label in index.models:
        return label
    if wanted is None:
        raise InputError(
            f"{index.suite} has no variant {label!r} to compare with",
            file="--baseline",
            remedy=f"name one of {', '.join(index.models)}",
        )
    raise InputError(
        f"{index.suite} has no variant {wanted!r}", file="--baseline", remedy=suggest(wanted, index.models)
    )
