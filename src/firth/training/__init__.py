"""From the corpus's ids, or from its counts, to the two matrices: kernels, and what runs them.

Modules in the order of their imports: kinds, settings, progress, intervals, standing, checkpoints, schedule, parts,
matrices, meeting, lanes, logistic, pools, blocks, window_blocks, sampling_kernel, bag_blocks, bags, bag_steps,
bag_kernel, sharing, pieces, slices, members,
documents, drawing, rounds_kernel, racing, rounds, interrupts, stream, workers, inference,
sparse_rows, sparse_kernels, table, sparse, eigenpairs, spectral, ppmi, glove_kernel, glove, cell_lanes, cell_kernels,
all_cells, estimate, levels, descent, gauge, optimum, exact, gap, certificate.
"""

from firth.training.intervals import Interval
from firth.training.progress import Progress

__all__ = ["Interval", "Progress"]
