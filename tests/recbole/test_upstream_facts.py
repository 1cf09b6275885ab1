"""What RecBole 1.2.1 and torchvision do today that bench works around.

Each test states one fact and fails when upstream mends it; then the work-around can go. docs/recbole.md says
what follows from each. All scripts of this file run in one process after another, on a toy dataset; a
script that raises answers with the exception.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import torch

SCRIPTS: dict[str, str] = {}


def fact(script: str) -> Callable[[Callable[[Any], None]], Callable[[Any], None]]:
    """Register the script that gives a test its ``found``."""

    def register(test: Callable[[Any], None]) -> Callable[[Any], None]:
        SCRIPTS[test.__name__] = script
        marked: Callable[[Any], None] = pytest.mark.requires("recbole")(test)
        return marked

    return register


@pytest.fixture(scope="module")
def answers(ask_recbole: Callable[[str], Any]) -> dict[str, Any]:
    toy = Path(__file__).with_name("toy.py").read_text(encoding="utf-8")
    parts = [toy, "answer: dict[str, object] = {}"]
    for name, script in SCRIPTS.items():
        body = "\n".join(f"    {line}" for line in script.strip().splitlines())
        parts.append(
            f"write_histories(*HISTORIES)\ntry:\n{body}\n    answer[{name!r}] = found\n"
            f"except Exception as error:\n    answer[{name!r}] = f'{{type(error).__name__}}: {{error}}'\n"
        )
    given: dict[str, Any] = ask_recbole("\n".join(parts))
    return given


@pytest.fixture
def found(request: pytest.FixtureRequest, answers: dict[str, Any]) -> Any:
    return answers[request.node.name]


# --- configuration ------------------------------------------------------------------------------


@fact("""
sys.argv = ["program", "--learning_rate=0.5"]
found = config(learning_rate=0.1)["learning_rate"]
sys.argv = sys.argv[:1]
""")
def test_the_command_line_of_the_calling_program_wins(found: Any) -> None:
    assert found == 0.5


@fact("""found = config(note="len([1, 2, 3])")["note"]""")
def test_strings_are_evaluated_as_python(found: Any) -> None:
    assert found == 3


@fact("""
chosen = config(trian_batch_size=7)
found = [chosen["train_batch_size"], chosen["no_such_key"]]
""")
def test_a_misspelt_key_is_accepted_and_an_unknown_one_is_none(found: Any) -> None:
    assert found == [2048, None]


@fact("""
os.environ["CUDA_VISIBLE_DEVICES"] = "5"
config(use_gpu=False)
found = os.environ["CUDA_VISIBLE_DEVICES"]
""")
def test_the_visible_devices_of_the_process_are_changed_even_without_a_gpu(found: Any) -> None:
    assert found == "0"


@fact("""
del np.float_
try:
    config()
finally:
    np.float_ = np.float64
found = "made"
""")
def test_a_configuration_needs_names_that_numpy_2_removed(found: Any) -> None:
    assert "np.float_` was removed" in found


@fact("""
chosen = config()
found = [chosen["valid_metric"], chosen["metric_decimal_place"], chosen["stopping_step"]]
""")
def test_the_default_monitor_is_mrr_with_four_digits(found: Any) -> None:
    assert found == ["MRR@10", 4, 10]


@fact("""found = config(dataset="ml-100k", data_path="elsewhere")["data_path"]""")
def test_the_data_path_of_ml_100k_is_ignored(found: Any) -> None:
    assert "elsewhere" not in found


# --- data ---------------------------------------------------------------------------------------


@fact("""
write_histories(*HISTORIES, first_time=881250949)
_, _, (train, _, _), _ = made()
times = train.dataset.inter_feat["timestamp"]
found = [str(times.dtype), len(set(times.tolist()))]
""")
def test_times_are_float32_so_that_seconds_become_equal(found: Any) -> None:
    # Every history has nine different seconds, of which six are training targets.
    assert found == ["torch.float32", 1]


@fact("""
histories = [("a", "b", "c", "d", "e")] * 3
found = []
for first_time in (0, 881250949):
    write_histories(*histories, first_time=first_time)
    header, *rows = Path("toy/toy.inter").read_text().splitlines()
    Path("toy/toy.inter").write_text("\\n".join([header, *rows[::-1]]) + "\\n")
    _, dataset, (_, _, test), _ = made()
    found.append(sorted(set(dataset.id2token("item_id", test.dataset.inter_feat["item_id"]))))
""")
def test_with_equal_times_the_last_item_is_not_the_latest(found: Any) -> None:
    # The file names the newest item first; e is every user's latest.
    assert found == [["e"], ["a"]]


@fact("""
load_col = INTERACTIONS | {"item": ["item_id", "class"]}
write("item", ["item_id:token", "class:token_seq"], [(f"i{n}", "x") for n in range(12)] + [("phantom", "y")])
dataset = create_dataset(config(load_col=load_col))
tokens = dataset.field2id_token["item_id"].tolist()
unknown = sum(history.count("i12") for history in HISTORIES)
found = ["i12" in tokens, "phantom" in tokens, len(dataset.inter_feat), unknown]
""")
def test_an_item_file_drops_interactions_and_adds_items(found: Any) -> None:
    known, phantom, interactions, unknown = found
    assert (known, phantom) == (False, True)
    assert interactions == 7 * 9 - unknown < 7 * 9


@fact("""
import pandas
load_col = INTERACTIONS | {"item": ["item_id", "class"]}
write("item", ["item_id:token", "class:token_seq"], [(f"i{n}", "x" if n else "") for n in range(13)])
create_dataset(config(load_col=load_col))
with pandas.option_context("mode.copy_on_write", True):  # what pandas 3 always does
    create_dataset(config(load_col=load_col))
found = "loaded"
""")
def test_an_item_without_labels_cannot_be_read_with_pandas_3(found: Any) -> None:
    assert found == "AttributeError: 'float' object has no attribute 'split'"


@fact("""
write_histories(("a", "b", "c"), ("a", "b", "c", "d"))
_, dataset, (train, valid, test), _ = made()
parts = [part.dataset.inter_feat["item_id"] for part in (train, valid, test)]
found = [dataset.id2token("item_id", part).tolist() for part in parts]
""")
def test_the_validation_item_of_a_user_of_three_interactions_is_trained_on(found: Any) -> None:
    # Held out should be b, c and c, d; nothing is left to train on but the second user's b.
    assert [sorted(part) for part in found] == [["b", "b"], ["c"], ["c", "d"]]


# --- training and evaluation --------------------------------------------------------------------


@fact("""
chosen, dataset, (train, _, _), network = made()
network.calculate_loss(next(iter(train))).backward()
found = float(network.item_embedding.weight.grad[0].abs().sum())
""")
def test_the_softmax_counts_the_padding_item_as_a_class(found: Any) -> None:
    assert found > 0


@fact("""
results = []
for digits in ({}, {"metric_decimal_place": 12}):
    chosen, dataset, (_, valid, _), network = made(metrics=["NDCG"], valid_metric="NDCG@10", **digits)
    results.append(trainer_for(chosen, network)._valid_epoch(valid)[0])
found = results
""")
def test_early_stopping_sees_rounded_metrics(found: Any) -> None:
    rounded, exact = found
    assert rounded == round(exact, 4) != exact


@fact("""
best, waited, found = 0.5, 0, []
for value in (0.5, 0.4, 0.4, 0.4):
    best, waited, stop, update = early_stopping(value, best, waited, max_step=2)
    found.append([stop, update])
""")
def test_equal_metrics_replace_the_best_and_patience_is_one_longer(found: Any) -> None:
    assert found == [[False, True], [False, False], [False, False], [True, False]]


@fact("""
chosen, _, _, network = made(checkpoint_dir="checkpoints")
for attempt in range(5):  # the clock may strike between two
    first, second = (trainer_for(chosen, network).saved_model_file for _ in range(2))
    if first == second:
        break
found = first == second
""")
def test_two_trainers_of_one_second_share_a_checkpoint(found: Any) -> None:
    assert found is True


@fact("""
chosen, _, _, network = made(checkpoint_dir="checkpoints")
trainer_for(chosen, network)
found = Path("log_tensorboard").is_dir()
""")
def test_a_trainer_writes_into_the_current_folder(found: Any) -> None:
    assert found is True


@fact("""
chosen, _, _, network = made(checkpoint_dir="checkpoints")
trainer = trainer_for(chosen, network)
trainer._save_checkpoint(0, verbose=False)
torch.load.func(trainer.saved_model_file)  # without the shim's weights_only=False
found = "loaded"
""")
def test_its_own_checkpoints_are_refused_by_todays_torch(found: Any) -> None:
    assert found.startswith("UnpicklingError") and "weights_only" in found


@fact("""
chosen, _, _, network = made(checkpoint_dir="checkpoints")
trainer = trainer_for(chosen, network)
trainer._save_checkpoint(0, verbose=False)
found = sorted(torch.load(trainer.saved_model_file))
""")
def test_a_checkpoint_holds_no_random_state(found: Any) -> None:
    assert found == [
        *("best_valid_score", "config", "cur_step", "epoch", "optimizer", "other_parameter", "state_dict")
    ]


# --- models -------------------------------------------------------------------------------------


@fact("""
torch.autograd.set_detect_anomaly(False)
for name in [name for name in sys.modules if name.startswith("recbole.model.sequential_recommender")]:
    del sys.modules[name]
import recbole.model.sequential_recommender.gru4rec
found = torch.is_anomaly_enabled()
torch.autograd.set_detect_anomaly(False)
""")
def test_importing_any_sequential_model_switches_anomaly_detection_on(found: Any) -> None:
    assert found is True


@fact("""
chosen, _, _, network = made("Pop")
network.calculate_loss(Interaction({"item_id": torch.tensor([1, 1, 1, 2])}))
found = network.item_cnt[:3, 0].tolist()
""")
def test_pop_counts_an_item_once_per_batch(found: Any) -> None:
    assert found == [0, 1, 1]


@fact("""
found = []
for model in ("SASRec", "Pop"):
    _, _, (_, _, test), _ = made(model)
    found.append([history is None for _, history, _, _ in test])
""")
def test_pop_is_ranked_without_the_history_and_sequential_models_with_it(found: Any) -> None:
    assert found == [[True], [False]]


@fact("""
_, dataset, _, network = made("BERT4Rec")
network.eval()
mask = dataset.item_num
found = []
for first in (5, 9):
    found.append(network.calculate_loss(Interaction({
        "Mask_item_id_list": torch.tensor([[mask, 4, mask] + [0] * 7]),
        "Pos_item_id": torch.tensor([[first, 6]]), "Neg_item_id": torch.tensor([[1, 1]]),
        "MASK_INDEX": torch.tensor([[0, 2]]),
    })).item())
""")
def test_bert4rec_never_trains_on_masks_at_position_0(found: Any) -> None:
    # The loss does not depend on which item is hidden there.
    assert found[0] == found[1] > 0


@fact("""
_, _, _, network = made("BERT4Rec")
network.eval()
rows = torch.tensor([[3, 4, 5] + [0] * 7, [9, 4, 5] + [0] * 7])
scores = network.full_sort_predict(Interaction({"item_id_list": rows, "item_length": torch.tensor([3, 3])}))
found = torch.equal(scores[0], scores[1])
""")
def test_bert4rec_is_evaluated_without_the_oldest_item_however_short_the_history(found: Any) -> None:
    assert found is True


@fact("""
write_histories(*([f"{u}-{t}" for t in range(9)] for u in range(7)))  # no item is bought by two
_, dataset, (train, _, _), _ = made("BERT4Rec")
random.seed(0)
seen = set()
for _ in range(20):
    for batch in train:
        seen |= set(batch["item_id_list"].flatten().tolist()) | set(batch["Pos_item_id"].flatten().tolist())
tokens = dataset.field2id_token["item_id"]
found = sorted({tokens[n].split("-")[1] for n in seen if n})
""")
def test_bert4rec_never_trains_on_the_last_training_item(found: Any) -> None:
    # Of items 0 to 8 the last two are held out; 6 is in no row, shown or hidden.
    assert found == ["0", "1", "2", "3", "4", "5"]


@fact("""
_, _, (train, _, _), _ = made("BERT4Rec", MAX_ITEM_LIST_LENGTH=4)
random.seed(0)
for _ in range(20):
    next(iter(train))
found = "all well"
""")
def test_bert4rec_fails_where_a_row_has_no_room_for_a_mask(found: Any) -> None:
    # mask_ratio 0.2 of 4 places is less than one.
    assert found.startswith("ValueError: expected sequence of length")


@fact("""
_, _, (_, valid, _), _ = made("BERT4Rec")
random.seed(0)
before = random.getstate()
batch, _, _, _ = next(iter(valid))
found = ["Mask_item_id_list" in batch.interaction, random.getstate() == before]
""")
def test_bert4rec_draws_masks_for_evaluation_too(found: Any) -> None:
    assert found == [True, False]


VECTORS = """
vectors = [(f"i{n}", f"{n % 5} {n % 3} {n % 2}") for n in range(11)] + [("i11", "1 5 9"), ("i12", "9 1 5")]
write("item", ["item_id:token", "vector:float_seq"], vectors)
field = {"load_col": INTERACTIONS | {"item": ["item_id", "vector"]}, "selected_features": ["vector"]}
"""


@fact(f"""{VECTORS}
_, dataset, _, network = made("FDSA", **field, numerical_features=["vector"])
fields = network.feature_embed_layer(None, torch.arange(1, 14)[None])[1]["item"].reshape(13, -1).detach()
same = [dataset.token2id("item_id", item) - 1 for item in ("i11", "i12")]
found = [int(torch.linalg.matrix_rank(fields)), bool(torch.allclose(*fields[same]))]
""")
def test_a_vector_feature_collapses_to_one_number_per_item(found: Any) -> None:
    # All items lie on one line, and vectors with the same mean are one.
    assert found == [1, True]


@fact(f"""{VECTORS}
_, _, (train, _, _), network = made("SASRecF", **field, numerical_features=["vector"])
found = network.calculate_loss(next(iter(train))).item()
""")
def test_sasrecf_cannot_take_a_vector_feature(found: Any) -> None:
    assert found.startswith("RuntimeError: mat1 and mat2 shapes cannot be multiplied")


# --- installation -------------------------------------------------------------------------------


@fact("""
try:
    import recbole.quick_start
except ImportError:
    found = "cannot be imported"
else:
    found = "imports ray" if "ray" in sys.modules else "imports"
""")
def test_quick_start_needs_ray(found: Any) -> None:
    assert found in ("cannot be imported", "imports ray")


@pytest.mark.requires("recbole")
def test_the_pin_of_ray_keeps_it_off_python_3_12() -> None:
    pins = [pin for pin in metadata.requires("recbole") or [] if pin.startswith("ray")]
    assert len(pins) == 1 and "<=2.6.3" in pins[0]


def test_torchvision_beside_a_torch_for_the_processor_fails_to_import() -> None:
    if torch.version.cuda or "+" in metadata.version("torchvision"):
        pytest.skip("torchvision is not the published wheel beside a torch for the processor only")
    done = subprocess.run([sys.executable, "-c", "import torchvision"], capture_output=True, text=True)
    assert done.stderr.strip().splitlines()[-1] == "RuntimeError: operator torchvision::nms does not exist"
