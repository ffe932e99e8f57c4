import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from firth.errors import FormatError, OutputError
from firth.storage import new_folder
from firth.tensors import map_tensors, write_tensors

TENSORS = {
    "matrix": np.arange(12, dtype=np.float32).reshape(3, 4),
    "counts": np.array([5, 3, 2**63], np.uint64),
    "codes": np.array([[1], [2], [3]], np.uint8),
}


def file_of(header: object, data: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def tensor(dtype="F32", shape=(2,), offsets=(0, 8)) -> dict:
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


def test_written_tensors_come_back_mapped_and_read_only(tmp_path):
    write_tensors(tmp_path / "t", TENSORS)
    mapped = map_tensors(tmp_path / "t")
    assert mapped.keys() == TENSORS.keys()
    for name, array in TENSORS.items():
        assert mapped[name].dtype == array.dtype
        assert not mapped[name].flags.writeable
        np.testing.assert_array_equal(mapped[name], array)


def test_the_library_reads_what_we_write_and_we_read_what_it_writes(tmp_path):
    write_tensors(tmp_path / "ours", TENSORS)
    for name, array in load_file(tmp_path / "ours").items():
        np.testing.assert_array_equal(array, TENSORS[name])
    save_file(TENSORS, tmp_path / "theirs", metadata={"by": "them"})
    for name, array in map_tensors(tmp_path / "theirs").items():
        np.testing.assert_array_equal(array, TENSORS[name])


@pytest.mark.parametrize(
    "array",
    [np.arange(12.0).reshape(3, 4).T, np.arange(20.0)[::2], np.arange(4, dtype=">f4"), np.zeros((0, 3)), np.float32(3)],
)
def test_strided_swapped_and_empty_arrays_come_back(tmp_path, array):
    write_tensors(tmp_path / "t", {"a": array})
    np.testing.assert_array_equal(map_tensors(tmp_path / "t")["a"], array)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "got 0 bytes"),
        (b"1234", "got 4 bytes"),
        (file_of({}, length=2**63), "a header of 9223372036854775808"),
        (file_of({}, length=3), "a header of 3"),
        ((2**20 + 1).to_bytes(8, "little") + b" " * (2**20 + 1), "a header of 1048577 bytes"),
        (file_of(b"{nonsense"), "a header that is not JSON"),
        (file_of(b"\xff\xfe"), "a header that is not JSON"),
        (file_of(b"[" * 100_000), "a header that is not JSON"),
        (file_of(b'{"a": ' + b"9" * 5000 + b"}"), "a header that is not JSON"),
        (file_of([]), "a header that is not a JSON object"),
        (file_of({"a": 3}), "tensor 'a' without a description"),
        (file_of({"a": tensor("F99")}, bytes(8)), "tensor 'a' of type 'F99'"),
        (file_of({"a": tensor(["F32"])}, bytes(8)), "tensor 'a' of type"),
        (file_of({"a": tensor(shape=(-2,))}, bytes(8)), r"of shape \[-2\]"),
        (file_of({"a": tensor(shape=(2.0,))}, bytes(8)), r"of shape \[2.0\]"),
        (file_of({"a": tensor(shape=(True, 2))}, bytes(8)), r"of shape \[True, 2\]"),
        (file_of({"a": tensor(shape=(1,) * 9)}, bytes(8)), "of shape"),
        (file_of({"a": tensor(shape=(2**62, 0), offsets=(0, 0))}), "of shape"),
        (file_of({"a": tensor(offsets=(0, 8, 8))}, bytes(8)), r"in bytes \[0, 8, 8\]"),
        (file_of({"a": tensor(offsets=(8, 0))}, bytes(8)), r"in bytes \[8, 0\]"),
        (file_of({"a": tensor(shape=(3,))}, bytes(8)), r"of shape \[3\] in bytes \[0, 8\]"),
        (file_of({"a": tensor(shape=(2**40,), offsets=(0, 2**42))}, bytes(8)), "tensors of 4398046511104 bytes and 8"),
        (file_of({"a": tensor()}, bytes(7)), "tensors of 8 bytes and 7 bytes of data"),
        (file_of({"a": tensor()}, bytes(9)), "tensors of 8 bytes and 9 bytes of data"),
        (file_of({"a": tensor(offsets=(4, 12))}, bytes(12)), "tensor 'a' at byte 4 where byte 0 is next"),
        (file_of({"a": tensor(), "b": tensor()}, bytes(8)), "tensor 'b' at byte 0 where byte 8 is next"),
        (
            file_of({"a": tensor(), "b": tensor(offsets=(4, 12))}, bytes(12)),
            "tensor 'b' at byte 4 where byte 8 is next",
        ),
    ],
)
def test_a_hostile_file_is_refused_in_a_sentence(tmp_path, data, message):
    (tmp_path / "t").write_bytes(data)
    with pytest.raises(FormatError, match=message) as caught:
        map_tensors(tmp_path / "t")
    assert "to be a whole safetensors file" in str(caught.value)
    assert "\n" not in str(caught.value)


WHOLE = file_of({"a": tensor(shape=(2, 2), offsets=(0, 16)), "b": tensor("U8", (3,), (16, 19))}, bytes(range(19)))


@given(st.integers(0, len(WHOLE) - 1))
def test_a_truncated_file_is_always_refused(tmp_path_factory, length):
    path = tmp_path_factory.getbasetemp() / "truncated"
    path.write_bytes(WHOLE[:length])
    with pytest.raises(FormatError):
        map_tensors(path)


@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
def test_a_changed_byte_is_refused_or_gives_arrays_of_the_data_alone(tmp_path_factory, place, byte):
    path = tmp_path_factory.getbasetemp() / "changed"
    path.write_bytes(WHOLE[:place] + bytes([byte]) + WHOLE[place + 1 :])
    try:
        mapped = map_tensors(path)
    except FormatError as problem:
        assert "whole safetensors file" in str(problem)
    else:
        assert sum(array.nbytes for array in mapped.values()) == 19


def test_a_full_disk_is_said_and_nothing_is_left(tmp_path):
    resource = pytest.importorskip("resource", reason="limits of file size are a thing of Unix")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    said = pytest.raises(OutputError, match=r"^expected room on the disk for .*v, got .*; free some space")
    with said, new_folder(tmp_path / "v") as fresh:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
        try:
            write_tensors(fresh / "t", {"matrix": np.ones(1_000_000, np.float32)})
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not any(tmp_path.iterdir())


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(
        OutputError, match=r"^expected to write .*nowhere/t, got 'No such file or directory'; free some"
    ):
        write_tensors(tmp_path / "nowhere" / "t", TENSORS)


def test_a_file_of_tensors_has_the_rights_of_any_new_file(tmp_path):
    (tmp_path / "plain").touch()
    write_tensors(tmp_path / "t.safetensors", {"matrix": np.ones((2, 2), np.float32)})
    assert (tmp_path / "t.safetensors").stat().st_mode == (tmp_path / "plain").stat().st_mode
