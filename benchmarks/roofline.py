"""What could this machine do at most: multiply-adds, bytes from caches and memory, rows at random, meetings?

    python benchmarks/roofline.py

On one thread, and on one for each usable core at once (then the sum over threads).

-   Float32 multiply-adds with 512-bit and with 256-bit vectors, all operands in registers, the best of 8 to 16
    independent sums; one multiply-add is 2 flops.
-   Bytes read, written and copied (a copied byte counts twice), by working set: so much for each thread, but 512 MB for
    all together; of a copy, half is source and half destination. Stores are ordinary ones, as in training: before the
    processor writes a line of memory it fetches it, and these bytes are not counted.
-   Whole rows in random order, as training meets them, each asked for 12 rows before it is read or not at all.
-   A meeting of all threads, with Python's barrier and with one that spins on an atomic counter.

Repeats go round all measurements, so that others who use the machine for a while touch all of them alike. Kernels come
from `numba.njit` and not `firth.compiling.compiled`, which keeps machine code: these are compiled anew, and checked.
"""

import os
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

import numba
import numpy as np
from llvmlite import ir
from measuring import spread, write_result
from numba import types
from numba.core.cgutils import alloca_once_value, for_range
from numba.extending import intrinsic

from firth.compiling import prefetch_row
from firth.machine import usable_cores
from firth.training.matrices import LINE, own_lines

REPEATS = 9
REGISTERS = {512: "zmm", 256: "ymm"}
SUMS = range(8, 17)
ROUNDS = 500_000  # multiply-adds of each sum in one measurement
SIZES = {"16 KB": 2**14, "256 KB": 2**18, "4 MB": 2**22, "512 MB": 2**29}
BYTES = 2**30  # what a thread reads and writes in one measurement
ROW_BYTES = {448: 100, 1216: 300}  # bytes of a padded row: its dimensions
WORDS = (2_000, 68_000, 1_000_000)
READS = 200_000
AHEAD = 12
UNROLLED = 8
MEETINGS = 10_000
COUNT = ir.IntType(64)  # COUNT(3) is a 3 in generated code


class Measurement(NamedTuple):
    """What is measured, and where it goes: keys in the file, words in the table.

    A unit with "/s" is a rate, any other a time; of measurements that share their keys the best is reported.
    works(threads), for the numbers in `teams`, says what each thread does: `amount` of the unit, or so many rows.
    """

    group: str
    name: str
    what: str
    unit: str
    works: object
    amount: int
    teams: tuple
    row_bytes: int = 0

    def result(self, seconds, threads):
        """Return the number to report."""
        if self.unit.endswith("/s"):
            return self.amount * threads / seconds / 1e9
        return seconds / self.amount * (1e6 if self.unit.startswith("µs") else 1e9)


class Vectors:
    """Vectors of float32 from an address on, and sums that the compiler keeps in registers."""

    def __init__(self, target, builder, kinds, values, lanes=16):
        self.builder = builder
        self.array = target.make_array(kinds[0])(target, builder, values[0])
        self.start = builder.bitcast(self.array.data, ir.VectorType(ir.FloatType(), lanes).as_pointer())

    def load(self, index):
        """Read vector `index`."""
        return self.builder.load(self.builder.gep(self.start, [index]), align=4)

    def store(self, value, index):
        """Write vector `index`."""
        self.builder.store(value, self.builder.gep(self.start, [index]), align=4)

    @contextmanager
    def sums(self, count):
        """Give places of sums, which differ at the start and are written at the end: else the compiler removes them."""
        places = [alloca_once_value(self.builder, self.load(COUNT(index))) for index in range(count)]
        yield places
        for index, place in enumerate(places):
            self.store(self.builder.load(place), COUNT(index))


def intrinsic_of(emit, result=types.void):
    """Return the intrinsic of an array and one more argument that does emit(target, builder, kinds, values)."""

    @intrinsic
    def inner(typing_context, array, other):
        def generate(target, builder, signature, arguments):
            value = emit(target, builder, signature.args, arguments)
            return target.get_dummy_value() if result is types.void else value

        return result(array, other), generate

    return inner


def kernel_of(emit):
    """Compile such an intrinsic as a function that leaves the interpreter to other threads."""
    inner = intrinsic_of(emit)

    @numba.njit(nogil=True)
    def kernel(array, other):
        inner(array, other)

    return kernel


def multiply_adds_of(lanes, count):
    """Return multiply_adds(array, rounds): `count` sums s = s · a + b side by side."""

    def emit(target, builder, kinds, values):
        vectors = Vectors(target, builder, kinds, values, lanes)
        factor, step = vectors.load(COUNT(count)), vectors.load(COUNT(count + 1))
        with vectors.sums(count) as places, for_range(builder, values[1]):
            for place in places:
                product = builder.fmul(builder.load(place), factor, flags=("contract",))
                builder.store(builder.fadd(product, step, flags=("contract",)), place)

    return kernel_of(emit)


def walk_of(way):
    """Return walk(array, passes): read all of an array, or write it, or copy its first half to the second."""

    def emit(target, builder, kinds, values):
        vectors = Vectors(target, builder, kinds, values)
        items = builder.extract_value(vectors.array.shape, 0)
        count = builder.udiv(items, COUNT(32 if way == "copy" else 16))
        offset, written = count if way == "copy" else COUNT(0), vectors.load(COUNT(0))
        steps = builder.udiv(count, COUNT(UNROLLED))
        with vectors.sums(UNROLLED) as places, for_range(builder, values[1]), for_range(builder, steps) as loop:
            for j, place in enumerate(places):
                index = builder.add(builder.mul(loop.index, COUNT(UNROLLED)), COUNT(j))
                value = written if way == "write" else vectors.load(index)
                if way == "read":
                    builder.store(builder.fadd(builder.load(place), value), place)
                else:
                    vectors.store(value, builder.add(index, offset))

    return kernel_of(emit)


def read_rows_of(row_bytes, is_ahead):
    """Return read_rows(matrix, ids): read the rows named by all ids but the last `AHEAD`, asking ahead or not."""

    def emit(target, builder, kinds, values):
        vectors = Vectors(target, builder, kinds, values)
        ids = target.make_array(kinds[1])(target, builder, values[1])
        row_at = lambda index: builder.sext(builder.load(builder.gep(ids.data, [index])), COUNT)
        ask_for = lambda matrix, row: prefetch_row(matrix, row)
        reads = builder.sub(builder.extract_value(ids.shape, 0), COUNT(AHEAD))
        with vectors.sums(UNROLLED) as places, for_range(builder, reads) as loop:
            if is_ahead:
                later = row_at(builder.add(loop.index, COUNT(AHEAD)))
                target.compile_internal(builder, ask_for, types.none(kinds[0], types.int64), [values[0], later])
            first = builder.mul(row_at(loop.index), COUNT(row_bytes // LINE))
            for j in range(row_bytes // LINE):
                place, value = places[j % UNROLLED], vectors.load(builder.add(first, COUNT(j)))
                builder.store(builder.fadd(builder.load(place), value), place)

    return kernel_of(emit)


@intrinsic_of
def arrive(target, builder, kinds, values):
    """Add a step to the counter, for all threads to see."""
    builder.atomic_rmw("add", Vectors(target, builder, kinds, values).array.data, values[1], "seq_cst")


@partial(intrinsic_of, result=types.int64)
def lacking(target, builder, kinds, values):
    """Return what the counter, as all threads see it, lacks of a goal."""
    return builder.sub(values[1], builder.load_atomic(Vectors(target, builder, kinds, values).array.data, "seq_cst", 8))


@numba.njit(nogil=True)
def spin(counter, threads):
    """Meet the other threads: the counter only grows, so nobody has to set it back."""
    for meeting in range(1, MEETINGS + 1):
        arrive(counter, 1)
        while lacking(counter, meeting * threads) > 0:
            pass


def wait(barrier):
    """Meet the other threads at Python's barrier."""
    for _ in range(MEETINGS):
        barrier.wait()


def peak_measurements(teams):
    """Return measurements of multiply-adds, and a line for each kernel that lacks fused ones of its length."""
    measurements, missing = [], []
    for bits, register in REGISTERS.items():
        for count in SUMS:
            kernel, lanes = multiply_adds_of(bits // 32, count), bits // 32
            rooms = own_lines((max(teams), (count + 2) * lanes), np.float32)
            rooms[:] = np.linspace(0.5, 0.9, rooms.shape[1])
            works = [partial(kernel, room, ROUNDS) for room in rooms]
            works[0]()
            code = "".join(kernel.inspect_asm().values()).splitlines()
            found = sum("vfmadd" in line and register in line for line in code)
            if found < count:
                missing.append(f"expected {count} vfmadd on {register}, got {found}: this is not the peak")
            flops, team = 2 * lanes * count * ROUNDS, lambda threads, works=works: works[:threads]
            what = f"multiply-adds, {bits}-bit vectors"
            measurements.append(Measurement("peak", f"gflops_{bits}", what, "GFLOP/s", team, flops, teams))
    return measurements, missing


def walk_measurements(teams, room):
    """Return measurements of bytes read, written and copied."""
    measurements = []
    for way in ("read", "write", "copy"):
        kernel = walk_of(way)
        for name, size in SIZES.items():

            def works(threads, kernel=kernel, size=size):
                own = min(size, SIZES["512 MB"] // threads) // 2**12 * 2**12  # whole steps in both halves
                parts = [room[thread * own // 4 : (thread + 1) * own // 4] for thread in range(threads)]
                return [partial(kernel, part, BYTES // own) for part in parts]

            what = f"{way}, {name}"
            measurements.append(Measurement("bandwidth", f"gb_{way}_{size}", what, "GB/s", works, BYTES, teams))
    return measurements


def row_measurements(room):
    """Return measurements of rows at random, on one thread."""
    generator, measurements = np.random.default_rng(1), []
    for row_bytes, dimensions in ROW_BYTES.items():
        for is_ahead, how in ((True, "ahead"), (False, "unasked")):
            kernel = read_rows_of(row_bytes, is_ahead)
            for words in WORDS:
                matrix = room[: words * row_bytes // 4].reshape(words, row_bytes // 4)
                work = partial(kernel, matrix, generator.integers(words, size=READS + AHEAD, dtype=np.int32))
                name = f"ns_D{dimensions}_V{words}_{how}"
                what = f"random rows, D = {dimensions}, V = {words}, {how}"
                works = lambda threads, work=work: [work]
                measurements.append(Measurement("random_rows", name, what, "ns a row", works, READS, (1,), row_bytes))
    return measurements


def meeting_measurements(cores):
    """Return measurements of meetings of all threads."""
    waiting = lambda threads: [partial(wait, threading.Barrier(threads))] * threads
    spinning = lambda threads: [partial(spin, own_lines(1, np.int64), threads)] * threads
    spinning(1)[0]()  # compiles it
    return [
        Measurement("meetings", "us_barrier", "threading.Barrier", "µs a meeting", waiting, MEETINGS, (cores,)),
        Measurement("meetings", "ns_spinning", "spinning barrier", "ns a meeting", spinning, MEETINGS, (cores,)),
    ]


def time_works(pool, works):
    """Return seconds from the first thread's start to the last one's end.

    Each of several threads is kept on a core: the system is slow to spread them, and these run for milliseconds.
    """
    barrier = threading.Barrier(len(works))
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()

    def timed(work, core):
        if cores:
            os.sched_setaffinity(0, {core} if len(works) > 1 else cores)
        barrier.wait()
        began = time.perf_counter()
        work()
        return began, time.perf_counter()

    begins, ends = zip(*pool.map(timed, works, sorted(cores) or works), strict=True)
    return max(ends) - min(begins)


def measure(measurements, cores):
    """Return values by group, name and number of threads: a list each, of measurements that share all the best."""
    runs = {(index, threads): [] for index, one in enumerate(measurements) for threads in one.teams}
    with ThreadPoolExecutor(cores) as pool:
        for repeat in range(REPEATS + 1):
            for (index, threads), values in runs.items():
                seconds = time_works(pool, measurements[index].works(threads))
                if repeat:  # the first compiles and warms up
                    values.append(measurements[index].result(seconds, threads))
    best = {}
    for (index, threads), values in runs.items():
        key = (measurements[index].group, measurements[index].name, threads)
        best[key] = max(best.get(key, values), values, key=statistics.median)
    return best


def report(measurements, best, cores):
    """Return the rows of the table, and the numbers for other scripts by group."""
    rows, numbers = [], {}
    for one in {(one.group, one.name): one for one in measurements}.values():
        group, unit, cells = numbers.setdefault(one.group, {}), one.unit, []
        for threads, suffix in ((1, "one"), (cores, "all")):
            values = best.get((one.group, one.name, threads))
            cells.append(spread(values, 1) if values else "–")
            if values:
                group[f"{one.name}_{suffix}"] = middle = round(statistics.median(values), 3)
                if unit.endswith("/s"):
                    group[f"{one.name}_{suffix}_most"] = round(max(values), 3)
                if one.row_bytes:
                    unit = f"{one.unit}: {one.row_bytes / middle:.1f} GB/s"
        rows.append([one.what, *cells, unit])
    return rows, numbers


def main():
    cores, load = usable_cores(), os.getloadavg()[0]
    teams = tuple(sorted({1, cores}))
    room = own_lines(max(SIZES["512 MB"], max(WORDS) * max(ROW_BYTES)) // 4, np.float32)
    room[:] = 0  # pages are memory only once they are written
    peaks, missing = peak_measurements(teams)
    measurements = [*peaks, *walk_measurements(teams, room), *row_measurements(room), *meeting_measurements(cores)]
    rows, numbers = report(measurements, measure(measurements, cores), cores)
    write_result(
        "roofline",
        what=f"Float32, median (least … most) of {REPEATS}; all cores: {cores}; load average before: {load:.1f}",
        command="python benchmarks/roofline.py",
        columns=["what", "one thread", "all cores", "unit"],
        rows=rows,
        missing=missing,
        **numbers,
    )
    print(*missing, sep="\n")


if __name__ == "__main__":
    main()
