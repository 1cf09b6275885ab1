"""Our prepared data as RecBole's atomic files.

RecBole keeps time as float32, which merges seconds that differ; so the files hold places in the history.
The item file lists every prepared item, so that RecBole's catalogue is ours also where an item occurs in
test only. Test targets are not in the files: in their place stands the validation item once more, which
RecBole's leave-one-out split takes away again (`bench.recbole.engine` sets the true ones at the end).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.data.prepared import TrainingData
from bench.recbole.job import CATEGORIES, DATASET


def write_atomic_files(folder: Path, data: TrainingData, categories: Sequence[Sequence[str]]) -> None:
    """Write ``data/data.inter`` and ``data/data.item`` below ``folder``.

    Args:
        folder: exists.
        data: training parts and validation targets.
        categories: labels of item k + 1.
    """
    target = folder / DATASET
    target.mkdir(exist_ok=True)
    with (target / f"{DATASET}.inter").open("w", encoding="utf-8") as file:
        file.write("user_id:token\titem_id:token\ttimestamp:float\n")
        for user in range(data.n_users):
            items = [*data.history(user).tolist(), *[int(data.validation[user])] * 2]
            file.writelines(f"{user}\t{item}\t{place}\n" for place, item in enumerate(items))
    # Labels may hold spaces, which separate labels: RecBole gets their numbers.
    number = {label: k for k, label in enumerate(sorted({label for each in categories for label in each}))}
    with (target / f"{DATASET}.item").open("w", encoding="utf-8") as file:
        file.write(f"item_id:token\t{CATEGORIES}:token_seq\n")
        for item, labels in enumerate(categories, start=1):
            file.write(f"{item}\t{' '.join(str(number[label]) for label in labels)}\n")
