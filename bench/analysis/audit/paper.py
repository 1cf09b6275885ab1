"""The audit of a paper, whole, and for reading."""

from __future__ import annotations

from collections.abc import Sequence

from bench.analysis.audit.consistency import audit_metrics
from bench.analysis.audit.finding import Finding
from bench.analysis.audit.marks import audit_marks
from bench.analysis.audit.sizes import audit_sizes
from bench.analysis.audit.statements import audit_gains, audit_statements
from bench.analysis.audit.tables import audit_tables
from bench.analysis.formats.blocks import Blocks
from bench.analysis.published import PAPERS
from bench.wording import count

_COLUMNS = ("of", "the paper", "its own numbers", "result")
_PARTS = (audit_sizes, audit_tables, audit_metrics, audit_marks, audit_gains, audit_statements)


def audit(paper: str) -> list[Finding]:
    """Everything that is checked, in the order of the tables and then of the text."""
    return [finding for part in _PARTS for finding in part(paper)]


def audit_table(paper: str, findings: Sequence[Finding]) -> Blocks:
    """A block per question, with how many of its findings agree."""
    questions: dict[str, list[Finding]] = {}
    for finding in findings:
        questions.setdefault(finding.question, []).append(finding)
    blocks: dict[str, list[tuple[str, ...]]] = {
        f"{question}: {_agreeing(own)} of {len(own)} agree": [
            (each.where, each.printed, each.follows, each.result) for each in own
        ]
        for question, own in questions.items()
    }
    notes = (
        f"{PAPERS[paper]}, as printed: {count(len(findings), 'check')}, {_agreeing(findings)} agree,"
        f" {len(findings) - _agreeing(findings)} disagree. No results of ours are in this.",
        "A printed number stands for all that round to it; a check disagrees where none of them fits.",
    )
    return Blocks(_COLUMNS, _COLUMNS, blocks, notes, wide=_COLUMNS[1:3], apart=True)


def _agreeing(findings: Sequence[Finding]) -> int:
    return sum(each.result == "agrees" for each in findings)
