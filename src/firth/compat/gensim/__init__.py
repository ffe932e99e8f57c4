"""The surface of gensim 4: `Word2Vec`, `FastText`, `KeyedVectors` and the corpora, over `firth`.

    from firth.compat.gensim import Word2Vec

    model = Word2Vec(corpus_file="corpus.txt", sg=1)
    model.wv.most_similar("king")

Names, arguments, defaults and results are gensim's; `docs/from-gensim.md` has what differs, line by line. What can't be
offered raises, with the reason and the replacement.

Modules in the order of their imports: sentences, transport, keys, similar, evaluating, files, keyed_vectors,
vocabulary, settings, model_words, model_files, word2vec, fasttext.
"""

from firth.compat.gensim.fasttext import (
    FastText,
    FastTextKeyedVectors,
    load_facebook_model,
    load_facebook_vectors,
    save_facebook_model,
)
from firth.compat.gensim.keyed_vectors import KeyedVectors, load_word2vec_format
from firth.compat.gensim.sentences import LineSentence, PathLineSentences, Text8Corpus
from firth.compat.gensim.vocabulary import RULE_DEFAULT, RULE_DISCARD, RULE_KEEP
from firth.compat.gensim.word2vec import Word2Vec

__all__ = [
    "RULE_DEFAULT",
    "RULE_DISCARD",
    "RULE_KEEP",
    "FastText",
    "FastTextKeyedVectors",
    "KeyedVectors",
    "LineSentence",
    "PathLineSentences",
    "Text8Corpus",
    "Word2Vec",
    "load_facebook_model",
    "load_facebook_vectors",
    "load_word2vec_format",
    "save_facebook_model",
]
