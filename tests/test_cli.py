"""The `firth` command: what it says, to whom, and with which exit status."""

import inspect
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import firth as firth_package
from firth import recipes
from firth.cli import app, verifying
from firth.cli import converting as converting_command
from firth.cli import counting as counting_commands
from firth.cli import finding as phrase_commands
from firth.cli import fitting as fitting_commands
from firth.cli import training as training_command
from firth.cli.demonstration import _DEMO_SETTINGS
from firth.cli.training import default_output, train
from firth.errors import CorpusError, SettingsError
from firth.observations.counts import Counts
from firth.training.stream import Stream
from firth.vectors import Vectors
from firth.vectors.formats.recognising import WRITABLE
from small_subwords import small_vectors

COMMANDS = (
    "train",
    "similar",
    "analogy",
    "info",
    "evaluate",
    "convert",
    "compress",
    "index",
    "count",
    "merge",
    "subtract",
    "fit",
    "gap",
    "phrases",
    "demo",
)
WORDS = ["king", "queen", "man", "woman", "[bold]"]
TRAINING = {
    "losses": [
        {"pass": 1, "pairs": 100, "words_per_second": 1000.0, "loss_per_pair": 2.5},
        {"pass": 2, "pairs": 100, "words_per_second": 3000.0, "loss_per_pair": 2.25},
    ],
    "interrupted": False,
    "seconds": 75.0,
    "window": 5,
}


def made(**training):
    """Vectors in which man is to king as woman is to queen."""
    matrix = np.array([[1, 1, 0], [1, 1, 1], [1, -1, 0], [1, -1, 1], [-1, 0, 0]], np.float32)
    return Vectors(WORDS, matrix, config={"training": {**TRAINING, **training}})


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def saved(here):
    made().save("v")
    return "v"


@pytest.fixture
def corpus(here):
    Path("corpus.txt").write_text("the cat eats fish\nthe dog eats meat\n" * 50, encoding="utf-8")
    return "corpus.txt"


@pytest.fixture
def firth(capfd):
    """Run the command in this process; return its status and what it wrote."""

    def call(*arguments):
        with pytest.raises(SystemExit) as left:
            app([str(argument) for argument in arguments], prog_name="firth")
        return left.value.code, *capfd.readouterr()

    return call


@pytest.fixture
def trained(monkeypatch):
    """Put a stand-in where training would be, and return what it was called with."""
    calls = []

    def stand_in(result):
        def fake(corpus, **settings):
            calls.append((corpus, settings))
            if isinstance(result, BaseException):
                raise result
            return result

        monkeypatch.setattr(recipes, "train", fake)
        return calls

    return stand_in


# ── the surface ─────────────────────────────────────────────────────────────────────────────────────────────


def test_every_parameter_of_train_is_a_flag_with_the_same_default():
    library, command = (inspect.signature(function).parameters for function in (recipes.train, train))
    only_in_python = {"corpus", "subwords", "checkpoints", "on_interval", "on_progress"}
    only_in_the_command = {"context", *training_command._ONLY_HERE}
    assert {name: parameter.default for name, parameter in library.items() if name not in only_in_python} == {
        name: parameter.default for name, parameter in command.items() if name not in only_in_the_command
    }


def test_every_parameter_of_count_is_a_flag_with_the_same_default():
    library, command = (inspect.signature(f).parameters for f in (recipes.count, counting_commands.count))
    only_in_the_command = {"output", "overwrite", "json", "verbose"}
    assert [
        (name, parameter.default) for name, parameter in library.items() if name not in ("corpus", "on_progress")
    ] == [
        (name, parameter.default) for name, parameter in command.items() if name not in {*only_in_the_command, "corpus"}
    ]


@pytest.mark.parametrize("name", ["fit", "gap"])
def test_every_parameter_of_fit_and_gap_is_a_flag_with_the_same_default(name):
    library, command = (inspect.signature(getattr(home, name)).parameters for home in (firth_package, fitting_commands))
    only_in_one = {"vectors", "counts", "on_progress", "output", "overwrite", "json", "verbose"}
    first, second = (
        [(name, parameter.default) for name, parameter in parameters.items() if name not in only_in_one]
        for parameters in (library, command)
    )
    assert first == second


def test_every_parameter_of_convert_is_a_flag_with_the_same_default():
    library, command = (inspect.signature(f).parameters for f in (firth_package.convert, converting_command.convert))
    shared = [(name, parameter.default) for name, parameter in command.items() if name not in ("json", "verbose")]
    assert shared == [(name, parameter.default) for name, parameter in library.items()]


def test_the_help_of_convert_names_all_formats_that_are_written():
    assert tuple(converting_command.TARGETS) == WRITABLE


def test_parameters_of_fit_have_the_order_of_train():
    train_parameters, fit_parameters = (inspect.signature(f).parameters for f in (recipes.train, recipes.fit))
    shared = [name for name in train_parameters if name in fit_parameters]
    assert shared == [name for name in fit_parameters if name in train_parameters]
    # Over text, and over pairs of words; a share, and counts; None where it may come from elsewhere.
    different = {"passes", "held_out", "dimensions"}
    assert all(train_parameters[name].default == fit_parameters[name].default for name in {*shared} - different)


def test_parameters_of_train_and_count_have_the_same_order_and_defaults():
    train_parameters, count_parameters = (inspect.signature(f).parameters for f in (recipes.train, recipes.count))
    shared = [name for name in train_parameters if name in count_parameters]
    assert shared == [name for name in count_parameters if name in train_parameters]
    assert all(train_parameters[name].default == count_parameters[name].default for name in shared)


def test_help_names_every_flag_of_train(firth):
    status, out, _ = firth("train", "--help")
    assert status == 0
    names = {*inspect.signature(train).parameters, "racing", "from", "freeze"}
    for name in names - {"context", "corpus", "start", "frozen"}:
        assert f"--{name.replace('_', '-')} " in out
    assert "named after the corpus" in " ".join(out.split())


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_help_and_speaks_json(firth, command):
    status, out, err = firth(command, "--help")
    assert (status, err) == (0, "")
    assert f"Usage: firth {command}" in out
    assert "--json" in out


def test_help_lists_the_commands_in_whole_sentences(firth):
    status, out, _ = firth("--help")
    assert status == 0
    listed = out.partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in listed] == [*COMMANDS, "documents"]
    assert all(line.endswith(".") and not line.endswith("...") for line in listed)


def test_version(firth):
    from firth import __version__

    assert firth("--version") == (0, f"firth {__version__}\n", "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("similar",), "Missing argument 'VECTORS'"),
        (("similar", "v"), "Missing argument 'WORD'"),
        (("similar", "v", "king", "--count", "0"), "'--count'"),
        (("train",), "Missing argument 'CORPUS': name a text to train on, or with --verify vectors to train again\n"),
        (("train", "--json"), "Missing argument 'CORPUS'"),
        (("train", "--verify"), "'--verify' requires an argument"),
        (("train", "c", "--dimensions", "many"), "'--dimensions'"),
        (("train", "c", "--size", "100"), "--size"),
        (("trian", "c"), "No such command 'trian'"),
    ],
)
def test_wrong_usage_is_status_2(firth, here, arguments, said):
    status, out, err = firth(*arguments)
    assert (status, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


# ── failures ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (SettingsError("expected a, got b; do c"), "expected a, got b; do c"),
        (CorpusError("expected text, got none; name a file"), "expected text, got none; name a file"),
        (FileNotFoundError(2, "No such file or directory", "some.txt"), "No such file or directory: some.txt"),
        (PermissionError(13, "Permission denied", b"some.txt"), "Permission denied: some.txt"),
        (
            OSError(28, "expected room on the disk, got none; free some"),
            "expected room on the disk, got none; free some",
        ),
        (MemoryError("Unable to allocate 3 GiB"), "not enough memory: Unable to allocate 3 GiB"),
        (MemoryError(), "not enough memory"),
    ],
)
def test_what_the_user_can_mend_is_one_sentence(firth, corpus, trained, error, said):
    trained(error)
    assert firth("train", corpus) == (1, "", f"firth: {said}\n")
    assert not Path("corpus.vectors").exists()


@pytest.mark.parametrize("error", [OSError("nobody knows what"), ZeroDivisionError()])
def test_a_bug_keeps_its_traceback(corpus, trained, error):
    trained(error)
    with pytest.raises(type(error)):
        app(["train", corpus], prog_name="firth")


def test_an_interrupt_is_status_130(firth, corpus, trained):
    trained(KeyboardInterrupt())
    assert firth("train", corpus) == (130, "", "firth: interrupted\n")


@pytest.mark.parametrize("command", [("similar", "king"), ("analogy", "a", "b", "c"), ("info",), ("evaluate", "f")])
def test_vectors_that_are_not_there_are_named(firth, here, command):
    status, out, err = firth(command[0], "absent", *command[1:])
    assert (status, out) == (1, "")
    assert err.startswith("firth: ")
    assert err.count("\n") == 1
    assert "absent" in err


def test_an_unknown_word_is_named_and_nothing_is_written(firth, saved):
    status, out, err = firth("similar", saved, "king", "kong")
    assert (status, out) == (1, "")
    assert err.startswith("firth: ")
    assert "kong" in err


def test_existing_output_is_refused_before_training(firth, corpus, trained):
    calls = trained(made())
    made().save("old")
    status, out, err = firth("train", corpus, "-o", "old")
    assert (status, out, calls) == (1, "", [])
    assert err.startswith("firth: expected a free place for the output, got 'old', which exists; ")
    assert "--overwrite" in err


@pytest.mark.parametrize("command", ["train", "demo"])
def test_output_below_a_file_is_refused_before_training(firth, corpus, trained, command):
    calls = trained(made())
    arguments = [corpus] if command == "train" else []
    status, out, err = firth(command, *arguments, "-o", f"{corpus}/v")
    assert (status, out, calls) == (1, "", [])
    assert err.startswith("firth: expected a folder to write in, got ")
    assert err.endswith("corpus.txt, which is a file; choose another place\n")


# ── train ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_flags_reach_the_library(firth, corpus, trained):
    calls = trained(made())
    flags = ["--dimensions=8", "--min-count=1", "--subsample=0", "--fold-case", "--no-keep-context", "--cache=kept"]
    assert firth("train", corpus, *flags, "--threads=2", "--keep=paper")[0] == 0
    ((given, settings),) = calls
    assert given == corpus
    assert settings["on_progress"] is None
    changed = {"dimensions": 8, "min_count": 1, "subsample": 0.0, "fold_case": True, "keep_context": False}
    assert settings.items() >= {**changed, "cache": Path("kept"), "threads": 2, "keep": "paper"}.items()


@pytest.mark.parametrize(("flags", "reproducible"), [([], True), (["--reproducible"], True), (["--racing"], False)])
def test_threads_race_only_where_that_is_asked_for(firth, corpus, trained, flags, reproducible):
    calls = trained(made())
    assert firth("train", corpus, *flags)[0] == 0
    assert calls[0][1]["reproducible"] is reproducible


@pytest.mark.parametrize(
    ("arguments", "given"), [(["*.txt"], "*.txt"), (["-"], "-"), (["a", "b"], [Path("a"), Path("b")])]
)
def test_one_corpus_is_text_and_several_are_paths(firth, here, trained, arguments, given):
    calls = trained(made())
    assert firth("train", *arguments, "-o", "v")[0] == 0
    assert calls[0][0] == given


def test_the_summary_goes_to_standard_error(firth, corpus, trained):
    trained(made())
    status, out, err = firth("train", corpus)
    assert (status, out) == (0, "")
    assert err.splitlines() == [
        "pass\t1\t100\t1000\t2.5000",
        "pass\t2\t100\t3000\t2.2500",
        "words\t5",
        "dimensions\t3",
        "pairs\t200",
        "words/s\t1500",
        "time\t1:15",
        "saved in\tcorpus.vectors",
    ]
    assert list(Vectors.load("corpus.vectors").words) == WORDS


def test_json_is_one_document_on_standard_output(firth, corpus, trained):
    trained(made())
    status, out, err = firth("train", corpus, "--json", "-o", "v")
    assert (status, err) == (0, "")
    assert json.loads(out) == {
        "path": "v",
        "words": 5,
        "dimensions": 3,
        "pairs": 200,
        "words_per_second": 1500.0,
        "training": TRAINING,
    }


def test_of_many_passes_some_are_shown(firth, corpus, trained):
    losses = [{**TRAINING["losses"][0], "pass": number} for number in range(1, 31)]
    trained(made(losses=losses))
    _, _, err = firth("train", corpus)
    shown = [int(line.split("\t")[1]) for line in err.splitlines() if line.startswith("pass\t")]
    assert shown == [1, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30]


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_what_an_interrupted_run_learnt_is_saved(firth, corpus, trained, flags):
    trained(made(losses=[], interrupted=True))
    status, out, err = firth("train", corpus, *flags)
    assert status == 130
    assert err.endswith("firth: interrupted; what was learnt until then is saved in corpus.vectors\n")
    assert len(Vectors.load("corpus.vectors")) == 5
    assert (json.loads(out)["training"]["interrupted"] if flags else out == "") is True


def test_overwrite_replaces(firth, corpus, trained):
    trained(made())
    assert [firth("train", corpus, *flags)[0] for flags in ([], [], ["--overwrite"])] == [0, 1, 0]


@pytest.mark.parametrize(
    ("corpus", "name"),
    [
        ("corpus.txt.gz", "corpus.vectors"),
        ("texts/corpus.v2.txt", "corpus.v2.vectors"),
        ("corpus", "corpus.vectors"),
        ("texts/*.txt", "texts.vectors"),
        ("texts/**/part-?.txt", "texts.vectors"),
        ("*.txt", "corpus.vectors"),
        ("-", "input.vectors"),
    ],
)
def test_the_output_is_named_after_the_corpus(here, corpus, name):
    here = here / "corpus"
    here.mkdir()
    os.chdir(here)
    assert default_output([corpus, "more.txt"]) == Path(name)


def test_a_folder_gives_its_name_whole(here):
    Path("my.texts").mkdir()
    assert default_output(["my.texts"]) == default_output(["my.texts/"]) == Path("my.texts.vectors")


# ── train --verify ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def model(firth, corpus):
    """A folder of vectors that were trained."""
    assert firth("train", corpus, "--dimensions=4", "--min-count=1", "--threads=2", "-o", "m")[0] == 0
    return "m"


def test_verify_trains_again_and_says_that_the_bytes_are_the_same(firth, model, corpus):
    for arguments in ([], [corpus], [corpus, "--threads=1"], ["--threads=3"], ["--cache=kept"]):
        status, out, err = firth("train", "--verify", model, *arguments)
        assert (status, err) == (0, "")
        assert re.fullmatch(r"same bytes: m was trained again, 6 words × 4 dimensions, \d+\.\d seconds\n", out)
    assert sorted(path.name for path in Path().iterdir()) == ["corpus.txt", "kept", "m"]


def test_verify_says_what_differs(firth, model):
    vectors = Vectors.load(model)
    matrix = vectors.matrix.copy()
    matrix[1, 2] += 1
    vectors.config["training"]["made_with"]["numpy"] = "1.0"
    parts = {"counts": vectors.counts, "context_matrix": vectors.context_matrix}
    Vectors(vectors.words, matrix, **parts, config=vectors.config).save("other")
    status, out, err = firth("train", "--verify", "other")
    assert (status, err) == (1, "")
    first, *lines = out.splitlines()
    assert first.startswith("other bytes: other was trained again, 6 words × 4 dimensions, ")
    assert lines == [
        "matrix: 1 of 24 numbers are not the same; the largest difference is 1",
        f"numpy 1.0 then, {np.__version__} now",
    ]


def test_verify_as_json(firth, model, corpus):
    status, out, err = firth("train", "--verify", model, "--json")
    assert (status, err) == (0, "")
    answer = json.loads(out)
    assert (answer["same"], answer["model"], answer["differences"]) == (True, "m", [])
    assert answer["made_with_then"] == answer["made_with_now"]
    assert answer["made_with_now"]["numpy"] == np.__version__
    assert answer["seconds"] > 0
    vectors = Vectors.load(model)
    vectors.config["training"]["seed"] = 2
    vectors.save("other")
    status, out, err = firth("train", "--verify", "other", corpus, "--json")
    assert (status, err) == (1, "")
    answer = json.loads(out)
    assert answer["same"] is False
    assert [difference["part"] for difference in answer["differences"]] == ["matrix", "context_matrix"]
    assert answer["differences"][0]["shape_now"] == [6, 4]


def test_verify_takes_several_files_and_standard_input(corpus):
    Path("more.txt").write_text("a bird eats seeds\n" * 20, encoding="utf-8")
    flags = ["--dimensions=4", "--threads=1", "-o", "m"]
    subprocess.run([*FIRTH, "train", corpus, "more.txt", *flags], capture_output=True, check=True)
    text = Path(corpus).read_text() + Path("more.txt").read_text()
    for arguments in ([], [corpus, "more.txt"], ["-"]):
        command = [*FIRTH, "train", "--verify", "m", *arguments]
        done = subprocess.run(command, input=text, capture_output=True, text=True, encoding="utf-8", check=False)
        assert done.stdout.startswith("same bytes: m was trained again, "), done.stderr
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (["--dimensions=4"], "--dimensions"),
        (["--seed", "1", "--no-fold-case"], "--no-fold-case and --seed"),
        (["--racing"], "--racing"),
        (["--reproducible"], "--reproducible"),
        (["-o", "v", "--overwrite"], "--output and --overwrite"),
    ],
)
def test_other_options_beside_verify_are_refused_by_name(firth, corpus, flags, named):
    status, out, err = firth("train", "--verify", "m", corpus, *flags)
    assert (status, out) == (2, "")
    assert err.splitlines()[-1] == (
        "Error: expected no settings of training beside --verify, which takes those stored in 'm', "
        f"got {named}; leave them out"
    )


def test_what_verify_uses_are_parameters_of_the_command():
    assert set(inspect.signature(train).parameters) > verifying._USED


@pytest.mark.parametrize(
    ("training", "said"),
    [
        ({"reproducible": False}, "expected m to have been trained with reproducible=True, got reproducible=False: "),
        ({"interrupted": True}, "expected m to have been trained to its end, got an interruption in pass 5 of 5; "),
    ],
)
def test_verify_refuses_what_can_not_be_repeated(firth, model, training, said):
    vectors = Vectors.load(model)
    vectors.config["training"] |= training
    vectors.save(model, overwrite=True)
    status, out, err = firth("train", "--verify", model)
    assert (status, out) == (1, "")
    assert err.startswith(f"firth: {said}")
    assert err.count("\n") == 1


def test_verify_refuses_another_text_and_a_missing_one(firth, model, corpus):
    Path("other.txt").write_text("to be or not to be\n" * 20, encoding="utf-8")
    status, out, err = firth("train", "--verify", model, "other.txt")
    assert (status, out) == (1, "")
    assert err.startswith("firth: expected the text that m was trained on, checksum ")
    Path(corpus).unlink()
    status, out, err = firth("train", "--verify", model)
    assert (status, out) == (1, "")
    assert err.startswith(
        "firth: expected the corpus of m where it was when it was trained, got nothing at 'corpus.txt'"
    )


# ── questions ───────────────────────────────────────────────────────────────────────────────────────────────


def test_similar_in_a_pipe_is_a_line_for_each_neighbour(firth, saved):
    status, out, err = firth("similar", saved, "king", "man", "king", "-n", "1")
    assert (status, err) == (0, "")
    assert out == "king\tqueen\t0.8165\nman\twoman\t0.8165\n"


def test_similar_as_json(firth, saved):
    status, out, err = firth("similar", saved, "king", "[bold]", "-n", "2", "--json")
    assert (status, err) == (0, "")
    answer = json.loads(out)
    assert list(answer) == ["king", "[bold]"]
    assert [found["word"] for found in answer["king"]] == ["queen", "man"]
    assert answer["king"][0]["similarity"] == pytest.approx(2 / 6**0.5)


def test_analogy(firth, saved):
    status, out, err = firth("analogy", saved, "man", "king", "woman", "-n", "1")
    assert (status, err) == (0, "")
    assert out.startswith("queen\t")
    status, out, _ = firth("analogy", saved, "man", "king", "woman", "-n", "1", "--json")
    answer = json.loads(out)
    assert (answer["a"], answer["b"], answer["c"]) == ("man", "king", "woman")
    assert [found["word"] for found in answer["found"]] == ["queen"]


def test_info(firth, saved):
    status, out, err = firth("info", saved)
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[:2] == ["words\t5", "dimensions\t3"]
    assert "first words\tking queen man woman [bold]" in lines
    assert "training window\t5" in lines
    assert lines[-1] == "pass\t2\t100\t3000\t2.2500"
    assert not [line for line in lines if line.startswith("checked")]


def test_info_shows_lists_of_names(firth, here):
    corpus = {"source": ["a.txt", "b.txt"], "sizes": [1, 2], "none": []}
    Vectors(["a"], np.ones((1, 1)), config={"corpus": corpus}).save("v")
    status, out, _ = firth("info", "v")
    assert status == 0
    assert [line for line in out.splitlines() if line.startswith("corpus")] == ["corpus source\ta.txt b.txt"]


def test_info_names_settings_by_the_last_part_of_their_name_while_it_is_free(firth, here):
    training = {"seed": 1, "noise": {"seed": 2, "exponent": 0.75}, "observations": {"window": 5, "exponent": 3}}
    Vectors(["a"], np.ones((1, 1)), config={"training": training, "note": "x"}).save("v")
    status, out, _ = firth("info", "v")
    assert status == 0
    lines = out.splitlines()
    assert "note\tx" in lines
    assert lines[-5:] == [
        "training seed\t1",
        "training noise seed\t2",
        "training exponent\t0.75",
        "training window\t5",
        "training observations exponent\t3",
    ]


def test_info_check_reads_everything(firth, saved):
    status, out, _ = firth("info", saved, "--check")
    assert status == 0
    assert "checked\twhole, nothing wrong found" in out.splitlines()
    damaged = next(Path(saved).glob("*.safetensors"))
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"\xff")
    status, out, err = firth("info", saved, "--check")
    assert (status, out) == (1, "")
    assert err.startswith("firth: expected ")
    assert err.count("\n") == 1


def test_info_as_json(firth, saved):
    status, out, _ = firth("info", saved, "--json")
    answer = json.loads(out)
    assert status == 0
    assert (answer["path"], answer["words"], answer["dimensions"], answer["checked"]) == ("v", 5, 3, False)
    assert answer["bytes"] == sum(path.stat().st_size for path in Path(saved).iterdir())
    assert answer["config"]["training"] == TRAINING


PAIRS = "king queen 9\nman woman 8\nking woman 3\nking prince 7\n"
QUESTIONS = ": royals\nman king woman queen\nman king woman princess\n: gram1-plural\nman king woman queen\n"


def test_evaluate(firth, saved):
    Path("pairs.txt").write_text(PAIRS, encoding="utf-8")
    Path("questions.txt").write_text(QUESTIONS, encoding="utf-8")
    status, out, err = firth("evaluate", saved, "pairs.txt", "questions.txt")
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        "pairs\tSpearman\t0.8660\t3\t1",
        "questions\taccuracy, all\t1.0000\t2\t1",
        "questions\taccuracy, semantic\t1.0000\t1\t1",
        "questions\taccuracy, syntactic\t1.0000\t1\t0",
    ]
    status, out, _ = firth("evaluate", saved, "pairs.txt", "questions.txt", "--restrict", "2", "--json")
    pairs, questions = json.loads(out)
    assert pairs["spearman"] == pytest.approx(0.8660, abs=1e-4)
    assert (questions["restrict"], questions["overall"]["asked"]) == (2, 0)


def test_evaluate_says_why_a_value_is_missing(firth, saved):
    Path("pairs.txt").write_text("king queen 9\nman prince 8\n", encoding="utf-8")
    status, out, err = firth("evaluate", saved, "pairs.txt")
    assert (status, out) == (0, "pairs\tSpearman\t\t1\t1\n")
    assert err == "firth: pairs: a rank correlation needs two pairs, 1 of 2 have vectors\n"


def test_evaluate_refuses_what_is_no_gold_set(firth, saved):
    Path("prose.txt").write_text("it was the best of times\n", encoding="utf-8")
    status, out, err = firth("evaluate", saved, "prose.txt")
    assert (status, out) == (1, "")
    assert err.startswith("firth: expected ")
    assert "prose.txt" in err


def test_subwords_answer_for_words_without_a_row(firth, here):
    vectors = small_vectors(buckets=None)
    vectors.save("v")
    status, out, err = firth("similar", "v", "wherever", "here", "-n", "1")
    assert (status, err) == (0, "firth: composed of n-grams: wherever\n")
    ((word, value),) = vectors.most_similar("wherever", count=1)
    assert out.splitlines()[0] == f"wherever\t{word}\t{value:.4f}"
    status, out, err = firth("analogy", "v", "where", "here", "wherever", "-n", "1", "--json")
    assert (status, err) == (0, "firth: composed of n-grams: wherever\n")
    assert json.loads(out)["found"][0]["word"] == vectors.analogy("where", "here", "wherever")[0][0]
    status, out, err = firth("similar", "v", "zzz")
    assert (status, out) == (1, "")
    assert err.startswith("firth: expected a word with a vector, got 'zzz'")


def test_evaluate_composes_unknown_words_where_that_is_asked_for(firth, here, saved):
    small_vectors(buckets=None).save("s")
    Path("pairs.txt").write_text("where here 9\nwherever here 8\nzzz here 1\n", encoding="utf-8")
    status, out, err = firth("evaluate", "s", "pairs.txt")
    assert (status, out) == (0, "pairs\tSpearman\t\t1\t2\n")
    status, out, err = firth("evaluate", "s", "pairs.txt", "--unknown", "subwords")
    assert (status, err) == (0, "firth: pairs: 1 pair has a word composed of its n-grams\n")
    assert out.split("\t")[3:] == ["2", "1\n"]
    status, out, err = firth("evaluate", saved, "pairs.txt", "--unknown", "subwords")
    assert (status, out) == (1, "")
    assert err.startswith("firth: expected vectors with subwords")


def test_info_tells_of_subwords(firth, here):
    vectors = small_vectors()
    vectors.save("v")
    status, out, _ = firth("info", "v", "--check")
    assert status == 0
    wanted = {"smallest": "3", "longest": "6", "buckets": "1000000", "ngrams": str(len(vectors.subwords))}
    lines = [line.split("\t") for line in out.splitlines() if line.startswith("subwords ")]
    assert lines == [[f"subwords {name}", value] for name, value in wanted.items()]


# ── demo ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def little_documentation(monkeypatch):
    """Stand in for the documentation, and have one of the words that the demo asks for."""
    monkeypatch.setattr("firth.documentation.read_documentation", lambda: iter([["king", "queen"]]))
    monkeypatch.setattr("firth.cli.demonstration._DEMO_WORDS", ("king", "absent"))
    monkeypatch.setattr(
        "firth.cli.demonstration._DEMO_ANALOGIES", (("man", "king", "woman"), ("man", "absent", "woman"))
    )


@pytest.mark.usefixtures("little_documentation")
def test_demo_shows_what_was_learnt_and_replaces_its_earlier_output(firth, here, trained):
    calls = trained(made())
    for _ in range(2):
        status, out, err = firth("demo")
        assert status == 0
        assert out.splitlines() == ["king\tqueen, man, woman, [bold]", "man : king = woman : …\tqueen, [bold]"]
        assert err.splitlines()[-1] == "saved in\tfirth-demo.vectors"
    assert [list(corpus) for corpus, _ in calls] == [[["king", "queen"]]] * 2
    assert len(Vectors.load("firth-demo.vectors")) == 5


@pytest.mark.usefixtures("little_documentation")
def test_demo_elsewhere_replaces_nothing_unasked(firth, here, trained):
    calls = trained(made())
    assert [firth("demo", "-o", "d", *flags)[0] for flags in ([], [], ["--overwrite"])] == [0, 1, 0]
    assert len(calls) == 2


@pytest.mark.usefixtures("little_documentation")
def test_demo_as_json(firth, here, trained):
    trained(made())
    status, out, err = firth("demo", "--json")
    assert (status, err) == (0, "")
    answer = json.loads(out)
    assert answer["path"] == "firth-demo.vectors"
    assert answer["neighbours"]["king"][0] == "queen"
    assert list(answer["analogies"].values()) == [["queen", "[bold]"]]


def test_settings_of_the_demo_are_settings_of_train():
    assert set(_DEMO_SETTINGS) <= set(inspect.signature(recipes.train).parameters)


# ── the whole program, as a process ─────────────────────────────────────────────────────────────────────────

FIRTH = [sys.executable, "-m", "firth"]


def test_training_in_a_pipe_is_silent_but_for_the_summary(corpus):
    flags = ["--dimensions=4", "--threads=1", "--min-count=1"]
    done = subprocess.run([*FIRTH, "train", corpus, *flags], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert done.stderr.splitlines()[-1] == "saved in\tcorpus.vectors"
    assert "\r" not in done.stderr
    assert "\x1b" not in done.stderr


def test_standard_input_is_a_corpus(here):
    text = "one two three four\n" * 20
    command = [*FIRTH, "train", "-", "--dimensions=4", "--threads=1", "--subsample=0", "--json"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["words"] == 4
    assert len(Vectors.load("input.vectors")) == 4


@pytest.mark.skipif(os.name == "nt", reason="SIGINT is sent in another way there")
def test_ctrl_c_saves_what_was_learnt(corpus):
    flags = ["--dimensions=4", "--threads=1", "--min-count=1", "--passes=1000000", "--verbose"]
    with subprocess.Popen([*FIRTH, "train", corpus, *flags], stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr:
            if line.startswith("firth: pass "):
                process.send_signal(signal.SIGINT)
                break
        said = process.stderr.read()
    assert process.returncode == 130, said
    assert "firth: interrupted; what was learnt until then is saved in corpus.vectors\n" in said
    again = shlex.join(["firth", "train", corpus, *flags, "--resume"])
    assert said.endswith(f"firth: to go on: {again}\n")
    assert Vectors.load("corpus.vectors", check=True).config["training"]["interrupted"] is True
    assert [path.name for path in Path("corpus.vectors.checkpoints").iterdir()] == ["checkpoint-000001"]


# ── going on ────────────────────────────────────────────────────────────────────────────────────────────────

KEPT = ["--dimensions=4", "--min-count=1", "--passes=40", "--checkpoint-words=500"]
PLACE = Path("v.checkpoints")


@pytest.fixture
def interrupts(monkeypatch):
    """Let Ctrl-C be pressed after an interval of the next run."""

    places = []

    def told(stream, interval, tell=Stream._tell):
        if interval.number in places:
            places.clear()
            os.kill(os.getpid(), signal.SIGINT)
        return tell(stream, interval)

    monkeypatch.setattr(Stream, "_tell", told)
    return places.append


@pytest.mark.skipif(os.name == "nt", reason="SIGINT is sent in another way there")
def test_resume_goes_on_to_the_same_bytes_and_cleans_up(firth, corpus, interrupts):
    assert firth("train", corpus, "-o", "whole", *KEPT)[0] == 0
    assert not Path("whole.checkpoints").exists()
    for number in (3, 20):
        interrupts(number)
        status, _, err = firth("train", corpus, "-o", "v", *KEPT, *(["--resume"] if number > 3 else []))
        assert status == 130
        assert "to go on: firth " in err
        assert Vectors.load("v").config["training"]["stopped"] == "interrupted"
        assert len(list(PLACE.iterdir())) == 2
    assert firth("train", corpus, "-o", "v", *KEPT)[0] == 1  # not without being asked to
    status, _, err = firth("train", corpus, "-o", "v", *KEPT, "--threads=3", "--resume")
    assert status == 0, err
    assert Path("v/vectors.safetensors").read_bytes() == Path("whole/vectors.safetensors").read_bytes()
    assert Vectors.load("v").config["training"]["stopped"] is None
    assert not PLACE.exists()
    status, _, err = firth("train", corpus, "-o", "v", *KEPT, "--resume")  # nothing is left to go on from
    assert (status, "which exists" in err) == (1, True)


@pytest.mark.skipif(os.name == "nt", reason="SIGINT is sent in another way there")
def test_resume_refuses_other_settings_and_the_output_of_another_run(firth, corpus, interrupts):
    interrupts(3)
    assert firth("train", corpus, "-o", "v", *KEPT)[0] == 130
    status, _, err = firth("train", corpus, "-o", "v", *KEPT, "--window=3", "--resume")
    assert status == 1
    assert "expected the run that the checkpoints in 'v.checkpoints' are of, with window=5, got window=3; " in err
    assert firth("train", corpus, "-o", "v", *KEPT, "--overwrite")[0] == 1
    made().save("v", overwrite=True)
    status, _, err = firth("train", corpus, "-o", "v", *KEPT, "--resume")
    assert (status, "which exists" in err) == (1, True)
    assert len(list(PLACE.iterdir())) == 2


@pytest.mark.skipif(os.name == "nt", reason="SIGINT is sent in another way there")
def test_without_checkpoints_none_are_left(firth, corpus, interrupts):
    interrupts(3)
    status, _, err = firth("train", corpus, "-o", "v", *KEPT[:3], "--no-checkpoints")
    assert status == 130
    assert err.endswith("saved in v\n")
    assert not PLACE.exists()


def test_patience_stops_and_the_loss_held_out_is_shown(firth, corpus):
    flags = [*KEPT, "--held-out=0.1", "--patience=2", "--learning-rate=0.5", "--subsample=0"]
    status, _, err = firth("train", corpus, "-o", "v", *flags)
    assert status == 0, err
    training = Vectors.load("v").config["training"]
    assert training["stopped"] == "no improvement"
    rows = [line.split("\t") for line in err.splitlines() if line.startswith("pass\t")]
    assert [len(row) for row in rows] == [6] * len(rows)
    assert float(rows[-1][-1]) == pytest.approx(training["losses"][-1]["held_out_loss_per_pair"], abs=1e-4)
    assert "stopped\tno improvement" in firth("info", "v")[1]
    card = Path("v/README.md").read_text(encoding="utf-8")
    assert f"Training was stopped in pass {len(training['losses'])} of 40: no improvement." in card
    assert "held-out loss" in card
    assert not PLACE.exists()


@pytest.mark.parametrize("flags", [["--resume"], ["--checkpoint-words=5"]])
def test_flags_that_contradict_each_other_are_wrong_usage(firth, corpus, flags):
    status, _, err = firth("train", corpus, "--no-checkpoints", *flags)
    assert status == 2
    assert "'--no-checkpoints' contradicts '--resume' and '--checkpoint-words'" in err


@pytest.mark.skipif(os.name == "nt", reason="a closed pipe is another error there")
def test_a_reader_who_leaves_early_is_no_error(saved):
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([*FIRTH, "similar", saved, "king"], stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


# ── count, merge, subtract ──────────────────────────────────────────────────────────────────────────────────

COUNTED = ["--subsample=0", "--threads=1"]


@pytest.fixture
def parts(firth, corpus):
    """Counts of the corpus, of another text, and of both, each with all its words."""
    Path("more.txt").write_text("a bird eats seeds\nthe cat sees it\n" * 20, encoding="utf-8")
    for name, texts in {"a": [corpus], "b": ["more.txt"], "ab": [corpus, "more.txt"]}.items():
        assert firth("count", *texts, "-o", name, "--min-count=1", *COUNTED)[0] == 0
    return "a", "b", "ab"


def test_count_says_what_it_counted_on_standard_error(firth, corpus):
    status, out, err = firth("count", corpus, *COUNTED, "--window=1", "--window-weights=fixed")
    assert (status, out) == (0, "")
    lines = dict(line.split("\t") for line in err.splitlines())
    assert float(lines.pop("lowest loss, nats a pair")) == pytest.approx(np.log(2) * 14 / 12, rel=1e-5)
    assert float(lines.pop("loss of the unigram model")) > np.log(2)
    assert re.fullmatch(r"\d+:\d\d", lines.pop("time"))
    facts = {"words": "6", "cells": "12", "pairs": "600", "tokens": "400", "exact": "yes", "saved in": "corpus.counts"}
    assert lines == facts
    assert len(Counts.load("corpus.counts")) == 6


def test_count_as_json(firth, corpus):
    status, out, err = firth("count", corpus, *COUNTED, "--json", "-o", "c")
    assert (status, err) == (0, "")
    answer, counts = json.loads(out), Counts.load("c")
    assert (answer["path"], answer["words"], answer["tokens"], answer["is_exact"]) == ("c", 6, 400, True)
    assert answer["conditional_entropy"] == counts.conditional_entropy()
    assert answer["config"]["observations"]["subsample"] == 0
    assert answer["config"]["corpora"][0]["source"] == [corpus]


def test_count_says_how_far_it_is_where_that_is_asked_for(firth, corpus):
    status, _, err = firth("count", corpus, "-o", "c", "--verbose")
    assert status == 0
    assert "firth: reading" in err


def test_counts_in_the_words_of_counts_and_vectors(firth, corpus, parts):
    assert firth("count", "more.txt", "-o", "c", "--vocabulary", "a", *COUNTED)[0] == 0
    assert Counts.load("c").vocabulary == Counts.load("a").vocabulary
    assert firth("train", corpus, "-o", "v", "--dimensions=2", "--passes=1", "--min-count=1")[0] == 0
    assert firth("count", "more.txt", "-o", "d", "--vocabulary", "v", *COUNTED)[0] == 0
    assert Counts.load("c") == Counts.load("d")
    status, out, err = firth("count", "more.txt", "-o", "e", "--vocabulary", "absent")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert "absent" in err


def test_merge_and_subtract(firth, parts):
    status, out, err = firth("merge", "a", "b", "-o", "sum")
    assert (status, out) == (0, "")
    assert "saved in\tsum" in err
    assert Counts.load("sum") == Counts.load("ab")
    status, out, err = firth("subtract", "sum", "b", "-o", "rest", "--json")
    assert (status, err) == (0, "")
    assert json.loads(out)["tokens"] == 400
    assert Counts.load("rest") == Counts.load("a")
    assert firth("merge", "a", "b", "-o", "sum")[0] == 1
    assert firth("merge", "a", "b", "-o", "a", "--overwrite")[0] == 0  # also onto an operand
    assert Counts.load("a", check=True) == Counts.load("ab")


def test_a_sum_that_is_not_exact_is_said(firth, corpus):
    Path("more.txt").write_text("a bird eats seeds\nthe cat sees it\n" * 20, encoding="utf-8")
    for name in (corpus, "more.txt"):
        assert firth("count", name)[0] == 0
    status, _, err = firth("merge", "corpus.counts", "more.counts", "-o", "sum")
    assert status == 0
    said = "exact\tno: not the count of the whole, keep probabilities and words were each part's own"
    assert said in err.splitlines()
    assert said in firth("info", "sum")[1].splitlines()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("subtract", "a", "b", "-o", "c"), "expected counts that hold those subtracted, got 0 for the pair ("),
        (
            ("subtract", "b", "a", "-o", "c"),
            "expected counts that hold those subtracted, got 160 tokens from which 400",
        ),
        (("merge", "a", "absent", "-o", "c"), "absent"),
        (("merge", "a", "b", "-o", "b"), "expected a free place for the output, got 'b', which exists; "),
        (("count", "corpus.txt", "-o", "a"), "expected a free place for the output, got 'a', which exists; "),
        (("count", "absent.txt", "-o", "c"), "absent.txt"),
        (("count", "corpus.txt", "-o", "c", "--memory", "5"), "expected memory to be a whole number ≥ 1048576, got 5"),
    ],
)
def test_what_can_not_be_counted_is_one_sentence(firth, parts, arguments, said):
    status, out, err = firth(*arguments)
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("firth: ")
    assert said in err
    assert not Path("c").exists()


@pytest.mark.parametrize("arguments", [("merge", "a", "b"), ("subtract", "a", "-o", "c"), ("count",)])
def test_wrong_usage_of_counting_is_status_2(firth, here, arguments):
    assert firth(*arguments)[0] == 2


def test_info_of_counts(firth, parts):
    status, out, err = firth("info", "ab", "--check")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[:2] == ["words\t11", f"cells\t{Counts.load('ab').nonzero}"]
    assert "checked\twhole, nothing wrong found" in lines
    assert "observations subsample\t0" in lines
    assert "corpus 1 source\tcorpus.txt more.txt" in lines
    assert not [line for line in lines if line.startswith("coverage")]
    Counts.load("ab").restricted(5).save("part")
    assert [line for line in firth("info", "part")[1].splitlines() if line.startswith("coverage\t0.")]
    status, out, _ = firth("info", "part", "--json")
    answer = json.loads(out)
    assert (status, answer["words"], answer["checked"], answer["path"]) == (0, 5, False, "part")
    assert answer["bytes"] == sum(path.stat().st_size for path in Path("part").iterdir())


# ── fit, gap ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def counted(firth, corpus):
    """Counts of the corpus and of another text in its words."""
    Path("more.txt").write_text("the cat eats meat\nthe dog eats fish\n" * 20, encoding="utf-8")
    assert firth("count", corpus, "-o", "a.counts", *COUNTED)[0] == 0
    assert firth("count", "more.txt", "-o", "b.counts", "--vocabulary", "a.counts", *COUNTED)[0] == 0
    return "a.counts"


def facts_of(lines):
    return dict(
        line.rsplit("\t", 1)
        for line in lines.splitlines()
        if not line.startswith(("word\t", "word per pair\t", "sweep\t"))
    )


def test_fit_says_what_it_reached_on_standard_error(firth, counted):
    status, out, err = firth("fit", counted, "--dimensions=3", "--l2=0.001", "--threads=1")
    assert (status, out) == (0, "")
    facts, training = facts_of(err), Vectors.load("a.vectors").config["training"]
    assert re.fullmatch(r"\d+:\d\d", facts.pop("time"))
    for name, key in {"loss, nats a pair": "loss_per_pair", "bound": "bound", "gap": "gap"}.items():
        assert float(facts.pop(name)) == pytest.approx(training[key], rel=1e-4)
    assert float(facts.pop("share closed")) == pytest.approx(training["share_closed"], rel=1e-4)
    assert facts == {"words": "6", "dimensions": "3", "stopped by": "optimum", "saved in": "a.vectors"}
    assert training["l2"] == 0.001


def test_fit_of_many_words_shows_its_sweeps(firth, here):
    text = "\n".join(" ".join(f"w{number}" for number in range(start, start + 20)) for start in range(0, 600, 10))
    Path("long.txt").write_text(text, encoding="utf-8")
    assert firth("count", "long.txt", "--min-count=1", *COUNTED)[0] == 0
    flags = ["--dimensions=4", "--passes=2", "--tolerance=0", "--threads=1", "--held-out=long.counts"]
    status, out, err = firth("fit", "long.counts", *flags)
    assert (status, out) == (0, "")
    lines = [line.split("\t") for line in err.splitlines() if line.startswith("sweep\t")]
    assert [(len(line), line[1]) for line in lines] == [(5, "1"), (5, "2")]
    assert "held-out loss" in facts_of(err)
    assert [line for line in firth("info", "long.vectors")[1].splitlines() if line.startswith("sweep\t")] == [
        "\t".join(line) for line in lines
    ]
    status, _, err = firth("fit", "long.counts", *flags, "--verbose", "--overwrite")
    assert [line[:15] for line in err.splitlines() if "firth: sweep" in line] == ["firth: sweep 1:", "firth: sweep 2:"]
    assert not [line for line in err.splitlines() if line.startswith("sweep\t")]
    status, out, err = firth("fit", "long.counts", *flags, "--json", "--overwrite")
    assert (status, err) == (0, "")
    answer = json.loads(out)
    assert (answer["path"], answer["words"], answer["dimensions"]) == ("long.vectors", 610, 4)
    assert len(answer["training"]["sweeps"]) == 2


def test_gap_writes_names_and_values(firth, counted):
    assert firth("fit", counted, "-o", "v", "--dimensions=2", "--threads=1")[0] == 0
    status, out, err = firth("gap", "v", "--counts", counted)
    assert (status, err) == (0, "")
    found = firth_package.gap(Vectors.load("v"), Counts.load(counted))
    facts = facts_of(out)
    assert float(facts["gap"]) == pytest.approx(found.gap, rel=1e-4)
    assert float(facts["gap of the unigram model"]) == pytest.approx(found.unigram_gap, rel=1e-4)
    assert (facts["reading"], facts["words"], facts["pairs"]) == ("softmax", "6", f"{found.pairs:.0f}")
    assert not {"coverage", "rows drawn", "standard error", "gap with the best contexts"} & set(facts)
    words = [line.split("\t") for line in out.splitlines() if line.startswith("word\t")]
    assert [word for _, word, *_ in words] == [word.word for word in found.contributions()]


def test_gap_as_json(firth, counted):
    assert firth("fit", counted, "-o", "v", "--objective=sampling", "--negatives=2", "--dimensions=2")[0] == 0
    flags = ["--held-out", "b.counts", "--l2", "0.1", "--rows", "3", "--seed", "4", "--threads=1"]
    status, out, err = firth("gap", "v", "--counts", counted, *flags, "--json")
    assert (status, err) == (0, "")
    settings = {"held_out": Counts.load("b.counts"), "l2": 0.1, "rows": 3, "seed": 4}
    expected = firth_package.gap(Vectors.load("v"), Counts.load(counted), **settings).as_dict()
    assert json.loads(out) == {"vectors": "v", "counts": counted, **json.loads(json.dumps(expected))}
    status, out, _ = firth("gap", "v", "--counts", counted, *flags)
    facts = facts_of(out)
    assert facts["reading"] == "sampling, 2 negatives, collisions allow"
    assert facts["rows drawn"] == "3"
    assert {"standard error", "held-out gap", "negative sampling gap", "certificate distance"} <= set(facts)


def test_gap_of_centers_alone_has_another_name(firth, counted):
    assert firth("fit", counted, "-o", "v", "--dimensions=2")[0] == 0
    vectors = Vectors.load("v")
    Vectors([*vectors.words[:5], "other"], vectors.matrix).save("w")
    status, out, _ = firth("gap", "w", "--counts", counted, "--reading=softmax")
    facts = facts_of(out)
    assert status == 0
    assert {"gap with the best contexts", "loss with the best contexts"} <= set(facts)
    assert not {"gap", "loss, nats a pair"} & set(facts)
    assert 0 < float(facts["coverage"]) < 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("fit", "a.counts", "-o", "a.counts"), "expected a free place for the output, got 'a.counts', which exists; "),
        (("fit", "a.counts", "--objective=hinge"), "expected objective to be 'softmax' or 'sampling' or "),
        (("fit", "absent"), "absent"),
        (("gap", "v", "--counts=absent"), "absent"),
        (("gap", "v", "--counts=a.counts"), "expected a reading, got vectors that do not say how they were trained; "),
        (("gap", "w", "--counts=a.counts"), "expected words that both vectors and counts have, "),
    ],
)
def test_what_can_not_be_fitted_or_measured_is_one_sentence(firth, counted, arguments, said):
    Vectors(["the", "cat"], np.ones((2, 2))).save("v")
    made().save("w")
    status, out, err = firth(*arguments)
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("firth: ")
    assert said in err


@pytest.mark.parametrize("arguments", [("fit",), ("gap", "v"), ("gap", "--counts", "c"), ("gap", "v", "--rows=1")])
def test_wrong_usage_of_fit_and_gap_is_status_2(firth, here, arguments):
    assert firth(*arguments)[0] == 2


# ── phrases ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def york(here):
    Path("york.txt").write_text("she is in New York\nNew York is not York\na new day in May\n" * 4, encoding="utf-8")
    return "york.txt"


def test_every_parameter_of_find_phrases_is_a_flag_with_the_same_default():
    library, command = (inspect.signature(f).parameters for f in (recipes.find_phrases, phrase_commands.phrases))
    only_in_the_command = {"context", "corpus", "output", "joined_with", "count", "overwrite", "json", "verbose"}
    found = [(name, parameter.default) for name, parameter in command.items() if name not in only_in_the_command]
    expected = {name: parameter.default for name, parameter in library.items() if name not in ("corpus", "on_progress")}
    assert found == list((expected | {"connectors": "none"}).items())
    assert phrase_commands.named_connectors("none") == list(expected["connectors"])


def test_phrases_are_found_listed_and_saved(firth, york):
    status, out, err = firth("phrases", york, "--fold-case", "--threshold", "1", "-n", "1")
    assert (status, out) == (0, "new_york\t8\t1.2500\t1\n")
    assert err == "phrases\t1\nwords\t60\nsaved in\tyork.phrases\n"
    assert [phrase.text for phrase in firth_package.Phrases.load("york.phrases")] == ["new_york"]
    assert firth("phrases", york)[0] == 1  # the place is taken


def test_phrases_as_json(firth, york):
    flags = ["--passes", "2", "--connectors", "is,in", "--threshold", "1", "--min-count", "1", "--json", "-o", "p"]
    status, out, err = firth("phrases", york, *flags)
    document = json.loads(out)
    assert (status, err, document["path"]) == (0, "", "p")
    assert len(document["best"]) == min(20, document["phrases"])
    assert set(document["best"][0]) == {"text", "parts", "count", "score", "pass_number"}
    assert document["config"]["settings"]["passes"] == 2
    assert firth_package.Phrases.load("p").connectors == ("in", "is")


def test_phrases_are_joined_in_a_text(firth, york):
    firth("phrases", york, "--threshold", "1", "-o", "p")
    status, out, err = firth("phrases", york, "--with", "p")
    assert (status, out) == (0, "")
    assert err == "sentences\t12\nwords\t60\nsaved in\tyork.joined.txt\n"
    assert Path("york.joined.txt").read_text(encoding="utf-8").startswith("she is in New_York\nNew_York is not York\n")
    status, out, _ = firth("phrases", york, "--with", "p", "-o", "other.txt", "--json")
    assert json.loads(out) == {"path": "other.txt", "phrases": "p", "sentences": 12, "words": 60}
    assert firth("phrases", york, "--with", "p")[0] == 1  # the place is taken


def test_phrases_are_joined_before_training(firth, york, trained):
    calls = trained(made())
    assert firth("train", york, "--phrases", "p", "-o", "v")[0] == 0
    assert calls[0][1]["phrases"] == Path("p")


def test_a_search_beside_phrases_that_are_there_is_refused(firth, york):
    status, _, err = firth("phrases", york, "--with", "p", "--min-count", "5", "--passes", "2")
    assert status == 2
    assert "expected no settings of the search beside --with, which takes the phrases in 'p', got --min-count and" in (
        " ".join(err.replace("│", " ").split())
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["york.txt", "--score", "pmi"], "expected score to be 'original' or 'npmi', got 'pmi'"),
        (["york.txt", "--with", "nothing"], "nothing to be a folder of phrases written by firth, got nothing there"),
        (["nothing.txt"], "expected the path of a text file"),
    ],
)
def test_what_can_not_be_found_is_one_sentence(firth, york, arguments, said):
    status, out, err = firth("phrases", *arguments)
    assert (status, out) == (1, "")
    assert err.startswith("firth: expected ") and said in err and err.count("\n") == 1


# ── other tools' files ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("format", ["word2vec", "word2vec-text", "glove", "numpy", "static-embedding"])
def test_every_command_that_takes_vectors_takes_those_of_other_tools(firth, here, counted, format):
    made().export("foreign", format)
    Path("pairs.txt").write_text("king queen 9\nman woman 8\nking man 2\n", encoding="utf-8")
    assert firth("similar", "foreign", "king", "-n", "1") == (0, "king\tqueen\t0.8165\n", "")
    assert firth("analogy", "foreign", "man", "king", "woman", "-n", "1")[1].startswith("queen\t")
    assert firth("evaluate", "foreign", "pairs.txt")[1].startswith("pairs\tSpearman\t")
    facts = dict(line.split("\t") for line in firth("info", "foreign")[1].splitlines())
    assert (facts["source format"], facts["words"], facts["source file"]) == (format, "5", "foreign")
    assert json.loads(firth("info", "foreign", "--json")[1])["config"]["source"]["format"] == format


def test_gap_of_vectors_of_other_tools_is_that_of_their_centres(firth, counted):
    assert firth("fit", counted, "-o", "v", "--dimensions=2", "--threads=1")[0] == 0
    assert firth("convert", "v", "v.txt", "--format", "word2vec-text")[0] == 0
    status, out, err = firth("gap", "v.txt", "--counts", counted, "--reading", "softmax")
    assert (status, err) == (0, "")
    assert float(facts_of(out)["gap with the best contexts"]) >= 0


def test_convert_says_what_it_did(firth, here):
    Path("any.txt").write_text("up 0.5 1\nup 2 2\ndown -1 0\n", encoding="utf-8")
    status, out, err = firth("convert", "any.txt", "out")
    assert (status, out) == (0, "")
    assert "firth: warning: any.txt: left out 1 row whose word came before: 'up'\n" in err
    assert "read as\tglove\nwritten as\tfirth\nleft out, came before\t1\nsaved in\tout\n" in err
    assert Vectors.load("out")["up"].tolist() == [0.5, 1]
    status, out, err = firth("convert", "any.txt", "out")
    assert status == 1 and "--overwrite" in err
    document = json.loads(firth("convert", "out", "out.bin", "--format", "word2vec", "--limit", "1", "--json")[1])
    assert (document["words"], document["read as"], document["written as"]) == (1, "firth", "word2vec")
    status, _, err = firth("convert", "any.txt", "x", "--format", "fasttext-2")
    assert status == 1 and "expected format to be 'static-embedding' or" in err
