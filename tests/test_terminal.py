"""What a person sees at a terminal, and what a pipe gets."""

import io
import json
import logging
import math
from types import SimpleNamespace

import numpy as np
import pytest

from firth.terminal import (
    clock,
    log_shown,
    progress_shown,
    say,
    short_number,
    write_facts,
    write_json,
    write_table,
)


class Screen(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def screen(monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    return Screen()


def report(**changes):
    facts = {
        "stage": "training",
        "share_done": 0.5,
        "seconds": 3.0,
        "seconds_left": 75.0,
        "pass_number": 1,
        "passes": 2,
        "words_per_second": 3_851_000.0,
        "loss_per_pair": 2.3144,
        "learning_rate": 0.0125,
    }
    return SimpleNamespace(**{"gap": None, "held_out_loss_per_pair": None, **facts, **changes})


def test_a_table_in_a_pipe_is_lines_of_tabs():
    pipe = io.StringIO()
    write_table(("word", "n", "share"), [("a", 1234, 0.5), ("[b]", 2, None)], title="T", stream=pipe)
    assert pipe.getvalue() == "a\t1234\t0.5000\n[b]\t2\t\n"


def test_tables_in_a_pipe_are_told_apart_by_the_start_of_their_lines():
    pipe = io.StringIO()
    write_table(("word", "n"), [("a", 1)], line_start="king", stream=pipe)
    assert pipe.getvalue() == "king\ta\t1\n"


def test_a_table_on_a_terminal_is_drawn_and_words_are_no_markup(screen):
    write_table(("word", "n"), [("[red]", 1234), (":smile:", 5)], title="[bold]", stream=screen)
    text = screen.getvalue()
    assert "[red]" in text
    assert ":smile:" in text
    assert "[bold]" in text
    assert "1,234" in text
    assert "\t" not in text


def test_the_title_of_a_table_stays_on_one_line(screen):
    write_table(("word", "n"), [("a", 1)], title="man is to king as woman is to …", stream=screen)
    assert "man is to king as woman is to …" in screen.getvalue()


@pytest.mark.parametrize("word", ["מלך", "ملك", "x-מלך"])
def test_a_word_written_from_right_to_left_keeps_its_place_before_the_number(screen, word):
    pipe = io.StringIO()
    for stream in (pipe, screen):
        write_table(("word", "similarity"), [(word, 0.5), ("king", 0.25)], stream=stream)
    row, other = screen.getvalue().rstrip().split("\n")[-2:]
    assert row.split() == [f"\u200e{word}", "\u200e0.5000"]  # the mark stands before, not behind, what is copied
    assert other.split() == ["king", "0.2500"]
    assert len(row.replace("\u200e", "").rstrip()) == len(other.rstrip())
    assert pipe.getvalue() == f"{word}\t0.5000\nking\t0.2500\n"


def test_facts_have_the_digits_that_they_have():
    pipe = io.StringIO()
    write_facts({"subsample": 1e-5, "rate": 0.025, "seconds": 4.04923517, "whole": 2.0}, stream=pipe)
    assert pipe.getvalue() == "subsample\t1e-05\nrate\t0.025\nseconds\t4.04924\nwhole\t2\n"


def test_facts_may_have_a_title(screen):
    pipe = io.StringIO()
    for stream in (pipe, screen):
        write_facts({"tokens": 1234, "kind": "a"}, title="corpus", stream=stream)
        write_facts({}, title="nothing", stream=stream)
    assert pipe.getvalue() == "corpus tokens\t1234\ncorpus kind\ta\n"
    assert screen.getvalue() == "\ncorpus\n  tokens  1,234\n  kind    a\n"


def test_facts_are_aligned_on_a_terminal_only(screen):
    pipe = io.StringIO()
    facts = {"words": 1234, "nothing": None, "in": "a folder"}
    write_facts(facts, stream=pipe)
    write_facts(facts, stream=screen)
    assert pipe.getvalue() == "words\t1234\nin\ta folder\n"
    assert screen.getvalue() == "  words  1,234\n  in     a folder\n"


def test_json_takes_what_numpy_holds_and_says_null_for_what_is_no_number(capsys):
    values = {"count": np.int64(3), "row": np.array([1.5, math.nan], dtype=np.float32), "whole": (True, None, "é")}
    write_json(values)
    assert json.loads(capsys.readouterr().out) == {"count": 3, "row": [1.5, None], "whole": [True, None, "é"]}


def test_json_is_escaped_where_the_stream_has_no_such_letters(monkeypatch):
    buffer = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(buffer, encoding="ascii", write_through=True))
    write_json("é")
    assert buffer.getvalue() == b'"\\u00e9"\n'


def test_a_line_says_who_speaks(capsys):
    say("done")
    assert capsys.readouterr() == ("", "firth: done\n")


@pytest.mark.parametrize(
    ("terminal", "verbose", "said"),
    [
        (False, False, "firth: warning: beware of 3\n"),
        (False, True, "firth: compiling\nfirth: warning: beware of 3\n"),
        (True, False, "firth: compiling\nfirth: warning: beware of 3\n"),
    ],
)
def test_the_log_is_shown_to_whom_it_concerns(monkeypatch, terminal, verbose, said):
    stream = Screen() if terminal else io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    logger = logging.getLogger("firth.some.module")
    with log_shown(verbose=verbose):
        logger.info("compiling")
        logger.warning("beware of %d", 3)
    logger.warning("afterwards nothing is shown")
    assert stream.getvalue().startswith(said)
    assert "firth: warning: afterwards" not in stream.getvalue()


def test_progress_in_a_pipe_is_silent(capsys):
    with progress_shown(verbose=False) as on_progress:
        assert on_progress is None
    assert capsys.readouterr() == ("", "")


def test_progress_in_a_pipe_is_a_line_for_each_stage_and_pass_if_asked_for(capsys):
    early = {"words_per_second": None, "loss_per_pair": None, "learning_rate": None, "seconds_left": None}
    with progress_shown(verbose=True) as on_progress:
        on_progress(report(stage="reading", share_done=None, **early))
        on_progress(report(stage="reading", share_done=None, **early))
        on_progress(report())
        on_progress(report(share_done=0.9))
        on_progress(report(pass_number=2, loss_per_pair=2.2))
        on_progress(report(pass_number=3, words_per_second=None, learning_rate=None, gap=0.5))
        on_progress(report(pass_number=4, held_out_loss_per_pair=2.3456))
    assert capsys.readouterr().err == (
        "firth: reading\n"
        "firth: pass 1/2, 3.85 M words/s, loss 2.314, rate 0.0125, 1:15 left\n"
        "firth: pass 2/2, 3.85 M words/s, loss 2.200, rate 0.0125, 1:15 left\n"
        "firth: pass 3/2, loss 2.314, gap 0.500, 1:15 left\n"
        "firth: pass 4/2, 3.85 M words/s, loss 2.314, held out 2.346, 1:15 left\n"
    )


@pytest.mark.parametrize("columns", ["80", "120"])
def test_progress_on_a_terminal_is_one_line(monkeypatch, screen, columns):
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setattr("sys.stderr", screen)
    with progress_shown(verbose=False) as on_progress:
        on_progress(report(stage="reading", share_done=None))
        on_progress(report(pass_number=10, passes=20, seconds_left=7525.0))
    shown = [line for line in screen.getvalue().replace("\r", "\n").split("\n") if "pass 10/20" in line]
    assert shown
    assert "50%" in shown[-1]
    for fact in ("3.85 M words/s", "loss 2.314", "rate 0.0125", "2:05:25 left"):
        assert fact in shown[-1]


@pytest.mark.parametrize(("number", "text"), [(0, "0"), (999, "999"), (2.5e9, "2.5 G"), (999_950, "1 M")])
def test_short_numbers(number, text):
    assert short_number(number) == text


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (59.6, "1:00"), (3599.7, "1:00:00")])
def test_clock(seconds, text):
    assert clock(seconds) == text
