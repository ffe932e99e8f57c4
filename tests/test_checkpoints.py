"""Runs that are killed, interrupted or damaged, and go on to the bytes of one that was never stopped."""

import errno
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

import firth
from contract import random_ids
from firth.errors import FormatError, OutputError, OutputExistsError, SettingsError, TrainingError
from firth.recipes.resuming import is_interrupted_part
from firth.storage import read_config, write_config
from firth.training import checkpoints as checkpoints_module
from firth.training import stream as stream_module
from firth.training.checkpoints import Checkpoints, newest_checkpoint, read_checkpoint
from firth.training.intervals import EarlyStopping, Interval, check_intervals, interval_ends
from firth.training.standing import Standing

SENTENCES = [[f"w{word}" for word in random_ids(60, 200, seed) if word >= 0] for seed in range(60)]
SETTINGS = {"dimensions": 20, "passes": 3, "min_count": 1, "threads": 2, "held_out": 0.05, "interval_words": 3_000}
FORKS = pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked and killed, which this system can't")


class Crash(Exception):
    """What ends a run in these tests as a power cut would."""


def train(folder=None, *, words=None, resume=False, **changes):
    kept = None if folder is None else Checkpoints(folder, minutes=None, words=words)
    return firth.train(SENTENCES, **{**SETTINGS, **changes}, checkpoints=kept, resume=resume)


def crash_after(number):
    """Return a callback that ends a run after so many intervals."""

    def crash(interval):
        if interval.number == number:
            raise Crash

    return crash


def crashed(folder, number=6, *, words=2_000, **changes):
    """Train until a crash; return where its checkpoints are."""
    with pytest.raises(Crash):
        train(folder, words=words, on_interval=crash_after(number), **changes)
    return Checkpoints(folder, minutes=None)


def told(vectors):
    """Return all that a run tells but times."""
    training = vectors.config["training"]
    times = {"seconds", "words_per_second"}
    entries = [*training["losses"], *training["intervals"]]
    return [{name: value for name, value in entry.items() if name not in times} for entry in entries]


def assert_same(one, other):
    assert one.matrix.tobytes() == other.matrix.tobytes()
    assert one.context_matrix.tobytes() == other.context_matrix.tobytes()
    assert told(one) == told(other)


@pytest.fixture(scope="module")
def whole():
    """A run that was never stopped."""
    return train()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "run.checkpoints"


# ── killed ──────────────────────────────────────────────────────────────────────────────────────────────────


@FORKS
@pytest.mark.parametrize("threads", [1, 2])
def test_killed_at_any_instant_it_goes_on_to_the_same_bytes(tmp_path, threads):
    script = Path(__file__).parent / "killed.py"
    paths = os.pathsep.join([str(script.parent), str(Path(firth.__file__).parent.parent)])
    command = [sys.executable, str(script), str(tmp_path), str(threads), "60"]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["killed"] == 60
    assert found["while_writing"] > 0
    assert found["runs"] == found["same"] > 0


@pytest.mark.parametrize("number", [1, 4, 7, 12])
@pytest.mark.parametrize("words", [500, 2_000, 17_000])
def test_resumed_after_a_crash_it_tells_and_learns_the_same(folder, whole, number, words):
    crashed(folder, number, words=words)
    assert_same(train(folder, words=words, resume=True, threads=3), whole)


def test_racing_alone_goes_on_to_the_same_bytes_too_and_says_that_nobody_can_count_on_it(folder, caplog):
    changes = {"reproducible": False, "threads": 1, "interval_words": None}
    crashed(folder, 2, words=12_000, **changes)
    assert_same(train(folder, resume=True, **changes), train(**changes))
    assert "threads race: the vectors will not be those of a run that was never stopped" in caplog.text


@pytest.mark.parametrize("reproducible", [True, False])
def test_interrupted_it_leaves_a_checkpoint_where_it_stands(folder, whole, reproducible):
    def interrupt(progress):
        if progress.stage == "training" and progress.share_done > 0:
            os.kill(os.getpid(), signal.SIGINT)

    changes = {"reproducible": reproducible, "passes": 3 if reproducible else 1000}
    part = train(folder, on_progress=interrupt, **changes)
    assert part.config["training"]["stopped"] == "interrupted"
    assert part.config["training"]["interrupted"] is True
    assert Checkpoints(folder).numbers() == [1]
    if reproducible:
        assert_same(train(folder, resume=True), whole)


def test_a_checkpoint_by_the_clock_stops_the_threads_anywhere(folder, whole, monkeypatch):
    monkeypatch.setattr(stream_module, "INTERVAL", 0)  # ask at every turn
    kept = Checkpoints(folder, minutes=1e-9)
    assert_same(firth.train(SENTENCES, **SETTINGS, checkpoints=kept), whole)
    assert kept.numbers()[-1] > 20
    shutil.rmtree(kept.place(kept.numbers()[-1]))
    assert_same(train(folder, resume=True), whole)


def test_resumed_from_where_there_is_nothing_it_starts_and_says_so(folder, whole, caplog):
    assert_same(train(folder, resume=True), whole)
    assert f"no checkpoint in {folder} to resume from: training from the start" in caplog.text


def test_a_resumed_run_says_how_long_it_all_took(folder):
    place = crashed(folder).place(max(crashed_numbers(folder)))
    before = read_checkpoint(place, 1).standing.seconds
    training = train(folder, resume=True).config["training"]
    assert training["intervals"][-1]["seconds"] > before > 0
    assert training["seconds"] > training["intervals"][-1]["seconds"]


def crashed_numbers(folder):
    return Checkpoints(folder).numbers()


def test_progress_of_a_resumed_run_goes_on(folder):
    crashed(folder)
    reports = []
    train(folder, resume=True, on_progress=reports.append)
    shares = [report.share_done for report in reports if report.stage == "training"]
    assert shares[0] > 0.3
    assert shares[-1] == pytest.approx(1)
    assert reports[-1].held_out_loss_per_pair > 0


# ── two are kept, whole ─────────────────────────────────────────────────────────────────────────────────────


def test_the_last_two_are_kept_and_nothing_else_is_touched(folder):
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    (folder / ".checkpoint-000001.firth-new-0123456789ab").mkdir()  # a killed writer's
    crashed(folder)
    names = sorted(path.name for path in folder.iterdir())
    assert len(names) == 3
    assert names[-1] == "notes.txt"
    first, second = Checkpoints(folder).numbers()
    assert second == first + 1 > 5
    Checkpoints(folder).remove()
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]


def test_a_run_that_ended_removes_them_when_told_to(folder):
    crashed(folder)
    train(folder, resume=True)
    Checkpoints(folder).remove()
    assert not folder.exists()


def test_those_of_another_run_are_not_trained_over(folder):
    crashed(folder)
    with pytest.raises(OutputExistsError, match=r"no checkpoints of another run, got 2 in .*resume=True \(--resume\)"):
        train(folder)


def test_resuming_needs_a_place():
    with pytest.raises(SettingsError, match="expected checkpoints to resume from, got none"):
        train(resume=True)


def test_a_place_that_can_not_be_written_to_is_refused_before_training(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="expected a folder to write in"):
        train(tmp_path / "file" / "run.checkpoints")


@pytest.mark.parametrize(("changes", "said"), [({"minutes": 0}, "minutes to be"), ({"words": 0}, "words to be")])
def test_checkpoints_without_end_are_refused(changes, said):
    with pytest.raises(SettingsError, match=said):
        Checkpoints("here", **changes)


# ── damage ──────────────────────────────────────────────────────────────────────────────────────────────────


def flip(path, place):
    content = bytearray(path.read_bytes())
    content[place % len(content)] ^= 4
    path.write_bytes(content)


def truncate(path, place):
    path.write_bytes(path.read_bytes()[: place % path.stat().st_size])


@pytest.mark.parametrize("name", ["config.json", "state.safetensors"])
@pytest.mark.parametrize("damage", [flip, truncate])
@pytest.mark.parametrize("place", [7, 300, 900, -9])
def test_of_a_damaged_one_the_one_before_is_taken(folder, whole, caplog, name, damage, place):
    kept = crashed(folder)
    first, last = kept.numbers()
    damage(kept.place(last) / name, place)
    assert_same(train(folder, words=2_000, resume=True), whole)
    assert "a checkpoint is damaged (" in caplog.text
    assert "going on from the one before it" in caplog.text
    assert first not in kept.numbers()
    assert last not in kept.numbers()


@pytest.mark.parametrize("name", ["config.json", "state.safetensors"])
def test_a_missing_file_is_damage(folder, caplog, name):
    kept = crashed(folder)
    (kept.place(kept.numbers()[-1]) / name).unlink()
    assert newest_checkpoint(kept).number == kept.numbers()[0]
    assert f"expected the file {name} in " in caplog.text


def test_where_all_are_damaged_nothing_is_guessed(folder):
    kept = crashed(folder)
    for number in kept.numbers():
        truncate(kept.place(number) / "state.safetensors", -1)
    with pytest.raises(FormatError, match=r"expected a whole checkpoint in .* 2 damaged .* train from the start"):
        train(folder, resume=True)


def rewritten(place, change):
    """Change what a checkpoint says, with a checksum that is right all the same."""
    config = read_config(place, "checkpoint", 1)
    content = {name: value for name, value in config.items() if name not in checkpoints_module._MARKS}
    change(content)
    checksum = checkpoints_module._content_checksum(content)
    write_config(place, "checkpoint", 1, {**content, "content_blake2b": checksum})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda content: content["standing"].update(step=-5), "to say where its run stood, got pass 0 and step -5"),
        (lambda content: content["standing"].update(step="7"), "to say where its run stood, got pass 0 and step '7'"),
        (lambda content: content["standing"].pop("passes"), "to say where its run stood, got another thing"),
        (lambda content: content.pop("standing"), "expected 'standing' in "),
        (lambda content: content["standing"].update(step=10**9), "expected a checkpoint within 3 passes of "),
        (lambda content: content["standing"].update(pass_index=3), "got step "),
        (lambda content: content.update(steps=7), "got passes of 7 steps"),
    ],
)
def test_a_checkpoint_that_leads_nowhere_is_refused(folder, change, said):
    kept = crashed(folder, 1)
    for number in kept.numbers():
        rewritten(kept.place(number), change)
    with pytest.raises(FormatError) as caught:
        train(folder, resume=True)
    assert said in str(caught.value)


# ── places that can't be written to ─────────────────────────────────────────────────────────────────────────


class Faults:
    """Lets the nth call of the system fail."""

    def __init__(self, monkeypatch):
        self.calls, self.fails = 0, 0
        targets = {os: ["fsync", "open"], Path: ["mkdir", "rename", "write_bytes", "touch", "open"]}
        for owner, names in targets.items():
            for name in names:
                monkeypatch.setattr(owner, name, self.wrapped(getattr(owner, name)))
        monkeypatch.setattr("safetensors.numpy.save_file", self.wrapped(save_file))

    def wrapped(self, function):
        def call(*arguments, **settings):
            self.calls += 1
            if self.calls == self.fails:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return function(*arguments, **settings)

        return call


@pytest.fixture
def model(folder):
    """A checkpoint to write again, and the keeper that does it."""
    kept = crashed(folder)
    found = newest_checkpoint(kept)
    keeper = checkpoints_module.Keeper(kept, found.record, found)
    return keeper, (found.standing, found.steps, found.state, found.tallies)


def test_whatever_call_fails_the_one_before_is_whole(folder, model, monkeypatch, caplog):
    keeper, content = model
    with monkeypatch.context() as patch:
        faults = Faults(patch)
        assert keeper.write(*content)
        calls = faults.calls
    assert calls > 10
    for number in range(1, calls + 1):
        before = Checkpoints(folder).numbers()
        caplog.clear()
        with monkeypatch.context() as patch:
            Faults(patch).fails = number
            was_written = keeper.write(*content)
        newest = newest_checkpoint(Checkpoints(folder))
        assert not list(folder.glob(".*"))
        assert np.array_equal(newest.state["center"], content[2]["center"])
        if was_written:
            assert newest.number == before[-1] + 1
            continue
        said = caplog.records[-1].message
        assert said.startswith("no checkpoint was written: expected ")
        assert "(those written before are whole)" in said
        assert newest.number >= before[-1]
    assert keeper.write(*content)


def test_training_goes_on_where_no_checkpoint_can_be_written(folder, whole, monkeypatch, caplog):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("safetensors.numpy.save_file", full)
    assert_same(train(folder, words=9_000), whole)
    warnings = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 3
    assert "No space left on device" in warnings[0]
    assert "(there is none before it)" in warnings[0]


def test_a_folder_that_is_removed_while_training_is_made_anew(folder, whole, caplog):
    def remove(interval):
        if interval.number == 6:
            shutil.rmtree(folder)

    assert_same(train(folder, words=2_000, on_interval=remove), whole)
    assert f"the folder {folder} is gone, and the checkpoints in it; it is made anew" in caplog.text
    assert len(Checkpoints(folder).numbers()) == 2
    assert_same(train(folder, resume=True), whole)


def test_numbers_that_are_not_finite_are_never_kept(folder, monkeypatch):
    monkeypatch.setattr("firth.training.stream.Stream._check_pass", lambda *_: None)

    def spoil(team, tallies=stream_module.Rounds.tallies):
        team.matrices.center[0, 0] = np.nan
        return tallies(team)

    monkeypatch.setattr(stream_module.Rounds, "tallies", spoil)
    with pytest.raises(TrainingError, match="expected finite vectors, got a number that is not"):
        train(folder, words=2_000)
    assert Checkpoints(folder).numbers() == []


# ── of the same run ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("changes", "then", "now"),
    [
        ({"dimensions": 16}, "dimensions=20", "dimensions=16"),
        ({"passes": 9}, "passes=3", "passes=9"),
        ({"window": 3, "seed": 2}, "window=5 and seed=1", "window=3 and seed=2"),
        ({"held_out": 0.1}, "held_out=0.05", "held_out=0.1"),
        ({"reproducible": False}, "reproducible=True", "reproducible=False"),
        ({"fold_case": True}, "fold_case=False", "fold_case=True"),
    ],
)
def test_other_settings_are_named(folder, changes, then, now):
    crashed(folder, 1)
    with pytest.raises(SettingsError) as caught:
        train(folder, resume=True, **changes)
    said = str(caught.value)
    assert said.startswith(f"expected the run that the checkpoints in {str(folder)!r} are of, with {then}")
    assert f", got {now}" in said


def test_another_text_is_named(folder):
    crashed(folder, 1)
    with pytest.raises(
        SettingsError, match=r"checksum='[0-9a-f]{64}' .*vocabulary='[0-9a-f]{64}'; resume with the same"
    ):
        firth.train([*SENTENCES, ["w1", "w2"]], **SETTINGS, checkpoints=folder, resume=True)


def test_a_tokenizer_that_came_to_split_otherwise_is_found(folder):
    lines = [" ".join(words) for words in SENTENCES]
    letters = ["0"]

    def split(line):
        return line.replace(letters[0], " ").split()

    with pytest.raises(Crash):
        kept = Checkpoints(folder, minutes=None, words=2_000)
        firth.train(lines, **SETTINGS, tokenizer=split, checkpoints=kept, on_interval=crash_after(1))
    letters[0] = "1"
    with pytest.raises(SettingsError, match=r"are of, with .*vocabulary='"):
        firth.train(lines, **SETTINGS, tokenizer=split, checkpoints=kept, resume=True)


def test_other_versions_are_told_and_stored(folder, whole, monkeypatch, caplog):
    crashed(folder, 2, interval_words=None)
    monkeypatch.setattr("firth.recipes.resuming.made_with", lambda: {"numpy": "9.9"})
    with pytest.raises(Crash):
        train(folder, words=5_000, resume=True, interval_words=None, on_interval=crash_after(3))
    vectors = train(folder, resume=True, interval_words=None)
    assert "numpy " in caplog.text
    assert " then, 9.9 now" in caplog.text
    assert "the bytes may not be those of a run that was never stopped" in caplog.text
    changes = vectors.config["training"]["resumed_with_changes"]
    assert any(line.endswith(" then, 9.9 now") for line in changes)
    assert len(changes) == len(set(changes))
    with pytest.raises(
        SettingsError, match="with the same versions, on one kind of processor, from start to end, got "
    ):
        firth.verify(vectors, SENTENCES)


def test_what_an_interrupted_run_had_learnt_is_known_as_its_own(folder, tmp_path):
    def interrupt(interval):
        os.kill(os.getpid(), signal.SIGINT)

    kept = Checkpoints(folder)
    part = train(folder, on_interval=interrupt)
    part.save(tmp_path / "part")
    train(on_interval=interrupt, seed=2).save(tmp_path / "other")
    train().save(tmp_path / "whole")
    found = {name: is_interrupted_part(tmp_path / name, kept) for name in ("part", "other", "whole", "absent")}
    assert found == {"part": True, "other": False, "whole": False, "absent": False}
    assert not is_interrupted_part(tmp_path / "part", Checkpoints(tmp_path / "none.checkpoints"))


# ── intervals, and callbacks ────────────────────────────────────────────────────────────────────────────────


def test_intervals_tell_losses_and_places(whole):
    training = whole.config["training"]
    intervals = training["intervals"]
    assert [entry["number"] for entry in intervals] == list(range(1, 13))
    assert [entry["pass_number"] for entry in intervals] == [1] * 4 + [2] * 4 + [3] * 4
    assert [round(entry["share_done"] * 12, 0) for entry in intervals] == list(range(1, 13))
    assert [entry["share_of_pass"] for entry in intervals][3::4] == [1, 1, 1]
    for entry, tally in zip((intervals[:4], intervals[4:8], intervals[8:]), training["losses"], strict=True):
        assert sum(interval["pairs"] for interval in entry) == tally["pairs"]
        assert entry[-1]["held_out_loss_per_pair"] == tally["held_out_loss_per_pair"]
    losses = [entry["held_out_loss_per_pair"] for entry in intervals]
    assert losses[-1] < losses[0]
    assert training["stopped"] is None
    assert training["interrupted"] is False
    assert all(0 < entry["loss_per_pair"] < 10 for entry in intervals)


def test_intervals_leave_no_trace_in_the_bytes(whole):
    plain = train(interval_words=None)
    assert plain.matrix.tobytes() == whole.matrix.tobytes()
    assert len(plain.config["training"]["intervals"]) == 3
    assert (
        plain.config["training"]["losses"][0]["loss_per_pair"] == whole.config["training"]["losses"][0]["loss_per_pair"]
    )


@pytest.mark.parametrize(("answer", "stopped"), [(True, "callback"), ("enough", "enough"), (None, None), ("", None)])
def test_a_callback_stops_training(answer, stopped):
    vectors = train(on_interval=lambda interval: answer if interval.number == 6 else None)
    training = vectors.config["training"]
    assert training["stopped"] == stopped
    assert training["interrupted"] is False
    assert len(training["intervals"]) == (6 if stopped else 12)
    assert len(training["losses"]) == (2 if stopped else 3)


def test_what_is_stopped_at_its_end_is_not_stopped():
    assert train(on_interval=lambda interval: interval.number == 12).config["training"]["stopped"] is None


def test_a_run_that_a_callback_stopped_is_verified_and_an_interrupted_one_is_not():
    stopped = train(on_interval=lambda interval: interval.number == 6)
    assert firth.verify(stopped, SENTENCES, threads=3)
    changed = firth.Vectors(stopped.words, stopped.matrix, config=stopped.config)
    changed.config["training"]["intervals"].pop()
    assert not firth.verify(changed, SENTENCES)
    interrupted = train(on_interval=lambda interval: os.kill(os.getpid(), signal.SIGINT))
    with pytest.raises(TrainingError, match="go on from its checkpoints"):
        firth.verify(interrupted, SENTENCES)


def test_a_resumed_run_is_verified(folder):
    crashed(folder)
    assert firth.verify(train(folder, resume=True), SENTENCES)


def report(number, loss):
    return Interval(
        number=number,
        pass_number=1,
        share_of_pass=0.5,
        share_done=0.5,
        pairs=1,
        loss_per_pair=None,
        held_out_loss_per_pair=loss,
        learning_rate=0.1,
        words_per_second=1.0,
        seconds=1.0,
    )


@pytest.mark.parametrize(
    ("losses", "patience", "least", "stops_after"),
    [
        ([3, 2, 1], 1, 0, None),
        ([3, 2, 2], 1, 0, 3),
        ([3, 3, 2, 2.5, 2, 2], 3, 0, 6),
        ([3, 2.95, 2.85, 2.8], 2, 0.1, None),
        ([3, 2.95, 2.95], 2, 0.1, 3),
        ([float("inf"), 2], 1, 0, 1),
    ],
)
def test_early_stopping_waits_as_long_as_it_is_told(losses, patience, least, stops_after):
    stopping = EarlyStopping(patience=patience, least_improvement=least)
    for _ in range(2):  # a second run begins anew
        answers = [stopping(report(number, loss)) for number, loss in enumerate(losses, start=1)]
        stops = [place for place, answer in enumerate(answers, start=1) if answer]
        assert stops[:1] == ([] if stops_after is None else [stops_after])


def test_early_stopping_needs_something_held_out():
    for refuse in (lambda: train(held_out=0, on_interval=EarlyStopping()), lambda: EarlyStopping()(report(1, None))):
        with pytest.raises(
            SettingsError, match=r"a share of the text held out for early stopping, got held_out=0; pass"
        ):
            refuse()
    with pytest.raises(SettingsError, match="patience to be a whole number ≥ 1"):
        EarlyStopping(patience=0)


def test_a_share_held_out_without_a_pair_is_refused_before_training():
    with pytest.raises(TrainingError, match=r"a pair in what is held out, held_out=1e-06 of .* words, got none"):
        train(held_out=1e-6)


def test_early_stopping_survives_a_crash_and_is_stored_nowhere(folder):
    stopping = {"patience": 2, "least_improvement": 0.02}
    straight = train(on_interval=EarlyStopping(**stopping))
    stopped_after = len(straight.config["training"]["intervals"])
    assert 3 < stopped_after < 12
    assert straight.config["training"]["stopped"] == "no improvement"
    inner = EarlyStopping(**stopping)

    def crash_late(interval):
        if interval.number == stopped_after - 1:
            raise Crash
        return inner(interval)

    with pytest.raises(Crash):
        train(folder, words=500, on_interval=crash_late)
    stored = Checkpoints(folder)
    for text in [
        json.dumps(straight.config),
        *((stored.place(n) / "config.json").read_text() for n in stored.numbers()),
    ]:
        assert "patience" not in text
        assert "least_improvement" not in text
        assert "EarlyStopping" not in text
    assert_same(train(folder, resume=True, on_interval=EarlyStopping(**stopping)), straight)


def test_a_resumed_callback_gets_all_reports_in_order(folder, whole):
    crashed(folder, 8)
    reports = []
    train(folder, resume=True, on_interval=reports.append)
    assert [interval.number for interval in reports] == list(range(1, 13))
    seen = [interval.held_out_loss_per_pair for interval in reports]
    assert seen == [entry["held_out_loss_per_pair"] for entry in whole.config["training"]["intervals"]]


def test_a_standing_comes_back_as_it_was(folder):
    kept = crashed(folder)
    standing = newest_checkpoint(kept).standing
    assert standing.passes
    assert standing.intervals
    assert Standing.read(json.loads(json.dumps(standing.as_dict())), "here") == standing
    assert asdict(standing.intervals[0])["number"] == 1


@pytest.mark.parametrize(("steps", "words", "every"), [(64, 1000, 300), (1, 10, 1), (7, 100, 10), (100, 50, 1000)])
def test_intervals_cut_a_pass_into_parts(steps, words, every):
    ends = interval_ends(steps, words, every)
    assert ends[-1] == steps
    assert ends == sorted(set(ends))
    assert len(ends) == min(steps, max(1, round(words / every)))
    parts = np.diff([0, *ends])
    assert parts.max() - parts.min() <= 1


def test_intervals_that_nobody_could_read_are_refused():
    check_intervals(5, 1_000, None)
    check_intervals(5, 4_000_000, 1_000)
    with pytest.raises(SettingsError, match=r"at most 20,000 intervals .* choose interval_words=1000 or more"):
        check_intervals(5, 4_000_000, 999)
