r"""Tables as LaTeX: a fragment for the package booktabs, or a document of their own.

Text of any kind is shown as it is. What fonts for Latin writing lack stands there as its number, [U+4E2D], so
that every document compiles with pdflatex.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from bench.analysis.formats.blocks import Blocks, Cell, as_cell

_GREEK = (
    *("alpha", "beta", "gamma", "delta", "epsilon", "eta", "theta", "lambda", "mu", "pi", "rho", "sigma"),
    *("tau", "phi", "omega"),
)
_SIGNS = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\`{}",
    "±": r"$\pm$",
    "\N{MULTIPLICATION SIGN}": r"$\times$",
    "\N{MINUS SIGN}": "$-$",
    "\N{RIGHTWARDS ARROW}": r"$\rightarrow$",
    "\N{LESS-THAN OR EQUAL TO}": r"$\leq$",
    "\N{GREATER-THAN OR EQUAL TO}": r"$\geq$",
    "\N{MICRO SIGN}": r"$\mu$",
    "†": r"$^{\dagger}$",
    "\N{EN DASH}": r"\textendash{}",
    "\N{EM DASH}": r"\textemdash{}",
    "\N{HORIZONTAL ELLIPSIS}": r"\ldots{}",
    "\N{LEFT SINGLE QUOTATION MARK}": r"\textquoteleft{}",
    "\N{RIGHT SINGLE QUOTATION MARK}": r"\textquoteright{}",
    "\N{LEFT DOUBLE QUOTATION MARK}": r"\textquotedblleft{}",
    "\N{RIGHT DOUBLE QUOTATION MARK}": r"\textquotedblright{}",
    "\N{NO-BREAK SPACE}": "~",
    **{character: "\\" + character for character in "&%$#_{}"},
    **{letter: rf"$\{name}$" for letter, name in zip("αβγδεηθλμπρστφω", _GREEK, strict=True)},
}
# Letters of the encoding T1: those of Latin-1 and Latin Extended-A, but for a few.
_LETTERS = frozenset(map(chr, range(0xC0, 0x17F))) - frozenset("\N{MULTIPLICATION SIGN}÷ĦħĸĿŀŉŦŧ")
_LIGATURE = re.compile(r"([-',])(?=[-',])")  # two of these become a dash or a quotation mark

_PREAMBLE = r"""\documentclass{article}
\usepackage[utf8]{inputenc}
\usepackage[T1]{fontenc}
\IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}
\usepackage{booktabs}
\usepackage{graphicx}
\setlength{\parindent}{0pt}
\setlength{\tabcolsep}{8pt}
\setlength{\parskip}{0.4em}
\raggedright
% A table as it is, or scaled to the page where it is larger.
\newsavebox{\tablebox}
\newenvironment{fitted}{\begin{lrbox}{\tablebox}}{\end{lrbox}%
  \ifdim\wd\tablebox>\linewidth\sbox{\tablebox}{\resizebox{\linewidth}{!}{\usebox{\tablebox}}}\fi
  \ifdim\dimexpr\ht\tablebox+\dp\tablebox\relax>0.9\textheight
    \sbox{\tablebox}{\resizebox*{!}{0.9\textheight}{\usebox{\tablebox}}}\fi
  \usebox{\tablebox}\par}
"""
_PORTRAIT, _LANDSCAPE = 490, 740  # points between the margins of a page
_READABLE = 0.8  # of the size of letters
_SENTENCES = 0.6  # of the width of a line, for all columns of sentences together
_SPACE = r"\par\medskip"
_CHARACTER, _GAP = 5, 16  # points: about the width of a letter, and between two columns


def blocks_to_latex(table: Blocks) -> str:
    """One `tabular` for the package booktabs, or one per block, then the notes in small print."""
    if not table.blocks:
        return _notes(table)
    groups = [[shared] for shared in table.blocks] if table.apart else [list(table.blocks)]
    lines = [r"% \usepackage{booktabs}"]
    for shown in groups:
        lines += [*_tabular(table, shown, range(len(table.columns))), *([_SPACE] if table.apart else [])]
    return "\n".join([*lines, _notes(table)])


def latex_document(title: str, tables: Sequence[Blocks]) -> str:
    """A document that pdflatex compiles.

    A table that is too wide turns the page, then shrinks; columns of a matrix that would become too small to
    read stand in further tables. It needs the packages booktabs, graphicx and geometry.
    """
    widths = [_widths(table) for table in tables]
    sides = "landscape" if any(sum(each) > _PORTRAIT for each in widths) else "portrait"
    page = rf"\usepackage[a4paper, {sides}, margin=18mm]{{geometry}}"
    lines = [_PREAMBLE + page, r"\begin{document}", rf"\section*{{{as_latex(title)}}}"]
    for table, each in zip(tables, widths, strict=True):
        for shared in table.blocks:
            for chosen in table.pieces(each, int(_LANDSCAPE / _READABLE)):
                lines += [r"\begin{fitted}", *_tabular(table, [shared], chosen), r"\end{fitted}"]
        lines.append(_notes(table))
    return "\n".join([*lines, r"\end{document}"]) + "\n"


def _tabular(table: Blocks, shown: Sequence[str], chosen: Sequence[int]) -> list[str]:
    """Some of the blocks with some of the columns, by place."""
    form = "".join(_form(table, place) for place in chosen)
    heads = table.heads()
    lines = [rf"\begin{{tabular}}{{{form}}}", r"\toprule"]
    lines.append(" & ".join(as_latex(heads[place]) for place in chosen) + r" \\")
    for shared in shown:
        lines += [r"\midrule", rf"\multicolumn{{{len(chosen)}}}{{l}}{{{as_latex(shared)}}} \\"]
        lines += [
            " & ".join(_cell(as_cell(row[place]), table.is_left(place)) for place in chosen) + r" \\"
            for row in table.blocks[shared]
        ]
    return [*lines, r"\bottomrule", r"\end{tabular}"]


def _form(table: Blocks, place: int) -> str:
    if table.columns[place] in table.wide:
        return rf"p{{{_SENTENCES / len(table.wide):.2f}\linewidth}}"
    return "l" if table.is_left(place) else "r"


def _cell(cell: Cell, left: bool) -> str:
    text = as_latex(cell.text)
    if not left:  # the sign of a number is no hyphen
        text = re.sub(r"[+-](?:\{\})?(?=\d)", lambda found: f"${found[0][0]}$", text)
    if cell.strong:
        text = rf"\textbf{{{text}}}"
    elif cell.quiet:
        text = rf"\textit{{{text}}}"
    return text + (rf"\rlap{{{as_latex(cell.marks)}}}" if cell.marks else "")


def _notes(table: Blocks) -> str:
    return "".join(rf"\par\noindent{{\footnotesize {as_latex(note)}}}" + "\n" for note in table.notes)


def _widths(table: Blocks) -> list[int]:
    """About the points that each column takes."""
    rows = [table.columns, *(row for rows in table.blocks.values() for row in rows)]
    broken = int(_LANDSCAPE * _SENTENCES / max(1, len(table.wide)))
    found = []
    for head, column in zip(table.columns, zip(*rows, strict=True), strict=True):
        width = _CHARACTER * max(len(as_cell(cell).text) for cell in column)
        found.append(_GAP + (min(width, broken) if head in table.wide else width))
    return found


def as_latex(text: str) -> str:
    """Text that LaTeX shows as it is, wherever it stands."""
    written = "".join(map(_sign, unicodedata.normalize("NFC", text)))
    written = _LIGATURE.sub(r"\1{}", written)
    # After the end of a row a bracket or a star would belong to the command that ends it.
    return f"{{{written[0]}}}{written[1:]}" if written.startswith(("[", "*")) else written


def _sign(character: str) -> str:
    known = _SIGNS.get(character)
    if known is not None:
        return known
    if " " <= character <= "\u007e" or character in _LETTERS:
        return character
    return f"[U+{ord(character):04X}]"
