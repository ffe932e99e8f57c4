"""Slow twin of inference: one document, word by word, with the objective's own gradient of an example."""

import numpy as np

from firth.objectives import Example, bag_gradient
from firth.randomness import random_bits, stream_key
from firth.training.inference import document_checksum
from firth.training.sampling_kernel import LONGEST
from naive import windows


def noise_of(key, position, negatives, thresholds, aliases):
    """Return the K noise words of one position."""
    drawn = []
    for k in range(negatives):
        bits = int(random_bits(key, np.array([position * negatives + k]))[0])
        column = (bits >> 32) * len(aliases) >> 32
        drawn.append(column if (bits & 0xFFFFFFFF) < int(thresholds[column]) else int(aliases[column]))
    return drawn


def infer(ids, words, outputs, counts, observations, alias, *, model, negatives, passes, learning_rate, seed, tree):
    """Return the vector of a document; with words and outputs as they are."""
    number = document_checksum(np.array(ids, np.int32))
    vector = np.zeros(outputs.shape[1])
    for turn in range(passes):
        keep, noise = (stream_key(seed, name, number, turn) for name in ("keep", "noise"))
        for position, word, near in windows(list(ids), observations, counts, keep):
            others = [ids[place] for place in near] if model.way == "dm" else []
            inputs = np.vstack([vector, *(words[other] for other in others)])
            drawn = noise_of(noise, position, negatives, *alias) if model.loss == "sampling" else []
            example = Example(np.arange(len(inputs)), word, np.array(drawn, np.int64), np.ones(len(drawn)))
            rate = learning_rate * max(1e-4, 1 - (turn * len(ids) + position) / (passes * len(ids)))
            slope = bag_gradient(inputs, outputs, [example], loss=model.loss, tree=tree, gradient=model.gradient)[0][0]
            vector = vector - rate * slope
            vector = vector * min(1.0, LONGEST / max(np.linalg.norm(vector), LONGEST))
    return vector
