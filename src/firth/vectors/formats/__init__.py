"""Foreign formats of word vectors, one module each."""
