"""Formats of word vectors, one module each, and how the format of a file is found.

Modules in the order of their imports: parts, changes, sifting, kept_words, mapped_file, decimal_kernel, decimals,
lines, word2vec, glove, arrays, static_embedding, fasttext_quantised, fasttext_layout, fasttext, unpickling,
pickled_arrays, gensim_models, own_folder, recognising, packed,
opening.
"""
