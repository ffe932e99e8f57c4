"""The README of a saved folder: what is in it, how to open it, how it was made, pass by pass."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

_LONGEST = 120  # letters of one value
_LOAD = """\
## Use

```python
import firth

vectors = firth.Vectors.load({name})
vectors.most_similar(vectors.words[0])
```

Or without `firth`, in this folder: a word a line, in the order of the rows (UTF-8, lines end with `\\n` alone).

```python
from pathlib import Path
from safetensors.numpy import load_file

matrix = load_file("vectors.safetensors")["matrix"]
words = Path("words.txt").read_bytes().decode().split("\\n")[:-1]
```
"""
_CODED = {
    "float32": 'matrix = load_file("vectors.safetensors")["matrix"]',
    "float16": 'matrix = load_file("vectors.safetensors")["matrix"].astype("float32")',
    "int8": """\
held = load_file("vectors.safetensors")
matrix = held["codes"] * held["scales"][:, None]""",
    "product": """\
held = load_file("vectors.safetensors")
codes, columns = held["codes"], held["codebooks"].shape[1]
groups = codes.shape[1]
ends = [(group * columns // groups, (group + 1) * columns // groups) for group in range(groups)]
parts = [held["codebooks"][codes[:, group], start:end] for group, (start, end) in enumerate(ends)]
matrix = np.concatenate(parts, axis=1) * held["scales"][:, None]""",
}
_SAID_ELSEWHERE = {"documents", "words", "dimensions", "training", "corpus", "counts", "subwords", "files"}
_PASSES = {  # columns of the table, and how a number is written in each
    "pass": ("pass", ",.0f"),
    "sweep": ("sweep", ",.0f"),
    "pairs": ("pairs", ",.0f"),
    "loss per pair (nats)": ("loss_per_pair", ".4f"),
    "share closed": ("share_closed", ".4f"),
    "held-out loss": ("held_out_loss_per_pair", ".4f"),
    "words/s": ("words_per_second", ",.0f"),
}
_BY_PASS = ("losses", "sweeps")
_LISTED = (*_BY_PASS, "intervals")  # of which each entry has several numbers
_VERSIONS = ("firth", "python", "numpy", "numba", "llvmlite")


def model_card(name: str, config: Mapping[str, Any], *, use: str = _LOAD) -> str:
    """Write the model card of saved vectors, in Markdown, from their `config.json`.

    Args:
        name: what to call them: the name of the folder.
        config: `words`, `dimensions` and whatever else there is. Of `training`, `corpus`, `counts` and `subwords`, if
            they are there, and of the rest each has a table; `training.losses`, with an entry a pass, or
            `training.sweeps`, has one of its own.
        use: how to open them, with `{name}` for the name.

    Returns:
        The text.

    >>> losses = [{"pass": 1, "pairs": 2000, "loss_per_pair": 2.5}, {"pass": 2, "pairs": 2000, "loss_per_pair": 2.25}]
    >>> training = {"objective": "guessing", "passes": 2, "losses": losses}
    >>> print(model_card("tiny", {"words": 3, "dimensions": 2, "training": training, "corpus": {"tokens": 1000}}))
    ---
    library_name: firth
    tags: [word-vectors]
    ---
    # tiny
    <BLANKLINE>
    3 words, 2 dimensions: guessing, on 1,000 words of text. Loss of the last pass: 2.2500 nats a pair.
    <BLANKLINE>
    ## Use
    ...
    ## Training
    <BLANKLINE>
    | pass | pairs | loss per pair (nats) |
    |---:|---:|---:|
    | 1 | 2,000 | 2.5000 |
    | 2 | 2,000 | 2.2500 |
    <BLANKLINE>
    | setting | value |
    |---|---|
    | objective | guessing |
    | passes | 2 |
    <BLANKLINE>
    ## Corpus
    <BLANKLINE>
    | what | value |
    |---|---|
    | tokens | 1,000 |
    <BLANKLINE>
    """
    training, corpus = _part(config, "training"), _part(config, "corpus")
    passes = _passes(training)
    rest = {key: value for key, value in config.items() if key not in _SAID_ELSEWHERE}
    parts = [
        "---\nlibrary_name: firth\ntags: [word-vectors]\n---",
        f"# {_cell(name)}\n\n{_summary(config, training, corpus, passes)}\n",
        *_reproducibility(name, training),
        use.format(name=json.dumps(name, ensure_ascii=False)),
    ]
    settings = _rows({key: value for key, value in training.items() if key not in _LISTED})
    sections = {
        "Training": [_pass_table(passes), _table("setting", settings)],
        "Subwords": [_table("what", _rows(_part(config, "subwords"), thousands=True))],
        "Corpus": [_table("what", _rows(corpus, thousands=True))],
        "Counts": [_table("what", _rows(_part(config, "counts"), thousands=True))],
        "Files": [_table("what", _rows(rest))],
    }
    for title, tables in sections.items():
        if any(tables):
            parts.append(f"## {title}\n\n" + "\n".join(filter(None, tables)))
    return "\n".join(parts)


def use_of(coding: str) -> str:
    """Return how to open vectors, for `model_card`, by the form in which they are held.

    Args:
        coding: one of `firth.vectors.stored.CODINGS`.

    >>> print(use_of("int8").split("import load_file")[1].split("words =")[0].strip())
    held = load_file("vectors.safetensors")
    matrix = held["codes"] * held["scales"][:, None]
    """
    text = _LOAD.replace(_CODED["float32"], _CODED[coding])
    return text.replace("from safetensors", "import numpy as np\nfrom safetensors") if coding == "product" else text


def _part(config: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a part of the config, empty if it isn't there."""
    part = config.get(name)
    return part if isinstance(part, Mapping) else {}


def _passes(training: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the entries of the passes or sweeps, if the config has them."""
    losses = next((training[name] for name in _BY_PASS if name in training), None)
    return [entry for entry in losses if isinstance(entry, Mapping)] if isinstance(losses, list) else []


def _summary(
    config: Mapping[str, Any], training: Mapping[str, Any], corpus: Mapping[str, Any], passes: list[Mapping[str, Any]]
) -> str:
    """Say in a few sentences what these vectors are."""
    tokens = corpus.get("tokens", _part(config, "counts").get("tokens"))
    made = [
        f"{training['objective']}" if isinstance(training.get("objective"), str) else "",
        f"on {tokens:,} words of text" if _is_number(tokens) else "",
    ]
    how = ", ".join(part for part in made if part)
    sizes = [_many(config[f"{noun}s"], noun) for noun in ("document", "word", "dimension") if f"{noun}s" in config]
    text = f"{', '.join(sizes)}{': ' if how else ''}{how}."
    if all(_is_number(training.get(name)) for name in ("loss_per_pair", "gap", "share_closed")):
        text += f" Loss {training['loss_per_pair']:.4f} nats a pair, {training['gap']:.4f} above the lowest that any"
        text += f" vectors could have: {training['share_closed']:.1%} of the unigram model's gap is closed."
    elif passes and _is_number(loss := passes[-1].get("loss_per_pair")):
        text += f" Loss of the last pass: {loss:.4f} nats a pair."
    subwords = _part(config, "subwords")
    if _is_number(subwords.get("ngrams")):
        text += f" Other words have vectors, too, from {_many(subwords['ngrams'], 'row')} of character n-grams."
    if training.get("interrupted") is True:
        planned = training.get("passes")
        text += f" Training was interrupted, in pass {len(passes)} of {planned}." if passes and planned else ""
    elif isinstance(stopped := training.get("stopped"), str) and "intervals" in training:
        text += f" Training was stopped in pass {len(passes)} of {training.get('passes')}: {stopped}."
    return _one_line(text)


def _reproducibility(name: str, training: Mapping[str, Any]) -> list[str]:
    """Say in one line whether training again gives the same bytes, where, and how to try; nothing if it isn't known."""
    if training.get("reproducible") is False:
        return ["Not reproducible: threads raced, and another training gives other numbers.\n"]
    if training.get("reproducible") is not True:
        return []
    if training.get("interrupted") is True:
        return ["Not reproducible: training was interrupted, where no other would be.\n"]
    if training.get("resumed_with_changes"):
        return ["Perhaps not reproducible: parts of it were made with other versions, or on another processor.\n"]
    command = _code(f"firth train --verify {shlex.quote(name)} CORPUS")
    text = f"Reproducible: {command} trains it again, on any number of threads, and compares the bytes."
    made = _part(training, "made_with")
    versions = ", ".join(f"{part} {made[part]}" for part in _VERSIONS if part in made)
    if versions and "compiled_for" in made:
        which = ", ".join(f"{made[part]}" for part in ("processor", "machine") if part in made)
        text += f" They are the same with {versions}, on a processor that LLVM calls {made['compiled_for']} ({which})."
    return [_one_line(text) + "\n"]


def _pass_table(passes: list[Mapping[str, Any]]) -> str:
    """Write a table with a row for each pass and a column for what is known of any; no text if that is nothing."""
    known = {
        title: column for title, column in _PASSES.items() if any(_is_number(row.get(column[0])) for row in passes)
    }
    lines = [f"| {' | '.join(known)} |", "|" + "---:|" * len(known)]
    for row in passes:
        cells = [format(row[key], style) if _is_number(row.get(key)) else "" for key, style in known.values()]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""]) if known else ""


def _table(title: str, rows: list[tuple[str, str]]) -> str:
    """Write a table of names and values; no text if there are none."""
    lines = [f"| {name} | {value} |" for name, value in rows]
    return "\n".join([f"| {title} | value |", "|---|---|", *lines, ""]) if rows else ""


def _rows(config: Mapping[str, Any], *, thousands: bool = False) -> list[tuple[str, str]]:
    """List what a config holds, by the last part of its name where that is clear; what is None is left out."""
    found = [(path, value) for path, value in _leaves(config) if value is not None]
    times = Counter(path[-1] for path, _ in found)
    return [
        (_cell(path[-1] if times[path[-1]] == 1 else ".".join(path)), _cell(value, thousands=thousands))
        for path, value in found
    ]


def _leaves(config: Mapping[str, Any], before: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    """List the single values in nested settings, with the way that leads to each."""
    for key, value in config.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, (*before, str(key)))
        else:
            yield (*before, str(key)), value


def _cell(value: object, *, thousands: bool = False) -> str:
    """Make a value fit into one cell of a table."""
    if _is_number(value) and (thousands or isinstance(value, float)):
        return f"{value:,}" if isinstance(value, int) else f"{value:.6g}"
    text = _one_line(", ".join(map(str, value)) if isinstance(value, list) else str(value))
    text = text.replace("|", "\\|").replace("`", "'")
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _code(text: str) -> str:
    """Set a text as code."""
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def _one_line(text: str) -> str:
    """Put a text on one line."""
    return " ".join(text.split())


def _is_number(value: object) -> bool:
    """Tell whether a value of the config is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _many(count: int, noun: str) -> str:
    """Say how many there are.

    >>> _many(1, "word"), _many(20804, "word")
    ('1 word', '20,804 words')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
