"""The verdicts on claims of equality, for reading: on a terminal, as markdown, as LaTeX."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bench.analysis.equivalence import EqualityRow
from bench.analysis.rendering import as_latex, as_markdown
from bench.analysis.welch import CONFIDENCE, MOST_SEEDS, POWER

_COLUMNS = ("variant", "mean", "difference, %", "verdict", "seeds")
_NEEDED = "needs"
_LEFT = ("variant", "verdict")

_LEGEND = (
    f"Equality: difference of the means over seeds and its {CONFIDENCE:.0%} Welch interval, in % of the "
    "reference's mean. The users are the same for both, so only seeds vary. equal: the interval lies within "
    "the margin; different: outside it; not decided: neither, or fewer than two seeds."
)
_NEEDED_LEGEND = (
    f"{_NEEDED}: the seeds of each with which a verdict would come with probability {POWER:.0%}, if true "
    "difference and spread were the observed ones; "
    f">{MOST_SEEDS}: the difference lies at the margin."
)
_NOTHING = "No claim of equality is in these results; `bench run` enters those of the suite file."


@dataclass(frozen=True)
class VerdictTable:
    """Verdicts as text.

    Attributes:
        columns: the heads of the columns.
        blocks: dataset, metric and margin in words -> rows, each with a text per column.
        notes: lines below.
    """

    columns: tuple[str, ...]
    blocks: dict[str, list[tuple[str, ...]]]
    notes: tuple[str, ...]


def verdict_table(rows: Sequence[EqualityRow]) -> VerdictTable:
    """Arrange verdicts: a block per dataset, metric and margin; within it variants after their reference."""
    if not rows:
        return VerdictTable(_COLUMNS, {}, (_NOTHING,))
    needed = any(_needs(row) for row in rows)
    blocks: dict[str, dict[str, list[EqualityRow]]] = {}
    for row in rows:
        shared = f"Equality on {row.dataset}: {row.metric}, margin ±{100 * row.margin:g}%"
        blocks.setdefault(shared, {}).setdefault(row.reference, []).append(row)
    columns = (*_COLUMNS, _NEEDED) if needed else _COLUMNS
    return VerdictTable(
        columns,
        {
            shared: [line[: len(columns)] for group in groups.values() for line in _lines(group)]
            for shared, groups in blocks.items()
        },
        (_LEGEND, _NEEDED_LEGEND) if needed else (_LEGEND,),
    )


def _lines(group: Sequence[EqualityRow]) -> Iterator[tuple[str, ...]]:
    """The reference, then what is compared with it."""
    base = group[0]
    yield base.reference, _mean(base.reference_mean), "reference", "", _seeds(base.reference_seeds, base), ""
    for row in group:
        yield (
            row.variant,
            _mean(row.mean),
            _difference(row),
            row.verdict,
            _seeds(row.seeds, row),
            _needs(row),
        )


def _mean(value: float | None) -> str:
    return "none" if value is None else f"{value:.4f}"


def _difference(row: EqualityRow) -> str:
    if row.difference is None:
        return ""
    if row.low is None or row.high is None:
        return _percent(row.difference)
    return f"{_percent(row.difference)} ({_percent(row.low)} to {_percent(row.high)})"


def _percent(share: float) -> str:
    return f"{100 * share:+z.1f}"


def _seeds(done: Sequence[int], row: EqualityRow) -> str:
    return str(len(done)) if len(done) == row.seeds_planned else f"{len(done)} of {row.seeds_planned}"


def _needs(row: EqualityRow) -> str:
    """Seeds for a verdict: empty where there is one, or where too few seeds tell nothing."""
    if row.verdict != "not decided" or row.low is None:
        return ""
    return f">{MOST_SEEDS}" if row.seeds_needed is None else str(row.seeds_needed)


def verdicts_to_markdown(table: VerdictTable) -> str:
    """GitHub-flavoured Markdown: a heading and a table per block, then the notes."""
    lines: list[str] = []
    for shared, rows in table.blocks.items():
        lines += [f"**{as_markdown(shared)}**", "", f"| {' | '.join(table.columns)} |"]
        lines.append(f"| {' | '.join(':--' if column in _LEFT else '--:' for column in table.columns)} |")
        lines += [f"| {' | '.join(map(as_markdown, row))} |" for row in rows]
        lines.append("")
    return "\n".join([*lines, *(f"- {as_markdown(note)}" for note in table.notes)]) + "\n"


def verdicts_to_latex(table: VerdictTable) -> str:
    """A `tabular` for the package booktabs, then the notes in small print."""
    notes = [rf"\par\noindent{{\footnotesize {as_latex(note)}}}" for note in table.notes]
    if not table.blocks:
        return "\n".join(notes) + "\n"
    form = "".join("l" if column in _LEFT else "r" for column in table.columns)
    lines = [r"% \usepackage{booktabs}", rf"\begin{{tabular}}{{{form}}}", r"\toprule"]
    lines.append(" & ".join(as_latex(column.capitalize()) for column in table.columns) + r" \\")
    for shared, rows in table.blocks.items():
        lines += [r"\midrule", rf"\multicolumn{{{len(form)}}}{{l}}{{{as_latex(shared)}}} \\"]
        lines += [" & ".join(_latex_row(table.columns, row)) + r" \\" for row in rows]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", *notes]) + "\n"


def _latex_row(columns: Sequence[str], row: Sequence[str]) -> list[str]:
    """Escaped texts, with signs of numbers as signs instead of hyphens."""
    return [
        as_latex(text) if column in _LEFT else re.sub(r"[+-](?=\d)", r"$\g<0>$", as_latex(text))
        for column, text in zip(columns, row, strict=True)
    ]


def verdicts_to_rich(table: VerdictTable) -> RenderableType:
    """A table per block; it fits 100 columns with labels of up to 28 characters, else texts wrap."""
    parts: list[RenderableType] = []
    for shared, rows in table.blocks.items():
        # Text throughout: a label like toyshop[image=1] would otherwise be read as markup.
        block = Table()
        for column in table.columns:
            block.add_column(Text(column), justify="left" if column in _LEFT else "right", overflow="fold")
        for row in rows:
            block.add_row(*map(Text, row))
        parts += [Text(shared, style="bold"), block]
    return Group(*parts, *(Text(note, style="dim") for note in table.notes))
