"""Formats of word vectors, one module each, and how the format of a file is found.

Modules in the order of their imports: parts, sifting, decimal_kernel, decimals, lines, word2vec, glove, arrays,
static_embedding, own_folder, recognising, opening.
"""
