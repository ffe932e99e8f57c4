"""The corpus that is always there: what is read from source text, and in which order."""

from itertools import islice

import pytest

from firth.documentation import documentation_folders, read_documentation

MODULE = '''"""First paragraph, of the Module.

    Second one: it's here.
    >>> doctests(that, start, a, line)

>>> this_paragraph(is_left_out, because=it_is_code)
"""
import nothing_that_exists

class Thing:
    """The class comes second."""

    if True:
        def method(self):
            """Then what is inside of it."""
            def inner():
                r"""And what is \\d deeper still."""

try:
    async def last(): """Last comes the function."""
except ValueError:
    "no docstring, only a string"
'''

READ = [
    "first paragraph of the module",
    "second one it's here doctests that start a line",
    "the class comes second",
    "then what is inside of it",
    "and what is d deeper still",
    "last comes the function",
]


def read(*folders, **settings):
    return [" ".join(words) for words in read_documentation(folders, **settings)]


def test_docstrings_are_read_paragraph_by_paragraph(tmp_path):
    (tmp_path / "module.py").write_text(MODULE)
    assert read(tmp_path) == READ


def test_files_come_in_the_order_of_their_names(tmp_path):
    (tmp_path / "b").mkdir()
    for name in ("c.py", "b/z.py", "b/a.py", "a.py"):
        (tmp_path / name).write_text(f'"""this is {name[:-3]} here"""')
    assert read(tmp_path) == ["this is a here", "this is b a here", "this is b z here", "this is c here"]
    assert read(tmp_path / "b", tmp_path)[:3] == ["this is b a here", "this is b z here", "this is a here"]


def test_what_was_read_is_not_read_again(tmp_path):
    (tmp_path / "a.py").write_text('"""One of two."""\n')
    (tmp_path / "b.py").write_text('"""One of TWO.\n\nAnother one here."""\n')
    assert read(tmp_path) == ["one of two", "another one here"]


@pytest.mark.parametrize(
    "name", ["test_a.py", "tests/a.py", "test/a.py", "site-packages/a.py", "_vendor/a.py", ".hidden/a.py", "a.txt"]
)
def test_tests_and_copies_are_left_out(tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text('"""Three words here."""')
    assert read(tmp_path) == []


@pytest.mark.parametrize("source", [b'"""Unclosed', b'"""\x00"""', b'"""\xff\xfe"""', b'"""a b c"""\nprint "two"'])
def test_files_that_cannot_be_parsed_are_passed_over(tmp_path, source):
    (tmp_path / "a.py").write_bytes(source)
    (tmp_path / "b.py").write_text('"""But this one is read."""')
    assert read(tmp_path) == ["but this one is read"]


def test_bad_escapes_of_others_are_not_our_warning(tmp_path):
    (tmp_path / "a.py").write_text('"""Three words \\here."""\nx = "\\d"\n')  # any warning is an error in these tests
    assert read(tmp_path) == ["three words here"]


def test_topics_of_the_reference_are_read(tmp_path):
    (tmp_path / "pydoc_data").mkdir()
    (tmp_path / "pydoc_data" / "topics.py").write_text("topics = {'if': 'The if statement.\\n\\nIt is used so.'}")
    assert read(tmp_path) == ["the if statement", "it is used so"]


def test_reading_stops_at_the_limit(tmp_path):
    (tmp_path / "a.py").write_text('"""One two three.\n\nFour five six.\n\nSeven eight nine."""')
    assert read(tmp_path, max_words=4) == ["one two three", "four five six"]


def test_a_folder_that_is_not_there_holds_nothing(tmp_path):
    assert read(tmp_path / "absent") == []


def test_this_python_has_documentation():
    assert all(folder.is_dir() for folder in documentation_folders())
    paragraphs = list(islice(read_documentation(), 200))
    assert len(paragraphs) == 200
    assert paragraphs == list(islice(read_documentation(), 200))
    assert all(len(words) >= 3 for words in paragraphs)
    assert all(word == word.lower() for words in paragraphs for word in words)
