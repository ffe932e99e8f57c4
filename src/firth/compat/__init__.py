"""The surfaces that other tools' users know, over ours: import the one you move from by its name.

Modules in the order of their imports: fasttext_lines, fasttext_rows, fasttext_model, fasttext, sklearn.
"""
