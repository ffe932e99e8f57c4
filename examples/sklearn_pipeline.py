"""Which package is this documentation from? Word vectors in a pipeline of scikit-learn, on text that Python ships.

    python examples/sklearn_pipeline.py --modules tkinter asyncio unittest

Paragraphs of docstrings are the documents, the packages they stand in the labels. A grid looks for the best dimensions
and windows by cross-validation; what it found is judged on documents held out.
"""

from __future__ import annotations

import argparse
import sys
import sysconfig
from pathlib import Path

from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from firth.compat.sklearn import WordVectorizer
from firth.documentation import read_documentation
from firth.errors import FirthError


def read_packages(names: list[str]) -> tuple[list[list[str]], list[str]]:
    """Return the paragraphs of packages of the standard library, as words, and whose each is."""
    documents, labels = [], []
    for name in names:
        found = list(read_documentation([Path(sysconfig.get_path("stdlib"), name)]))
        if not found:
            raise ValueError(f"no documentation of {name}: name packages of the standard library")
        documents += found
        labels += [name] * len(found)
    return documents, labels


def main(arguments: list[str] | None = None) -> int:
    """Read, search, judge and show; return the exit status."""
    parser = argparse.ArgumentParser(prog="python examples/sklearn_pipeline.py", description=__doc__.splitlines()[0])
    parser.add_argument("--modules", nargs="+", default=["tkinter", "asyncio", "unittest", "email"])
    parser.add_argument("--dimensions", nargs="+", type=int, default=[25, 50])
    parser.add_argument("--windows", nargs="+", type=int, default=[5])
    options = parser.parse_args(arguments)
    try:
        documents, labels = read_packages(options.modules)
        split = train_test_split(documents, labels, test_size=0.25, stratify=labels, random_state=1)
        seen, unseen, seen_labels, unseen_labels = split
        pipeline = make_pipeline(
            WordVectorizer(pooling="idf", min_count=2, passes=20), StandardScaler(), LogisticRegression(max_iter=1000)
        )
        grid = {"wordvectorizer__dimensions": options.dimensions, "wordvectorizer__window": options.windows}
        search = GridSearchCV(pipeline, grid, cv=3).fit(seen, seen_labels)
    except (FirthError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{len(documents)} documents of {', '.join(options.modules)}")
    print(f"best by cross-validation: {search.best_params_}")
    most_frequent = max(unseen_labels.count(label) for label in set(labels)) / len(unseen)
    print(f"held out, right: {search.score(unseen, unseen_labels):.1%} (always the most frequent: {most_frequent:.1%})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
