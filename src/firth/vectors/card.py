"""The README of a saved folder: what is in it, how it was made, how to open it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_LONGEST = 120  # letters of one value


def model_card(name: str, config: Mapping[str, Any]) -> str:
    """Write the model card of saved vectors, in Markdown, from their `config.json`.

    Args:
        name: what to call them: the name of the folder.
        config: `words`, `dimensions` and whatever else there is; all numbers and texts in it go into one table;
            `training.losses` has one entry a pass.

    Returns:
        The text.

    >>> training = {"losses": [{"loss_per_pair": 2.5}, {"loss_per_pair": 2.25}]}
    >>> print(model_card("tiny", {"words": 3, "dimensions": 2, "training": training}))
    ---
    library_name: firth
    tags: [word-vectors]
    ---
    # tiny
    <BLANKLINE>
    3 words, 2 dimensions. Loss of the last pass: 2.25 nats a pair (of the first: 2.5).
    ...
    """
    summary = f"{config['words']} words, {config['dimensions']} dimensions."
    if losses := _losses(config):
        summary += f" Loss of the last pass: {losses[-1]:.6g} nats a pair (of the first: {losses[0]:.6g})."
    rows = "\n".join(f"| {_cell(key)} | {_cell(value)} |" for key, value in _settings(config))
    return f"""---
library_name: firth
tags: [word-vectors]
---
# {_cell(name)}

{summary}

```python
import firth

vectors = firth.Vectors.load("{_cell(name)}")
vectors.most_similar(vectors.words[0])
```

`words.txt` has a word a line (UTF-8, lines end with `\\n` alone), row by row the tensor `matrix` of
`vectors.safetensors`; any program that reads safetensors opens it.

| setting | value |
|---|---|
{rows}
"""


def _losses(config: Mapping[str, Any]) -> list[float]:
    """Read the loss per pair of each pass, if the config has them."""
    training = config.get("training")
    passes = training.get("losses") if isinstance(training, Mapping) else None
    entries = passes if isinstance(passes, list) else []
    losses = [entry.get("loss_per_pair") if isinstance(entry, Mapping) else None for entry in entries]
    return [loss for loss in losses if isinstance(loss, int | float)]


def _settings(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    """List the numbers, texts and lists of a config, with the path to each; not checksums, nor the losses again."""
    for key, value in config.items():
        if f"{prefix}{key}" in ("files", "training.losses"):
            continue
        if isinstance(value, Mapping):
            yield from _settings(value, f"{prefix}{key}.")
        elif value is not None:
            yield f"{prefix}{key}", value


def _cell(value: object) -> str:
    """Make a value fit into one cell of a table."""
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    text = " ".join(text.split()).replace("|", "\\|").replace("`", "'")
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
