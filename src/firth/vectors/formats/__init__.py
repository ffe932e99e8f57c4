"""Foreign formats of word vectors, one module each.

Modules in the order of their imports: parts, kept_words, mapped_file, word2vec, fasttext_quantised, fasttext_layout,
fasttext, unpickling, pickled_arrays, gensim_models.
"""
