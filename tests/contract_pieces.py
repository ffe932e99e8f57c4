"""What words that are means of pieces owe the objectives: the classes of `contract`, with pieces for words' rows."""

from dataclasses import dataclass

import numpy as np

import naive_pieces
from contract import BagsInRounds, Model, Toy
from firth.randomness import random_uniform, stream_key
from firth.training.bags import SAMPLING
from firth.training.matrices import padded_matrix
from firth.training.pieces import PieceTable
from firth.training.rounds import Rounds


@dataclass
class PieceToy(Toy):
    """A toy whose words are made of pieces: their own row, the one with their id, and those of n-grams behind."""

    ngrams: int = 70  # more pieces than owners
    made_of: list | None = None  # None: up to five n-grams a word, drawn at random, one of them twice in some words

    def __post_init__(self):
        super().__post_init__()
        if self.made_of is None:
            uniform = random_uniform(stream_key(self.seed, "generator", 5), np.arange(5 * self.words))
            drawn = self.words + (self.ngrams * uniform.reshape(-1, 5)).astype(int)
            self.made_of = [[word, *(int(row) for row in drawn[word, : word % 6])] for word in range(self.words)]
            for rows in self.made_of:
                rows[-1] = rows[-2] if len(rows) > 4 else rows[-1]  # two n-grams with one hash
        self.pieces = self.words + self.ngrams
        self.sizes = np.array([len(rows) for rows in self.made_of])

    def piece_table(self, *, is_shared):
        starts = np.concatenate([[0], np.cumsum(self.sizes)])
        return PieceTable(starts, np.concatenate(self.made_of).astype(np.int32), self.pieces, is_shared)


class PiecesInRounds(BagsInRounds):
    """Threads working in rounds on words that are means of pieces.

    In its models and gradients the rows of pieces stand where `BagsInRounds` has those of words.
    """

    @property
    def is_shared(self):
        """Whether the move of a word is divided among its pieces: that of a mean has been among all pieces, before."""
        return self.member.is_shared and not self.member.is_mean

    def family(self, toy, dtype=np.float64):
        """Return what bags are drawn from; None for skip-gram with negative sampling."""
        is_plain = not self.member.is_mean and not self.has_documents and self.member.loss == SAMPLING
        return None if is_plain else super().family(toy, dtype)

    def table(self, toy):
        return toy.piece_table(is_shared=self.is_shared)

    def model(self, toy, dtype=np.float64):
        """Return a model somewhere in the middle of training."""
        model = super().model(toy, dtype)
        model.center = padded_matrix(toy.pieces, toy.dimensions, spare=0, dtype=dtype)
        values = random_uniform(stream_key(toy.seed, "generator", 6), np.arange(toy.pieces * toy.dimensions))
        model.center[:, : toy.dimensions] = 2 * toy.spread * (values.reshape(toy.pieces, -1) - 0.5)
        return model

    def rows(self, toy):
        return toy.pieces, *super().rows(toy)[1:]

    def trimmed(self, toy, model):
        """Return pieces, context vectors and document vectors without spare rows and columns."""
        if isinstance(model, Rounds):
            model = Model(model.pieces, model.matrices.context, model.documents)
        return super().trimmed(toy, model)

    def twin(self, toy, model, rates, seed=1, *, frozen=((), ())):
        """Train as `run` does, slowly; return how many bags met a word."""
        known = self.drawn(toy, seed), self.cut(toy, rates), toy.made_of
        return naive_pieces.train_in_rounds(*self.trimmed(toy, model), *known, is_shared=self.is_shared, frozen=frozen)

    def examples(self, toy, seed=1, **given):
        """Return the very examples of a draw: the rows of a bag are all pieces of its words, and its document."""
        pieces_of = [*toy.made_of, *([toy.pieces + number] for number in range(len(self.ends(toy))))]
        examples = super().examples(toy, seed, **given)
        return [e._replace(rows=[piece for row in e.rows for piece in pieces_of[row]]) for e in examples]
