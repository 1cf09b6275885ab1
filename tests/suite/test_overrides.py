from __future__ import annotations

import itertools
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import InputError
from bench.suite.overrides import overrides_slug
from bench.suite.schema import Suite

Load = Callable[..., Suite]
BODY = """\
datasets: [ml-100k, {name: toyshop, image: 1}]
defaults: {attention: {layers: 2}}
training: {epochs: 7}
models:
  - SASRec
  - {name: MAF, fusion: sum}
  - {name: MAF, fusion: concat}
  - {name: FDSA, label: v1.0}
claims: [{better: "MAF[fusion=sum]", than: SASRec, metric: MRR, datasets: ["toyshop[image=1]"]}]
"""


def test_an_override_is_the_same_as_the_edited_file(load: Load) -> None:
    edits = {
        "training.epochs=5": BODY.replace("epochs: 7", "epochs: 5"),
        "training.learning_rate=1e-4": BODY.replace("epochs: 7", "epochs: 7, learning_rate: 1e-4"),
        "evaluation.ties=optimistic": BODY + "evaluation: {ties: optimistic}\n",
        "defaults.attention.layers=1": BODY.replace("layers: 2", "layers: 1"),
        "defaults.GRU4Rec.layers=1": BODY.replace("layers: 2}", "layers: 2}, GRU4Rec: {layers: 1}"),
        "features.text.size=8": BODY + "features: {text: {name: tfidf-svd, size: 8}}\n",
        "margin=0.1": BODY + "margin: 0.1\n",
        "SASRec.layers=1": BODY.replace("- SASRec", "- {name: SASRec, layers: 1}"),
        "v1.0.heads=1": BODY.replace("label: v1.0", "label: v1.0, heads: 1"),
        "FDSA.heads=1": BODY.replace("label: v1.0", "label: v1.0, heads: 1"),
        "MAF[fusion=sum].label=ours": BODY.replace("fusion: sum", "fusion: sum, label: ours").replace(
            '"MAF[fusion=sum]"', "ours"
        ),
    }
    base = load(BODY)
    for override, edited in edits.items():
        changed = load(BODY, [override])
        assert changed == load(edited), override
        assert changed != base
    assert load(BODY, ["seeds=[3, 4]"]) == base.model_copy(update={"seeds": (3, 4)})


def test_a_model_s_name_reaches_all_its_variants_and_claims_follow_the_new_labels(load: Load) -> None:
    suite = load(BODY, ["MAF.lambda=5", "toyshop.users=50"])
    assert [v.settings["task_weight"] for v in suite.models if v.name == "MAF"] == [5.0, 5.0]
    assert suite.claims[0].variant == "MAF[fusion=sum,lambda=5]"
    assert suite.claims[0].datasets == ("toyshop[image=1,users=50]",)


def test_defaults_of_a_model_outside_bench_can_be_set(load: Load) -> None:
    suite = load('datasets: [ml-100k]\nmodels: ["json.tool:Mine"]\n', ["defaults.json.tool:Mine.size=3"])
    assert suite.models[0].settings == {"size": 3}


def test_the_order_of_overrides_does_not_matter(load: Load) -> None:
    texts = ["training.epochs=5", "MAF.layers=1", "defaults.attention={heads: 1}"]
    loaded = [load(BODY, order) for order in itertools.permutations(texts)]
    assert all(suite == loaded[0] for suite in loaded)


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["training.epochs"], ["training.epochs", "key=value"]),
        (["=5"], ["key=value"]),
        (["epochs=5"], ["'epochs'", "'training.epochs'"]),
        (["trainig.epochs=5"], ["'trainig.epochs'", "'training.epochs'"]),
        (["training.epoch=5"], ["'epoch'", "'epochs'"]),
        (["training.epochs=0"], ["training.epochs", "0", "at least 1"]),
        (["training.epochs.x=0"], ["training.epochs", "not a mapping"]),
        (["training.stride=90"], ["stride 90", "max_length 50"]),
        (["MFA.fusion=sum"], ["'MFA.fusion'", "'MAF.fusion'"]),
        (["MAF.fusoin=sum"], ["'fusoin'", "'fusion'"]),
        (["SASRec.heads=3"], ["hidden_size 64", "heads 3"]),
        (["defaults.attention.heads=3"], ["hidden_size 64", "heads 3"]),
        (["evaluation.tie.x=1"], ["'tie'", "'ties'"]),
        (["seeds=[1"], ["not YAML"]),
        (["seeds.0=1"], ["seeds", "not a mapping"]),
        (["training.epochs=5", "training.epochs=6"], ["training.epochs=5", "the same"]),
        (["training={epochs: 5}", "training.epochs=6"], ["training={epochs: 5}", "the same"]),
        (["training.epochs=!!python/name:os.system"], ["plain data"]),
    ],
)
def test_a_wrong_override_names_the_option(load: Load, texts: list[str], words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        load(BODY, texts)
    assert str(caught.value).startswith(f"--set {texts[-1]}: ")
    assert [word for word in words if word not in str(caught.value)] == []


def test_an_innocent_override_is_not_blamed(load: Load) -> None:
    with pytest.raises(InputError) as caught:
        load("datasets: [ml-100k]\nmodels: [{name: MAF, heads: 3}]\n", ["MAF.lambda=2"])
    assert caught.value.line == 5
    assert "--set" not in str(caught.value)


def test_slugs_of_plain_overrides_are_readable() -> None:
    assert overrides_slug([]) == ""
    assert overrides_slug(["training.epochs=5"]) == "training.epochs=5"
    assert overrides_slug(["b=2", " a.x = 1e-4"]) == "a.x=1e-4,b=2"


@given(st.lists(st.text("ab=,/ []{}.:é-", max_size=30), max_size=6), st.randoms())
def test_slugs_fit_a_file_name_whatever_the_order(texts: list[str], random: object) -> None:
    slug = overrides_slug(texts)
    assert re.fullmatch(r"[A-Za-z0-9._=,+-]*", slug)
    assert len(slug) <= 80
    shuffled = list(texts)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert overrides_slug(shuffled + texts) == slug


@given(
    st.lists(st.sets(st.sampled_from(["a=1", "a=1,b=2", "b=2", "a=x y", "a=x-y", "a=x/y", "c=" + "z" * 99])))
)
def test_different_overrides_have_different_slugs(sets: list[set[str]]) -> None:
    slugs = {overrides_slug(sorted(texts)): texts for texts in sets}
    assert all(slugs[overrides_slug(sorted(texts))] == texts for texts in sets)
