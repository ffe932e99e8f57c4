"""`KeyedVectors` of `firth.compat.gensim`: what its users expect, first without gensim, then beside the real one."""

import gzip
import itertools

import numpy as np
import pytest

import firth
from firth.compat.gensim import KeyedVectors
from firth.compat.gensim.transport import least_transport
from firth.errors import FormatError, SettingsError, ShapeError, UnknownWordError

WORDS = [f"w{number}" for number in range(40)]
NUMBERS = np.random.default_rng(7).normal(size=(40, 6)).astype(np.float32)


def keyed(words=WORDS, numbers=NUMBERS):
    vectors = KeyedVectors(numbers.shape[1])
    vectors.add_vectors(words, numbers)
    return vectors


def real():
    gensim = pytest.importorskip("gensim.models", reason="gensim is not installed")
    vectors = gensim.KeyedVectors(6)
    vectors.add_vectors(WORDS, NUMBERS)
    return vectors


def test_keys_are_added_kept_and_replaced():
    vectors = keyed()
    vectors.fill_norms()
    vectors.add_vectors(["w0", "new"], np.ones((2, 6)), extras={"count": np.array([3, 4])})
    assert np.array_equal(vectors["w0"], NUMBERS[0]) and np.array_equal(vectors["new"], np.ones(6))
    assert vectors.get_vecattr("new", "count") == 4 and vectors.get_vecattr("w0", "count") == 0
    assert len(vectors.lengths()) == 41  # lengths of before are not taken for those of now
    vectors["w0"] = np.full(6, 2)
    vectors[["w1", "w1"]] = [np.full(6, 3), np.full(6, 4)]
    assert np.array_equal(vectors["w0"], np.full(6, 2)) and np.array_equal(vectors["w1"], np.full(6, 4))
    assert len(vectors) == 41 and vectors.key_to_index["new"] == 40 == vectors.get_index("new")


def test_keys_that_come_twice_in_one_call_have_one_row():
    vectors = KeyedVectors(1)
    vectors.add_vectors(["a", "b", "a"], np.array([[1], [2], [3]]))
    assert vectors.index_to_key == ["a", "b"] and vectors["a"][0] == 1
    vectors = KeyedVectors(1)
    vectors[["a", "b", "a"]] = np.array([[1], [2], [3]])
    assert vectors.index_to_key == ["a", "b"] and vectors["a"][0] == 3


def test_rows_that_were_made_room_for_are_filled_first():
    vectors = KeyedVectors(2, count=1)
    assert [vectors.add_vector("a", [1, 2]), vectors.add_vector("b", [3, 4])] == [0, 1]
    assert vectors.index_to_key == ["a", "b"] and vectors.vectors.tolist() == [[1, 2], [3, 4]]


def test_numbers_are_rows_where_they_are_no_keys():
    vectors = keyed()
    assert np.array_equal(vectors[3], NUMBERS[3]) and 3 in vectors and 40 not in vectors
    assert vectors.most_similar(3) == vectors.most_similar("w3")
    assert vectors.get_index("none", default=-1) == -1


def test_unknown_keys_and_wrong_shapes_are_refused():
    vectors = keyed()
    with pytest.raises(UnknownWordError, match=r"^expected a key with a vector, got 'none'; look first with"):
        vectors["none"]
    with pytest.raises(KeyError):
        vectors.most_similar("none")
    with pytest.raises(ShapeError, match="weights of shape"):
        vectors.add_vectors(["a"], np.ones((1, 5)))
    with pytest.raises(SettingsError, match="at least one"):
        vectors.get_mean_vector([])
    with pytest.raises(SettingsError, match="one weight for each key"):
        vectors.get_mean_vector(["w0"], weights=[1, 2])
    with pytest.raises(SettingsError, match="expected a key or vector, got none"):
        vectors.most_similar()
    with pytest.raises(SettingsError, match="a positive key"):
        vectors.most_similar_cosmul(negative=["w1"])
    with pytest.raises(ZeroDivisionError, match="two lists of words"):
        vectors.n_similarity([], ["w1"])
    with pytest.raises(ValueError, match="read-only"):
        vectors["w0"][0] = 1


@pytest.mark.parametrize(
    ("name", "instead"),
    [("index2word", "index_to_key"), ("vocab", "key_to_index"), ("vectors_norm", "get_normed_vectors()")],
)
def test_names_of_gensim_3_say_what_there_is_now(name, instead):
    with pytest.raises(AttributeError, match=instead.replace("(", r"\(").replace(")", r"\)")):
        getattr(keyed(), name)


def test_topn_none_gives_all_and_below_one_nothing():
    vectors = keyed()
    every = vectors.most_similar("w0", topn=None)
    assert every.shape == (40,) and every[0] == pytest.approx(1)
    assert vectors.most_similar("w0", topn=None, clip_start=2, clip_end=5).tolist() == every[2:5].tolist()
    assert vectors.most_similar("w0", topn=0) == [] == vectors.most_similar_cosmul("w0", topn=0)
    assert {key for key, _ in vectors.most_similar("w0", topn=99, restrict_vocab=4)} == {"w1", "w2", "w3"}
    assert len(vectors.most_similar("w0", topn=99)) == 39
    assert vectors.most_similar_cosmul("w0", topn=None).shape == (40,)
    assert {key for key, _ in vectors.most_similar_cosmul("w0", topn=99, restrict_vocab=4)} == {"w1", "w2", "w3"}


def test_a_word_and_its_vector_have_the_same_answers():
    vectors = keyed()
    unit = vectors.get_vector("w5", norm=True)
    answers = [(key, value) for key, value in vectors.most_similar([unit], topn=11) if key != "w5"]
    assert answers == vectors.most_similar("w5", topn=10)


def test_zeros_are_near_to_nothing():
    vectors = keyed(["zero", "one"], np.array([[0, 0], [1, 0]]))
    assert vectors.most_similar("zero") == [("one", 0.0)] and vectors.similarity("zero", "one") == 0
    assert np.array_equal(vectors.get_normed_vectors(), [[0, 0], [1, 0]])


def test_the_index_of_another_is_asked():
    class Indexer:
        def most_similar(self, vector, topn):
            return [(float(np.linalg.norm(vector)), topn)]

    assert keyed().most_similar("w0", topn=3, indexer=Indexer()) == [(pytest.approx(1), 3)]


def test_transport_is_the_best_of_all_plans():
    generator = np.random.default_rng(3)
    first, second = generator.normal(size=(4, 3)), generator.normal(size=(4, 3))
    lengths = np.linalg.norm(first[:, None] - second[None], axis=2)
    # With equal shares some permutation is among the best plans (Birkhoff).
    best = min(lengths[range(4), order].mean() for order in itertools.permutations(range(4)))
    shares = np.full(4, 0.25)
    assert least_transport(shares, shares, first, second) == pytest.approx(best, abs=1e-12)


def test_documents_without_known_words_are_infinitely_far():
    vectors = keyed()
    assert vectors.wmdistance(["none"], ["w1"]) == float("inf") == vectors.wmdistance([], ["w1"])
    assert vectors.wmdistance(["w1", "none"], ["w1"]) == 0
    assert vectors.wmdistance(["w1", "w2"], ["w2", "w1"]) == pytest.approx(0, abs=1e-12)


def test_files_go_out_and_come_back(tmp_path):
    vectors = keyed()
    vectors.expandos["count"] = np.arange(1, 41)
    for binary in (False, True):
        vectors.save_word2vec_format(tmp_path / "v", tmp_path / "words", binary=binary)
        again = KeyedVectors.load_word2vec_format(tmp_path / "v", tmp_path / "words", binary=binary)
        assert again.index_to_key == WORDS[::-1]  # by counts
        assert np.array_equal(again[WORDS], NUMBERS) and again.get_vecattr("w39", "count") == 40
        few = KeyedVectors.load_word2vec_format(tmp_path / "v", binary=binary, limit=3, datatype=np.float64)
        assert few.index_to_key == ["w39", "w38", "w37"] and few.vectors.dtype == np.float64
        assert few.expandos["count"].tolist() == [3, 2, 1]
        packed = tmp_path / "v.gz"
        packed.write_bytes(gzip.compress((tmp_path / "v").read_bytes()))
        assert np.array_equal(KeyedVectors.load_word2vec_format(packed, binary=binary)[WORDS], NUMBERS)
        packed.write_bytes(packed.read_bytes()[:-20])
        with pytest.raises(FormatError, match=r"a whole gzip file, got damaged or cut-off data in .*/v\.gz"):
            KeyedVectors.load_word2vec_format(packed, binary=binary)
    with pytest.raises(FileNotFoundError, match="a file of vectors"):
        KeyedVectors.load_word2vec_format(tmp_path / "none")


def test_words_that_are_not_utf8_are_read_by_gensims_name_for_it(tmp_path):
    (tmp_path / "v").write_bytes(b"1 2\n\xff 1 2\n")
    with pytest.raises(FormatError, match="pass unicode_errors='replace' to read"):
        KeyedVectors.load_word2vec_format(tmp_path / "v")
    assert KeyedVectors.load_word2vec_format(tmp_path / "v", unicode_errors="replace").index_to_key == ["\ufffd"]
    with pytest.raises(SettingsError, match="unicode_errors to be 'strict'"):
        KeyedVectors.load_word2vec_format(tmp_path / "v", unicode_errors="none")


@pytest.mark.parametrize("to", ["float16", "int8", "product"])
@pytest.mark.parametrize("mmap", [None, "r"])
def test_vectors_in_fewer_bits_are_those_that_they_give(tmp_path, to, mmap):
    words, numbers = [f"w{n}" for n in range(300)], np.random.default_rng(1).normal(size=(300, 6))
    small = firth.compress(firth.Vectors(words, numbers), to=to)
    small.save(tmp_path / "small")
    vectors = KeyedVectors.load(tmp_path / "small", mmap=mmap)
    assert vectors.index_to_key == words and np.array_equal(vectors.vectors, small.matrix)
    assert vectors.vectors.flags.writeable == (mmap is None)


def test_files_without_header_and_in_parts(tmp_path):
    vectors = keyed()
    vectors.save_word2vec_format(tmp_path / "v", write_header=False)
    assert np.array_equal(KeyedVectors.load_word2vec_format(tmp_path / "v", no_header=True)[WORDS], NUMBERS)
    vectors.save_word2vec_format(tmp_path / "two", total_vec=80)
    vectors.save_word2vec_format(tmp_path / "two", write_header=False, append=True, prefix="b-")
    both = KeyedVectors.load_word2vec_format(tmp_path / "two")
    assert len(both) == 80 and np.array_equal(both["b-w7"], NUMBERS[7])
    with pytest.raises(SettingsError, match="encoding='utf8'"):
        KeyedVectors.load_word2vec_format(tmp_path / "v", encoding="latin-1")
    with pytest.raises(SettingsError, match="a text where there is no header"):
        KeyedVectors.load_word2vec_format(tmp_path / "v", binary=True, no_header=True)


def test_a_folder_keeps_vectors_and_counts(tmp_path):
    vectors = keyed()
    vectors.set_vecattr("w1", "count", 7)
    vectors.save(tmp_path / "v")
    vectors.save(tmp_path / "v")  # over the older one, as gensim does
    for mmap in (None, "r"):
        again = KeyedVectors.load(tmp_path / "v", mmap=mmap)
        assert np.array_equal(again.vectors, NUMBERS) and again.index_to_key == WORDS
        assert again.get_vecattr("w1", "count") == 7 and again.most_similar("w3") == vectors.most_similar("w3")
        assert again.vectors.flags.writeable == (mmap is None)
    with pytest.raises(SettingsError, match="mmap to be 'r' or None"):
        KeyedVectors.load(tmp_path / "v", mmap="w")
    numbered = KeyedVectors(1)
    numbered[5] = np.ones(1)
    with pytest.raises(SettingsError, match="keys that are all texts, got 5"):
        numbered.save(tmp_path / "n")


def test_vectors_of_a_file_take_the_place_of_own_ones(tmp_path):
    keyed(["w1", "other"], np.ones((2, 6), np.float32)).save_word2vec_format(tmp_path / "v")
    vectors = keyed()
    with pytest.raises(SettingsError, match=r"lockf=1\.0: all rows are trained on"):
        vectors.intersect_word2vec_format(tmp_path / "v")
    vectors.intersect_word2vec_format(tmp_path / "v", lockf=1.0)
    assert np.array_equal(vectors["w1"], np.ones(6)) and np.array_equal(vectors["w2"], NUMBERS[2])
    assert "other" not in vectors


def test_gold_sets_are_judged_by_the_rules_asked_for(tmp_path):
    vectors = keyed(
        ["Man", "king", "woman", "queen", "x"], np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 1, 1], [1, 0, -1]])
    )
    (tmp_path / "a").write_text(": royals\nman king woman queen\nno line\nman king woman none\n: none\n")
    score, sections = vectors.evaluate_word_analogies(tmp_path / "a")
    assert score == 1 and [section["section"] for section in sections] == ["royals", "none", "Total accuracy"]
    assert sections[0]["correct"] == [("MAN", "KING", "WOMAN", "QUEEN")] == sections[-1]["correct"]
    assert vectors.evaluate_word_analogies(tmp_path / "a", dummy4unknown=True)[0] == 0.5
    assert vectors.evaluate_word_analogies(tmp_path / "a", case_insensitive=False)[0] == 0
    assert vectors.evaluate_word_analogies(tmp_path / "a", similarity_function="most_similar_cosmul")[0] == 1
    (tmp_path / "b").write_text("man king woman queen\n")
    with pytest.raises(SettingsError, match=r"a section first in .*, got 'man king woman queen' in line 1"):
        vectors.evaluate_word_analogies(tmp_path / "b")
    (tmp_path / "p").write_text("# pairs\nman\tking\t9\nman\twoman\t1\nking\tqueen\t5\nman\tnone\t4\nbad\n")
    pearson, spearman, unknown = vectors.evaluate_word_pairs(tmp_path / "p")
    assert spearman[0] == pytest.approx(1) and pearson[0] > 0.9 and unknown == 25
    assert vectors.evaluate_word_pairs(tmp_path / "p", dummy4unknown=True)[1][0] < 1
    with pytest.raises(SettingsError, match="pairs of words with a score"):
        vectors.evaluate_word_pairs(tmp_path / "p", delimiter=";")


QUESTIONS = {
    "most_similar": [{"positive": p, "negative": n, "topn": t} for p, n, t in [
        ("w1", None, 5), (["w1", "w2"], "w3", 39), ([("w1", 2.0), NUMBERS[4]], [("w2", -0.3)], 7), ([3], [], 3),
    ]],
    "most_similar_cosmul": [{"positive": ["w1", "w2"], "negative": ["w3"], "topn": 6}, {"positive": "w9"}],
    "similar_by_word": [{"word": "w4", "topn": 4, "restrict_vocab": 20}],
    "similar_by_vector": [{"vector": NUMBERS[2] * 3, "topn": 4}],
    "get_mean_vector": [{"keys": ["w1", "w2"], "weights": [1, -2], "pre_normalize": pre, "post_normalize": post}
                        for pre in (True, False) for post in (True, False)],
    "get_vector": [{"key": "w3", "norm": True}],
    "rank_by_centrality": [{"words": WORDS[:5]}, {"words": WORDS[:5], "use_norm": False}],
    "doesnt_match": [{"words": WORDS[3:9]}],
    "distances": [{"word_or_vector": "w1"}, {"word_or_vector": NUMBERS[1], "other_words": ["w4", "w5"]}],
    "distance": [{"w1": "w1", "w2": "w2"}],
    "similarity": [{"w1": "w1", "w2": "w2"}],
    "n_similarity": [{"ws1": ["w1", "w2"], "ws2": ["w3"]}],
    "most_similar_to_given": [{"key1": "w1", "keys_list": WORDS[2:]}],
    "closer_than": [{"key1": "w1", "key2": "w2"}],
    "rank": [{"key1": "w1", "key2": "w2"}],
    "relative_cosine_similarity": [{"wa": "w1", "wb": "w2", "topn": 5}],
    "get_normed_vectors": [{}],
}  # fmt: skip


def same(ours, theirs):
    """Compare results of any kind: keys exactly, numbers to 1e-6."""
    if isinstance(theirs, list | tuple):
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            same(one, other)
    elif isinstance(theirs, str | int):
        assert ours == theirs
    else:
        assert ours == pytest.approx(theirs, abs=1e-6)


@pytest.mark.filterwarnings("ignore:Call to deprecated")  # gensim of itself
@pytest.mark.parametrize(("name", "number"), [(n, i) for n, asked in QUESTIONS.items() for i in range(len(asked))])
def test_answers_are_those_of_gensim(name, number):
    theirs = getattr(real(), name)(**QUESTIONS[name][number])
    same(getattr(keyed(), name)(**QUESTIONS[name][number]), theirs)


def test_gold_sets_are_judged_as_by_gensim(tmp_path):
    theirs, ours = real(), keyed()
    generator = np.random.default_rng(1)
    chosen = [[f"W{number}" for number in generator.integers(0, 45, 4)] for _ in range(60)]
    (tmp_path / "a").write_text(": one\n" + "\n".join(map(" ".join, chosen[:30])) + "\n: two\nno\n" +
                                "\n".join(map(" ".join, chosen[30:])) + "\n")  # fmt: skip
    pairs = [f"{a}\t{b}\t{number}" for number, (a, b, *_) in enumerate(chosen)]
    (tmp_path / "p").write_text("#\n" + "\n".join(pairs) + "\n")
    for options in ({}, {"restrict_vocab": 20}, {"dummy4unknown": True}):
        assert ours.evaluate_word_analogies(tmp_path / "a", **options) == theirs.evaluate_word_analogies(
            str(tmp_path / "a"), **options
        )
        found = theirs.evaluate_word_pairs(str(tmp_path / "p"), **options)
        same([*map(tuple, ours.evaluate_word_pairs(tmp_path / "p", **options)[:2])], [*map(tuple, found[:2])])


def test_files_are_read_by_gensim_and_gensims_by_us(tmp_path):
    theirs, ours = real(), keyed()
    for binary in (False, True):
        ours.save_word2vec_format(tmp_path / "ours", binary=binary)
        again = type(theirs).load_word2vec_format(str(tmp_path / "ours"), binary=binary)
        assert again.index_to_key == WORDS and np.array_equal(again.vectors, NUMBERS)
        theirs.save_word2vec_format(str(tmp_path / "theirs"), binary=binary)
        again = KeyedVectors.load_word2vec_format(tmp_path / "theirs", binary=binary)
        assert again.index_to_key == WORDS and np.array_equal(again.vectors, NUMBERS)
    theirs.save(str(tmp_path / "theirs.kv"))
    assert np.array_equal(KeyedVectors.load(tmp_path / "theirs.kv").vectors, NUMBERS)
