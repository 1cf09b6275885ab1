"""What a suite claims: that a variant is better or worse than others, the best of them, or gains more on some
datasets than on others; or that several are equal to one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from bench.suite.entries import read_entries
from bench.suite.parts import Claim, EqualityClaim, GainClaim, match
from bench.suite.problems import Problems, suggest
from bench.suite.reader import KeyPath
from bench.suite.rules import check_metric
from bench.suite.shape import BestEntry, BetterEntry, EqualityEntry, GainEntry, OrderEntry, WorseEntry

_FORMS = (
    "write `{better: A, than: B, ...}`, `{worse: A, than: B, ...}`, `{best: A, ...}`,"
    " `{equal: A, to: B, ...}` or `{gain: A, over: B, larger_on: [...], than_on: [...], ...}`"
)
_ALL = "all"
# The key that says the kind of a claim; where it is missing or misspelt, another that only this kind has.
_KINDS = ("equal", "gain", "best", "worse", "better")
_SECOND = {"to": "equal", "over": "gain", "larger_on": "gain", "than_on": "gain", "of": "best"}


@dataclass
class Claims:
    """What a suite claims, by kind."""

    order: list[Claim] = field(default_factory=list)
    gains: list[GainClaim] = field(default_factory=list)
    equal: list[EqualityClaim] = field(default_factory=list)


def check_claims(problems: Problems) -> Claims:
    """The claims that are in order; what is wrong with the others is noted."""
    checker = _ClaimChecker(problems)
    listed = problems.document.data.get("claims")
    found = Claims()
    for at, written in enumerate(listed if isinstance(listed, list) else []):
        path: KeyPath = ("claims", at)
        if not isinstance(written, dict):
            problems.add(path, f"{problems.address(path)} is not a mapping", _FORMS)
            continue
        kind = _kind(written)
        if kind == "equal":
            found.equal += checker.equality(written, path)
        elif kind == "gain":
            found.gains += checker.gain(written, path)
        elif kind == "best":
            found.order += checker.best(written, path)
        else:
            found.order += checker.order(written, path)
    return found


def check_baseline(problems: Problems) -> str | None:
    """The label of the variant that ``baseline:`` names, if it does and there is one."""
    word = problems.document.data.get("baseline")
    return _ClaimChecker(problems).variant(word, ("baseline",)) if isinstance(word, str) else None


def _kind(written: Mapping[str, Any]) -> str:
    """Which kind a claim is meant to be, also where one of its keys is misspelt."""
    known = (kind for kind in _KINDS if kind in written)
    meant = (kind for key, kind in _SECOND.items() if key in written)
    return next(known, None) or next(meant, None) or "better"


class _ClaimChecker:
    """Checks single claims against the variants and datasets of one document."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        # Names are looked up among all entries, also those that are not in order: one mistake, one message.
        document = problems.document
        self._models = read_entries(document, "models", Problems(document))
        self._datasets = read_entries(document, "datasets", Problems(document))

    def order(self, written: Mapping[str, Any], path: KeyPath) -> list[Claim]:
        """The claim that one variant is better or worse than others, or nothing if one is unknown."""
        # Names are checked as written, also where another key of the claim is wrong: all problems at once.
        word: Literal["better", "worse"] = "worse" if "worse" in written else "better"
        kind: type[OrderEntry] = WorseEntry if word == "worse" else BetterEntry
        entry = self._problems.validate(kind, written, path)
        variant = self._side(written, word, path)
        than = self._others(variant, written.get("than"), (*path, "than"), f"{word} than")
        self._check_metric(written, path)
        datasets = self._chosen(written.get("datasets"), (*path, "datasets"))
        if entry is None or variant is None or not than:
            return []
        by = entry.by if isinstance(entry, BetterEntry) else None
        return [
            Claim(word=word, variant=variant, than=tuple(than), metric=entry.metric, datasets=datasets, by=by)
        ]

    def best(self, written: Mapping[str, Any], path: KeyPath) -> list[Claim]:
        """The claim that a variant is better than all others, or all of a list."""
        entry = self._problems.validate(BestEntry, written, path)
        variant = self._side(written, "best", path)
        than = self._others(variant, written.get("of", _ALL), (*path, "of"), "the best of")
        self._check_metric(written, path)
        datasets = self._chosen(written.get("datasets"), (*path, "datasets"))
        if entry is None or variant is None or not than:
            return []
        return [
            Claim(word="better", variant=variant, than=tuple(than), metric=entry.metric, datasets=datasets)
        ]

    def gain(self, written: Mapping[str, Any], path: KeyPath) -> list[GainClaim]:
        """The claim that a gain is larger on some datasets than on others."""
        entry = self._problems.validate(GainEntry, written, path)
        variant, over = self._side(written, "gain", path), self._side(written, "over", path)
        self._check_metric(written, path)
        larger, than = (self._chosen(written.get(key), (*path, key)) for key in ("larger_on", "than_on"))
        if entry is None or variant is None or over is None:
            return []
        if variant == over:
            message = f"{variant!r} is claimed to gain over itself"
            self._problems.add((*path, "over"), message, "name another variant")
        for label in larger:
            if label in than:
                message = f"{label!r} stands in larger_on and in than_on"
                self._problems.add((*path, "than_on"), message, "keep one of them")
        return [GainClaim(variant=variant, over=over, metric=entry.metric, larger_on=larger, than_on=than)]

    def equality(self, written: Mapping[str, Any], path: KeyPath) -> list[EqualityClaim]:
        """The claim that variants are equal to a reference, or nothing if one of them is unknown."""
        entry = self._problems.validate(EqualityEntry, written, path)
        reference = self._side(written, "to", path)
        self._check_metric(written, path)
        datasets = self._chosen(written.get("datasets"), (*path, "datasets"))
        variants = self._all_but(reference, written.get("equal"), (*path, "equal"), "equal to")
        if entry is None or reference is None or not variants:
            return []
        claim = EqualityClaim(
            equal=tuple(variants), to=reference, metric=entry.metric, margin=entry.margin, datasets=datasets
        )
        return [claim]

    def _side(self, written: Mapping[str, Any], key: str, path: KeyPath) -> str | None:
        """The label of the variant that a key names; what is no text is noted with the claim's shape."""
        word = written.get(key)
        return self.variant(word, (*path, key)) if isinstance(word, str) else None

    def _check_metric(self, written: Mapping[str, Any], path: KeyPath) -> None:
        metric = written.get("metric")
        if isinstance(metric, str):
            check_metric(metric, (*path, "metric"), self._problems)

    def _others(self, variant: str | None, words: object, path: KeyPath, relation: str) -> list[str]:
        """The labels that ``words`` mean, all others of the suite if they are `_ALL`."""
        if words != _ALL:
            return self._all_but(variant, words, path, relation)
        others = [each.label for each in self._models if each.label != variant]
        if not others:
            self._problems.add(path, f"{variant!r} is the only variant of this suite", "list another model")
        return others

    def _all_but(self, reference: str | None, words: object, path: KeyPath, relation: str) -> list[str]:
        """The labels of the variants that ``words`` mean, each once and none the reference."""
        listed = words if isinstance(words, list) else [words]
        labels: list[str] = []
        for at, word in enumerate(listed):
            place = (*path, at) if isinstance(words, list) else path
            label = self.variant(word, place) if isinstance(word, str) else None
            if label is not None and label == reference:
                message = f"{label!r} is claimed to be {relation} itself"
                self._problems.add(place, message, "name another variant")
            elif label in labels:
                self._problems.add(place, f"{label!r} stands twice in the claim", "keep one of them")
            elif label is not None:
                labels.append(label)
        return labels

    def variant(self, word: str, path: KeyPath) -> str | None:
        """The label of the one variant that ``word`` means."""
        found = match(word, self._models)
        if len(found) == 1:
            return found[0].label
        if found:
            several = ", ".join(repr(variant.label) for variant in found)
            self._problems.add(path, f"{word!r} may be any of {several}", "write the label of one")
        else:
            labels = [variant.label for variant in self._models]
            self._problems.add(path, f"no variant {word!r} in this suite", suggest(word, labels))
        return None

    def _chosen(self, words: object, path: KeyPath) -> tuple[str, ...]:
        """The labels of the datasets that a claim names: those in a list, else all."""
        labels = [dataset.label for dataset in self._datasets]
        if not isinstance(words, list):
            return tuple(labels)
        chosen: list[str] = []
        for at, word in enumerate(words):
            if not isinstance(word, str):
                continue
            found = match(word, self._datasets)
            if not found:
                message = f"no dataset {word!r} in this suite"
                self._problems.add((*path, at), message, suggest(word, labels))
            chosen += [dataset.label for dataset in found if dataset.label not in chosen]
        return tuple(chosen)
