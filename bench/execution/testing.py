"""The test step: the only place that opens test targets, once per run, after training has ended."""

from __future__ import annotations

from typing import Protocol

from bench.data.locked import load_test
from bench.data.prepared import PreparedDataset, Targets
from bench.evaluation.ranking import Ranks


class Ranker(Protocol):
    """Anything trained that can rank."""

    def test(self, targets: Targets) -> Ranks:
        """Places of the targets after histories that include the validation items."""
        ...


def rank_test_targets(trained: Ranker, dataset: PreparedDataset) -> Ranks:
    """Places of the dataset's test targets."""
    return trained.test(load_test(dataset))
