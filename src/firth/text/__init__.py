"""From text to ids: files and iterables are read, cut into words, counted, and written to disk as numbers.

    with prepare_corpus("corpus.txt.gz", tokenizer="words") as corpus:
        corpus.ids, corpus.vocabulary

Modules in the order of their imports: vocabulary, tokenizers, compression, sources, corpus, spool, cache, kernels,
rewriting, characters, blocks, tables, subword_kernels, subwords, indexing, preparing, phrase_kernels,
collocation_scores, phrase_settings, numbered, collocations, joining, phrase_folder, phrases.
"""

from __future__ import annotations

from firth.text import tokenizers
from firth.text.corpus import Corpus
from firth.text.phrases import Phrase, Phrases, find_phrases
from firth.text.preparing import prepare_corpus
from firth.text.vocabulary import Vocabulary

__all__ = ["Corpus", "Phrase", "Phrases", "Vocabulary", "find_phrases", "prepare_corpus", "tokenizers"]
