"""Checkpoints: folders from which a run goes on to the bytes of one that was never stopped.

Each is a new folder, `checkpoint-000007`, written beside its place, synced and renamed, so that it is there whole or
not at all; the last two are kept. It holds `state.safetensors` (the arrays of the model, and the tallies of the pass
under way) and `config.json` (what the run is and where it stands, with a checksum of that and of the other file).
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import logging
import os
import re
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from firth.contents import checked_file, describe_files
from firth.errors import FormatError, OutputError, OutputExistsError, check_integer, check_number, sentence
from firth.leftovers import remove_unused
from firth.storage import check_free_output, new_folder, read_config, write_config
from firth.tensors import map_tensors, write_tensors
from firth.training.standing import Standing

logger = logging.getLogger(__name__)

KIND, VERSION = "checkpoint", 1
_STATE = "state.safetensors"
_TALLIES = "tallies"
_NAME = re.compile(r"checkpoint-(\d{6,})")
_UNFINISHED = ".checkpoint-*.firth-*"
_MARKS = ("format", "format_version", "firth_version", "content_blake2b")


@dataclass(frozen=True)
class Checkpoints:
    """Where the checkpoints of a run are, and when one is written. One run uses a folder at a time.

    Attributes:
        folder: that holds them, and nothing else.
        minutes: between two of them; None writes none by the clock.
        words: raw words trained between two of them; None writes none by words. Where both are None, one is written
            only when training is interrupted.

    Raises:
        SettingsError: if one is out of range.

    >>> Checkpoints("my-vectors.checkpoints", minutes=30).numbers()
    []
    """

    folder: str | os.PathLike[str]
    minutes: float | None = 10.0
    words: int | None = None

    def __post_init__(self) -> None:
        if self.minutes is not None:
            check_number("minutes", self.minutes, 0, float("inf"), open_below=True)
        if self.words is not None:
            check_integer("words", self.words, 1)

    def numbers(self) -> list[int]:
        """Return the numbers of the checkpoints that are there, whole or not, in ascending order."""
        try:
            names = [path.name for path in Path(self.folder).iterdir()]
        except OSError:
            return []
        return sorted(int(found[1]) for found in map(_NAME.fullmatch, names) if found)

    def place(self, number: int) -> Path:
        """Return the folder of a checkpoint."""
        return Path(self.folder) / f"checkpoint-{number:06}"

    def check_place(self, *, resume: bool) -> None:
        """Refuse a place that can't be used, before any work is done.

        Args:
            resume: whether a run is to go on from what is there.

        Raises:
            OutputExistsError: if there are checkpoints already, and no run is to go on from them.
            OutputError: if the place can't be written to.
        """
        numbers = self.numbers()
        check_free_output(self.place(max(numbers, default=0) + 1))
        if numbers and not resume:
            came = f"{len(numbers)} in {str(self.folder)!r}"
            advice = "go on from them with resume=True (--resume), or remove that folder"
            raise OutputExistsError(sentence("no checkpoints of another run", came, advice))

    def remove(self, keep: tuple[int, ...] = ()) -> None:
        """Remove the checkpoints, what killed writers left among them, and the folder if nothing else is in it.

        Args:
            keep: numbers of those that stay.
        """
        for number in self.numbers():
            if number not in keep:
                shutil.rmtree(self.place(number), ignore_errors=True)
        remove_unused(Path(self.folder), _UNFINISHED, days=0)
        if not keep:
            with contextlib.suppress(OSError):
                Path(self.folder).rmdir()


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint holds.

    Attributes:
        number: of the checkpoint.
        record: what the run says of itself, as JSON holds it.
        steps: of a pass.
        standing: where the run stood.
        state: the arrays of the model, mapped; whoever has taken them over lets go of the file by clearing this.
        tallies: of the pass under way.
    """

    number: int
    record: dict[str, Any]
    steps: int
    standing: Standing
    state: dict[str, np.ndarray]
    tallies: np.ndarray

    def check_fits(self, state: Mapping[str, np.ndarray], tallies: np.ndarray, *, steps: int, passes: int) -> None:
        """Refuse a checkpoint of another model, or of a place that a run does not have.

        Args:
            state: the arrays of the run's model.
            tallies: of the run.
            steps: of a pass.
            passes: of the run.

        Raises:
            FormatError: if it does not fit.
        """
        wanted, came = (
            ", ".join(f"{name} {array.dtype} {array.shape}" for name, array in sorted(arrays.items()))
            for arrays in ({**state, _TALLIES: tallies}, {**self.state, _TALLIES: self.tallies})
        )
        if (wanted, steps) != (came, self.steps):
            expected = f"a checkpoint of passes of {steps} steps, with {wanted}"
            came = f"passes of {self.steps} steps, with {came}"
            raise FormatError(sentence(expected, came, "resume with the version of firth that wrote it"))
        if self.standing.pass_index >= passes or self.standing.step >= steps:
            expected = f"a checkpoint within {passes} passes of {steps} steps"
            came = f"step {self.standing.step} of pass {self.standing.pass_index + 1}"
            raise FormatError(sentence(expected, came, "use another checkpoint"))


def newest_checkpoint(checkpoints: Checkpoints) -> Checkpoint | None:
    """Return the newest checkpoint that is whole, after reading all of it, or None where there is none at all.

    Args:
        checkpoints: where they are.

    Raises:
        FormatError: if there are some, and all are damaged.
    """
    problems = []
    for number in reversed(checkpoints.numbers()):
        try:
            found = read_checkpoint(checkpoints.place(number), number)
        except (FormatError, OSError) as problem:
            problems.append(str(problem))
            continue
        for said in problems:
            logger.warning("a checkpoint is damaged (%s); going on from the one before it", said)
        return found
    if not problems:
        return None
    advice = "restore one from a copy, or remove that folder and train from the start"
    raise FormatError(
        sentence(
            f"a whole checkpoint in {str(checkpoints.folder)!r}", f"{len(problems)} damaged ({problems[0]})", advice
        )
    )


def read_checkpoint(folder: Path, number: int) -> Checkpoint:
    """Read a checkpoint; sizes and checksums are compared, the arrays are mapped.

    Args:
        folder: where it is.
        number: of the checkpoint.

    Raises:
        FormatError: if it is not whole.
    """
    config = read_config(folder, KIND, VERSION)
    content = {name: value for name, value in config.items() if name not in _MARKS}
    if config.get("content_blake2b") != _content_checksum(content):
        wanted = f"{folder / 'config.json'} to have the checksum that it was written with"
        raise FormatError(sentence(wanted, "another", "use another checkpoint: the file has changed"))
    state = map_tensors(checked_file(folder, config, _STATE, check=True))
    try:
        tallies = state.pop(_TALLIES).copy()
        record, steps, stood = (content[name] for name in ("record", "steps", "standing"))
    except KeyError as problem:
        raise FormatError(sentence(f"{problem} in {folder}", "nothing of it", "use another checkpoint")) from None
    return Checkpoint(number, record, steps, Standing.read(stood, str(folder)), state, tallies)


class Keeper:
    """Writes the checkpoints of a run and keeps the last two.

    One that can't be written is told as a warning: training goes on, and the next is tried in its turn. A disk that is
    full today is no reason to lose what three days have brought.

    Args:
        checkpoints: where to, and when.
        record: what the run says of itself, as JSON holds it.
        found: the checkpoint that the run goes on from.
    """

    def __init__(self, checkpoints: Checkpoints, record: Mapping[str, Any], found: Checkpoint | None = None) -> None:
        self.checkpoints = checkpoints
        self._record = dict(record)
        self._kept: tuple[int, ...] = () if found is None else (found.number,)
        self._written = time.perf_counter()

    def is_due(self) -> bool:
        """Tell whether it is time for another."""
        minutes = self.checkpoints.minutes
        return minutes is not None and time.perf_counter() - self._written >= 60 * minutes

    def write(self, standing: Standing, steps: int, state: Mapping[str, np.ndarray], tallies: np.ndarray) -> bool:
        """Write a checkpoint; return whether that went well.

        Args:
            standing: where the run stands.
            steps: of a pass.
            state: the arrays of the model.
            tallies: of the pass under way.
        """
        began = time.perf_counter()
        content = {"record": self._record, "steps": steps, "standing": standing.as_dict()}
        folder = Path(self.checkpoints.folder)
        if self._kept and not folder.is_dir():
            logger.warning("the folder %s is gone, and the checkpoints in it; it is made anew", folder)
        try:
            self._write(content, {**state, _TALLIES: tallies})
        except OSError as problem:
            said = problem if isinstance(problem, OutputError | OutputExistsError) else _in_words(problem, folder)
            before = "those written before are whole" if self.checkpoints.numbers() else "there is none before it"
            logger.warning("no checkpoint was written: %s (%s)", said, before)
            return False
        finally:
            self._written = time.perf_counter()
        logger.info("checkpoint in %s, written in %.1f s", folder, self._written - began)
        return True

    def _write(self, content: dict[str, Any], tensors: Mapping[str, np.ndarray]) -> None:
        """Write a checkpoint, and only then remove the one before the last."""
        number = max(self.checkpoints.numbers(), default=0) + 1
        with new_folder(self.checkpoints.place(number)) as fresh:
            write_tensors(fresh / _STATE, tensors)
            content = {**content, "files": describe_files(fresh, (_STATE,))}
            write_config(fresh, KIND, VERSION, {**content, "content_blake2b": _content_checksum(content)})
        self._kept = (*self._kept[-1:], number)
        self.checkpoints.remove(keep=self._kept)


def _content_checksum(content: Mapping[str, Any]) -> str:
    """Return the BLAKE2b checksum (256 bits, hexadecimal) of what a config says, however it is set in lines."""
    return hashlib.blake2b(json.dumps(content, sort_keys=True).encode(), digest_size=32).hexdigest()


def _in_words(problem: OSError, folder: Path) -> OutputError:
    """Say an error of the system as one of ours."""
    number = problem.errno or errno.EIO
    came = repr(os.strerror(number))
    return OutputError(number, sentence(f"to write a checkpoint to {folder}", came, "mend it, or choose another place"))
