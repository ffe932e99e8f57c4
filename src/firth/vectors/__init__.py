"""Word vectors: words and a matrix; look-up, neighbours, analogies, files. Needs NumPy alone.

Order of the modules, each importing only from earlier ones: words, spelling, neighbours, checking, subwords, card,
folder, formats/, converting, table, tags, document_folder, freezing, documents.
"""

from firth.vectors.documents import DocumentVectors
from firth.vectors.subwords import SubwordVectors
from firth.vectors.table import Vectors
from firth.vectors.words import Words

__all__ = ["DocumentVectors", "SubwordVectors", "Vectors", "Words"]
