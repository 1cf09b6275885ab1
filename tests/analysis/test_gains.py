"""Relative gains: by hand, against Fieller's interval, and how often decisions on them are wrong."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import optimize, stats
from typer.testing import CliRunner

from bench.analysis.claims import ClaimRow, claim_rows
from bench.analysis.crossed import Estimate, compare
from bench.analysis.gains import difference_of_gains, relative_gain
from bench.cli.main import app
from bench.results.folder import write_ranks
from bench.results.index import Index
from bench.results.query import CellResult
from bench.results.records import read_record
from bench.suite.parts import Claim, GainClaim

FloatArray = npt.NDArray[np.float64]
RunJson = Callable[..., dict[str, Any]]


def draw(rng: np.random.Generator, mean: float, users: int = 60, seeds: int = 5) -> FloatArray:
    """[seeds, users]: a mean and what belongs to the user, to the seed, and to both, in its proportion."""
    of_user, of_seed, of_both = (
        rng.normal(size=users),
        rng.normal(size=(seeds, 1)),
        rng.normal(size=(seeds, users)),
    )
    return np.asarray(mean * (1 + 0.2 * of_user + 0.03 * of_seed + 0.3 * of_both))


def test_a_gain_by_hand() -> None:
    # All users alike and one seed: nothing varies.
    gain = relative_gain(np.full((1, 8), 0.75), np.full((1, 8), 0.5))
    assert gain is not None
    assert (gain.difference, gain.error, gain.interval(0.95)) == (0.5, 0, (0.5, 0.5))
    assert relative_gain(np.ones((2, 9)), np.zeros((2, 9))) is None


def test_its_error_is_that_of_a_ratio_of_means() -> None:
    """One seed each, so that the classical variance of a ratio of paired means holds."""
    rng = np.random.default_rng(0)
    base = rng.normal(0.5, 0.2, (1, 400))
    variant = 1.8 * base + rng.normal(0.1, 0.1, (1, 400))
    found = relative_gain(variant, base)
    assert found is not None
    ratio = variant.mean() / base.mean()
    (vv, vb), (_, bb) = np.cov(variant[0], base[0])
    error = math.sqrt((vv - 2 * ratio * vb + ratio**2 * bb) / 400) / base.mean()
    assert found.difference == pytest.approx(ratio - 1)
    assert found.error == pytest.approx(error, rel=0.02)


def test_its_interval_is_nearly_fieller_s() -> None:
    """Which has the gains g for which a and (1 + g) b are not told apart: no delta method is in it."""
    rng = np.random.default_rng(1)
    base, variant = draw(rng, 0.5, users=200), draw(rng, 0.55, users=200)

    def p(gain: float) -> float:
        return compare({"": variant}, (1 + gain) * base)[""].p - 0.05

    found = relative_gain(variant, base)
    assert found is not None
    low, high = found.interval(0.95)
    middle = found.difference
    width = high - low
    assert optimize.brentq(p, middle - width, middle) == pytest.approx(low, abs=0.04 * width)
    assert optimize.brentq(p, middle, middle + width) == pytest.approx(high, abs=0.04 * width)


def test_a_difference_of_gains_by_hand() -> None:
    found = difference_of_gains(Estimate(0.05, 0.03, 8), Estimate(0.01, 0.04, 4))
    assert found.difference == pytest.approx(0.04) and found.error == pytest.approx(0.05)
    # 0.0025^2 / (0.0009^2 / 8 + 0.0016^2 / 4) = 6.25e-6 / 7.4125e-7
    assert found.freedom == pytest.approx(8.4317, rel=1e-4)
    sure = difference_of_gains(Estimate(0.05, 0.0, math.inf), Estimate(0.01, 0.04, 4))
    assert (sure.error, sure.freedom) == (0.04, 4)
    assert difference_of_gains(Estimate(0.05, 0.0, math.inf), Estimate(0.05, 0.0, math.inf)).p == 1


def test_decisions_on_gains_are_calibrated() -> None:
    """The interval covers the true gain; equal gains on two datasets are told apart in 5% of cases."""
    rng = np.random.default_rng(2)
    times, gain, shift = 1_000, 0.10, 0.5
    covered = wrong = found = 0
    for _ in range(times):
        one, other, further = (
            relative_gain(draw(rng, base * (1 + true)), draw(rng, base))
            for base, true in ((0.5, gain), (0.08, gain), (0.5, gain + shift))
        )
        assert one is not None and other is not None and further is not None
        low, high = one.interval(0.95)
        covered += low <= gain <= high
        wrong += difference_of_gains(one, other).p <= 0.05
        apart = difference_of_gains(further, other)
        found += apart.p <= 0.05 and apart.difference > 0
    assert stats.binomtest(covered, times, 0.95, alternative="less").pvalue > 0.001
    assert stats.binomtest(wrong, times, 0.05, alternative="greater").pvalue > 0.001
    assert wrong > 0.01 * times  # nor does it never decide
    # Squared errors by hand: variant and baseline vary in proportion to their means, users, seeds and both.
    share = 2 * (0.2**2 / 60 + 0.03**2 / 5 + 0.3**2 / 300)
    shifted = shift / math.sqrt(share * ((1 + gain + shift) ** 2 + (1 + gain) ** 2))
    assert found / times == pytest.approx(stats.norm.sf(stats.norm.isf(0.025) - shifted), abs=0.04)


# Of each dataset, the share of users whose target is at place 1.
SHARES = {
    "small": {"SASRec": 0.30, "MAF": 0.45},
    "tiny": {"SASRec": 0.40, "MAF": 0.56},
    "large": {"SASRec": 0.50, "MAF": 0.50},
    "huge": {"SASRec": 0.60, "MAF": 0.60},
    "empty": {"SASRec": 0.0, "MAF": 0.5},
}
USERS = 600


@pytest.fixture
def standing(tmp_path: Path, run_json: RunJson) -> Callable[..., list[ClaimRow]]:
    """Claims about hits drawn at random, with four seeds."""
    rng = np.random.default_rng(3)
    keys = [(dataset, model, seed) for dataset in SHARES for model in SHARES[dataset] for seed in range(1, 5)]
    cells = [
        _cell(tmp_path, run_json(f"{at:016x}", *key), key, rng.random(USERS) < SHARES[key[0]][key[1]])
        for at, key in enumerate(keys)
    ]

    def rows(*claims: Claim | GainClaim) -> list[ClaimRow]:
        index = Index(
            suite="s",
            metrics=("Recall@10",),
            seeds=(1, 2, 3, 4),
            datasets=tuple(SHARES),
            models=("SASRec", "MAF"),
            claims=tuple(each for each in claims if isinstance(each, Claim)),
            gains=tuple(each for each in claims if isinstance(each, GainClaim)),
        )
        return claim_rows(tmp_path, index, cells)

    return rows


def _cell(
    results: Path, record: dict[str, Any], key: tuple[str, str, int], hits: npt.NDArray[np.bool_]
) -> CellResult:
    name = record["fingerprint"]
    run = results / "runs" / name
    run.mkdir(parents=True)
    (run / "run.json").write_text(json.dumps(record), encoding="utf-8")
    columns = {
        "user": range(USERS),
        "item": [1] * USERS,
        "better": np.where(hits, 0, 99).tolist(),
        "ties": [0] * USERS,
    }
    write_ranks(run / "ranks.parquet", {"validation": columns, "test": columns})
    return CellResult(*key, "done", name, None, read_record(results, name))


def gains(larger_on: tuple[str, ...], than_on: tuple[str, ...]) -> GainClaim:
    return GainClaim(variant="MAF", over="SASRec", metric="Recall@10", larger_on=larger_on, than_on=than_on)


def by(size: float, dataset: str, word: str = "better", variant: str = "MAF") -> Claim:
    other = "SASRec" if variant == "MAF" else "MAF"
    return Claim.model_validate(
        {
            "word": word,
            "variant": variant,
            "than": [other],
            "metric": "Recall@10",
            "datasets": [dataset],
            "by": size,
        }
    )


def test_a_gain_of_a_stated_size(standing: Callable[..., list[ClaimRow]]) -> None:
    claims = {
        by(0.5, "small"): "supported",
        by(0.029, "small"): "contradicted",  # better, but by more
        by(0.05, "small", variant="SASRec"): "contradicted",  # worse
        by(0.001, "large"): "not decided",  # the interval has it, and 0 too
        by(0.5, "large"): "contradicted",  # the interval leaves it out
        by(0.5, "empty"): "not decided",  # relative to nothing
    }
    rows = standing(*claims)
    assert [row.standing for row in rows] == list(claims.values())
    assert rows[0].claim == "MAF is better than SASRec by 50%"
    assert rows[0].evidence[0].endswith("better, 50% lies inside")
    assert rows[1].evidence[0].endswith("better, 2.9% lies outside")
    assert "lies" not in rows[5].evidence[0]


def test_gains_that_are_larger_on_some_datasets(standing: Callable[..., list[ClaimRow]]) -> None:
    claims = {
        gains(("small", "tiny"), ("large", "huge")): "supported",
        gains(("large",), ("small", "huge")): "contradicted",
        gains(("small",), ("large", "empty")): "not decided",
        gains(("large",), ("huge",)): "not decided",
    }
    rows = standing(*claims)
    assert [row.standing for row in rows] == list(claims.values())
    first = rows[0]
    assert first.claim == "MAF gains more over SASRec on small and tiny than on large and huge"
    assert first.dataset == "small and tiny beside large and huge"
    assert [line.split(" +")[0] for line in first.evidence] == ["small", "small", "tiny", "tiny"]
    assert rows[2].evidence[1] == "small, empty: not compared (empty: the mean to compare with is 0)"
    missing = GainClaim(
        variant="Markov", over="SASRec", metric="Recall@10", larger_on=("small",), than_on=("large",)
    )
    [row] = standing(missing)
    assert row.standing == "not decided" and "small: no finished run" in row.evidence[0]


def test_p_values_are_corrected_within_the_claim(standing: Callable[..., list[ClaimRow]]) -> None:
    def p(row: ClaimRow) -> float:
        return float(row.evidence[0].rsplit(" p ", 1)[1])

    alone, among = standing(gains(("large",), ("huge",)), gains(("large",), ("huge", "small")))
    assert p(among) == pytest.approx(p(alone), rel=0.02)  # the larger of two stays as it is
    alone, among = standing(gains(("tiny",), ("small",)), gains(("tiny",), ("small", "large")))
    assert p(among) == pytest.approx(p(alone), rel=0.02)


def test_on_the_command_line(handmade: Path) -> None:
    file = handmade / "handmade" / "index.json"
    claim = GainClaim(
        variant="SASRec",
        over="Popularity",
        metric="Recall@10",
        larger_on=("ml-100k",),
        than_on=("toyshop[image=1]",),
    )
    index = json.loads(file.read_text(encoding="utf-8")) | {"gains": [claim.model_dump()]}
    file.write_text(json.dumps(index), encoding="utf-8")
    done = CliRunner().invoke(app, ["check", "handmade", "--results", str(handmade), "--format", "json"])
    assert done.exit_code == 1
    [row] = json.loads(done.stdout)
    assert row["dataset"] == "ml-100k beside toyshop[image=1]"
    assert (row["standing"], row["metric"]) == ("not decided", "Recall@10")
    assert "toyshop[image=1]: " in row["evidence"][0]
