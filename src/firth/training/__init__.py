"""From the corpus's ids, or from its counts, to the two matrices: kernels, and what runs them.

Modules in the order of their imports: settings, progress, schedule, parts, matrices, meeting, lanes, logistic, pools,
blocks, window_blocks, sampling_kernel, bag_blocks, bags, documents, bag_steps, bag_kernel, sharing, rounds_kernel,
racing, rounds, interrupts, stream, workers, inference, sparse_rows, sparse_kernels, table, sparse, eigenpairs,
spectral, ppmi, glove_kernel, glove, cell_lanes, cell_kernels, all_cells, estimate, levels, descent, gauge, optimum,
exact, gap, certificate.
"""

from firth.training.progress import Progress

__all__ = ["Progress"]
