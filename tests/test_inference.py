"""Vectors of documents that were not trained on: against the slow twin, to the last bit in any company, finite."""

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import naive_documents
from firth.objectives import Example, HuffmanTree, bag_gradient
from firth.observations import Observations
from firth.observations.noise import alias_table
from firth.randomness import stream_key
from firth.training import inference
from firth.training.documents import DocumentModel
from firth.training.inference import frozen_model, infer_documents
from firth.training.sampling_kernel import LONGEST

WORDS, DIMENSIONS = 30, 7
COUNTS = np.sort(np.random.default_rng(1).integers(2, 400, WORDS))[::-1].astype(np.uint64)
LENGTHS = (0, 1, 2, 3, 12, 40)
MODELS = [
    DocumentModel(way=way, loss=loss, gradient=gradient)
    for way, gradient in (("dbow", "true"), ("dm", "true"), ("dm", "historical"))
    for loss in ("sampling", "hierarchical", "softmax")
]
NAMES = [f"{model.way}, {model.gradient}, {model.loss}" for model in MODELS]
OBSERVATIONS = [
    Observations(window=3, subsample=0.01),
    Observations(window=2, subsample=0.05, dropping="after", window_weights="fixed", noise_exponent=0.5),
]


def matrices(scale=1.0):
    """Vectors of words and of outputs as training might leave them."""
    random = np.random.default_rng(2)
    return [np.float32(scale) * random.standard_normal((WORDS, DIMENSIONS)).astype(np.float32) for _ in range(2)]


def texts(lengths=LENGTHS):
    """Documents of these lengths, ids of words."""
    random = np.random.default_rng(3)
    return [random.integers(0, WORDS, length).astype(np.int32) for length in lengths]


def frozen(model, observations, scale=1.0, negatives=4):
    words, outputs = matrices(scale)
    tree = HuffmanTree.of(COUNTS) if model.loss == "hierarchical" else None
    parts = {"words": words, "outputs": outputs, "counts": COUNTS, "observations": observations, "negatives": negatives}
    return frozen_model(model.member, **parts, paths=tree and (tree.starts, tree.nodes, tree.codes)), tree


@pytest.mark.parametrize("observations", OBSERVATIONS, ids=["closed", "open"])
@pytest.mark.parametrize("model", MODELS, ids=NAMES)
def test_against_the_slow_twin(model, observations):
    kernel, tree = frozen(model, observations)
    schedule = {"passes": 3, "learning_rate": 0.2, "seed": 5}
    found = infer_documents(texts(), kernel, **schedule, threads=1)
    words, outputs = matrices()
    if tree is not None:
        outputs = outputs[:-1]  # the last row is no node's
    alias = alias_table(observations.noise_distribution(COUNTS))
    parts = words, outputs, COUNTS, observations, alias
    for ids, vector in zip(texts(), found, strict=True):
        expected = naive_documents.infer(ids, *parts, model=model, negatives=4, **schedule, tree=tree)
        np.testing.assert_allclose(vector, expected, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("model", MODELS, ids=NAMES)
def test_its_slope_is_the_gradient_of_an_example(model):
    kernel, tree = frozen(model, OBSERVATIONS[0], negatives=3)
    outputs = kernel.outputs[:-1] if tree is not None else kernel.outputs
    hidden, slope = np.linspace(-1, 1, DIMENSIONS), np.zeros(DIMENSIONS)
    noise = stream_key(1, "noise", 9, 0)
    for word in (0, 7, WORDS - 1):
        slope[:] = 0
        inference.add_slope(hidden, word, noise, word, kernel, slope, np.zeros(WORDS))
        drawn = naive_documents.noise_of(noise, word, 3, kernel.thresholds, kernel.aliases)
        drawn = drawn if model.loss == "sampling" else []
        example = Example([0], word, np.array(drawn, np.int64), np.ones(len(drawn)))
        expected = bag_gradient(hidden[np.newaxis], outputs, [example], loss=model.loss, tree=tree)[0][0]
        np.testing.assert_allclose(slope, expected, rtol=1e-9)


@pytest.mark.parametrize("model", MODELS, ids=NAMES)
def test_the_same_words_give_the_same_bytes_in_any_company(model):
    kernel, _ = frozen(model, OBSERVATIONS[0])
    documents = texts(np.arange(150) % 23)
    schedule = {"passes": 2, "learning_rate": 0.1, "seed": 1}
    alone = np.concatenate([infer_documents([ids], kernel, **schedule, threads=1) for ids in documents])
    for threads in (1, 2, 5):
        assert infer_documents(documents, kernel, **schedule, threads=threads).tobytes() == alone.tobytes()
    behind = infer_documents(documents[::-1], kernel, **schedule, threads=2)
    assert behind[::-1].tobytes() == alone.tobytes()


def test_another_seed_or_pass_draws_anew():
    kernel, _ = frozen(MODELS[0], OBSERVATIONS[0])
    one, other, longer = (
        infer_documents(texts(), kernel, passes=passes, learning_rate=0.1, seed=seed, threads=1)
        for passes, seed in ((2, 1), (2, 2), (4, 1))
    )
    assert (one[-1] != other[-1]).all() and (one[-1] != longer[-1]).all()


def test_no_documents_and_no_words():
    kernel, _ = frozen(MODELS[0], OBSERVATIONS[0])
    schedule = {"passes": 2, "learning_rate": 0.1, "seed": 1, "threads": 2}
    assert infer_documents([], kernel, **schedule).shape == (0, DIMENSIONS)
    assert not infer_documents([np.zeros(0, np.int32)] * 3, kernel, **schedule).any()


@given(
    st.sampled_from(MODELS),
    st.sampled_from([1e-30, 1.0, 1e5, 1e19, 1e38]),
    st.sampled_from([1e-6, 0.025, 10.0]),
    st.integers(1, 1000),
)
@settings(max_examples=40)
def test_it_is_finite_whatever_the_model_holds(model, scale, learning_rate, negatives):
    kernel, _ = frozen(model, OBSERVATIONS[0], scale, negatives)
    kernel = kernel._replace(
        **{
            name: np.clip(getattr(kernel, name), -np.finfo(np.float32).max, np.finfo(np.float32).max)
            for name in ("words", "outputs")
        }
    )
    for part in (kernel.words, kernel.outputs):
        part.flags.writeable = False
    found = infer_documents(texts((3, 20)), kernel, passes=2, learning_rate=learning_rate, seed=1, threads=1)
    assert np.isfinite(found).all()
    assert (np.linalg.norm(found.astype(np.float64), axis=1) <= LONGEST * (1 + 1e-6)).all()


def test_a_thread_that_fails_is_heard(monkeypatch):
    def fail(*_):
        raise MemoryError(threading.current_thread().name)

    monkeypatch.setattr(inference, "_infer", fail)
    kernel, _ = frozen(MODELS[0], OBSERVATIONS[0])
    with pytest.raises(MemoryError, match="firth"):
        infer_documents(texts() * 50, kernel, passes=1, learning_rate=0.1, seed=1, threads=2)
