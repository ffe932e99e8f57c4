"""The surfaces of other tools over ours: their names, arguments and results, so that code moves without a rewrite.

    from firth.compat.gensim import KeyedVectors, Word2Vec
    import firth.compat.fasttext as fasttext
    from firth.compat.sklearn import WordVectorizer

Nothing here trains, searches, reads or writes by itself: it says in another tool's words what the library does, and
where something is not offered, why, and what there is instead.

Modules in the order of their imports: fasttext_lines, fasttext_rows, fasttext_model, fasttext, gensim, sklearn.
"""
