"""Claims of equality: labels with slashes, one reference for several, and what a wrong one says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.errors import InputError
from bench.suite.claims import Claims, check_claims
from bench.suite.parts import Claim, EqualityClaim, GainClaim
from bench.suite.problems import Problems
from bench.suite.reader import parse_document
from bench.suite.schema import Suite

Load = Callable[..., Suite]
BODY = """\
datasets: [ml-100k, {name: toyshop, text: 1, label: words}]
models: [{name: SASRec, label: ref/SASRec}, SASRec, {name: MAF, label: ours}, {name: FDSA, layers: 1}, FDSA]
"""


def test_one_or_several_variants_are_equal_to_a_reference(load: Load) -> None:
    suite = load(
        BODY
        + """\
claims:
  - {equal: MAF, to: ref/SASRec, metric: NDCG@10}
  - {better: ours, than: SASRec, metric: MRR}
  - {equal: [SASRec, ours], to: FDSA, metric: MRR, margin: 0.1, datasets: [words]}
"""
    )
    first, second = suite.equalities
    assert first == EqualityClaim(
        equal=("ours",), to="ref/SASRec", metric="NDCG@10", margin=0.05, datasets=("ml-100k", "words")
    )
    assert second == EqualityClaim(
        equal=("SASRec", "ours"), to="FDSA", metric="MRR", margin=0.1, datasets=("words",)
    )
    [claim] = suite.claims
    assert (claim.word, claim.variant, claim.than) == ("better", "ours", ("SASRec",))


def test_a_variant_is_better_or_worse_than_one_several_or_all(load: Load) -> None:
    suite = load(
        BODY
        + """\
claims:
  - {better: MAF, than: [SASRec, FDSA], metric: MRR, datasets: [words]}
  - {worse: SASRec, than: all, metric: MRR}
"""
    )
    first, second = suite.claims
    assert (first.word, first.variant, first.than) == ("better", "ours", ("SASRec", "FDSA"))
    assert first.datasets == ("words",)
    assert (second.word, second.variant) == ("worse", "SASRec")
    assert second.than == ("ref/SASRec", "ours", "FDSA[layers=1]", "FDSA")


def test_the_best_is_better_than_all_others_or_those_of_a_list(load: Load) -> None:
    suite = load(
        BODY
        + """\
claims:
  - {best: MAF, metric: MRR, datasets: [words]}
  - {best: MAF, of: all, metric: MRR, datasets: [words]}
  - {best: ours, of: [FDSA, SASRec], metric: MRR}
"""
    )
    everything = Claim(
        word="better",
        variant="ours",
        than=("ref/SASRec", "SASRec", "FDSA[layers=1]", "FDSA"),
        metric="MRR",
        datasets=("words",),
    )
    some = everything.model_copy(update={"than": ("FDSA", "SASRec"), "datasets": ("ml-100k", "words")})
    assert suite.claims == (everything, everything, some)
    with pytest.raises(InputError, match=r":7: 'SASRec' is the only variant of this suite"):
        load("datasets: [ml-100k]\nmodels: [SASRec]\nclaims:\n  - {best: SASRec, metric: MRR}\n")


def test_a_gain_has_a_size_or_is_larger_on_some_datasets(load: Load) -> None:
    suite = load(
        BODY
        + """\
claims:
  - {better: MAF, than: SASRec, metric: MRR, by: 0.029}
  - {gain: MAF, over: SASRec, metric: MRR, larger_on: [words], than_on: [ml-100k]}
"""
    )
    assert [claim.by for claim in suite.claims] == [0.029]
    assert suite.gains == (
        GainClaim(variant="ours", over="SASRec", metric="MRR", larger_on=("words",), than_on=("ml-100k",)),
    )


def test_models_of_the_recbole_backend_are_named_as_they_are_written() -> None:
    text = (
        "datasets: [ml-100k]\nmodels: [recbole/SASRec, recbole/GRU4Rec, SASRec]\n"
        "claims: [{equal: SASRec, to: recbole/SASRec, metric: NDCG@10, datasets: all}]\n"
    )
    problems = Problems(parse_document(text, "parity.yaml"))
    claims = check_claims(problems)
    problems.raise_any()
    [claim] = claims.equal
    assert (claim.equal, claim.to, claims.order) == (("SASRec",), "recbole/SASRec", [])
    problems = Problems(parse_document(text.replace("to: recbole/SASRec", "to: recbole/SASRek"), "p.yaml"))
    assert check_claims(problems) == Claims()
    with pytest.raises(InputError, match=r"p\.yaml:3: no variant 'recbole/SASRek'.*'recbole/SASRec'"):
        problems.raise_any()


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        ("{equal: SASRec, to: SASRec, metric: MRR}", ["'SASRec'", "equal to itself"]),
        ("{equal: [ours, MAF], to: SASRec, metric: MRR}", ["'ours'", "twice", "keep one"]),
        ("{equal: SASrec, to: ours, metric: MRR}", ["no variant 'SASrec'", "'SASRec'"]),
        ("{equal: [ours, SASrec], to: SASRec, metric: MRR}", ["no variant 'SASrec'", "'SASRec'"]),
        ("{equal: ours, to: ref/SASRek, metric: MRR}", ["no variant 'ref/SASRek'", "'ref/SASRec'"]),
        ("{equal: [], to: SASRec, metric: MRR}", ["claims[1].equal", "[]", "at least 1"]),
        ("{equal: [3], to: SASRec, metric: MRR}", ["claims[1].equal[1]", "3", "not text"]),
        ("{equal: ours, metric: MRR}", ["'to'", "missing"]),
        ("{equals: ours, to: SASRec, metric: MRR}", ["'equals'", "did you mean 'equal'"]),
        ("{equal: ours, than: SASRec, metric: MRR}", ["unknown key 'than'", "'to'"]),
        ("{equal: ours, to: SASRec, metric: NDGC@10}", ["'NDGC@10'", "'NDCG@10'"]),
        ("{equal: ours, to: SASRec, metric: MRR, margin: 5}", ["claims[1].margin", "5", "less than 1"]),
        ("{equal: ours, to: SASRec, metric: MRR, margin: 0}", ["claims[1].margin", "greater than 0"]),
        ("{equal: ours, to: SASRec, metric: MRR, margin: small}", ["claims[1].margin", "a number"]),
        ("{equal: ours, to: SASRec, metric: MRR, datasets: [wrods]}", ["'wrods'", "'words'"]),
        ("{equal: ours, to: SASRec, metric: MRR, dataset: all}", ["'dataset'", "'datasets'"]),
        ("{better: ours, to: SASRec, metric: MRR}", ["unknown key 'to'", "'than'"]),
        ("{worse: ours, than: [MAF], metric: MRR}", ["'ours'", "worse than itself"]),
        ("{worse: ours, than: [SASRec, SASRec], metric: MRR}", ["'SASRec'", "twice"]),
        ("{worse: ours, than: SASRec, metric: MRR, by: 0.1}", ["unknown key 'by'"]),
        ("{better: ours, than: SASRec, metric: MRR, by: 2.9%}", ["claims[1].by", "'2.9%'", "not a number"]),
        ("{better: ours, than: SASRec, metric: MRR, by: 0}", ["claims[1].by", "0", "greater than 0"]),
        ("{best: ours, of: [MAF], metric: MRR}", ["'ours'", "the best of itself"]),
        ("{best: SASrec, metric: MRR}", ["no variant 'SASrec'", "'SASRec'"]),
        ("{best: ours, off: [SASRec], metric: MRR}", ["unknown key 'off'", "'of'"]),
        ("{best: ours, of: SASRec, metric: MRR}", ["claims[1].of", "'SASRec'", "write [SASRec]"]),
        ("{of: [SASRec], metric: MRR}", ["'best'", "missing"]),
        ("{gain: ours, over: MAF, metric: MRR, larger_on: [words], than_on: [ml-100k]}", ["over itself"]),
        (
            "{gain: ours, over: SASRec, metric: MRR, larger_on: [words], than_on: [words]}",
            ["'words'", "keep"],
        ),
        (
            "{gain: ours, over: SASRec, metric: MRR, larger_on: [words], than_on: []}",
            ["than_on", "at least 1"],
        ),
        ("{gain: ours, over: SASRec, metric: MRR, larger_on: words, than_on: [ml-100k]}", ["write [words]"]),
        ("{gain: ours, over: SASRec, metric: MRR, larger_on: [wrods], than_on: [ml-100k]}", ["'words'"]),
        (
            "{gain: ours, over: SASrec, metric: MR, larger_on: [words], than_on: [ml-100k]}",
            ["'MRR'", "'SASRec'"],
        ),
        ("{gain: ours, over: SASRec, metric: MRR, larger_on: [words]}", ["'than_on'", "missing"]),
    ],
)
def test_a_wrong_claim_is_named_with_key_value_and_remedy(
    load: Load, tmp_path: Path, claim: str, words: list[str]
) -> None:
    with pytest.raises(InputError) as caught:
        load(f"{BODY}claims: [{claim}]\n")
    message = str(caught.value)
    assert all(part.startswith(f"{tmp_path / 'tiny.yaml'}:6: ") for part in message.splitlines())
    assert [word for word in words if word not in message] == []


def test_everything_wrong_with_a_claim_is_said_at_once(load: Load) -> None:
    claim = "{equal: [ours, SASrec], to: FDSa, metric: NDGC@10, margin: 0, datasets: words}"
    with pytest.raises(InputError) as caught:
        load(f"{BODY}claims: [{claim}]\n")
    said = [line.split(".yaml:6: ")[1] for line in str(caught.value).splitlines()]
    assert sorted(said) == [
        "claims[1].datasets: 'words' is not 'all' or a list (write [words])",
        "claims[1].margin: 0 is not greater than 0",
        "claims[1].metric: no metric 'NDGC@10' (did you mean 'NDCG@10'?)",
        "no variant 'FDSa' in this suite (did you mean 'FDSA'?)",
        "no variant 'SASrec' in this suite (did you mean 'SASRec'?)",
    ]
    with pytest.raises(InputError) as caught:
        load(f"{BODY}claims: [{{better: SASrec, metric: NDGC@10, datasets: al}}]\n")
    message = str(caught.value)
    for words in ("'than' is missing", "'SASrec'", "'NDGC@10'", "'al' is not 'all' or a list (did you mean"):
        assert words in message


def test_a_name_of_several_variants_is_no_side_of_a_claim(load: Load) -> None:
    several = BODY.replace(
        "{name: FDSA, layers: 1}, FDSA", "{name: FDSA, layers: 1}, {name: FDSA, layers: 3}"
    )
    with pytest.raises(InputError, match=r"'FDSA' may be any of 'FDSA\[layers=1\]', 'FDSA\[layers=3\]'"):
        load(several + "claims: [{equal: SASRec, to: FDSA, metric: MRR}]\n")


def test_claims_follow_the_labels_that_an_override_renews(load: Load) -> None:
    claims = 'claims: [{equal: [ours, "FDSA[layers=1]"], to: SASRec, metric: MRR, datasets: [ml-100k]}]\n'
    suite = load(BODY + claims, ["FDSA[layers=1].heads=1", "SASRec.label=the reference", "MAF.label=mine"])
    [claim] = suite.equalities
    assert (claim.equal, claim.to) == (("mine", "FDSA[layers=1,heads=1]"), "the reference")
    claims = (
        "claims:\n  - {best: ours, of: [SASRec], metric: MRR}\n"
        "  - {gain: ours, over: SASRec, metric: MRR, larger_on: [words], than_on: [ml-100k]}\n"
    )
    suite = load(BODY + claims, ["SASRec.label=the reference", "MAF.label=mine", "words.label=texts"])
    [best], [gain] = suite.claims, suite.gains
    assert (best.variant, best.than) == (gain.variant, (gain.over,)) == ("mine", ("the reference",))
    assert gain.larger_on == ("texts",)
