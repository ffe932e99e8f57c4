"""Files that lie: one clear sentence each, in little memory; and any bytes at all, to every reader."""

import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from firth.errors import FormatError
from firth.vectors import Vectors
from firth.vectors.formats import decimals, lines, word2vec
from firth.vectors.formats.parts import Parts
from firth.vectors.formats.recognising import FORMATS, format_of
from hostile.files import FILES, FOLDERS, MATRIX, ROWS, TOKENS, WHOLE, WORDS, npz, tensors

MOST_MEMORY = 24 << 20
"""What reading may take of a file of a few KB: chunks of 4 MiB, and what holds them."""
FILE_FORMATS = [name for name in FORMATS if name not in ("firth", "static-embedding")]


def refused(path, format=None) -> str:
    """Load a file that is refused; return the sentence, after looking at it and at the memory."""
    tracemalloc.start()
    try:
        with pytest.raises(FormatError) as caught:
            Vectors.load(path, format=format)
        assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY + 8 * size_of(path)
    finally:
        tracemalloc.stop()
    text = str(caught.value)
    assert text.count("\n") == 0 and len(text) < 700
    assert "expected " in text and ", got " in text and "; " in text
    return text


def size_of(path: Path) -> int:
    return path.stat().st_size if path.is_file() else sum(inner.stat().st_size for inner in path.rglob("*"))


@pytest.mark.parametrize("name", FILES)
def test_every_file_that_lies_gets_its_sentence(tmp_path, capfd, name):
    data, format, said = FILES[name]
    (tmp_path / "v").write_bytes(data)
    text = refused(tmp_path / "v", format)
    assert said in text
    assert str(tmp_path / "v") in text
    assert capfd.readouterr().out == ""  # nothing was executed


@pytest.mark.parametrize("name", FOLDERS)
def test_every_folder_that_lies_gets_its_sentence(tmp_path, name):
    model, tokens, said = FOLDERS[name]
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(model)
    (tmp_path / "tokenizer.json").write_bytes(tokens)
    assert said in refused(tmp_path)


@pytest.mark.parametrize("format", [None, *FILE_FORMATS])
def test_pipes_devices_folders_and_nothing_are_refused_without_waiting(tmp_path, format):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "endless").symlink_to("/dev/zero")
    for name in ("pipe", "endless"):
        assert "got something that is no plain file; name a file" in refused(tmp_path / name, format)
    (tmp_path / "folder").mkdir()
    assert "folder" in refused(tmp_path / "folder", format)
    assert "got nothing there; check the path" in refused(tmp_path / "nothing", format)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert "loop" in refused(tmp_path / "loop", format)
    assert "a path that can't be read" in refused(Path("\0"), format)


@pytest.mark.parametrize("file", ["model.safetensors", "tokenizer.json"])
def test_links_out_of_a_folder_are_refused(tmp_path, file):
    folder, outside = tmp_path / "folder", tmp_path / "outside"
    folder.mkdir()
    contents = {"config.json": b"{}", "model.safetensors": tensors(embeddings=ROWS), "tokenizer.json": TOKENS}
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    assert list(Vectors.load(folder).words) == ["up", "down"]
    outside.write_bytes((folder / file).read_bytes())
    (folder / file).unlink()
    (folder / file).symlink_to(outside)
    assert f"got a link to {outside}; put the file itself there" in refused(folder)


def test_a_pipe_in_a_folder_is_refused_without_waiting(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "tokenizer.json").write_bytes(TOKENS)
    os.mkfifo(tmp_path / "model.safetensors")
    assert "something that is no plain file" in refused(tmp_path)


@pytest.mark.parametrize("format", ["word2vec-text", "glove"])
def test_a_line_without_end_is_not_read_to_its_end(tmp_path, monkeypatch, format):
    monkeypatch.setattr(lines, "_CHUNK", 1 << 10)
    monkeypatch.setattr(lines, "_LONGEST_WORD", 1 << 10)
    monkeypatch.setattr("firth.vectors.formats.glove._LONGEST_LINE", 1 << 12)
    (tmp_path / "v").write_bytes(b"2 2\n" * (format != "glove") + b"u" * (1 << 20) + b" 1 2\n")
    text = refused(tmp_path / "v", format)
    assert "lines of at most" in text and "check what this file is" in text


@pytest.mark.parametrize("format", ["word2vec", "numpy"])
def test_a_file_cut_anywhere_is_refused(tmp_path, format):
    whole = WHOLE if format == "word2vec" else npz(words=WORDS, matrix=MATRIX)
    for end in range(len(whole) - (format == "word2vec")):
        (tmp_path / "v").write_bytes(whole[:end])
        assert refused(tmp_path / "v", format)


# ── any bytes ───────────────────────────────────────────────────────────────────────────────────────────────

PIECES = st.sampled_from(
    [b"2 3\n", b"1 1\n", b"up ", b" ", b"\n", b"0.5", b"1e9", b"-", b".", b"e", b"\t", b"\r\n", b"\xff", b"nan"]
)
BYTES = st.one_of(
    st.binary(max_size=300), st.lists(st.one_of(PIECES, st.binary(max_size=5)), max_size=40).map(b"".join)
)


@st.composite
def spoilt(draw) -> bytes:
    """A whole file in which some bytes are others, or are missing."""
    data = bytearray(draw(st.sampled_from([WHOLE, npz(words=WORDS, matrix=MATRIX), b"2 2\nup 1 2\ndown 3 4\n"])))
    for _ in range(draw(st.integers(0, 4))):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(data[: draw(st.integers(0, len(data)))] if draw(st.booleans()) else data)


def check_parts(parts: Parts) -> None:
    """What a reader gives fits: Vectors take it as it is."""
    matrix = parts.tensors["matrix"]
    assert matrix.dtype == np.float32 and matrix.shape[0] == len(parts.words) and np.isfinite(matrix).all()
    assert len(set(parts.words)) == len(parts.words)
    assert set(parts.tensors) <= {"matrix", "counts", "context_matrix"} and "format" in parts.config["source"]


@pytest.mark.parametrize("name", FILE_FORMATS)
@pytest.mark.parametrize("errors", ["strict", "replace", "ignore"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.one_of(BYTES, spoilt()))
@example(data=b"")
def test_any_bytes_give_parts_or_one_sentence(tmp_path_factory, name, errors, data):
    path = tmp_path_factory.getbasetemp() / "fuzzed-file"
    path.write_bytes(data)
    try:
        check_parts(FORMATS[name].parts_of(path, limit=None, errors=errors))
    except FormatError as problem:
        assert "expected " in str(problem) and ", got " in str(problem)
    try:
        assert format_of(path).name in FILE_FORMATS
    except FormatError as problem:
        assert "expected vectors of a known format in" in str(problem)


@settings(max_examples=60)
@given(model=st.binary(max_size=200), tokens=st.one_of(st.binary(max_size=60), st.just(TOKENS)), whole=st.booleans())
def test_any_bytes_in_a_folder_give_parts_or_one_sentence(tmp_path_factory, model, tokens, whole):
    folder = tmp_path_factory.getbasetemp() / "fuzzed-folder"
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_bytes(b"{}")
    (folder / "model.safetensors").write_bytes(tensors(embeddings=ROWS) if whole else model)
    (folder / "tokenizer.json").write_bytes(tokens)
    try:
        check_parts(FORMATS["static-embedding"].read(folder))
    except FormatError as problem:
        assert "expected " in str(problem) and ", got " in str(problem)


# ── decimals: the compiled parser, and its slow twin ────────────────────────────────────────────────────────


def one_line(text: str, dimensions: int, parse=decimals.parse_compiled):
    data = np.frombuffer(text.encode(), np.uint8)
    return parse(data, np.array([0]), np.array([len(data)]), dimensions)


ANY_DECIMAL = st.one_of(
    st.floats(width=32, allow_nan=False).map(str),
    st.floats(allow_nan=False).map(repr),
    st.floats(allow_nan=False, allow_infinity=False).map("{:.25e}".format),
    st.floats(width=32, allow_nan=False, allow_infinity=False).map(
        lambda number: (
            f"{(float(np.float32(number)) + float(np.nextafter(np.float32(number), np.float32(9)))) / 2:.60g}"
        )
    ),
    st.from_regex(r"\A[+-]?([0-9]{1,25}\.?[0-9]{0,25}|\.[0-9]{1,25})([eE][+-]?[0-9]{1,4})?\Z"),
)


@settings(max_examples=400)
@given(st.lists(ANY_DECIMAL, min_size=1, max_size=8), st.sampled_from(["up", "", "New York", " a", "1 2"]))
@example(["1e-45", "7e-46", "3.4028235e38", "3.4028236e38", "-0", "1.00000017881393432617187500"], "up")
@example(["1e0000000000001", "1e-400", "1e400", "00000000000000000000000000001", "9007199254740993"], "up")
@pytest.mark.filterwarnings("ignore:overflow")
def test_decimals_are_those_of_float_to_the_last_bit(numbers, word):
    words, rows = one_line(f"{word} {' '.join(numbers)}", len(numbers))
    slow_words, slow_rows = one_line(f"{word} {' '.join(numbers)}", len(numbers), decimals.parse_one_by_one)
    assert words == slow_words == [word.encode()]
    expected = np.array([float(number) for number in numbers]).astype(np.float32)
    np.testing.assert_array_equal(rows[0].view(np.uint32), expected.view(np.uint32))
    np.testing.assert_array_equal(slow_rows[0].view(np.uint32), expected.view(np.uint32))


def test_the_compiled_parser_leaves_little_to_the_slow_one(monkeypatch):
    left = []
    monkeypatch.setattr(decimals, "_parsed", lambda line, dimensions: left.append(line) or (b"", [0.0] * dimensions))
    rng = np.random.default_rng(0)
    single = rng.standard_normal(50).astype(np.float32)
    for numbers in (
        single.astype("S").astype(str),
        [f"{x:.6f}" for x in single],
        [repr(x) for x in rng.random(50).tolist()],
    ):
        one_line("up " + " ".join(numbers), 50)
    assert left == []
    one_line("up 1.000000059604644775390625 2", 2)  # half way between two float32: more digits would decide
    assert len(left) == 1


@given(
    st.lists(st.sampled_from(["up 1 2", "New York 3 4", " 5 6 ", "", " \t\r", "a\t7 \t8"]), max_size=20), st.booleans()
)
def test_lines_are_cut_wherever_the_file_is_read_in_pieces(tmp_path_factory, rows, final):
    path = tmp_path_factory.getbasetemp() / "lines"
    path.write_text("\n".join(rows) + "\n" * final, newline="")
    expected = [decimals.parse_line(row.encode(), 2) for row in rows if row.strip()]
    for chunk in (1, 3, 16, 1 << 20):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lines, "_CHUNK", chunk)
            read = [pair for words, block in lines.read_lines(path, 0, 2) for pair in zip(words, block.tolist())]  # noqa: B905
        assert read == expected


def test_binary_rows_are_found_in_pieces_of_any_size(tmp_path, monkeypatch):
    (tmp_path / "v").write_bytes(WHOLE)
    monkeypatch.setattr(word2vec, "_LONGEST_WORD", 8)
    for chunk in range(1, 60, 7):
        monkeypatch.setattr(word2vec, "_CHUNK", chunk)
        np.testing.assert_array_equal(Vectors.load(tmp_path / "v").matrix, ROWS)
