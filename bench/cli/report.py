"""`bench report`: a suite's results as one page."""

from __future__ import annotations

import webbrowser
from pathlib import Path

from bench.cli.table import results_of
from bench.figures.style import make_folder
from bench.report.page import report_page
from bench.results.folder import write_atomically


def report(
    results: Path,
    suite: str,
    *,
    baseline: str | None,
    output: Path | None,
    plots: Path,
    home: Path | None,
    show: bool,
) -> None:
    """Write the report and print where it is.

    Args:
        results: the results folder.
        suite: a suite file, or the name of a suite's results.
        baseline: as of `report_page`.
        output: the file; None: report.html in the suite's folder of figures.
        plots: the folder of figures.
        home: as of `report_page`.
        show: open it in the browser.

    Raises:
        InputError: as `report_page`, or the folder is a file.
        DataError: likewise.
    """
    name = results_of(suite)
    page = report_page(results, name, home, baseline)
    file = plots / name / "report.html" if output is None else output
    make_folder(file.parent)
    write_atomically(file, page)
    print(file)
    if show and not webbrowser.open(file.absolute().as_uri()):
        print("no browser could be started here; open that file in one")
