"""LaTeX: every text is shown as it is, and documents compile."""

from __future__ import annotations

import re
import subprocess
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.analysis.formats.blocks import Blocks, Cell
from bench.analysis.formats.latex import as_latex, blocks_to_latex, latex_document

# What LaTeX makes of a command or of mathematics, written down from its documentation.
SHOWN = {
    r"\textbackslash{}": "\\",
    r"\textasciitilde{}": "~",
    r"\textasciicircum{}": "^",
    r"\textless{}": "<",
    r"\textgreater{}": ">",
    r"\textbar{}": "|",
    r"\`{}": "`",
    r"\&": "&",
    r"\%": "%",
    r"\$": "$",
    r"\#": "#",
    r"\_": "_",
    r"\{": "{",
    r"\}": "}",
    r"$\pm$": "±",
    r"$\lambda$": "λ",
    r"$^{\dagger}$": "†",
    "~": "\N{NO-BREAK SPACE}",
}
PIECE = re.compile("|".join([*map(re.escape, SHOWN), r"\{(?P<kept>[\[*])\}", r"\{\}", r"[^\\{}$&%#_^~<>|`]"]))
HOSTILE = [
    "[1ex] a row's end takes this",
    "*starred",
    "50% & more_of #1 {a} ~b^c \\input{x} $x$",
    "-- --- '' ,, `` ?` !` << >> \"",
    "\\end{tabular}\\end{document}",
    "naïve Łódź čeština Ø ß",
    "λ=10, 中文, Ωmega, \N{SOFT HYPHEN}, e\u0301, 🙂",
    "".join(map(chr, range(0x20, 0x180))),
]


def read(text: str) -> str:
    """What a reader of the typeset text sees; fails on whatever is no plain sign and no known command."""
    seen, at = [], 0
    while at < len(text):
        found = PIECE.match(text, at)
        assert found is not None, text[at:]
        seen.append(found["kept"] or SHOWN.get(found[0], "" if found[0] == "{}" else found[0]))
        at = found.end()
    return "".join(seen)


@given(st.text(st.sampled_from([*map(chr, range(0x20, 0x7F)), *"éŁ±λ†\N{NO-BREAK SPACE}"])))
def test_every_text_is_shown_as_it_is(text: str) -> None:
    written = as_latex(text)
    assert read(written) == text
    # Nothing that LaTeX joins to another sign, and nothing that a row's end before it takes as its own.
    assert not re.search("--|''|,,|``|[?!]`", written)
    assert not written.startswith(("[", "*"))


@given(st.characters(min_codepoint=0x2500, exclude_categories=["Cs"]))
def test_what_fonts_lack_has_its_number(character: str) -> None:
    whole = unicodedata.normalize("NFC", character)
    assert as_latex(f"a{character}b") == f"a{''.join(f'[U+{ord(c):04X}]' for c in whole)}b"
    assert as_latex(character).startswith("{[}U+")


def test_signs_of_numbers_are_no_hyphens() -> None:
    table = Blocks(("variant", "difference, %"), ("variant",), {"b": [("a-1", "-1.3 (-3.4 to +0.0)")]}, ())
    assert r"a-1 & $-$1.3 ($-$3.4 to $+$0.0) \\" in blocks_to_latex(table)
    assert r"Variant & Difference, \% \\" in blocks_to_latex(table)


def test_names_in_heads_stay_as_they_are() -> None:
    table = Blocks(("metric", "recbole/SASRec", "p"), (), {"b": [("MRR", "1", "2")]}, (), matrix=True)
    assert r"Metric & recbole/SASRec & p \\" in blocks_to_latex(table)
    assert r"\begin{tabular}{lrr}" in blocks_to_latex(table)


def test_a_wide_table_turns_the_page_and_many_columns_stand_below_each_other() -> None:
    def document(columns: int) -> str:
        heads = tuple(f"variant {number}" for number in range(columns))
        rows = [("MRR", *["0.1234 ± 0.1234"] * columns)]
        return latex_document("t", [Blocks(("metric", *heads), (), {"d": rows}, (), matrix=True)])

    assert ("portrait" in document(3), document(3).count(r"\begin{tabular}")) == (True, 1)
    assert ("landscape" in document(8), document(8).count(r"\begin{tabular}")) == (True, 1)
    assert ("landscape" in document(14), document(14).count(r"\begin{tabular}")) == (True, 2)
    assert [document(14).count(f"variant {number} ") for number in range(14)] == [1] * 14


def test_sentences_are_broken_and_blocks_set_apart() -> None:
    columns, blocks = ("claim", "p", "evidence"), {"a": [("x" * 300, "1", "y")], "b": [("x", "1", "y")]}
    wide = Blocks(columns, columns, blocks, ("n",), wide=("claim", "evidence"), apart=True)
    text = blocks_to_latex(wide)
    assert text.count(r"\begin{tabular}{p{0.30\linewidth}lp{0.30\linewidth}}") == 2
    assert text.count(r"\multicolumn{3}{l}") == 2
    assert "portrait" in latex_document("t", [wide])
    assert "landscape" in latex_document("t", [Blocks(columns, columns, blocks, ())])


@pytest.mark.requires("pdflatex")
def test_documents_compile(tmp_path: Path) -> None:
    cell = Cell("0.1234 ± 0.0012", "*†", strong=True)
    rows = [(label, cell, Cell("0.12 (-1.0%)", quiet=True)) for label in HOSTILE]
    tall = [("m", "1")] * 120
    tables = [
        Blocks(("model", *HOSTILE[:2]), (), dict.fromkeys(HOSTILE, rows), tuple(HOSTILE), matrix=True),
        Blocks(("variant", "p"), ("variant",), {"tall": tall}, ()),
        Blocks(("variant", "p"), ("variant",), {}, ("Nothing.",)),
        Blocks(("a", "b"), ("a", "b"), {key: [("word " * 200, "b")] for key in "xy"}, (), ("a",), apart=True),
    ]
    for name, text in (
        ("document", latex_document(HOSTILE[2], tables)),
        ("piece", _around("\n".join(map(blocks_to_latex, tables)))),
    ):
        (tmp_path / f"{name}.tex").write_text(text, encoding="utf-8")
        done = subprocess.run(
            ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", f"{name}.tex"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            errors="replace",
        )
        assert done.returncode == 0, done.stdout[-2000:]
        assert (tmp_path / f"{name}.pdf").stat().st_size > 1000


def _around(piece: str) -> str:
    """A document of a user's, with no more than the piece asks for."""
    return "\n".join(
        [
            r"\documentclass{article}\usepackage[T1]{fontenc}\usepackage{lmodern}\usepackage{booktabs}",
            r"\begin{document}",
            piece,
            r"\end{document}",
        ]
    )
