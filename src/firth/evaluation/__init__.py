"""How good word vectors are: against gold sets (word pairs, analogies), and against what their own counts allow.

Order of the modules, each importing only from earlier ones: gold, spellings, similarity, analogies, tasks, aligning,
readings, measuring, gap, reach.
"""

from firth.evaluation.analogies import AnalogyResult, SectionResult, evaluate_analogies
from firth.evaluation.gold import AnalogyGold, SimilarityGold, read_gold
from firth.evaluation.similarity import SimilarityResult, evaluate_similarity
from firth.evaluation.tasks import evaluate

__all__ = [
    "AnalogyGold",
    "AnalogyResult",
    "SectionResult",
    "SimilarityGold",
    "SimilarityResult",
    "evaluate",
    "evaluate_analogies",
    "evaluate_similarity",
    "read_gold",
]
