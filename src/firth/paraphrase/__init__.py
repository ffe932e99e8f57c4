"""Whether two sentences say the same, from the vectors of their words.

Modules in the order of their imports: inputs.
"""
