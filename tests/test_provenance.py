"""What a result was made with, as this process says it."""

import json
import platform

import pytest

from firth import __version__, provenance
from firth.compiling import compiled_for


def test_everything_has_a_name_that_can_be_stored():
    made = provenance.made_with()
    assert json.loads(json.dumps(made)) == made
    assert all(made.values())
    assert (made["firth"], made["python"]) == (__version__, platform.python_version())
    assert made["machine"] == platform.machine()


def test_what_kernels_are_compiled_for_is_what_numba_tells_llvm(monkeypatch):
    from numba.core.registry import cpu_target

    class Codegen:
        def magic_tuple(self):
            return "x86_64-unknown", "skylake", "+sse2,-avx512f,+popcnt,+avx2,+fma,-xop"

    monkeypatch.setattr(type(cpu_target.target_context), "codegen", lambda _: Codegen())
    assert compiled_for() == ("skylake", ["avx2", "fma", "sse2"])


@pytest.mark.parametrize(
    ("text", "processor"),
    [
        ("processor\t: 0\nmodel name\t: A CPU @ 2: fast\n\nprocessor\t: 1\nmodel name\t: Another\n", "A CPU @ 2: fast"),
        ("processor\t: 0\nBogoMIPS\t: 50.00\n", "arm"),
        (None, "arm"),
    ],
)
def test_the_processor_is_named_by_linux_else_by_python(monkeypatch, tmp_path, text, processor):
    monkeypatch.setattr(provenance, "_PROCESSORS", tmp_path / "cpuinfo")
    monkeypatch.setattr(platform, "processor", lambda: "arm")
    if text is not None:
        (tmp_path / "cpuinfo").write_text(text)
    assert provenance.made_with()["processor"] == processor


@pytest.mark.parametrize(("library", "system"), [(("glibc", "2.36"), "Linux, glibc 2.36"), (("", ""), "Linux 6.1")])
def test_the_system_is_named_with_its_library(monkeypatch, library, system):
    monkeypatch.setattr(platform, "libc_ver", lambda: library)
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(platform, "release", lambda: "6.1")
    assert provenance.made_with()["system"] == system
