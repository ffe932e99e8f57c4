import importlib.util
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import firth
from firth.errors import CorpusError, FormatError, SettingsError
from firth.text.subwords import Subwords
from firth.vectors import Vectors

pytest.importorskip("sklearn", reason="the extra 'sklearn' is not installed")

import joblib
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline

from firth.compat.sklearn import WordVectorizer

SHAPES = Vectors(["up", "down", "left", "naïve"], np.array([[0, 2], [0, -1], [-3, 0], [1, 1]]))
TEXTS = ["Up, up and LEFT!", "down, naïve", "", "nothing known", "left"]
SMALL = {"dimensions": 4, "min_count": 1, "passes": 2, "subsample": 0, "threads": 1}
FRUIT = ["apples and pears are ripe", "ripe pears and plums", "plums and apples for pie"] * 8
TOOLS = ["hammer and nails on wood", "wood and saw for nails", "saw and hammer on steel"] * 8
LABELS = [0] * len(FRUIT) + [1] * len(TOOLS)


def naive_pooled(tokens, vectors, pooling="mean", idf=None):
    """The vector of one document, word by word."""
    known = [word for word in tokens if word in vectors]
    if not known:
        return np.zeros(vectors.dimensions)
    if pooling == "max":
        return np.array([max(float(vectors[word][column]) for word in known) for column in range(vectors.dimensions)])
    weights = [1.0 if idf is None else idf[word] for word in known]
    pairs = list(zip(weights, known, strict=True))
    return sum(weight * vectors[word].astype(np.float64) for weight, word in pairs) / sum(weights)


def upper_words(text):
    """A tokenizer that can be pickled."""
    return text.upper().split()


# ── what comes out ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("pooling", ["mean", "max", "idf"])
@pytest.mark.parametrize("documents", [1, 3, 1024])
def test_documents_are_pooled_word_by_word(pooling, documents, monkeypatch):
    monkeypatch.setattr("firth.compat.sklearn._DOCUMENTS", documents)
    tokens = [["up", "up", "and", "left"], ["down", "naïve"], [], ["nothing", "known"], ["left"]]
    idf = {w: 1 + np.log(6 / (1 + sum(w in some for some in tokens))) for w in SHAPES.words}
    wanted = [naive_pooled(some, SHAPES, pooling, idf if pooling == "idf" else None) for some in tokens]
    vectorizer = WordVectorizer(vectors=SHAPES, pooling=pooling).fit(TEXTS)
    for asked in (TEXTS, tokens, tuple(TEXTS), np.array(TEXTS), iter(TEXTS)):
        found = vectorizer.transform(asked)
        assert (found.dtype, found.shape) == (np.float32, (5, 2))
        np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-7)
    for place, text in enumerate(TEXTS):  # alone as among others
        np.testing.assert_array_equal(vectorizer.transform([text])[0], found[place])
    assert vectorizer.transform([]).shape == (0, 2)
    assert (vectorizer.idf_ is not None) == (pooling == "idf")


def test_rare_words_weigh_more():
    vectorizer = WordVectorizer(vectors=SHAPES, pooling="idf").fit(["up", "up left", "up"])
    np.testing.assert_allclose(vectorizer.idf_, 1 + np.log(4 / np.array([4, 1, 2, 1])))
    left, up = vectorizer.transform(["up left"])[0]
    assert -left / 3 > up / 2


def test_fitting_trains_as_firth_does():
    tokens = [text.split() for text in FRUIT]
    chosen = {"window": 3, "model": "cbow", "learning_rate": 0.1, "seed": 5}
    vectorizer = WordVectorizer(**SMALL, **chosen).fit(FRUIT)
    wanted = firth.train(tokens, **SMALL, **chosen)
    np.testing.assert_array_equal(vectorizer.vectors_.matrix, wanted.matrix)
    np.testing.assert_allclose(vectorizer.transform(FRUIT[:1])[0], naive_pooled(tokens[0], wanted), rtol=1e-5)
    again = WordVectorizer(**{**SMALL, "threads": 2}, **chosen).fit(tokens)
    np.testing.assert_array_equal(again.vectors_.matrix, wanted.matrix)


def test_words_never_seen_have_vectors_with_subwords():
    vectorizer = WordVectorizer(**SMALL, subwords=Subwords(buckets=500), pooling="idf").fit(FRUIT)
    found = vectorizer.transform(["applesauce", "apples applesauce", "..."])
    np.testing.assert_allclose(found[0], vectorizer.vectors_["applesauce"], rtol=1e-6)
    apples = vectorizer.idf_[vectorizer.vectors_.index("apples")]
    unseen = vectorizer.idf_.max()
    wanted = (apples * vectorizer.vectors_["apples"] + unseen * found[0]) / (apples + unseen)
    np.testing.assert_allclose(found[1], wanted, rtol=1e-5)
    assert not found[2].any()


@pytest.mark.parametrize(
    ("how", "text", "wanted"),
    [
        ({}, "UP, down", [0, 0.5]),
        ({"fold_case": False}, "UP, down", [0, -1]),
        ({"tokenizer": "whitespace"}, "UP, down", [0, -1]),
        ({"tokenizer": upper_words}, "up down", [0, 0.5]),
        ({"tokenizer": upper_words, "fold_case": False}, "up down", [0, 0]),
    ],
)
def test_texts_are_cut_as_asked(how, text, wanted):
    assert WordVectorizer(vectors=SHAPES, **how).fit([text]).transform([text]).tolist() == [wanted]


def test_vectors_may_be_in_a_folder_or_in_fewer_bytes(tmp_path):
    SHAPES.save(tmp_path / "shapes")
    wanted = WordVectorizer(vectors=SHAPES).fit_transform(TEXTS)
    for place in (tmp_path / "shapes", str(tmp_path / "shapes")):
        np.testing.assert_array_equal(WordVectorizer(vectors=place).fit_transform(TEXTS), wanted)
    small = firth.compress(SHAPES, to="float16")
    np.testing.assert_array_equal(WordVectorizer(vectors=small).fit_transform(TEXTS), wanted)
    with pytest.raises(FormatError):
        WordVectorizer(vectors=tmp_path / "absent").fit(TEXTS)


@pytest.mark.parametrize(
    ("how", "documents", "said"),
    [
        ({}, "one text", r"expected a list of documents, got one text; pass \[text\] for a single one"),
        ({}, 3, "expected a list of documents, got int"),
        ({}, ["up", None], "expected documents to be texts or lists of words, got NoneType in place 1; leave it out"),
        ({}, ["up", float("nan")], "got float in place 1"),
        ({}, [b"up"], "got bytes in place 0"),
        ({}, [["up", 3]], "got list in place 0"),
        ({"pooling": "sum"}, TEXTS, "expected pooling to be 'mean' or 'idf' or 'max', got 'sum'"),
        ({"tokenizer": "letters"}, TEXTS, "expected tokenizer to be 'whitespace' or 'words', or a function"),
    ],
)
def test_what_can_not_be_meant_is_refused(how, documents, said):
    with pytest.raises(SettingsError, match=said):
        WordVectorizer(vectors=SHAPES, **how).fit(documents)


def test_nothing_to_train_on_is_an_error():
    with pytest.raises(CorpusError):
        WordVectorizer(**SMALL).fit(["", "..."])


# ── what scikit-learn asks of a transformer ─────────────────────────────────────────────────────────────────


def test_parameters_are_got_and_set():
    vectorizer = WordVectorizer(dimensions=7, subwords=Subwords())
    parameters = vectorizer.get_params()
    assert parameters["dimensions"] == 7
    assert parameters["subwords"] == Subwords()
    assert WordVectorizer(**parameters).get_params() == parameters
    assert vectorizer.set_params(window=2, pooling="max") is vectorizer
    assert (vectorizer.window, vectorizer.pooling) == (2, "max")
    with pytest.raises(ValueError, match="Invalid parameter 'size'"):
        vectorizer.set_params(size=3)
    assert repr(WordVectorizer(dimensions=7)) == "WordVectorizer(dimensions=7)"


def test_a_clone_has_the_parameters_and_is_not_fitted():
    fitted = WordVectorizer(vectors=SHAPES, pooling="max").fit(TEXTS)
    copy = clone(fitted)
    assert copy.pooling == "max"
    np.testing.assert_array_equal(copy.vectors.matrix, SHAPES.matrix)
    assert not hasattr(copy, "vectors_")
    np.testing.assert_array_equal(copy.fit_transform(TEXTS), fitted.transform(TEXTS))


def test_what_was_not_fitted_says_so():
    for ask in (lambda v: v.transform(TEXTS), lambda v: v.get_feature_names_out()):
        with pytest.raises(NotFittedError):
            ask(WordVectorizer())
    with pytest.raises(
        NotFittedError, match="expected a vectorizer fitted with pooling='idf', got one that was fitted"
    ):
        WordVectorizer(vectors=SHAPES).fit(TEXTS).set_params(pooling="idf").transform(TEXTS)


def test_fitting_changes_no_parameter_and_returns_itself():
    vectorizer = WordVectorizer(**SMALL)
    before = vectorizer.get_params()
    assert vectorizer.fit(FRUIT, y=None) is vectorizer
    assert vectorizer.get_params() == before
    assert vectorizer.fit(TOOLS).vectors_.words != WordVectorizer(**SMALL).fit(FRUIT).vectors_.words


def test_columns_have_names():
    vectorizer = WordVectorizer(vectors=SHAPES).fit(TEXTS)
    assert vectorizer.get_feature_names_out().tolist() == ["wordvectorizer0", "wordvectorizer1"]


def test_tables_come_out_where_they_are_asked_for():
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    vectorizer = WordVectorizer(vectors=SHAPES).set_output(transform="pandas")
    series = pandas.Series(TEXTS, index=list("abcde"))
    table = vectorizer.fit_transform(series)
    assert list(table.columns) == ["wordvectorizer0", "wordvectorizer1"]
    assert list(table.index) == list("abcde")
    np.testing.assert_array_equal(table, WordVectorizer(vectors=SHAPES).fit_transform(TEXTS))
    column = ColumnTransformer([("text", WordVectorizer(vectors=SHAPES), "words")])
    np.testing.assert_array_equal(column.fit_transform(pandas.DataFrame({"words": TEXTS})), table)


def test_arrays_come_out_where_they_are_asked_for():
    vectorizer = WordVectorizer(vectors=SHAPES).set_output(transform="default")
    assert type(vectorizer.fit_transform(TEXTS)) is np.ndarray


def test_tags_say_that_texts_go_in():
    utils = importlib.import_module("sklearn.utils")
    if not hasattr(utils, "get_tags"):
        pytest.skip("scikit-learn before 1.6 has no tags of this kind")
    tags = utils.get_tags(WordVectorizer())
    assert (tags.input_tags.string, tags.input_tags.two_d_array) == (True, False)
    assert tags.requires_fit


def test_a_grid_of_settings_is_searched():
    pipeline = make_pipeline(WordVectorizer(**{**SMALL, "passes": 20}), LogisticRegression())
    grid = {"wordvectorizer__dimensions": [2, 5], "wordvectorizer__window": [1, 4]}
    search = GridSearchCV(pipeline, grid, cv=2, error_score="raise").fit(FRUIT + TOOLS, LABELS)
    assert len(search.cv_results_["params"]) == 4
    best = search.best_estimator_.named_steps["wordvectorizer"]
    assert best.vectors_.dimensions == search.best_params_["wordvectorizer__dimensions"]
    assert search.predict(["ripe plums", "steel nails"]).tolist() == [0, 1]
    assert search.best_score_ > 0.9


@pytest.mark.parametrize("mmap_mode", [None, "r"])
@pytest.mark.parametrize("where", ["memory", "folder"])
def test_what_was_fitted_is_kept_by_joblib_and_by_pickle(tmp_path, where, mmap_mode):
    place = SHAPES
    if where == "folder":
        SHAPES.save(tmp_path / "shapes")
        place = tmp_path / "shapes"
    fitted = WordVectorizer(vectors=place, pooling="idf").fit(TEXTS)
    wanted = fitted.transform(TEXTS)
    joblib.dump(fitted, tmp_path / "fitted.joblib")
    for again in (joblib.load(tmp_path / "fitted.joblib", mmap_mode=mmap_mode), pickle.loads(pickle.dumps(fitted))):
        np.testing.assert_array_equal(again.transform(TEXTS), wanted)
        assert again.get_params().keys() == fitted.get_params().keys()


def test_what_was_trained_is_kept_with_its_subwords(tmp_path):
    fitted = WordVectorizer(**SMALL, subwords=Subwords(buckets=500)).fit(FRUIT)
    joblib.dump(fitted, tmp_path / "fitted.joblib")
    asked = ["applesauce and ripe pears"]
    np.testing.assert_array_equal(joblib.load(tmp_path / "fitted.joblib").transform(asked), fitted.transform(asked))


def test_many_processes_and_threads_give_what_one_does():
    fitted = WordVectorizer(vectors=SHAPES).fit(TEXTS)
    wanted = fitted.transform(TEXTS)
    for backend in ("threading", "loky"):
        calls = (joblib.delayed(fitted.transform)([text]) for text in TEXTS)
        np.testing.assert_array_equal(np.concatenate(joblib.Parallel(2, backend=backend)(calls)), wanted)
    pipeline = make_pipeline(WordVectorizer(**SMALL), LogisticRegression())
    one, two = (cross_val_score(pipeline, FRUIT + TOOLS, LABELS, cv=2, n_jobs=jobs) for jobs in (1, 2))
    np.testing.assert_array_equal(one, two)


def test_without_scikit_learn_its_line_is_named():
    code = "import sys; sys.modules['sklearn.base'] = None; import firth.compat.sklearn"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    said = "expected scikit-learn, for WordVectorizer, got no module sklearn; pip install 'firth[sklearn]'"
    assert said in done.stderr


# ── the example ─────────────────────────────────────────────────────────────────────────────────────────────


def test_the_example_tells_modules_by_their_documentation(capsys):
    place = Path(__file__).parent.parent / "examples" / "sklearn_pipeline.py"
    spec = importlib.util.spec_from_file_location("sklearn_pipeline", place)
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    assert example.main(["--modules", "tkinter", "asyncio", "--dimensions", "16"]) == 0
    told = capsys.readouterr().out
    assert "documents" in told
    share = float(told.split("right: ")[1].split("%")[0])
    assert share > 75
    assert example.main(["--modules", "no_such_module", "asyncio"]) == 1
    assert "no documentation of no_such_module" in capsys.readouterr().err
