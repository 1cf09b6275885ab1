"""The audit's facts against plain Python, bench's own LastItem, SciPy-free definitions and cases by hand."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.data.datasets import prepare_dataset
from bench.data.facts import gini, quantiles
from bench.data.locked import load_test
from bench.data.prepared import load_training
from bench.data.sources.base import INTERACTIONS, ITEMS, RawData
from bench.data.split import split
from bench.evaluation.metrics import summarise
from bench.evaluation.ranking import histories, rank
from bench.models.base import ModelContext
from bench.models.building import build

Row = tuple[str, str, int]
LOGS = st.lists(
    st.tuples(st.sampled_from("uvw"), st.sampled_from("abcde"), st.integers(0, 4)), min_size=9, max_size=40
)


def facts(rows: list[Row], titles: dict[str, str] | None = None) -> dict[str, object]:
    table = [dict(zip(INTERACTIONS.names, row, strict=True)) for row in rows]
    items: list[dict[str, object]] = [
        {"id": name, "title": title, "text": "", "categories": [], "image": None}
        for name, title in (titles or {}).items()
    ]
    raw = RawData(pa.Table.from_pylist(table, schema=INTERACTIONS), pa.Table.from_pylist(items, schema=ITEMS))
    return dict(split(raw).facts)


def by_user(rows: list[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[0]].append(row)
    return {user: sorted(own, key=lambda row: row[2]) for user, own in found.items() if len(own) >= 3}


@given(rows=LOGS)
def test_counts_are_those_of_plain_python(rows: list[Row]) -> None:
    users = by_user(rows)
    if not users:
        return
    found = facts(rows)
    repeated = [
        own[at][1] in {row[1] for row in own[:at]} for own in users.values() for at in range(len(own))
    ]
    assert found["repeated_interactions"] == sum(repeated)
    assert found["repeated_test_targets"] == sum(
        own[-1][1] in {row[1] for row in own[:-1]} for own in users.values()
    )
    trained = {row[1] for own in users.values() for row in own[:-2]}
    assert found["untrained_test_targets"] == sum(own[-1][1] not in trained for own in users.values())
    assert found["untrained_validation_targets"] == sum(own[-2][1] not in trained for own in users.values())
    times = Counter((row[0], row[2]) for own in users.values() for row in own)
    assert found["interactions_with_a_time_shared"] == sum(n for n in times.values() if n > 1)
    same = Counter(row for own in users.values() for row in own)
    assert found["duplicate_interactions"] == sum(n - 1 for n in same.values())
    assert found["users_split_within_a_moment"] == sum(
        own[-1][2] == own[-2][2] or own[-2][2] == own[-3][2] for own in users.values()
    )
    training = [row[2] for own in users.values() for row in own[:-2]]
    later = [np.mean([time > own[-1][2] for time in training]) for own in users.values()]
    assert found["later_training_share"] == pytest.approx(np.mean(later))
    hits = 0
    for own in users.values():
        newest_first = list(dict.fromkeys(row[1] for row in reversed(own[:-1])))
        hits += own[-1][1] in newest_first[:10]
    assert found["last_item_recall_at_10"] == pytest.approx(hits / len(users))


def test_the_history_alone_is_what_last_item_reaches(tmp_path: Path) -> None:
    dataset = prepare_dataset("toyshop", "shop", {"users": 80, "items": 25}, tmp_path)
    training = load_training(dataset)
    model = build("LastItem", {}, ModelContext(training.n_items, training.n_users, 100))
    targets = load_test(dataset)
    ranks = rank(
        model, histories(training, targets.users, True), targets, n_items=training.n_items, max_length=100
    )
    # Items outside the history tie at 0: counted against the target.
    recall = summarise(("Recall@10",), ranks.better, ranks.ties, "pessimistic")["Recall@10"]
    assert dataset.audit["last_item_recall_at_10"] == pytest.approx(recall)
    assert 0 < recall < 1


def test_titles_that_are_shared() -> None:
    rows = [("u", item, time) for time, item in enumerate("abcde")]
    titles = {"a": "Same ", "b": "same", "c": "other", "d": "", "e": ""}
    assert facts(rows, titles)["items_with_a_title_shared"] == 2


@given(counts=st.lists(st.integers(0, 50), min_size=1, max_size=30))
def test_gini_is_the_mean_difference_over_twice_the_mean(counts: list[int]) -> None:
    values = np.array(counts)
    if values.sum() == 0:
        assert gini(values) == 0
        return
    differences = np.abs(values[:, None] - values[None, :]).mean()
    assert gini(values) == pytest.approx(differences / (2 * values.mean()))


def test_quantiles_have_names() -> None:
    found = quantiles(np.arange(101))
    assert (found["0"], found["0.5"], found["0.9"], found["1"], found["mean"]) == (0, 50, 90, 100, 50)
