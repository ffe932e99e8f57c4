"""From a corpus to a result in one call: composition of the parts, no mathematics of their own.

Modules in the order of their imports: preparing, phrases, continuing, resuming, kinds, training, documents, counting,
fitting.
"""

from firth.recipes.counting import count
from firth.recipes.documents import train_documents
from firth.recipes.fitting import fit
from firth.recipes.phrases import find_phrases
from firth.recipes.training import train

__all__ = ["count", "find_phrases", "fit", "train", "train_documents"]
