"""`bench data add` and `bench data remove`: files of the user's under a name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from bench.cli.data import prepare
from bench.data.datasets import remove_prepared
from bench.data.inference import COLUMNS, infer
from bench.data.places import forget
from bench.errors import InputError
from bench.suite.recipes import add_recipe, remove_recipe, require_free, written


def add(name: str, folder: Path, columns: Sequence[str], separator: str | None, home: Path | None) -> None:
    """Infer what the user's files are, show it, keep it as a recipe, and prepare the dataset.

    Args:
        name: of the dataset.
        folder: of the files.
        columns: what the user says of columns, each ``WHAT=COLUMN``.
        separator: what stands between categories; None: it is inferred.
        home: bench's home; see `home_folder`.

    Raises:
        InputError: it is not clear what the files are, or they are wrong; the recipe is not kept then.
        DataError: the files leave no user.
    """
    require_free(name)
    inferred = infer(folder, _columns(columns), separator)
    recipe = {"about": f"files of yours in {folder.resolve()}"} | inferred
    console = Console()
    console.print(written(recipe), markup=False, highlight=False, soft_wrap=True)
    file = add_recipe(name, recipe)
    try:
        prepare(name, folder, home)
    except BaseException:
        remove_recipe(name)
        raise
    console.print(f"The recipe, to read or edit: {file}", highlight=False, soft_wrap=True)


def remove(name: str, home: Path | None) -> None:
    """Remove what was prepared of a dataset, and its recipe if the user added it.

    Raises:
        InputError: there is nothing of this name.
    """
    own = remove_recipe(name)
    folders = remove_prepared(name, home)
    forget(name, home)
    if not own and not folders:
        raise InputError(f"nothing is prepared of {name!r}, and no recipe of yours has this name")
    console = Console()
    for removed in folders:
        console.print(f"removed {removed}", highlight=False, soft_wrap=True)
    if own:
        console.print(f"removed the recipe of {name}", highlight=False)


def _columns(words: Sequence[str]) -> dict[str, str]:
    found = {}
    for word in words:
        what, sign, column = word.partition("=")
        if not sign or what not in COLUMNS:
            raise InputError(
                f"{word!r} does not say which column is what",
                file="--column",
                remedy=f"WHAT=COLUMN, where WHAT is one of {', '.join(COLUMNS)}",
            )
        found[what] = column
    return found
