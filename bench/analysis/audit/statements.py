"""What the paper's text says of its tables, against the tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal

from bench.analysis.audit.finding import (
    Finding,
    Row,
    Rows,
    Span,
    exact,
    gain,
    leaders,
    printed_rows,
    result_of,
    span,
)
from bench.analysis.published import read_gains
from bench.wording import listed

_OWN, _BASE = "Proposal", "SASRec"
_IDS_ONLY = ("GRU4Rec", "Caser", "SASRec", "BERT4Rec")
_SMALL, _LARGE = ("VideoGames", "BoysGirls"), ("Women", "Men")  # the text's words for them
_MAIN = "Recall@20"
_QUESTION = "Statements of the text against the tables"


def audit_gains(paper: str) -> Iterator[Finding]:
    """The gains over SASRec in section 4.4."""
    rows = printed_rows(paper, 2)
    for row, told in read_gains(paper).items():
        a, b = span(rows[row][_OWN]), span(rows[row][_BASE])
        possible = Span(gain(a.low, b.high), gain(a.high, b.low))
        yield Finding(
            f"Section 4.4's gains over {_BASE} are Table 2's",
            " ".join(row),
            told,
            f"{_gain(rows, row):.2f}% ({possible.low:.2f}% to {possible.high:.2f}%)",
            result_of(possible.meets(span(told))),
        )


def audit_statements(paper: str) -> Iterator[Finding]:
    """Sentences of sections 4.4, 4.5 and 4.7.

    "Often", "mostly" and "in most cases" are taken for more than half of a table's rows.
    """
    models, fusions, tasks = (printed_rows(paper, number) for number in (2, 3, 4))
    yield _best_in_main(models)
    yield _counted(
        "4.4", "the proposed model mostly outperforms the baselines", models, _alone_at_the_top(_OWN), _most
    )
    yield _counted(
        "4.4",
        "of the models without contents SASRec performs best",
        {row: {name: printed[name] for name in _IDS_ONLY} for row, printed in models.items()},
        _alone_at_the_top(_BASE),
        _every,
    )
    for name in ("SASRecF", "FDSA"):
        yield _counted("4.4", f"{name} often performs worse than {_BASE}", models, _below(name, _BASE), _most)
    yield _counted(
        "4.4", f"FDSA consistently performs worse than {_BASE}", models, _below("FDSA", _BASE), _every
    )
    yield _small_gain_more(models)
    yield _counted("4.5", "Sum performs best on the four datasets", fusions, _alone_at_the_top("Sum"), _every)
    yield _counted("4.7", "in most cases multitask loss is better", tasks, _below("w/o MTL", "w/ MTL"), _most)


def _every(holds: int, of: int) -> bool:
    """Without exception."""
    return holds == of


def _most(holds: int, of: int) -> bool:
    """In more than half."""
    return 2 * holds > of


_Holds = Callable[[Mapping[str, str]], bool]


def _alone_at_the_top(column: str) -> _Holds:
    return lambda printed: leaders(printed) == [column]


def _below(column: str, other: str) -> _Holds:
    return lambda printed: exact(printed[column]) < exact(printed[other])


def _counted(
    section: str, sentence: str, rows: Rows, holds: _Holds, enough: Callable[[int, int], bool]
) -> Finding:
    """A sentence that is true of single rows of a table, and of how many."""
    failing = [row for row, printed in rows.items() if not holds(printed)]
    true = len(rows) - len(failing)
    but = f"; not on {_named(failing)}" if failing else ""
    return Finding(
        _QUESTION,
        f"section {section}",
        sentence,
        f"on {true} of {len(rows)} rows{but}",
        result_of(enough(true, len(rows))),
    )


def _best_in_main(rows: Rows) -> Finding:
    chosen = {row: printed for row, printed in rows.items() if row[1] == _MAIN}
    return _counted("4.4", f"the best in {_MAIN} on every dataset", chosen, _alone_at_the_top(_OWN), _every)


def _small_gain_more(rows: Rows) -> Finding:
    """The text speaks of one metric; what the others say stands beside it."""
    metrics = list(dict.fromkeys(metric for _, metric in rows))
    held = [metric for metric in metrics if _least(rows, metric) > _largest(rows, metric)]
    others = [metric for metric in metrics if metric not in held]
    shown = f"{_MAIN}: at least {_least(rows, _MAIN):.2f}% against at most {_largest(rows, _MAIN):.2f}%"
    return Finding(
        _QUESTION,
        "section 4.4",
        f"larger gains over {_BASE} on {listed(_SMALL)} than on {listed(_LARGE)} ({_MAIN})",
        f"{shown}{f'; not so in {listed(others)}' if others else ''}",
        result_of(_MAIN in held),
    )


def _gain(rows: Rows, row: Row) -> Decimal:
    return gain(exact(rows[row][_OWN]), exact(rows[row][_BASE]))


def _least(rows: Rows, metric: str) -> Decimal:
    return min(_gain(rows, (name, metric)) for name in _SMALL)


def _largest(rows: Rows, metric: str) -> Decimal:
    return max(_gain(rows, (name, metric)) for name in _LARGE)


def _named(rows: Sequence[Row]) -> str:
    """Rows by dataset: ``VideoGames (NDCG@10, NDCG@20)``."""
    found: dict[str, list[str]] = {}
    for name, metric in rows:
        found.setdefault(name, []).append(metric)
    return listed([f"{name} ({', '.join(metrics)})" for name, metrics in found.items()])
