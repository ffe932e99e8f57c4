"""Foreign formats of word vectors, one module each.

Modules in the order of their imports: parts, word2vec.
"""
