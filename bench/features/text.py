"""Text as latent semantic analysis: Deerwester et al. 1990, TF-IDF reduced by truncated SVD."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from bench.data.prepared import Catalogue
from bench.data.sources.base import Progress
from bench.errors import DataError
from bench.features.encoder import Encoded, FeatureEncoder
from bench.suite.settings import TfidfSvdSettings

_SMALLEST_SINGULAR_VALUE = 1e-6  # below, a direction is rounding error


class TfidfSvd(FeatureEncoder):
    """Title and description: log-scaled TF-IDF without English stop words, reduced, rows of unit length.

    The width is `size`, or the rank of the TF-IDF matrix where that is smaller (few items, few words).
    """

    def __init__(self, settings: TfidfSvdSettings) -> None:
        self.settings = settings

    def encode(self, catalogue: Catalogue, progress: Progress | None = None) -> Encoded:
        """[n_items, at most size]; an item without a word is missing."""
        texts = [f"{title} {text}" for title, text in zip(catalogue.titles, catalogue.texts, strict=True)]
        if progress is not None:
            progress("describe texts", 0, len(texts))
        vectoriser = TfidfVectorizer(sublinear_tf=True, stop_words="english", dtype=np.float64)
        try:
            weights = vectoriser.fit_transform(texts)
        except ValueError as error:  # scikit-learn's "empty vocabulary"
            raise DataError(f"none of the {len(texts)} items has a word of text: {error}") from error
        present = np.asarray(weights.getnnz(axis=1) > 0)
        used = weights[present]
        if used.shape[1] == 1:
            # scikit-learn reduces no single column, which is its own reduction.
            used = sparse.hstack([used, sparse.csr_matrix(used.shape)]).tocsr()
        # A fixed seed; the randomised solver's power iterations make the subspace exact to many digits.
        size = min(self.settings.size, *used.shape)
        svd = TruncatedSVD(n_components=size, algorithm="randomized", n_iter=10, random_state=0)
        with np.errstate(
            invalid="ignore"
        ):  # of shares of the variance, where there is none; they are not used
            reduced = svd.fit_transform(used)
        reduced = reduced[:, svd.singular_values_ > _SMALLEST_SINGULAR_VALUE]
        lengths = np.linalg.norm(reduced, axis=1, keepdims=True)
        values = np.zeros((len(texts), reduced.shape[1]), dtype=np.float32)
        # A text whose words all fall outside the kept directions stays at zero: present, but like no other.
        values[present] = reduced / np.where(lengths > 0, lengths, 1)
        if progress is not None:
            progress("describe texts", len(texts), len(texts))
        return Encoded(values, present)
