"""The classical exercise: draws, gradient, norms, checkpoints, counts, each against a slow twin or a stated number."""

import json
import random
import re
import runpy
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import naive_exercise as naive
from checkpoints import load_checkpoint, newest_checkpoint, save_checkpoint
from counts import Objective, count_windows, objective_of
from descent import Run, add_rows, pair_gradients, sampling_losses, score_windows
from draws import Sampler, Windows
from firth.errors import CorpusError, FirthError, FormatError, MissingExtraError, SettingsError
from firth.objectives import corpus_loss, lowest_corpus_loss
from firth.storage import read_config
from picture import both_halves, chosen_words, draw_picture, principal_plane
from recipe import NORM_TOLERANCE, STATED_NORMS, Recipe
from sentences import Sentences, check_corpus, drop_probabilities, has_a_window, keep_copies, noise_table, read_text
from test_real_text import data

EXERCISE = Path(__file__).parent.parent / "examples" / "exercise"
SMALL = Recipe(dimensions=4, threshold=0.02, copies=3, slots=1000, windows=5, halved_every=6, checkpoint_every=4)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A file of the treebank's form: 60 sentences of a few words, frequent and rare, with one no-break space."""
    generator = np.random.default_rng(1)
    words = [f"W{word}" for word in np.minimum(generator.geometric(0.12, 60 * 8), 30)]
    lines = [" ".join(words[8 * row : 8 * row + 1 + row % 8]) for row in range(60)]
    lines[7] += " left\u00a0right"  # two words, as Python sees them
    text = "index\tsentence\n" + "".join(f"{row}\t{line}\n" for row, line in enumerate(lines, 1))
    file = tmp_path_factory.mktemp("corpus") / "small.tsv"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def text(path):
    return read_text(path)


@pytest.fixture(scope="module")
def treebank():
    file = data("corpora/sst-sentences.tsv")
    check_corpus(file)
    return read_text(file)


def as_told(windows):
    """Return windows in the form of the slow twin."""
    told, start = [], 0
    for end in windows.ends.tolist():
        pairs = [(row[0], row[1:]) for row in windows.contexts[start:end].tolist()]
        assert len(set(windows.centers[start:end].tolist())) == 1
        told.append((int(windows.centers[start]), pairs))
        start = end
    return told


def as_lists(kept):
    return [kept.ids[a:b].tolist() for a, b in pairwise(kept.starts)]


def test_words_come_in_the_order_of_first_appearance(text):
    assert text.words[-1] == "UNK" and text.counts[-1] == 1
    assert text.words[0] == "w" + text.words[0][1:] and {"left", "right"} < set(text.words)
    seen = text.sentences.ids.tolist()
    assert sorted(set(seen), key=seen.index) == list(range(len(text.words) - 1))
    assert np.array_equal(np.bincount(seen, minlength=len(text.words))[:-1], text.counts[:-1])
    assert len(text.sentences) == 60


def test_the_treebank_is_the_one_of_the_stated_norms(treebank):
    assert len(treebank.words) == 19_539
    assert len(treebank.sentences) == 11_855
    assert treebank.words[:5] == ["the", "rock", "is", "destined", "to"]


def test_another_copy_is_refused_in_words(path):
    with pytest.raises(CorpusError, match=r"expected sst-sentences\.tsv with sha256 f7ae.*other copies .* other norms"):
        check_corpus(path)
    with pytest.raises(CorpusError, match="got no file 'nothing'; name the file"):
        check_corpus("nothing")


def test_the_noise_table_is_the_walk_along_the_shares(text):
    assert noise_table(text.counts, 1000).tolist() == naive.noise_table(text.counts, 1000)


def test_a_text_without_any_window_is_refused():
    same = Sentences(np.array([1, 1, 2, 2], np.int32), np.array([0, 2, 4]))
    assert not has_a_window(same)
    with pytest.raises(CorpusError, match="expected a kept sentence with two different words, got none"):
        keep_copies(same, np.zeros(3), 2, random.Random(1))


@pytest.mark.parametrize("recipe", [SMALL, replace(SMALL, threshold=1.0), replace(SMALL, half_width=1, negatives=1)])
def test_draws_are_those_of_the_recipe_told_call_by_call(text, recipe):
    before = random.getstate()
    try:
        random.seed(recipe.seed)  # the module itself, as the exercise has it
        expected, kept = naive.windows(random, text, recipe, 40)
        state = random.getstate()
    finally:
        random.setstate(before)
    sampler = Sampler(text, recipe)
    found = [window for count in (1, 1, 30, 8) for window in as_told(sampler.draw(count))]  # one alone: bits run out
    assert found == expected
    assert as_lists(sampler.kept) == kept
    assert sampler.generator.getstate() == state


def test_draws_on_the_treebank_are_those_of_the_recipe(treebank):
    generator = random.Random(Recipe().seed)
    expected, kept = naive.windows(generator, treebank, Recipe(), 200)
    sampler = Sampler(treebank, Recipe())
    assert as_told(sampler.draw(200)) == expected
    assert as_lists(sampler.kept) == kept
    assert sampler.generator.getstate() == generator.getstate()


def vectors_of(text, recipe, scale=1.0, seed=3):
    return np.random.default_rng(seed).normal(scale=scale, size=(2, len(text.words), recipe.dimensions))


def test_the_gradient_of_a_window_is_the_sum_over_its_pairs(text):
    center, context = vectors_of(text, SMALL)
    windows = Sampler(text, SMALL).draw(30)
    assert max(np.bincount(row).max() for row in windows.contexts[:, 1:]) > 1  # some negative was drawn twice
    for number in range(30):
        window = windows.part(number, number + 1)
        found = np.zeros_like(center), np.zeros_like(context)
        rows = pair_gradients(window, score_windows(window, center, context), center, context)
        add_rows(found[0], window.centers, rows[0])
        add_rows(found[1], window.contexts, rows[1])
        expected = naive.gradients(as_told(window), center, context)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13)


def test_steps_are_those_told_pair_by_pair(text):
    """Twenty iterations over three step sizes: all windows of one with the vectors of its start."""
    run = Run(text, SMALL)
    center, context = run.center.copy(), run.context.copy()
    told, _ = naive.windows(random.Random(SMALL.seed), text, SMALL, 20 * SMALL.windows)
    for iteration in range(20):
        window = told[iteration * SMALL.windows : (iteration + 1) * SMALL.windows]
        by_center, by_context = naive.gradients(window, center, context)
        rate = 0.3 * 0.5 ** (iteration // 6) / SMALL.windows
        center -= rate * by_center
        context -= rate * by_context
    run.advance(20)
    np.testing.assert_allclose([run.center, run.context], [center, context], rtol=0, atol=1e-13)


def test_the_start_is_that_of_the_legacy_generator(text):
    before = np.random.get_state()  # noqa: NPY002 - the very calls of the exercise
    try:
        np.random.seed(1411)  # noqa: NPY002
        expected = (np.random.rand(len(text.words), 4) - 0.5) / 4  # noqa: NPY002
    finally:
        np.random.set_state(before)  # noqa: NPY002
    run = Run(text, SMALL)
    assert np.array_equal(run.center, expected)
    assert not run.context.any()


def test_the_norms_are_those_stated(treebank):
    run = Run(treebank, Recipe())
    loss = run.advance(5_000)
    np.testing.assert_allclose(run.norms(), STATED_NORMS[5_000], rtol=NORM_TOLERANCE, atol=0)
    assert 20 < loss < 21


def finish(run, iterations):
    run.advance(iterations - run.iteration)
    return run.center.tobytes(), run.context.tobytes(), run.sampler.generator.getstate()


@pytest.mark.parametrize("stop", [0, 1, 4, 8, 12])
def test_going_on_is_not_stopping_bit_for_bit(text, tmp_path, stop):
    expected = finish(Run(text, SMALL), 16)
    run = Run(text, SMALL)
    run.advance(stop)
    folder = save_checkpoint(run, tmp_path)
    assert finish(load_checkpoint(folder, text, SMALL), 16) == expected
    assert finish(run, 16) == expected  # and saving changes nothing


def test_going_on_is_not_stopping_on_the_treebank(treebank, tmp_path):
    run = Run(treebank, Recipe())
    run.advance(130)
    folder = save_checkpoint(run, tmp_path)
    assert finish(load_checkpoint(folder, treebank, Recipe()), 300) == finish(run, 300)


def test_copies_drawn_anew_make_another_run(text, tmp_path):
    """What resuming with the generator alone does: the mistake that the second state is there for."""
    run = Run(text, SMALL)
    run.advance(4)
    again = load_checkpoint(save_checkpoint(run, tmp_path), text, SMALL)
    again.sampler.kept = None
    assert finish(again, 16) != finish(run, 16)


def test_a_checkpoint_is_json_and_two_matrices(text, tmp_path):
    run = Run(text, SMALL)
    run.advance(4)
    folder = save_checkpoint(run, tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "halves.safetensors"]
    config = read_config(folder, "exercise-checkpoint", 1)
    assert [len(config[name][1]) for name in ("generator", "copies")] == [625, 625]
    assert [path.name for path in tmp_path.iterdir()] == ["iteration-000004"]  # nothing half-written beside it


def test_the_newest_checkpoint_is_found(text, tmp_path):
    assert newest_checkpoint(tmp_path / "nowhere", 9) is None
    run = Run(text, SMALL)
    for _ in range(3):
        run.advance(4)
        save_checkpoint(run, tmp_path)
    (tmp_path / "iteration-last").mkdir()
    assert newest_checkpoint(tmp_path, 100).name == "iteration-000012"
    assert newest_checkpoint(tmp_path, 11).name == "iteration-000008"
    assert newest_checkpoint(tmp_path, 3) is None


def test_a_checkpoint_of_something_else_is_refused(text, tmp_path):
    run = Run(text, SMALL)
    run.advance(4)
    folder = save_checkpoint(run, tmp_path)
    with pytest.raises(SettingsError, match=r"expected a checkpoint with recipe .*name another folder"):
        load_checkpoint(folder, text, replace(SMALL, rate=0.2))
    with pytest.raises(SettingsError, match="expected a checkpoint with corpus_sha256 0000"):
        load_checkpoint(folder, replace(text, sha256="0000"), SMALL)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("generator", None),
        ("generator", [3, [1, 2], None]),
        ("generator", [3, ["a"] * 625, None]),
        ("generator", [3, [-1] * 625, None]),
        ("copies", 7),
        ("iteration", "four"),
        ("iteration", -1),
    ],
)
def test_a_broken_checkpoint_is_refused_in_words(text, tmp_path, name, value):
    run = Run(text, SMALL)
    run.advance(4)
    folder = save_checkpoint(run, tmp_path)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, name: value}))
    with pytest.raises((FormatError, SettingsError), match=r"expected .*, got .*; "):
        load_checkpoint(folder, text, SMALL)


@pytest.fixture(scope="module")
def drawn(text):
    """A sampler that has drawn its copies, and its objective from counts."""
    sampler = Sampler(text, SMALL)
    sampler.draw(1)
    return sampler, objective_of(sampler)


def test_counts_are_those_of_the_formula(text, drawn):
    sampler, objective = drawn
    expected = naive.counts(as_lists(sampler.kept), len(text.words), SMALL.half_width)
    np.testing.assert_allclose(objective.seen.toarray(), expected, rtol=0, atol=1e-15)
    assert np.array_equal(objective.seen.toarray(), objective.seen.toarray().T)
    assert not objective.seen.diagonal().any()


def test_losses_are_those_of_all_cells(text, drawn, monkeypatch):
    _, objective = drawn
    seen = objective.seen.toarray()
    noise_counts = naive.drawn_counts(seen, objective.noise, objective.negatives)
    assert noise_counts.sum() == pytest.approx(objective.negatives * objective.pairs(), rel=1e-13)
    center, context = vectors_of(text, SMALL)
    expected = corpus_loss(center @ context.T, seen, noise_counts)
    for cells in (1, 100, 1 << 22):
        monkeypatch.setattr("counts.BLOCK_CELLS", cells)
        assert objective.loss(center, context) == pytest.approx(expected, rel=1e-13)
    assert objective.lowest_loss() == pytest.approx(lowest_corpus_loss(seen, noise_counts), rel=1e-12)
    constant = corpus_loss(np.full_like(seen, -np.log(objective.negatives)), seen, noise_counts)
    assert objective.constant_loss() == pytest.approx(constant, rel=1e-13)
    scores = np.log(seen.sum(axis=0), where=seen.sum(axis=0) > 0, out=np.full(len(seen), -50.0))
    scores -= np.log(noise_counts.sum(axis=0))
    unigram = corpus_loss(np.tile(scores, (len(seen), 1)), seen, noise_counts)
    assert objective.unigram_loss() == pytest.approx(unigram, rel=1e-9)
    assert objective.lowest_loss() < objective.unigram_loss() < objective.constant_loss() < expected


def test_counts_are_what_the_sampler_draws(text, drawn):
    """60 000 windows: how often pairs and negatives come is what the counts say, and so is the mean loss."""
    _, objective = drawn
    windows = Sampler(text, SMALL).draw(60_000)
    size, number = len(text.words), len(windows.ends)
    found = np.zeros((size, size))
    np.add.at(found, (windows.centers, windows.contexts[:, 0]), 1)
    seen = objective.seen.toarray()
    # Pairs of one window are not independent: the variance of a count is at most 10 times that of a Poisson's.
    assert (np.abs(found - number * seen) <= 5 * np.sqrt(10 * number * seen) + 5).all()
    assert not found[seen == 0].any()
    noise_counts = naive.drawn_counts(seen, objective.noise, objective.negatives)
    found = np.zeros((size, size))
    np.add.at(found, (windows.centers[:, None], windows.contexts[:, 1:]), 1)
    assert (np.abs(found - number * noise_counts) <= 5 * np.sqrt(100 * number * noise_counts) + 5).all()
    center, context = vectors_of(text, SMALL, 0.5)
    of_pairs = sampling_losses(score_windows(windows, center, context))
    losses = np.add.reduceat(of_pairs, np.concatenate([[0], windows.ends[:-1]]))
    error = losses.std() / np.sqrt(number)
    assert abs(losses.mean() - objective.loss(center, context)) < 4 * error


def test_what_the_treebank_allows(treebank):
    sampler = Sampler(treebank, Recipe())
    sampler.draw(1)
    objective = objective_of(sampler)
    pairs = objective.pairs()
    assert pairs == pytest.approx(2.8616, abs=5e-5)
    assert objective.constant_loss() / pairs == pytest.approx(3.3510, abs=5e-5)
    assert objective.constant_loss() == pytest.approx(9.59, abs=5e-3)
    assert objective.lowest_loss() / pairs == pytest.approx(0.6129, abs=5e-5)
    assert objective.lowest_loss() < objective.unigram_loss() < objective.constant_loss()


def test_a_window_that_never_comes_alone():
    """Two words, always beside each other: N⁺ is ½ each way, whatever the half-width."""
    kept = Sentences(np.array([0, 1], np.int32), np.array([0, 2]))
    seen = count_windows(kept, 2, 5)
    assert np.allclose(seen.toarray(), [[0, 0.5], [0.5, 0]])
    assert Objective(seen, np.array([0.5, 0.5]), 10).pairs() == pytest.approx(1)


def test_the_plane_keeps_what_lies_in_a_plane():
    places = np.random.default_rng(1).normal(size=(10, 2)) * [5, 1]
    turned = places @ np.linalg.qr(np.random.default_rng(2).normal(size=(6, 6)))[0][:2]
    found, shares = principal_plane(turned + 7)
    assert shares.sum() == pytest.approx(1)
    between = np.linalg.norm(places[:, None] - places[None], axis=2)
    assert np.allclose(np.linalg.norm(found[:, None] - found[None], axis=2), between)
    assert found[np.abs(found).argmax(axis=0), [0, 1]].min() > 0


def test_the_words_of_the_picture(text, treebank):
    rows = chosen_words(treebank.words)
    assert len(rows) == 24
    assert both_halves(list(rows.values()), *np.zeros((2, len(treebank.words), 10))).shape == (24, 20)
    with pytest.raises(CorpusError, match="expected a corpus with the words of the picture, got 0 of them"):
        chosen_words(text.words)


def test_a_missing_matplotlib_has_its_line(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"no module matplotlib; pip install matplotlib"):
        draw_picture(["rain", "snow", "tea"], np.eye(3), np.eye(3), tmp_path / "words.png", iterations=1)


@pytest.mark.parametrize(("name", "begins"), [("words.png", b"\x89PNG"), ("words.svg", b"<?xml")])
def test_a_picture_is_the_same_twice(tmp_path, name, begins):
    pytest.importorskip("matplotlib", reason="the picture needs matplotlib")
    words = ["great", "bad", "queen", "king", "rain", "tea"]
    vectors = np.random.default_rng(1).normal(size=(2, 6, 3))
    found = []
    for _ in range(2):
        draw_picture(words, *vectors, tmp_path / name, iterations=40_000)
        found.append((tmp_path / name).read_bytes())
    assert found[0] == found[1]
    assert found[0].startswith(begins)


def command(monkeypatch, capsys, *arguments):
    """Run `python examples/exercise …`; return its exit status and what it printed."""
    monkeypatch.setattr(sys, "argv", ["exercise", *map(str, arguments)])
    with pytest.raises(SystemExit) as end:
        runpy.run_path(str(EXERCISE), run_name="__main__")
    return end.value.code, *capsys.readouterr()


def test_the_written_part(monkeypatch, capsys):
    status, out, err = command(monkeypatch, capsys)
    assert (status, err) == (0, "")
    assert out.count("\n  ok ") == 18  # identities, gradients, and what counts say
    assert "the accuracy is 0.2500" in out
    assert "D = 1: 0.6931" in out
    assert "p = 0, loss inf, slope -inf" in out and "the gradient is nan" in out


def test_a_claim_that_does_not_hold_is_an_error():
    import worked

    with pytest.raises(FirthError, match=r"expected one is two, got a difference of 1; mend the formula or its code"):
        worked.confirm("one is two", 1.0, 2.0)


def test_the_command_goes_on_where_it_stopped(path, monkeypatch, capsys, tmp_path):
    import recipe
    import worked

    monkeypatch.setattr(worked, "show_all", lambda: None)
    monkeypatch.setattr(recipe, "Recipe", lambda: replace(SMALL, windows=20))
    arguments = (path, "--other-corpus", "--checkpoints", tmp_path / "run")
    whole = command(monkeypatch, capsys, path, "--other-corpus", "--iterations", 12)
    assert command(monkeypatch, capsys, *arguments, "--iterations", 8)[0] == 0
    assert (tmp_path / "run" / "iteration-000008").is_dir()
    status, out, _ = command(monkeypatch, capsys, *arguments, "--iterations", 12)
    assert status == 0
    assert "(on disk)" in out
    assert out.splitlines()[-10:] == whole[1].splitlines()[-10:]  # the last line of the run, and all that follows
    assert re.search(r"these vectors, 12 iterations +\d+\.\d{4} +\d+\.\d{4}\n", out)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["no-such-file"], "exercise: expected sst-sentences.tsv with sha256 "),
        (["--iterations", "0"], "exercise: expected iterations to be a whole number ≥ 1"),
    ],
)
def test_what_is_wrong_is_one_sentence(monkeypatch, capsys, arguments, said):
    status, out, err = command(monkeypatch, capsys, *arguments)
    assert (status, out) == (1, "")
    assert err.startswith(said) and err.count("\n") == 1


def test_parts_of_windows():
    windows = Windows(np.array([1, 1, 2, 3]), np.arange(8).reshape(4, 2), np.array([2, 3, 4]))
    part = windows.part(1, 3)
    assert part.centers.tolist() == [2, 3] and part.ends.tolist() == [1, 2]
    assert windows.part(0, 3).centers.tolist() == [1, 1, 2, 3]


def test_kept_words_are_those_with_luck(text):
    """A word that is never dropped draws nothing: the generator stays where it was."""
    generator = random.Random(1)
    before = generator.getstate()
    kept = keep_copies(text.sentences, np.zeros(len(text.words)), 2, generator)
    assert generator.getstate() == before
    assert kept.lengths().min() == 2
    drop = drop_probabilities(text.counts, SMALL.threshold)
    assert drop.min() == 0 and drop.max() > 0.5
