"""A model in a folder: its vectors, outputs and settings, to go on training; and models of gensim, read."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any, Self

import numpy as np

from firth.compat.gensim.files import open_parts, own_copy
from firth.compat.gensim.keyed_vectors import KeyedVectors, check_options
from firth.compat.gensim.model_words import ModelWords
from firth.compat.gensim.settings import SAVED
from firth.errors import FormatError, sentence
from firth.vectors import Vectors
from firth.vectors.formats.parts import Parts
from firth.vectors.stored import stored_matrix

logger = logging.getLogger(__name__)


class ModelFiles(ModelWords):
    """What of gensim's models has to do with files; base of `Word2Vec`."""

    @property
    def wv(self) -> KeyedVectors:
        """The words and their vectors."""
        return self._wv

    def to_vectors(self) -> Vectors:
        """Return the library's own `Vectors`, with outputs, to go on with `firth.train(…, start=…)`."""
        keys = self.wv
        outputs = self.syn1neg.copy() if self.negative and "syn1neg" in self.__dict__ else None
        held = {name: value for name in SAVED if (value := self.__dict__.get(name)) is not None}
        config = {"gensim": {"class": type(self).__name__, **held}}
        parts: dict[str, Any] = keys._vector_parts()
        matrix = keys.float32_vectors().copy()
        return Vectors(keys._texts(), matrix, counts=keys._counts(), context_matrix=outputs, config=config, **parts)

    def save(self, fname_or_handle: str | os.PathLike[str], **options: object) -> None:
        """Write a folder (`firth.Vectors.save`) that has all that training needs to go on; over an older one.

        Args:
            fname_or_handle: its path.
            options: those of gensim's pickles: nothing.

        Raises:
            OutputExistsError: if something else is at that place.
        """
        check_options(options, "separately", "sep_limit", "ignore", "pickle_protocol")
        self.to_vectors().save(fname_or_handle, overwrite=True)

    @classmethod
    def load(cls, fname: str | os.PathLike[str], rethrow: bool = False, mmap: str | None = None) -> Self:
        """Open what `save` wrote, or a `.model` of gensim 3 or 4, of which nothing is run.

        Args:
            fname: the folder or file.
            rethrow: nothing.
            mmap: None; vectors that training changes are in memory.

        Raises:
            FormatError: if it is no such model.
        """
        parts = open_parts(fname)
        source = parts.config.get("source", {})
        settings = parts.config.get("gensim") or (source.get("settings") if source.get("format") == "gensim" else None)
        if source.get("format") == "fasttext":
            advice = "load it with load_facebook_model, or its vectors with load_facebook_vectors"
            raise FormatError(sentence(f"a model of ours or gensim's in {fname}", "one of fastText", advice))
        if settings is None or (source.get("class", "Word2Vec").endswith("KeyedVectors")):
            advice = "load vectors alone with KeyedVectors.load"
            raise FormatError(sentence(f"a model in {fname}", "vectors, or something else", advice))
        self = cls._of_parts(parts, settings, Path(fname))
        logger.info("loaded %s", self)
        return self

    @classmethod
    def _of_parts(cls, parts: Parts, settings: dict[str, Any], path: Path) -> Self:
        """Return a model of what was read."""
        if parts.subwords is not None:
            raise FormatError(sentence(f"a Word2Vec in {path}", "a FastText", "load it with FastText.load"))
        self = cls(vector_size=stored_matrix(parts.tensors).shape[1])  # type: ignore[call-arg]  # as both models take it
        self._adopt(parts, settings)
        return self

    def _adopt(self, parts: Parts, settings: dict[str, Any]) -> None:
        """Take vectors, outputs and settings over."""
        for name in SAVED:
            if name in settings and name in self.__dict__:
                setattr(self, name, settings[name])
        self._wv = type(self._wv).from_vectors(parts)
        self.train_count = max(1, self.train_count)
        if self.negative:
            outputs = parts.tensors.get("context_matrix")
            self._pad_outputs(np.zeros((0, self.vector_size), np.float32) if outputs is None else own_copy(outputs))
            if outputs is None:
                logger.warning("the outputs of negative sampling are not there: they begin as zeros")
