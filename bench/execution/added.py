"""What earlier calls ran beside a suite, by the settings that it would have today."""

from __future__ import annotations

from bench.errors import InputError
from bench.results.index import Index
from bench.suite.expansion import RunSpec, expand, select
from bench.suite.schema import Suite


def added_specs(suite: Suite, index: Index) -> list[RunSpec]:
    """The runs of an index that ``--dataset`` or ``--model`` added, under the suite's settings of today.

    A label is what the command line said, in the same words. One that it cannot say any more (a label of its
    own, a module that is gone) is left out, and so is what the suite has come to list.
    """
    listed = expand(suite)
    datasets = {*index.added_datasets, *(each.label for each in suite.datasets)}
    models = {*index.added_models, *(each.label for each in suite.models)}
    found: list[RunSpec] = []
    for dataset, model in dict.fromkeys((cell.dataset, cell.model) for cell in index.cells):
        if not index.is_added(dataset, model) or dataset not in datasets or model not in models:
            continue  # the suite's own, or added to what it has dropped
        try:
            specs = select(listed, suite, [dataset], [model])
        except InputError:
            continue
        seeds = {cell.seed for cell in index.cells if (cell.dataset, cell.model) == (dataset, model)}
        found += [spec for spec in specs if spec.cell == (dataset, model) and spec.seed in seeds]
    present = {(*spec.cell, spec.seed) for spec in listed}
    return [spec for spec in found if (*spec.cell, spec.seed) not in present]
