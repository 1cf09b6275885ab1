"""What a prepared dataset is like, in words: its sizes, and what may make its numbers misleading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from bench.data.prepared import PreparedDataset

REWARDS_REPEATING = 0.2  # Recall@10 of LastItem from which on the dataset is called out
_SIZES = ("users", "items", "interactions")


@dataclass(frozen=True)
class Finding:
    """One fact of an audit.

    Attributes:
        about: what it is about, short.
        value: how many, or what share; None for a sentence alone.
        of: how many there are, where the value counts some of them.
        words: what it means.
        warning: whether it may mislead.
    """

    about: str
    value: float | None
    of: int | None
    words: str
    warning: bool = False

    def record(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def findings(dataset: PreparedDataset, paper: Mapping[str, float]) -> list[Finding]:
    """The audit of a dataset.

    Args:
        dataset: prepared.
        paper: the sizes that a paper gives for it; empty if none does.
    """
    return [*_sizes(dataset, paper), *_repeats(dataset), *_time(dataset), *_contents(dataset)]


def _sizes(dataset: PreparedDataset, paper: Mapping[str, float]) -> list[Finding]:
    audit = dataset.audit
    sizes = {"users": dataset.n_users, "items": dataset.n_items, "interactions": dataset.n_interactions}
    found = [
        Finding(name, sizes[name], None, f"the paper: {paper[name]:,.0f}" if name in paper else "")
        for name in _SIZES
    ]
    for name in ("user", "item"):
        value = audit[f"interactions_per_{name}"]
        printed = paper.get(f"actions_per_{name}")
        words = "" if printed is None else f"the paper prints {printed:g}"
        found.append(Finding(f"interactions per {name}", round(value, 2), None, words))
    if {"interactions", "items", "actions_per_item"} <= paper.keys():
        implied = paper["interactions"] / paper["actions_per_item"]
        found.append(
            Finding(
                "the paper's table",
                None,
                None,
                f"its interactions divided by its actions per item imply {implied:,.0f} items, and not its"
                f" {paper['items']:,.0f}",
                warning=True,
            )
        )
    return found


def _repeats(dataset: PreparedDataset) -> list[Finding]:
    audit = dataset.audit
    recall = audit["last_item_recall_at_10"]
    rewards = recall >= REWARDS_REPEATING
    return [
        Finding(
            "test targets in the history",
            audit["repeated_test_targets"],
            audit["test_targets"],
            "items that the user had already",
        ),
        Finding(
            "Recall@10 of the history",
            round(recall, 4),
            None,
            "of the user's own last ten items, newest first, as LastItem ranks them"
            + (": a high Recall@10 says little here; look at evaluation.mask_history" if rewards else ""),
            warning=rewards,
        ),
        Finding(
            "repeated interactions",
            audit["repeated_interactions"],
            dataset.n_interactions,
            "with items that the user had already",
        ),
        Finding(
            "duplicate interactions",
            audit["duplicate_interactions"],
            dataset.n_interactions,
            "of the same user with the same item at the same time as another",
        ),
        Finding(
            "test targets never trained",
            audit["untrained_test_targets"],
            audit["test_targets"],
            "in no training part: out of reach for a model that knows ids alone",
        ),
        Finding("Gini of popularity", round(audit["popularity_gini"], 3), None, "0: all items as often"),
    ]


def _time(dataset: PreparedDataset) -> list[Finding]:
    audit = dataset.audit
    if not audit["timed"]:
        return [Finding("times", None, None, "the data have none: what is later is what stands later")]
    split_by_order = audit["users_split_within_a_moment"]
    later = audit["later_training_share"]
    return [
        Finding(
            "interactions that share a time",
            audit["interactions_with_a_time_shared"],
            dataset.n_interactions,
            "with another of the same user: their order is that of the file",
        ),
        Finding(
            "users split within a moment",
            split_by_order,
            dataset.n_users,
            "the order of the file decides which item is the target",
            warning=split_by_order > dataset.n_users / 10,
        ),
        Finding(
            "training after the test target",
            round(later, 4),
            None,
            "share of all training interactions that are later than a user's test target, on average: what"
            " leave-one-out sees of the future",
            warning=later > 0.1,
        ),
    ]


def _contents(dataset: PreparedDataset) -> list[Finding]:
    audit = dataset.audit
    found = [
        Finding(
            f"items without {modality}",
            dataset.n_items - audit["items_with"][modality],
            dataset.n_items,
            "" if audit["items_with"][modality] else "models that read it have nothing to read",
            warning=not audit["items_with"][modality],
        )
        for modality in ("image", "text", "category")
    ]
    for what in ("title", "picture"):
        if what == "picture" and not audit["items_with"]["image"]:
            continue  # not known, which is not none
        found.append(
            Finding(
                f"items that share a {what}",
                audit[f"items_with_a_{what}_shared"],
                dataset.n_items,
                f"with another: near-duplicates by their {what}",
            )
        )
    return found
