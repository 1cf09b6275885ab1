"""`bench ablate`: a model taken apart, as a suite of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

import yaml

from bench.cli.compare import compare
from bench.cli.run import run_specs
from bench.cli.suites import open_suite
from bench.errors import InputError
from bench.registry import MODALITIES, Control, Modality
from bench.results.folder import check_folder, write_atomically
from bench.suite.ablated import ablated_suite
from bench.suite.ablation import SIZES, WEIGHTS, Ablation, Mode
from bench.suite.expansion import expand, select
from bench.suite.overrides import apply_overrides, overrides_slug
from bench.suite.parts import match
from bench.suite.problems import suggest
from bench.suite.reader import Document, read_document
from bench.suite.schema import check_suite, load_suite

SMALL, PAPERS = "suites/small/figure3.yaml", "suites/figure3.yaml"
GRID = "grid"

N = TypeVar("N", int, float)


def ablation(
    *,
    modalities: Sequence[str],
    modes: Sequence[str],
    controls: Sequence[str],
    fusion: bool,
    multitask: bool,
    sizes: str | None,
    weights: str | None,
) -> Ablation:
    """What the options of the command line ask to be varied.

    Raises:
        InputError: a value is none, or nothing is to be varied.
    """
    words = list(dict.fromkeys(word for text in modalities for word in _parts(text, "+")))
    chosen = list(MODALITIES) if "all" in words else words
    for word in chosen:
        if word not in MODALITIES:
            raise InputError(
                f"no modality {word!r}", file="--modality", remedy=suggest(word, [*MODALITIES, "all"])
            )
    if (modes or controls) and not chosen:
        raise InputError(
            "there is no modality to vary",
            file="--mode" if modes else "--control",
            remedy="add --modality all, or one of image, text and category",
        )
    found = Ablation(
        modalities=tuple(cast(list[Modality], chosen)),
        modes=tuple(dict.fromkeys(cast(Sequence[Mode], modes))) or Ablation.modes,
        controls=tuple(dict.fromkeys(cast(Sequence[Control], controls))),
        fusion=fusion,
        multitask=multitask,
        sizes=_numbers(sizes, int, SIZES, "--size"),
        weights=_numbers(weights, float, WEIGHTS, "--lambda"),
    )
    if not found.words():
        raise InputError(
            "nothing is to be varied",
            remedy="say what: --modality image (or text, category, all), --fusion, --multitask, --size grid"
            " or --lambda grid",
        )
    return found


def _parts(text: str, sign: str) -> list[str]:
    return [part.strip() for part in text.split(sign)]


def _numbers(text: str | None, kind: Callable[[str], N], grid: tuple[N, ...], option: str) -> tuple[N, ...]:
    if text is None or text == GRID:
        return () if text is None else grid
    try:
        return tuple(dict.fromkeys(kind(part) for part in _parts(text, ",")))
    except ValueError as error:
        raise InputError(
            f"{text!r} is no list of numbers", file=option, remedy=f"write them as in 8,16, or {GRID}"
        ) from error


def ablate(
    suite_name: str | None,
    what: Ablation,
    *,
    model: str | None,
    datasets: list[str],
    seeds: list[int],
    overrides: list[str],
    results: Path,
    home: Path | None,
    jobs: int | None,
    dry_run: bool,
) -> int:
    """Write the suite of an ablation into its results folder, run it, and compare with the whole model.

    Args:
        suite_name: a path, or the name of a file in suites/; None: that of the modalities, the paper's for
            the paper's datasets.
        what: to vary.
        model: label of the variant; None: the one that reads most.
        datasets: labels or names; none: all.
        seeds: none: the suite's.
        overrides: values of ``--set``.
        results: the results folder.
        home: where prepared data lie.
        jobs: runs at a time; None: as many as there are cores for.
        dry_run: write and run nothing.

    Returns:
        The exit code: 0, or 1 if a cell failed.

    Raises:
        InputError: the suite is missing or wrong, or has nothing of what is to be varied.
    """
    file, suite = open_suite("ablate", suite_name or _usual(datasets), overrides, results)
    # Overrides change the model before it is taken apart: its variants share what they set.
    document = apply_overrides(read_document(file), overrides)
    data = ablated_suite(document, suite, what, model, datasets, mark=overrides_slug(overrides))
    target = results / data["suite"] / "suite.yaml"
    made = check_suite(Document(data=data, file="bench ablate"))
    specs = select(expand(made), made, seeds=seeds)
    if not dry_run:
        check_folder(results)
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(target, _as_text(data, file))
    code = run_specs(
        target,
        made,
        specs,
        overrides=[],
        results=results,
        home=home,
        jobs=jobs,
        dry_run=dry_run,
        fresh=False,
    )
    if not dry_run:
        compare(results, made.suite, baseline=None, metrics=[], margin=None, format="rich")
    return code


def _usual(datasets: Sequence[str]) -> str:
    """The suite where none is named."""
    for file in (SMALL, PAPERS):
        if not Path(file).is_file():
            raise InputError(f"there is no file {file} here", remedy="name a suite: bench ablate SUITE ...")
        suite = load_suite(file)
        if all(match(word, suite.datasets) for word in datasets):
            return file
    raise InputError(
        f"neither {SMALL} nor {PAPERS} has the datasets {', '.join(datasets)}",
        file="--dataset",
        remedy="name a suite that has them: bench ablate SUITE ...",
    )


def _as_text(data: dict[str, Any], file: Path) -> str:
    head = f"# Written by `bench ablate` from {file}: a variant whole, the others with one thing changed.\n"
    return head + yaml.dump(data, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=110)


class _Plain(yaml.SafeDumper):
    """Writes every value out, as suites are read."""

    def ignore_aliases(self, data: Any) -> bool:
        return True
