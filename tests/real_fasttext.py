"""Small models that the real fastText trains and saves, of every kind: what its files and its answers are."""

import numpy as np

TEXT = ["where", "the", "aaaaaa", "שלום", "naïve", "Straße", "中文字", "😀", "x😀y", "a", "queen", "e\u0301a"]
GRAMS = {"bucket": 1000, "minn": 2, "maxn": 4}
KINDS = {
    "skip-gram": ({"model": "skipgram", "bucket": 1000}, True),
    "cbow": ({"model": "cbow", "minn": 1, "maxn": 2, "bucket": 700}, True),
    "without n-grams": ({"model": "skipgram", "minn": 0, "maxn": 0}, True),
    "softmax": ({"model": "cbow", "loss": "softmax", **GRAMS}, True),
    "hierarchical": ({"model": "skipgram", "loss": "hs", **GRAMS}, False),
    "supervised": ({}, False),
    "supervised, word n-grams": ({"wordNgrams": 2, "bucket": 1000}, False),
    "supervised, n-grams of both": ({"wordNgrams": 2, **GRAMS}, False),
    "quantised": ({"quantise": {"dsub": 2}, **GRAMS}, False),
    "quantised with norms": ({"quantise": {"dsub": 3, "qnorm": True}, **GRAMS}, False),
    "pruned": ({"quantise": {"dsub": 4, "qnorm": True, "cutoff": 600}, "wordNgrams": 2, **GRAMS}, False),
}


def trainer(folder):
    """Return a function that trains a model as asked, saves it in the folder, and returns its path and itself."""
    import fasttext as real

    random = np.random.default_rng(0)
    words = [*TEXT, *(f"w{number}" for number in range(300))]
    lines = [" ".join(random.choice(words, 9)) for _ in range(500)]
    (folder / "text").write_text("\n".join(lines), encoding="utf-8")
    labelled = [f"__label__{'ab'[row % 2]} {line}" for row, line in enumerate(lines)]
    (folder / "labelled").write_text("\n".join(labelled), encoding="utf-8")
    usual = {"dim": 10, "epoch": 2, "minCount": 1, "thread": 1, "verbose": 0}

    def train(quantise=None, **how):
        path = folder / f"{len(list(folder.iterdir()))}"
        if "model" in how:
            model = real.train_unsupervised(str(folder / "text"), **usual | how)
        else:
            model = real.train_supervised(str(folder / "labelled"), **usual | how)
        if quantise is not None:
            model.quantize(str(folder / "labelled"), **quantise)
        model.save_model(str(path))
        return path, real.FastText._FastText(str(path))

    return train
