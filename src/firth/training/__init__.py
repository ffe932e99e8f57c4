"""From the corpus's ids to the two matrices: kernels, and what runs them.

Modules in the order of their imports: progress, schedule, logistic, sampling_kernel, estimate, stream.
"""

from firth.training.progress import Progress

__all__ = ["Progress"]
