"""Table 1: whether the sizes of the data sets agree with each other.

Counts are exact, so that actions per user times users must be the interactions up to the rounding of the
actions; likewise of items.
"""

from __future__ import annotations

from collections.abc import Iterator

from bench.analysis.audit.finding import Finding, Span, exact, result_of, span
from bench.analysis.published import read_statistics

_FEWEST = 5  # interactions of a user or an item, after section 4.1


def audit_sizes(paper: str) -> Iterator[Finding]:
    """Averages against counts, items against interactions, and the filter of section 4.1."""
    sizes = read_statistics(paper)
    for kind in ("User", "Item"):
        yield from (_average(name, kind, printed) for name, printed in sizes.items())
    yield from (_items(name, printed) for name, printed in sizes.items())
    for kind in ("User", "Item"):
        yield from (_filter(name, kind, printed) for name, printed in sizes.items())


def _average(name: str, kind: str, printed: dict[str, str]) -> Finding:
    count, average = exact(printed[f"#{kind}s"]), printed[f"#Avg. Actions/{kind}"]
    told, each = exact(printed["#Interactions"]), span(average)
    product = Span(count * each.low, count * each.high)
    agrees = product.meets(Span(told, told))
    follows = f"{product.low:,.0f} to {product.high:,.0f}"
    if not agrees:
        follows += f", {count * exact(average) / told:.1f} times as many"
    return Finding(
        f"Table 1: {kind.lower()}s x actions per {kind.lower()} = interactions",
        name,
        f"{printed[f'#{kind}s']} x {average} = {printed['#Interactions']}",
        follows,
        result_of(agrees),
    )


def _items(name: str, printed: dict[str, str]) -> Finding:
    items, interactions = printed["#Items"], printed["#Interactions"]
    return Finding(
        "Table 1: no more items than interactions",
        name,
        f"{items} items",
        f"{interactions} interactions",
        result_of(exact(items) <= exact(interactions)),
    )


def _filter(name: str, kind: str, printed: dict[str, str]) -> Finding:
    mean = exact(printed["#Interactions"]) / exact(printed[f"#{kind}s"])
    return Finding(
        f"Section 4.1: no {kind.lower()} has fewer than {_FEWEST} interactions",
        name,
        f"{_FEWEST} or more",
        f"{printed['#Interactions']} / {printed[f'#{kind}s']} = {mean:.1f} on average",
        result_of(mean >= _FEWEST),
    )
