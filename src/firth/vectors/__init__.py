"""Word vectors: look-up, neighbours, analogies, files, compression. Loading and asking need NumPy and threadpoolctl.

Order of the modules, each importing only from earlier ones: words, spelling, checking, stored, sharing, neighbours,
products, subwords, lookup, similar, card, folder, formats/, converting, table, codebooks, projecting, compressing,
graph_file, approximate, tags, document_folder, freezing, documents.
"""

from firth.vectors.documents import DocumentVectors
from firth.vectors.subwords import SubwordVectors
from firth.vectors.table import Vectors
from firth.vectors.words import Words

__all__ = ["DocumentVectors", "SubwordVectors", "Vectors", "Words"]
