"""Graphs as texts: walks that can be had again, the karate club's two sides, classes from vectors."""

import runpy
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import firth
from classes import accuracies, mean_and_deviation, read_classes
from factions import WITH_THE_TEACHER, misplaced, two_sides
from firth.errors import FormatError, MissingExtraError, SettingsError
from test_real_text import data
from walks import Graph, walk_nodes, walk_sentences
from ways import from_counts, streamed

GRAPHS = Path(__file__).parent.parent / "examples" / "graphs"
STAR = Graph.of([("hub", leaf) for leaf in "abcdefg"])


def run(monkeypatch, *arguments):
    """Call the example as from a command line; return its exit status."""
    monkeypatch.setattr(sys, "argv", ["graphs", *map(str, arguments)])
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(str(GRAPHS), run_name="__main__")
    return stopped.value.code


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef")), min_size=1, max_size=12))
def test_a_graph_has_each_edge_from_both_ends(edges):
    graph = Graph.of(edges)
    assert set(graph.names) == {name for edge in edges for name in edge}
    found = {(graph.names[a], graph.names[b]) for a in range(len(graph.names)) for b in graph.neighbours_of(a)}
    assert found == {*edges, *((b, a) for a, b in edges)}
    assert len(graph.neighbours) == len(found)
    assert all(np.all(np.diff(graph.neighbours_of(node)) > 0) for node in range(len(graph.names)))


def test_names_that_are_numbers_come_in_their_order():
    assert Graph.of([("10", "2"), ("1", "2")]).names == ["1", "2", "10"]


@given(st.integers(0, 5), st.integers(1, 12), st.integers(0, 3))
def test_a_walk_goes_along_edges_and_is_how_a_longer_one_begins(walk, length, seed):
    graph = Graph.of([("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "d")])
    walks = walk_nodes(graph, walk=walk, length=length, seed=seed)
    assert walks.shape == (4, length)
    assert walks[:, 0].tolist() == [0, 1, 2, 3]
    for row in walks:
        assert all(after in graph.neighbours_of(before) for before, after in pairwise(row))
    assert np.array_equal(walk_nodes(graph, walk=walk, length=length + 3, seed=seed)[:, :length], walks)


def test_steps_are_even_and_differ_by_seed_and_walk():
    walks = np.concatenate([walk_nodes(STAR, walk=walk, length=200) for walk in range(10)])
    hub = STAR.names.index("hub")
    after = walks[:, 1:][walks[:, :-1] == hub]
    times = np.bincount(after, minlength=8)
    assert times[hub] == 0
    leaves = np.delete(times, hub)
    assert ((leaves - leaves.mean()) ** 2 / leaves.mean()).sum() < 22.5  # χ² with 6 degrees, p = 0.001
    one, other_walk, other_seed = (walk_nodes(STAR, walk=w, length=20, seed=s) for w, s in ((0, 1), (1, 1), (0, 2)))
    assert not np.array_equal(one, other_walk)
    assert not np.array_equal(one, other_seed)


def test_sentences_are_the_walks_in_another_order():
    sentences = walk_sentences(STAR, walks=3, length=5, seed=4)
    expected = [walk_nodes(STAR, walk=walk, length=5, seed=4) for walk in range(3)]
    for walk in range(3):
        own = sentences[8 * walk : 8 * walk + 8]
        assert sorted(own) == sorted([STAR.names[node] for node in row] for row in expected[walk].tolist())
        assert own != sorted(own)
    assert walk_sentences(STAR, walks=0, length=5) == []


def test_a_walk_needs_a_node():
    with pytest.raises(SettingsError, match="expected length to be a whole number from 1 to 2147483648, got 0"):
        walk_nodes(STAR, walk=0, length=0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a b\nc\n", "expected two fields in line 2 of .*, got 1; pass an edge, or a node and its class, a line"),
        ("a b c\n", "expected two fields in line 1 of .*, got 3"),
        ("", "expected edges in .*, got no line; pass a file with two names a line"),
    ],
)
def test_a_file_of_something_else_is_refused(tmp_path, text, said):
    path = tmp_path / "edges.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FormatError, match=said):
        Graph.read(path)


def planted(center, others, spread=0.3):
    """Vectors of names in two bundles of directions, one around each of two axes."""
    random = np.random.default_rng(1)
    names = [*center, *others]
    rows = np.repeat(np.eye(2), [len(center), len(others)], axis=0) @ np.eye(2, 8)
    return firth.Vectors(names, (rows + spread * random.normal(size=rows.shape) / 3).astype(np.float32))


def test_two_bundles_are_two_sides():
    assert two_sides(planted(["1", "a", "b"], ["c", "34", "d"])) == {"1", "a", "b"}
    assert misplaced({"1", "34"}, ["1", "2", "34"]) == ["2", "34"]
    assert len(WITH_THE_TEACHER) == 17


def test_classes_of_bundles_are_found():
    pytest.importorskip("sklearn", reason="classes are told by scikit-learn")
    names = [f"é{place}" for place in range(40)]
    vectors = planted(names[:20], names[20:])
    classes = {name: "left" if place < 20 else "right" for place, name in enumerate(names)}
    found = accuracies(vectors, classes, share=0.5, splits=3)
    assert found == accuracies(vectors, classes, share=0.5, splits=3) == [1, 1, 1]
    assert mean_and_deviation([1.0]) == "100.0 ± 0.0"


def test_without_scikit_learn_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    with pytest.raises(MissingExtraError, match=r"expected scikit-learn.* got none; pip install 'firth\[benchmarks\]'"):
        accuracies(planted(["a"], ["b"]), {"a": "0", "b": "1"}, share=0.5)


def test_a_node_without_a_class_is_named(tmp_path):
    path = tmp_path / "classes.txt"
    path.write_text("hub 1\na 2\n", encoding="utf-8")
    with pytest.raises(FormatError, match=r"expected a class in .* for each node, got none for b; pass two files"):
        read_classes(path, STAR)


def test_the_example_refuses_in_one_sentence(monkeypatch, capsys, tmp_path):
    path = tmp_path / "edges.txt"
    path.write_text("a b\n", encoding="utf-8")
    assert run(monkeypatch, path) == 1
    assert "expected nodes 1 and 34 of the karate club, got a graph without them; pass" in capsys.readouterr().err
    assert run(monkeypatch, tmp_path / "none") == 1
    assert "No such file" in capsys.readouterr().err


CLIQUES = [(f"{side}{a}", f"{side}{b}") for side in "lr" for a in range(20) for b in range(a)] + [("l0", "r0")]


def test_two_cliques_are_two_directions_either_way():
    sentences = walk_sentences(Graph.of(CLIQUES), walks=3, length=20)
    for vectors in (streamed(sentences, dimensions=8, threads=1), from_counts(sentences, threads=1)):
        left = sorted(vectors.words)[1:20]
        others = [f"r{number}" for number in range(1, 20)]
        inside = np.mean([vectors.similarity("l1", name) for name in left if name != "l1"])
        assert inside > 0.5 + np.mean([vectors.similarity("l1", name) for name in others])


def test_the_example_tells_classes(monkeypatch, capsys, tmp_path):
    pytest.importorskip("sklearn", reason="classes are told by scikit-learn")
    edges, classes = tmp_path / "edges.txt", tmp_path / "classes.txt"
    edges.write_text("".join(f"{a} {b}\n" for a, b in CLIQUES), encoding="utf-8")
    classes.write_text("".join(f"{side}{number} {side}\n" for side in "lr" for number in range(20)), encoding="utf-8")
    assert run(monkeypatch, edges, classes) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "40 nodes, 381 edges"
    assert printed[3] == "from counts  10% labelled: class of 100.0 ± 0.0 % of the others found"
    assert [line.split()[0] for line in printed[1:]] == ["streamed", "streamed", "from", "from"]


def test_the_karate_club_falls_apart_as_it_did(monkeypatch, capsys):
    assert run(monkeypatch, data("graph/karate.edgelist")) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "34 nodes, 77 edges"
    sides = [set(line.split()[3:]) for line in printed[1:3]]
    assert "1" in sides[0]
    assert "34" in sides[1]
    assert len(sides[0] | sides[1]) == 34
    wrong = misplaced(sides[0], [*sides[0], *sides[1]])
    assert set(wrong) <= {"3", "9"}  # who stood between: both met with both sides
    assert printed[3].startswith(f"as it came to be: {34 - len(wrong)} of 34; otherwise:")
