"""The crossed bootstrap: against closed forms, SciPy and Holm by hand, and how often it is wrong."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from bench.analysis.crossed import compare, holm

FloatArray = npt.NDArray[np.float64]


def draw(
    rng: np.random.Generator, users: int, seeds: int, spreads: tuple[float, float, float], mean: float = 0
) -> FloatArray:
    """[seeds, users]: a mean and what belongs to the user, to the seed, and to both."""
    of_user, of_seed, of_both = spreads
    return np.asarray(
        mean
        + rng.normal(0, of_user, users)
        + rng.normal(0, of_seed, (seeds, 1))
        + rng.normal(0, of_both, (seeds, users))
    )


def test_without_seeds_it_is_the_paired_t_test_over_users() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(1, 400)), rng.normal(0.1, size=(1, 400))
    found = compare({"a": a}, b)["a"]
    reference = stats.ttest_rel(a[0], b[0])
    assert found.difference == pytest.approx(a.mean() - b.mean())
    assert found.error == pytest.approx(stats.sem(a[0] - b[0]), rel=0.002)
    assert found.freedom == pytest.approx(399)
    assert found.p == pytest.approx(reference.pvalue, rel=0.02)
    interval = reference.confidence_interval(0.95)
    assert found.interval(0.95) == pytest.approx((interval.low, interval.high), abs=0.001)


def test_without_users_it_is_welchs_test_over_seeds() -> None:
    """All users alike: what varies is the seed."""
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(8, 1)), rng.normal(0.5, 2, size=(5, 1))
    found = compare({"a": np.tile(a, 30)}, np.tile(b, 30))["a"]
    reference = stats.ttest_ind(a[:, 0], b[:, 0], equal_var=False)
    assert found.freedom == pytest.approx(reference.df)
    assert found.p == pytest.approx(reference.pvalue)


def test_the_variance_is_that_of_its_three_parts() -> None:
    """Averaged over many samples, the squared standard error is the variance of the mean difference."""
    rng = np.random.default_rng(2)
    spreads, users, seeds = (0.3, 0.1, 0.4), 60, 5
    found = [
        compare({"a": draw(rng, users, seeds, spreads)}, draw(rng, users, seeds, spreads))["a"]
        for k in range(300)
    ]
    true = 2 * (0.3**2 / users + 0.1**2 / seeds + 0.4**2 / (users * seeds))
    assert np.mean([each.error**2 for each in found]) == pytest.approx(true, rel=0.06)
    assert np.var([each.difference for each in found]) == pytest.approx(true, rel=0.25)


def test_nothing_varies() -> None:
    same = np.full((3, 20), 0.25)
    found = compare({"same": same, "more": same + 0.5}, same)
    assert (found["same"].p, found["more"].p) == (1.0, 0.0)
    assert found["more"].interval(0.95) == (0.5, 0.5)
    assert found["more"].detectable == 0


def test_users_are_shared_and_the_order_of_variants_does_not_matter() -> None:
    rng = np.random.default_rng(3)
    base, a, b = (draw(rng, 50, 3, (0.3, 0.05, 0.1)) for _ in range(3))
    alone = compare({"a": a}, base)["a"]
    among = compare({"b": b, "a": a}, base)["a"]
    assert among.error == pytest.approx(alone.error)
    # A user whom both sides find easy is no evidence for either.
    easy = rng.normal(0, 5, 50)
    assert compare({"a": a + easy}, base + easy)["a"].error == pytest.approx(alone.error)


def bootstrap(
    rng: np.random.Generator, a: FloatArray, b: FloatArray, draws: int
) -> tuple[float, float, float]:
    """Variances of resampled means: of a - b over users, and what resampled seeds add to a and to b."""
    of_users, of_seeds = [], []
    users = a.shape[1]
    for _ in range(draws):
        chosen = rng.integers(users, size=users)
        resampled = [side[:, chosen].mean(axis=1) for side in (a, b)]
        of_users.append(resampled[0].mean() - resampled[1].mean())
        of_seeds.append(
            [means[rng.integers(len(means), size=len(means))].mean() - means.mean() for means in resampled]
        )
    added = np.var(of_seeds, axis=0)
    return float(np.var(of_users)), float(added[0]), float(added[1])


def interaction(sample: FloatArray) -> float:
    """What belongs to user and seed together, in the variance of the mean: two-way analysis of variance."""
    seeds, users = sample.shape
    total = sample.var() * sample.size
    of_users = seeds * sample.mean(axis=0).var() * users
    of_seeds = users * sample.mean(axis=1).var() * seeds
    return float((total - of_users - of_seeds) / ((seeds - 1) * (users - 1)) / sample.size)


@pytest.mark.parametrize(
    "spreads", [(0.3, 0.05, 0.1), (0.0, 0.1, 0.0), (0.1, 0.0, 0.4)], ids=["all", "seeds", "both together"]
)
def test_it_is_the_bootstrap_drawn_many_times(spreads: tuple[float, float, float]) -> None:
    """Ten thousand draws, the two corrections made by hand."""
    rng = np.random.default_rng(5)
    a, b = draw(rng, 40, 6, spreads), draw(rng, 40, 3, spreads)
    of_users, *of_seeds = bootstrap(rng, a, b, 10_000)
    variance = of_users
    for sample, added in zip((a, b), of_seeds, strict=True):
        seeds = len(sample)
        variance += max(0.0, added * seeds / (seeds - 1) - 2 * interaction(sample))
    assert compare({"a": a}, b)["a"].error == pytest.approx(math.sqrt(variance), rel=0.03)


def test_different_users_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="same users"):
        compare({"a": np.zeros((2, 5))}, np.zeros((2, 6)))
    with pytest.raises(ValueError, match="two at least"):
        compare({"a": np.zeros((2, 1))}, np.zeros((2, 1)))


def test_runs_that_share_their_random_numbers_have_a_bounded_interval() -> None:
    """Both sides rank nearly alike: what belongs to user and seed is in each, and not in the difference."""
    rng = np.random.default_rng(8)
    least = math.inf
    for _ in range(200):
        base = draw(rng, 300, 5, (0.1, 0.005, 0.2))
        found = compare({"near": base + rng.normal(0, 0.001, base.shape)}, base)["near"]
        least = min(least, found.freedom)
        low, high = found.interval(0.95)
        assert high - low <= 2 * stats.t.ppf(0.975, 4) * found.error * (1 + 1e-9)
    assert least == 4  # the bound is met: without it, fewer


@pytest.mark.parametrize(
    "spreads",
    [(0.2, 0.0, 0.02), (0.02, 0.05, 0.02), (0.0, 0.0, 0.2), (0.1, 0.02, 0.15)],
    ids=["users", "seeds", "both together", "all"],
)
def test_it_is_calibrated(spreads: tuple[float, float, float]) -> None:
    """Under no difference at most 5% are called different; a planted one is found as often as theory says."""
    rng = np.random.default_rng(4)
    users, seeds, times = 60, 5, 2_000
    of_user, of_seed, of_both = spreads
    error = math.sqrt(2 * (of_user**2 / users + of_seed**2 / seeds + of_both**2 / (users * seeds)))
    wrong = found = 0
    for _ in range(times):
        base = draw(rng, users, seeds, spreads)
        same, better = draw(rng, users, seeds, spreads), draw(rng, users, seeds, spreads, mean=4 * error)
        result = compare({"same": same, "better": better}, base)
        wrong += result["same"].p <= 0.05
        found += result["better"].p <= 0.05 and result["better"].difference > 0
    assert stats.binomtest(wrong, times, 0.05, alternative="greater").pvalue > 0.001
    # Between the two extremes of what is known of the error: that of the seeds alone, and all of it.
    least = power(4, seeds_only=2 * (seeds - 1))
    assert least - 0.03 <= found / times <= power(4, seeds_only=math.inf) + 0.03


@pytest.mark.parametrize("spreads", [(0.2, 0.0, 0.02), (0.1, 0.02, 0.15)], ids=["users", "all"])
def test_beside_a_model_without_chance_five_seeds_are_enough(spreads: tuple[float, float, float]) -> None:
    """docs/statistics.md says how it is with two and three."""
    rng = np.random.default_rng(6)
    users, times = 150, 2_000
    wrong = 0
    for _ in range(times):
        counted = draw(rng, users, 1, (spreads[0], 0.0, 0.0))
        wrong += compare({"same": draw(rng, users, 5, spreads)}, counted)["same"].p <= 0.05
    assert stats.binomtest(wrong, times, 0.05, alternative="greater").pvalue > 0.001


def power(shift: float, seeds_only: float) -> float:
    """Of a two-sided t test at 5% whose statistic is shifted by so many standard errors."""
    if math.isinf(seeds_only):
        return float(stats.norm.sf(stats.norm.isf(0.025) - shift))
    return float(stats.nct.sf(stats.t.isf(0.025, seeds_only), seeds_only, shift))


def test_holm_by_hand() -> None:
    # 0.01 x 4, 0.02 x 3 = 0.06, 0.04 x 2 = 0.08, and 0.03 x ... in order: 0.01, 0.02, 0.03, 0.04.
    assert holm([0.03, 0.01, 0.04, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []
