"""What every training kernel owes the objectives, on toys small enough for a slow twin.

A kernel is tied to its slow twin (same numbers), to the float64 objective (value and gradient) and, over many seeds, to
the expected counts. A later kernel is tested by adding a class like `RowsInPlace`.
"""

import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

import naive
import naive_family
from firth.objectives import HuffmanTree, bag_gradient, bag_loss
from firth.observations import Observations
from firth.observations.noise import alias_table
from firth.observations.windows import draw_windows, window_room, window_rule
from firth.randomness import random_uniform, stream_key
from firth.training.bags import HIERARCHICAL, Member, family_of
from firth.training.matrices import Matrices, padded_matrix
from firth.training.parts import cut_corpus
from firth.training.pools import draw_pools, pool_room
from firth.training.rounds import Rounds
from firth.training.sampling_kernel import kernel_room, score_windows, train_windows
from firth.training.schedule import Rates
from firth.training.settings import StreamSettings
from firth.training.slices import pace_of

OBSERVED = Observations(window=3, subsample=0.05)


@dataclass
class Toy:
    """A small corpus, its settings and a model somewhere in the middle of training."""

    ids: np.ndarray
    words: int
    dimensions: int = 7
    negatives: int = 5
    size: int = 16
    turn: int = 32
    observations: Observations = OBSERVED
    seed: int = 1
    spread: float = 1.0
    range_size: int = 0  # 0: the whole corpus is one range
    sizes: np.ndarray | None = None  # None: each word is one row
    tree_counts: np.ndarray | None = None  # None: the tree of the corpus
    sentences: int = 2  # of a document

    def __post_init__(self):
        self.ids = np.asarray(self.ids, np.int32)
        self.counts = np.maximum(1, np.bincount(self.ids[self.ids >= 0], minlength=self.words))
        self.noise = self.observations.noise_distribution(self.counts)
        self.table = alias_table(self.noise)

    def matrices(self, dtype=np.float64):
        pair = []
        for name in (1, 2):
            matrix = padded_matrix(self.words, self.dimensions, dtype=dtype)
            values = random_uniform(stream_key(self.seed, "generator", name), np.arange(self.words * self.dimensions))
            matrix[: self.words, : self.dimensions] = self.spread * (values.reshape(self.words, -1) - 0.5)
            pair.append(matrix)
        return Matrices(*pair, self.words)

    def keys(self, seed, pass_index=0):
        return stream_key(seed, "keep", pass_index), stream_key(seed, "noise", pass_index)

    def observed(self, seed, pass_index=0):
        """Windows of one draw, and the pool of a turn by the position of its first word, by the slow twins."""
        keep, noise = self.keys(seed, pass_index)
        found = naive.windows(self.ids, self.observations, self.counts, keep)
        return found, lambda place: naive.draw_pool(place, self.size, *self.table, noise)

    @property
    def shape(self):
        return {"turn": self.turn, "size": self.size, "negatives": self.negatives}

    @property
    def length(self):
        return self.range_size or len(self.ids)

    def trim(self, matrix):
        return matrix[: self.words, : self.dimensions]


class Kernel:
    """What follows from a kernel's `run` and `parts`: the counts of a draw, and the gradient."""

    def counts(self, toy, seed=1):
        """N⁺ and N⁻ of one draw."""
        found, pool_at = toy.observed(seed)
        return naive.observed_counts(found, pool_at, self.parts(toy, found), words=toy.words, **toy.shape)

    def gradient(self, toy, seed=1, rate=1e-9):
        """(before − after)/rate of the kernel itself, on float64 matrices."""
        before, after = toy.matrices(), toy.matrices()
        self.run(toy, after, Rates(rate, 0.0, rate), seed)
        return tuple((toy.trim(b) - toy.trim(a)) / rate for b, a in zip(before[:2], after[:2], strict=True))


class RowsInPlace(Kernel):
    """The kernel of `firth.training.sampling_kernel` on a whole toy, range by range."""

    def run(self, toy, matrices, rates, seed=1):
        """Score all of the toy, then train on all of it; return the tally."""
        keep, noise = toy.keys(seed)
        length = toy.length
        room = window_room(length, toy.observations.window)
        dtype = matrices.center.dtype
        pools = pool_room(length, turn=toy.turn, size=toy.size, negatives=toy.negatives, dtype=dtype)
        rule = window_rule(toy.observations, toy.counts)
        tally = np.zeros(4)
        kernel = kernel_room(toy.observations.window, dtype)
        for use, arguments in ((score_windows, ()), (train_windows, (rates,))):
            for start in range(0, len(toy.ids), length):
                first, last = draw_windows(toy.ids, start, min(start + length, len(toy.ids)), rule, keep, room)
                draw_pools(first, last, room, *toy.table, noise, matrices.spare, pools)
                use(matrices, room, first, last, pools, *arguments, kernel, tally)
        return tally

    def twin(self, toy, center, context, rate_at, seed=1):
        """Train as `run` does, slowly."""
        found, pool_at = toy.observed(seed)
        return naive.train(center, context, found, pool_at, rate_at, **toy.shape, range_size=toy.length)

    def parts(self, toy, found):
        return naive.ranges_of(found, toy.length)


@dataclass
class Model:
    """Word vectors, context vectors and document vectors, all padded."""

    center: np.ndarray
    context: np.ndarray
    documents: np.ndarray


LOSS_NAMES = ("sampling", "hierarchical", "softmax")


class BagsInRounds:
    """The kernel of `firth.training.bag_kernel`, threads working in rounds, for one member of the family."""

    def __init__(self, member, *, documents=False, threads=1, slices=3, length=16):
        self.member, self.has_documents = Member(*member), documents
        self.threads, self.slices, self.length = threads, slices, length

    def __repr__(self):
        is_mean, has_window, is_shared, loss = self.member
        bag = ("dm" if self.has_documents else "cbow") if is_mean else "words" if has_window else "dbow"
        bag += "+dbow" if has_window and not is_mean and self.has_documents else ""
        return f"{bag}-{LOSS_NAMES[loss]}-{'true' if is_shared else 'historical'}"

    def ends(self, toy):
        """Where documents end: after so many sentences, and at the end of the corpus."""
        if not self.has_documents:
            return np.zeros(0, np.int64)
        breaks = np.flatnonzero(toy.ids < 0) + 1
        return np.unique([*breaks[toy.sentences - 1 :: toy.sentences], len(toy.ids)])

    def tree(self, toy):
        if self.member.loss != HIERARCHICAL:
            return None
        return HuffmanTree.of(toy.counts if toy.tree_counts is None else toy.tree_counts)

    def team(self, toy, dtype=np.float64, seed=1, **changes):
        """Return `Rounds`, not yet trained."""
        given = {"dimensions": toy.dimensions, "negatives": toy.negatives, "passes": 1, "learning_rate": 0.025}
        settings = StreamSettings(**(given | {"threads": self.threads, "seed": seed} | changes))
        cut = {"slices": self.slices, "length": self.length, "pool": toy.size, "turn": toy.turn}
        drawn_from = {"family": self.family(toy, dtype), "table": self.table(toy)}
        return Rounds(toy.ids, toy.counts, toy.observations, settings, **cut, dtype=dtype, **drawn_from)

    def table(self, toy):
        """Return what words are made of, or None where each is a row of its own."""
        return None

    def family(self, toy, dtype=np.float64):
        """Return what bags are drawn from."""
        tree = self.tree(toy)
        paths = None if tree is None else (tree.starts, tree.nodes, tree.codes)
        return family_of(self.member, toy.words, sizes=toy.sizes, ends=self.ends(toy), paths=paths, dtype=dtype)

    def pace(self, toy):
        """Return how far a position brings rows to where they are drawn."""
        drawn_from = {"family": self.family(toy), "table": self.table(toy)}
        return pace_of(toy.observations, toy.counts, toy.negatives, **drawn_from)

    def model(self, toy, dtype=np.float64):
        """Return a model somewhere in the middle of training."""
        documents = padded_matrix(len(self.ends(toy)), toy.dimensions, dtype=dtype)
        shape = len(self.ends(toy)), toy.dimensions
        values = random_uniform(stream_key(toy.seed, "generator", 4), np.arange(shape[0] * shape[1]))
        documents[: shape[0], : shape[1]] = toy.spread * (values.reshape(shape) - 0.5)
        return Model(*toy.matrices(dtype)[:2], documents)

    def rows(self, toy):
        """Return how many rows of each matrix there are, without spare ones."""
        return toy.words, toy.words, len(self.ends(toy))

    def trimmed(self, toy, model):
        """Return the three matrices of a model, or of a team, without spare rows and columns."""
        if isinstance(model, Rounds):
            model = Model(*model.matrices[:2], model.documents)
        matrices = model.center, model.context, model.documents
        pairs = zip(matrices, self.rows(toy), strict=True)
        return [matrix[:rows, : toy.dimensions] for matrix, rows in pairs]

    def run(self, toy, model, rates, seed=1, *, team=None, pass_index=0):
        """Score and train all of the toy; return the tally."""
        team = team or self.team(toy, model.center.dtype.type, seed)
        for theirs, given in zip(self.trimmed(toy, team), self.trimmed(toy, model), strict=True):
            theirs[:] = given
        team.forget()
        with ThreadPoolExecutor(self.threads) as pool:
            for future in team.submit(pool, pass_index, rates):
                future.result()
        for theirs, given in zip(self.trimmed(toy, team), self.trimmed(toy, model), strict=True):
            given[:] = theirs
        assert team.positions_done() == len(toy.ids)
        return team.tally()

    def drawn(self, toy, seed=1, pass_index=0):
        """Return what one draw finds, by the slow twins."""
        found, pool_at = toy.observed(seed, pass_index)
        ends, tree = self.ends(toy), self.tree(toy)
        documents = {p: int((ends <= p).sum()) for p, _, _ in found} if self.has_documents else {}
        paths = []
        for word in range(toy.words) if tree else ():
            nodes, codes = tree.path(word)
            paths.append([(int(node), 1 - 2 * int(code)) for node, code in zip(nodes, codes, strict=True)])
        sizes = np.ones(toy.words) if toy.sizes is None else toy.sizes
        return naive_family.Drawn(self.member, found, pool_at, documents, paths, sizes, **toy.shape)

    def twin(self, toy, model, rates, seed=1):
        """Train as `run` does, slowly; return how many bags met a word."""
        return naive_family.train_in_rounds(*self.trimmed(toy, model), self.drawn(toy, seed), *self.cut(toy, rates))

    def cut(self, toy, rates):
        """Return where parts start, how long slices are, the rate at a place, and what moves of copies count."""
        pace = self.pace(toy)

        def share_at(rate, copies, side, row):
            relaxation = pace.heaviest / 2.0 ** (pace.halvings[row] if side == 1 else 0)
            way = -np.expm1(-relaxation * self.length * rate)
            return (1 - (1 - way) ** copies) / (copies * way)

        parts = self.parts(toy)
        stretch = len(toy.ids) / (parts.ends - parts.starts).max()
        rate_at = lambda place: max(rates.lowest, rates.first + rates.slope * stretch * place)
        return parts.starts, self.length, rate_at, share_at

    def parts(self, toy, held_out=0.0):
        return cut_corpus(toy.ids, self.slices, held_out=held_out, ends=self.ends(toy))

    def slices_of(self, drawn, parts):
        """Return the words of each slice of each round, without those that stand in none of these parts."""
        inside = lambda p: any(first <= p < last for first, last in zip(parts.starts, parts.ends, strict=True))
        found = [item for item in drawn.found if inside(item[0])]
        return [part for _, some in naive_family.rounds_of(found, parts.starts, self.length) for _, part in some]

    def examples(self, toy, seed=1, *, pass_index=0, parts=None):
        """Return the very examples of a draw, as `firth.objectives` takes them."""
        drawn = self.drawn(toy, seed, pass_index)
        return naive_family.examples_of(drawn, self.slices_of(drawn, parts or self.parts(toy)))

    def loss(self, toy, model, examples):
        """Loss of examples, by the objective."""
        return bag_loss(*self.sides(toy, model), examples, **self.judge(toy))

    def direction(self, toy, model, examples):
        """What is subtracted from each of the three matrices per unit of learning rate, by the objective."""
        kind = "true" if self.member.is_shared else "historical"
        by_input, by_output = bag_gradient(*self.sides(toy, model), examples, gradient=kind, **self.judge(toy))
        padding = np.zeros((toy.words - len(by_output), toy.dimensions))
        inputs = self.rows(toy)[0]
        return [by_input[:inputs], np.concatenate([by_output, padding]), by_input[inputs:]]

    def sides(self, toy, model):
        """Return inputs, the rows of documents after those of words, and outputs: of words, or of a tree's nodes."""
        center, context, documents = (matrix.astype(float) for matrix in self.trimmed(toy, model))
        outputs = toy.words - (self.member.loss == HIERARCHICAL)
        return np.concatenate([center, documents]), context[:outputs]

    def judge(self, toy):
        return {"loss": LOSS_NAMES[self.member.loss], "tree": self.tree(toy)}

    def gradient(self, toy, seed=1, rate=1e-9, **changes):
        """(before − after)/rate of the kernel itself, on float64 matrices."""
        before, after = self.model(toy), self.model(toy)
        self.run(toy, after, Rates(rate, 0.0, rate), seed, **changes)
        pairs = zip(self.trimmed(toy, before), self.trimmed(toy, after), strict=True)
        return [(b - a) / rate for b, a in pairs]


class InRounds(Kernel):
    """The same kernel, threads working in rounds: `firth.training.rounds`."""

    def __init__(self, threads=1, slices=3, length=16):
        self.threads, self.slices, self.length = threads, slices, length

    def team(self, toy, dtype, seed):
        settings = StreamSettings(
            dimensions=toy.dimensions,
            negatives=toy.negatives,
            passes=1,
            learning_rate=0.025,
            threads=self.threads,
            seed=seed,
        )
        cut = {"slices": self.slices, "length": self.length, "pool": toy.size, "turn": toy.turn}
        return Rounds(toy.ids, toy.counts, toy.observations, settings, **cut, dtype=dtype)

    def run(self, toy, matrices, rates, seed=1):
        """Score and train all of the toy; return the tally."""
        team = self.team(toy, matrices.center.dtype.type, seed)
        for theirs, given in zip(team.matrices[:2], matrices[:2], strict=True):
            theirs[: toy.words] = given[: toy.words]
        with ThreadPoolExecutor(self.threads) as pool:
            for future in team.submit(pool, 0, rates):
                future.result()
        for theirs, given in zip(team.matrices[:2], matrices[:2], strict=True):
            given[: toy.words] = theirs[: toy.words]
        assert team.positions_done() == len(toy.ids)
        return team.tally()

    def twin(self, toy, center, context, rate_at, seed=1):
        """Train as `run` does, slowly."""
        found, pool_at = toy.observed(seed)
        relaxation = pace_of(toy.observations, toy.counts, toy.negatives).heaviest

        def share_at(rate, copies):
            way = -np.expm1(-relaxation * self.length * rate)
            return (1 - (1 - way) ** copies) / (copies * way)

        part = -(-len(toy.ids) // self.slices)
        cut = {"part": part, "length": self.length}
        rates = lambda place: rate_at(place * len(toy.ids) / part)
        return naive.train_in_rounds(center, context, found, pool_at, rates, share_at, **cut, **toy.shape)

    def parts(self, toy, found):
        rounds = naive.rounds_of(found, -(-len(toy.ids) // self.slices), self.length)
        return [words for slices in rounds for _, words in slices]


def random_ids(words, length, seed, breaks=0.1):
    """A corpus of random words, some more frequent than others, cut into sentences."""
    uniform = random_uniform(stream_key(seed, "generator", 3), np.arange(2 * length)).reshape(2, length)
    ids = (words * uniform[0] ** 2).astype(np.int32)
    ids[uniform[1] < breaks] = -1
    ids[-1] = -1
    return ids


def bytes_of(member, toy, team):
    """What a team has learnt, without spare rows and columns."""
    return [matrix.tobytes() for matrix in member.trimmed(toy, team)]


FALLING = Rates(0.05, -1e-7, 0.01)


def run_passes(team, threads, rates=FALLING, passes=2, cuts=()):
    """Train for some passes, each in spans that end at the cuts; return the tally."""
    with ThreadPoolExecutor(threads) as pool:
        for pass_index in range(passes):
            for span in itertools.pairwise([0, *cuts, team.steps]):
                for future in team.submit(pool, pass_index, rates, span):
                    future.result()
                assert team.step_reached() == span[1]
    return team.tally()


def longest_row(matrices):
    """The norm of the longest row of some matrices."""
    return max(np.linalg.norm(matrix.astype(float), axis=1).max(initial=0) for matrix in matrices)
