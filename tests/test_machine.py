"""What the process may use, as told by control groups that stand in a folder of the test."""

import pytest

from firth import machine
from firth.errors import SettingsError


@pytest.fixture
def group(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "_GROUP", tmp_path)
    monkeypatch.setattr(machine.os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("quota", "cores"), [("200000 100000", 2), ("150000 100000", 2), ("1000 100000", 1), ("max 100000", 8), ("", 8)]
)
def test_cores_are_those_of_the_quota(group, quota, cores):
    (group / "cpu.max").write_text(quota)
    assert machine.usable_cores() == cores


def test_cores_without_a_group_are_those_of_the_affinity(group):
    assert machine.usable_cores() == 8


def test_memory_is_what_the_group_leaves_with_files_that_can_be_dropped(group):
    whole = machine.available_memory()
    if whole is None:
        pytest.skip("this system does not say how much memory is available")
    (group / "memory.max").write_text("3000000")
    (group / "memory.current").write_text("2900000")
    assert machine.available_memory() == whole  # nothing is known of its files
    (group / "memory.stat").write_text("anon 5\ninactive_file 200000\nactive_file 100000\n")
    assert machine.available_memory() == 400_000
    (group / "memory.max").write_text("max")
    assert machine.available_memory() > 3_000_000


def test_threads_are_checked():
    assert machine.check_threads(None) == machine.usable_cores()
    with pytest.raises(SettingsError, match="expected threads to be a whole number from 1 to 1024, got 0"):
        machine.check_threads(0)
