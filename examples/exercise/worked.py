"""The written part, by numbers: each claim is computed twice and compared."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize

from firth.errors import FirthError
from firth.objectives import check_gradient, sampling_gradient, sampling_loss
from firth.objectives.logistic import sigmoid, softplus

STEP, TOLERANCE = 1e-4, 1e-5
"""Of the centred differences: h, and the relative difference allowed."""

WORDS = ["the", "quick", "brown", "fox", "jumps"]


def show_all() -> None:
    """Print the whole written part."""
    show_identities()
    show_gradients()
    show_examples()
    show_optimum()
    show_dimensions()
    show_paraphrase_heads()


def confirm(claim: str, one: np.ndarray | float, other: np.ndarray | float, tolerance: float = 1e-12) -> None:
    """Print a claim that two ways to a number agree in, with the largest difference between them.

    Raises:
        FirthError: if they do not agree.
    """
    difference = float(np.abs(np.asarray(one) - np.asarray(other)).max())
    if not difference <= tolerance:
        raise FirthError(f"expected {claim}, got a difference of {difference:.3g}; mend the formula or its code")
    print(f"  ok   {claim:<76} {difference:.0e}")


def title(text: str) -> None:
    """Print the title of a part."""
    print(f"\n── {text}")


def small_example() -> tuple[np.ndarray, np.ndarray]:
    """Return centre and context vectors of five words, (5, 3) each."""
    generator = np.random.default_rng(1407)
    return generator.normal(size=(5, 3)).round(2), generator.normal(size=(5, 3)).round(2)


def show_identities() -> None:
    """Part 2: what the two losses and their gradients are."""
    from firth.objectives.softmax import softmax, softmax_gradient, softmax_loss

    title("2. Identities of one pair: ŷ = softmax(U v), y is 1 at the word that was seen")
    center_vectors, context = small_example()
    v, seen = center_vectors[2], 3
    x = context @ v  # (V,)
    y = np.eye(len(context))[seen]
    y_hat = softmax(x)
    confirm("softmax(x + 1000) = softmax(x): so the maximum is subtracted first", softmax(x + 1000), y_hat)
    confirm("−Σ y log ŷ = −log ŷ_o: y is one-hot", softmax_loss(v, seen, context), -(y * np.log(y_hat)).sum())
    by_center, by_context = softmax_gradient(v, seen, context)
    confirm("∂J/∂v = Uᵀ(ŷ − y): the words expected minus the word seen", by_center, context.T @ (y_hat - y))
    confirm("∂J/∂U = (ŷ − y) vᵀ", by_context, np.outer(y_hat - y, v))
    confirm("  … has rank 1", np.linalg.svd(by_context, compute_uv=False)[1:], 0.0)
    confirm("  … and columns that sum to 0", by_context.sum(axis=0), 0.0)
    confirm("1 − σ(x) = σ(−x)", 1 - sigmoid(x), sigmoid(-x))
    slope = (sigmoid(x + 1e-5) - sigmoid(x - 1e-5)) / 2e-5
    confirm("σ′(x) = σ(x) σ(−x)", slope, sigmoid(x) * sigmoid(-x), tolerance=1e-9)
    confirm("negative sampling costs (K + 1) log 2 with no knowledge", sampling_loss(0 * v, v, context), 6 * np.log(2))
    once = sampling_gradient(v, context[3], context[[0]])[2]
    thrice = sampling_gradient(v, context[3], context[[0, 0, 0]])[2]
    confirm("a negative drawn three times has three times the gradient", thrice.sum(axis=0), 3 * once[0])


def show_gradients() -> None:
    """Part 3, first half: both gradients against centred differences."""
    from firth.objectives.softmax import softmax_gradient, softmax_loss

    title(f"3. Gradients against centred differences, h = {STEP:g}, tolerance {TOLERANCE:g}")
    center_vectors, context = small_example()
    v, noise = center_vectors[2], context[[0, 0, 4]]
    by_center, by_context = softmax_gradient(v, 3, context)
    checks = {
        "softmax, by the centre vector": (lambda p: softmax_loss(p, 3, context), by_center, v),
        "softmax, by all context vectors": (lambda p: softmax_loss(v, 3, p), by_context, context),
    }
    by_center, by_seen, by_noise = sampling_gradient(v, context[3], noise)
    checks |= {
        "negative sampling, by the centre vector": (lambda p: sampling_loss(p, context[3], noise), by_center, v),
        "negative sampling, by the context vector": (lambda p: sampling_loss(v, p, noise), by_seen, context[3]),
        "negative sampling, by each negative": (lambda p: sampling_loss(v, context[3], p), by_noise, noise),
    }
    for claim, (function, gradient, point) in checks.items():
        worst = check_gradient(function, gradient, point, step=STEP, tolerance=TOLERANCE)
        print(f"  ok   {claim:<76} {worst:.0e}")


def show_examples() -> None:
    """Part 3, second half: loss and gradient of a pair with both losses, and of a window."""
    from firth.objectives.softmax import softmax_gradient, softmax_loss

    title("   The same on an example: the centre word “brown” and, beside it, “fox”")
    center_vectors, context = small_example()
    v, fox, negatives = center_vectors[2], 3, [0, 4, 4]
    by_center, by_context = softmax_gradient(v, fox, context)
    print(f"  softmax: loss {softmax_loss(v, fox, context):.6f}; gradient")
    show_row("by the centre vector of brown", by_center)
    for word, row in zip(WORDS, by_context, strict=True):
        show_row(f"by the context vector of {word}", row)
    by_center, by_seen, by_noise = sampling_gradient(v, context[fox], context[negatives])
    print(f"  negative sampling: loss {sampling_loss(v, context[fox], context[negatives]):.6f}; gradient")
    show_row("by the centre vector of brown", by_center)
    show_row("by the context vector of fox", by_seen)
    for word, row in zip(negatives, by_noise, strict=True):
        show_row(f"by the negative {WORDS[word]}", row)

    title("   A window: “the quick [brown] fox jumps”, the sum of its four pairs")
    beside = [0, 1, 3, 4]
    gradients = [softmax_gradient(v, word, context) for word in beside]
    print(f"  softmax: loss {sum(softmax_loss(v, word, context) for word in beside):.6f}; gradient")
    show_row("by the centre vector of brown", sum(by_center for by_center, _ in gradients))
    show_row("by the context vector of fox", sum(by_context[fox] for _, by_context in gradients))
    print("    by any other centre vector            0, exactly: no score of this window has it")


def show_row(name: str, vector: np.ndarray) -> None:
    """Print a vector of an example."""
    print(f"    {name:<32}{''.join(f'{number:10.4f}' for number in vector)}")


def show_optimum() -> None:
    """Part 4a: the likelihood of a corpus depends on its counts alone, and is highest at the conditional ones."""
    from firth.objectives.softmax import softmax

    title("4a. The best model is the table of counts")
    sentences = ["rain falls", "rain falls", "snow falls", "snow melts", "ice melts", "rain snow"]
    words = sorted({word for line in sentences for word in line.split()})
    counts = np.zeros((len(words), len(words)))
    for line in sentences:
        one, other = (words.index(word) for word in line.split())
        counts[[one, other], [other, one]] += 1
    totals = counts.sum(axis=1, keepdims=True)  # N(c), (V, 1)
    table = counts / totals

    def negative_log_likelihood(flat: np.ndarray) -> tuple[float, np.ndarray]:
        """Return −log L / T and its gradient (N(c) P − N⁺)/T, by the score of each pair."""
        p = softmax(flat.reshape(counts.shape))
        return -(counts * np.log(p)).sum() / counts.sum(), ((totals * p - counts) / counts.sum()).ravel()

    found = minimize(negative_log_likelihood, np.zeros(counts.size), jac=True, method="L-BFGS-B",
                     options={"maxiter": 10_000, "ftol": 1e-15, "gtol": 1e-9})  # fmt: skip
    print(f"  P(beside | word), found by descent and counted: {', '.join(words)}")
    for word, best, counted in zip(words, softmax(found.x.reshape(counts.shape)), table, strict=True):
        print(f"    {word:<6}" + "   ".join(f"{p:.3f} {q:.3f}" for p, q in zip(best, counted, strict=True)))
    confirm("argmax of the likelihood = #(c, o) / Σ #(c, o′)", softmax(found.x.reshape(counts.shape)), table, 1e-5)
    seen = counts > 0
    entropy = -(counts[seen] * np.log(table[seen])).sum() / counts.sum()
    confirm(f"its loss is the entropy H(O|C) = {entropy:.6f}: nothing can go below", found.fun, entropy, 1e-5)
    other = softmax(np.random.default_rng(1407).normal(size=counts.shape))  # any model
    divergence = (counts[seen] * np.log(table[seen] / other[seen])).sum() / counts.sum()
    loss = -(counts * np.log(other)).sum() / counts.sum()
    confirm("any other's is that plus the mean KL(counted ‖ model): the gap, never below 0", loss, entropy + divergence)


def show_dimensions() -> None:
    """Part 4b: not every table can be reached, and none with a 0 or a 1 in it is ever attained."""
    title("4b. … but vectors are not a table")
    print("  two words, each seen beside the other alone; centre (s, −s), context (−s, s), one dimension:")
    losses = [f"s = {s}: {softplus(-2.0 * s**2):.1e}" for s in range(5)]
    print(f"    {'   '.join(losses)}      approached, never attained")
    print("  sentences aa, bb, cc: sum of the three centres' losses, the best of four starts")
    for dimensions in (1, 2):
        print(f"    D = {dimensions}: {lowest_of_three(dimensions):.4f}")
    print(f"    one dimension has room for a left end and a right end; the word between pays log 2 = {np.log(2):.4f}")


def lowest_of_three(dimensions: int) -> float:
    """Return the lowest −Σ log P(w | w) found over three words with vectors of so many dimensions."""
    from firth.objectives.softmax import softmax

    def loss_and_gradient(flat: np.ndarray) -> tuple[float, np.ndarray]:
        center, context = flat.reshape(2, 3, dimensions)
        p = softmax(center @ context.T)
        slopes = p - np.eye(3)  # by the scores
        return -np.log(np.diag(p)).sum(), np.stack([slopes @ context, slopes.T @ center]).ravel()

    starts = np.random.default_rng(1407).normal(size=(4, 6 * dimensions))
    return min(minimize(loss_and_gradient, start, jac=True, method="L-BFGS-B").fun for start in starts)


def show_paraphrase_heads() -> None:
    """Part 5: a head that can't say no."""
    title("5. A paraphrase head that is dead: p = σ(relu(x₁)·relu(x₂)), yes if p ≥ ½")
    generator = np.random.default_rng(1407)
    one, other = generator.normal(size=(2, 10_000, 10))
    is_paraphrase = np.arange(10_000) % 4 == 0
    p = sigmoid((np.maximum(one, 0) * np.maximum(other, 0)).sum(axis=1))
    print(f"  10 000 random pairs: p from {p.min():.3f} to {p.max():.3f}, so every pair is called a paraphrase;")
    print(f"  with one paraphrase in four the accuracy is {((p >= 0.5) == is_paraphrase).mean():.4f}")
    with np.errstate(divide="ignore", invalid="ignore"):
        zero = np.float64(0)
        p_zero = 2 * sigmoid(zero) - 1  # what a shut relu gives
        slope = -2 * sigmoid(zero) * sigmoid(-zero) / p_zero  # of −log p, by z
        loss, product = -np.log(p_zero), slope * zero
    print(f"  stretched to 2σ(z) − 1: at z = 0 p = {p_zero:g}, loss {loss:g}, slope {slope:g};")
    print(f"  behind a shut relu, whose slope is 0, the gradient is {product:g}: training ends here")
    print(f"  sound: σ(4 cos − 2): p = {sigmoid(2.0):.3f} for equal sentences, {sigmoid(-2.0):.3f} for unrelated ones")
    print(f"  trained on 1 : 1 and used on 1 : 3: add log(1/3) = {-np.log(3):.4f} to the score")
