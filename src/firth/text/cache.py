"""Keeps prepared corpora on disk, each in a folder named after its text and settings.

An entry holds `ids` (int32), `counts` (uint64), `words.txt` and `config.json`, which has the checksums of the
others. It is written under another name beside its place and renamed when it's whole, so no process ever sees
half an entry, and what doesn't match its checksums is not used.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import sys
import tempfile
import unicodedata
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from firth.errors import OutputExistsError
from firth.leftovers import remove_unused
from firth.storage import checksum, inner_file, new_folder, read_config, write_config
from firth.text.corpus import Corpus, Facts
from firth.text.spool import room_named
from firth.text.vocabulary import Vocabulary

logger = logging.getLogger("firth.text")

IDS = "ids"
_FORMAT = 1
_PARTIAL = ".partial-"
_PARTS = (IDS, "counts", "words.txt")


def entry(folder: Path, text_checksum: str, settings: dict[str, Any]) -> Path:
    """Name the folder of a corpus: by text, settings, and the Unicode data that tell what a letter is.

    Args:
        folder: of all entries.
        text_checksum: of the text.
        settings: fit for JSON.
    """
    what = [_FORMAT, text_checksum, settings, unicodedata.unidata_version, sys.byteorder]
    key = json.dumps(what, sort_keys=True)
    return folder / f"corpus-{hashlib.blake2b(key.encode(), digest_size=16).hexdigest()}"


def work_folder(folder: Path) -> Path:
    """Make a folder to prepare an entry in, after removing those that killed processes left.

    Args:
        folder: of all entries.
    """
    remove_unused(folder, f"{_PARTIAL}*", days=1)
    return Path(tempfile.mkdtemp(prefix=_PARTIAL, dir=folder))


def find(path: Path) -> Corpus | None:
    """Open an entry, or return None if there's none or it is damaged; a damaged one is moved out of the way."""
    if not path.is_dir():
        return None
    try:
        config = read_config(path, "corpus", _FORMAT)
        for part in _PARTS:
            if checksum(inner_file(path, part)) != config["checksums"][part]:
                raise ValueError(f"{part} does not match its checksum")
        words = (path / "words.txt").read_bytes().decode().split("\n")[:-1]
        vocabulary = Vocabulary(words, np.fromfile(path / "counts", np.uint64))
        corpus = Corpus(path / IDS, vocabulary, Facts(**config["facts"]), is_temporary=False)
    except (OSError, ValueError, KeyError, TypeError) as error:
        logger.warning("the cached corpus %s is damaged (%s); it is prepared anew", path, error)
        _discard(path)
        return None
    logger.info("using the cached corpus %s", path)
    return corpus


def _discard(path: Path) -> None:
    """Move a damaged entry to a name of its own, lest another process lose a new one, and remove it."""
    aside = work_folder(path.parent)
    try:
        path.rename(aside / "damaged")
    except OSError:  # somebody else was faster
        logger.info("%s is gone already", path)
    shutil.rmtree(aside, ignore_errors=True)


def keep(ids: Path, path: Path, vocabulary: Vocabulary, facts: Facts) -> Corpus | None:
    """Write an entry and open it; None if another process has put something unusable in its place.

    Args:
        ids: the file of ids; it stays.
        path: where the entry shall be.
        vocabulary: the words.
        facts: all else.

    Raises:
        OutputError: if the disk is full.
    """
    try:
        with room_named(path.parent, ids.stat().st_size), new_folder(path) as fresh:
            _link(ids, fresh / IDS)
            (fresh / "words.txt").write_bytes("".join(f"{word}\n" for word in vocabulary.words).encode())
            vocabulary.counts.tofile(fresh / "counts")
            checksums = {part: checksum(fresh / part) for part in _PARTS}
            write_config(fresh, "corpus", _FORMAT, {"facts": asdict(facts), "checksums": checksums})
    except OutputExistsError:  # another process has prepared the same corpus meanwhile
        return find(path)
    return Corpus(path / IDS, vocabulary, facts, is_temporary=False)


def _link(file: Path, name: Path) -> None:
    """Give a file a second name, or copy it where the file system can't do that."""
    try:
        os.link(file, name)
    except OSError:
        shutil.copyfile(file, name)
