"""Suite files behind the words of the command line and behind results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.errors import InputError
from bench.results.index import command_for, find_index, overrides_of
from bench.results.names import suite_of
from bench.suite.schema import Suite, find_suite, load_suite


def open_suite(verb: str, word: str, overrides: Sequence[str], results: Path) -> tuple[Path, Suite]:
    """The suite file that SUITE means, and what it says with the overrides.

    Args:
        verb: the verb that asks, for the remedy.
        word: a path, or the name of a file in suites/.
        overrides: values of ``--set``.
        results: the results folder.

    Raises:
        InputError: the file is missing or wrong, or the word names results.
    """
    try:
        file = find_suite(word)
    except InputError as error:
        index = None if "/" in word else find_index(results, word)
        if index is not None and index.file is not None and "@" not in word:
            raise InputError(
                f"{word!r} names results, and no suite in suites/",
                remedy=f"give the file they come from: {command_for(verb, results, word)}",
            ) from error
        if "@" not in word or "/" in word:
            raise
        raise InputError(
            f"{word!r} names results of suite {suite_of(word)!r} with other settings, not a suite",
            remedy=f"give the suite with the same --set: {command_for(verb, results, word)}",
        ) from error
    return file, load_suite(file, overrides)


def suite_behind(results: Path, name: str) -> tuple[Path, Suite]:
    """The suite file behind results, with their overrides, as it is now.

    Raises:
        InputError: the file cannot be found here, is wrong, or is another suite's; or the overrides are not
            known.
        DataError: the index is damaged or unreadable.
    """
    index = find_index(results, name)
    given = None if index is None else index.file
    usual = Path("suites") / f"{suite_of(name)}.yaml"
    file = next((path for path in (Path(given or usual), usual) if path.is_file()), None)
    if file is None:
        if given is None:
            raise InputError(
                f"there is no file {usual}, and its results do not say where it lies",
                remedy="`bench run FILE` enters that and reuses every run",
            )
        raise InputError(
            f"there is no file {given} in {Path.cwd()}",
            remedy="go to the folder where `bench run` found it, or `bench run FILE` from here once",
        )
    overrides = overrides_of(name, index)
    if overrides is None:
        raise InputError(
            f"the --set behind {name!r} is not known",
            remedy=f"`bench run {file}` with the same --set enters it and reuses every run",
        )
    suite = load_suite(file, overrides)
    if suite.suite != suite_of(name):
        raise InputError(f"{file} is suite {suite.suite!r}")
    return file, suite
