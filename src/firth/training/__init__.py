"""From the corpus's ids to the two matrices: kernels, and what runs them.

Modules in the order of their imports: settings, progress, schedule, matrices, logistic, pools, blocks, sampling_kernel,
interrupts, stream, estimate.
"""

from firth.training.progress import Progress

__all__ = ["Progress"]
