"""From the fits of `compare.py` to ratios and a Markdown table. Round 0 is the first row of each."""

import math
import statistics

TITLES = {
    "gigamix": "gigamix",
    "nutpie": "PyMC-Marketing, nutpie",
    "numpyro": "PyMC-Marketing, NumPyro on the GPU",
}
# Largest difference of two means in Monte-Carlo standard errors; 55 correct ones exceed it once in 300.
SAME_MEAN = 4.0
# Title, key, decimals, and whether the ratio is theirs by ours (smaller is better), ours by theirs
# (larger is better), or none.
LINES = [
    ("end to end, s", "wall", 2, "theirs by ours"),
    ("sampling alone, s", "sampling seconds", 2, "theirs by ours"),
    ("CPU, s", "cpu", 2, "theirs by ours"),
    ("peak memory, MiB", "memory", 0, "theirs by ours"),
    ("gradients", "gradients", 0, "theirs by ours"),
    ("gradients of the kept draws", "gradients of the draws", 0, None),
    ("gradients per effective draw", "gradients per effective draw", 1, "theirs by ours"),
    (
        "gradients per effective draw, after warm-up",
        "gradients of the draws per effective draw",
        1,
        "theirs by ours",
    ),
    ("min bulk ESS", "bulk ESS", 0, None),
    ("min tail ESS", "tail ESS", 0, None),
    ("max R-hat", "R-hat", 3, None),
    ("divergences", "divergences", 0, None),
    (
        "effective draws per second of sampling",
        "effective draws per second of sampling",
        1,
        "ours by theirs",
    ),
    ("effective draws per second, end to end", "effective draws per second", 1, "ours by theirs"),
]


def rates(row):
    """What follows from a fit's counts and times. An effective draw is one of the worst parameter."""
    effective = row["bulk ESS"]
    gradients = row["gradients"]
    return {
        "gradients per effective draw": gradients and gradients / effective,
        "gradients of the draws per effective draw": row["gradients of the draws"] / effective,
        "effective draws per second of sampling": effective / row["sampling seconds"],
        "effective draws per second": effective / row["wall"],
    }


def means(ours, theirs):
    """Holds the posterior means, averaged over the rounds, against each other."""

    def average(rows):
        values = {}
        for name in rows[0]["means"]:
            error = math.hypot(*(row["errors"][name] for row in rows)) / len(rows)
            values[name] = statistics.fmean(row["means"][name] for row in rows), error
        return values

    a, b = average(ours), average(theirs)
    z = {name: (a[name][0] - b[name][0]) / math.hypot(a[name][1], b[name][1]) for name in a | b}
    worst = max(z, key=lambda name: abs(z[name]))
    return {
        "parameters": len(z),
        "largest": abs(z[worst]),
        "of": worst,
        "root mean square": math.sqrt(statistics.fmean(value**2 for value in z.values())),
        "same": abs(z[worst]) <= SAME_MEAN,
    }


def spread(values, decimals):
    """Median and range of numbers, some of which may not be known."""
    if None in values:
        return "not known"
    middle, low, high = (
        f"{value:,.{decimals}f}" for value in (statistics.median(values), min(values), max(values))
    )
    return middle if low == high else f"{middle} ({low}–{high})"


def ratios(ours, theirs, key, direction):
    """Of each round; None where there is nothing to divide."""
    pairs = [(a[key], b[key]) for a, b in zip(ours, theirs, strict=True)]
    if direction is None or any(None in pair for pair in pairs):
        return None
    return [b / a if direction == "theirs by ours" else a / b for a, b in pairs]


def markdown(rows, machine, density, agreement):
    """The table over all rounds but round 0, and what must be known to read it."""
    peers = [name for name in rows if name != "gigamix"]
    later = {name: values[1:] for name, values in rows.items()}
    heads = [""] + [TITLES[name] for name in rows] + ["times better" for _ in peers]
    table = [heads, ["---"] * len(heads)]

    def ratio(name, key, direction, rounds):
        of = ratios(rounds["gigamix"], rounds[name], key, direction)
        return "" if of is None else spread(of, 1)

    first = {name: values[:1] for name, values in rows.items()}
    table.append(
        ["end to end, s, nothing compiled before (round 0)"]
        + [spread([values[0]["wall"]], 2) for values in first.values()]
        + [ratio(name, "wall", "theirs by ours", first) for name in peers]
    )
    for title, key, decimals, direction in LINES:
        cells = [spread([row[key] for row in values], decimals) for values in later.values()]
        table.append([title, *cells, *(ratio(name, key, direction, later) for name in peers)])
    ours = rows["gigamix"]
    nested = max(row["nested R-hat"] for row in ours)
    notes = [
        f"Rounds after round 0: {len(ours) - 1}. Medians, in brackets the smallest and the largest; ratios "
        "are taken round by round. These rounds find the code that round 0 compiled.",
        "Draws: " + "; ".join(
            f"{TITLES[name]} {spread([row['chains'] for row in values], 0)} chains × "
            f"{spread([row['draws'] for row in values], 0)}" for name, values in later.items()
        ) + ".",
        f"R-hat is rank-normalised and split; with many short chains it is biased upward, which is why "
        f"gigamix judges by nested R-hat: at most {nested:.4f}. Its verdicts: "
        + ", ".join(sorted({row["status"] for row in ours})) + ".",
        f"Same model: {density}.",
    ]  # fmt: skip
    for name in peers:
        where = later[name][0]["seconds"]
        medians = (
            f"{part} {statistics.median(row['seconds'][part] for row in later[name]):.1f}"
            for part in where
        )
        notes.append(f"Where the time of {TITLES[name]} goes, s: {', '.join(medians)}.")
        z = agreement[name]
        notes.append(
            f"Same posterior: of the means of {z['parameters']} parameters over all rounds the farthest "
            f"from {TITLES[name]}'s is off by {z['largest']:.1f} Monte-Carlo standard errors "
            f"({z['of']}; allowed {SAME_MEAN:.0f}); root mean square {z['root mean square']:.2f}."
        )
    notes.append(
        "Machine: " + ", ".join(f"{what} {value}" for what, value in machine.items())
        + f", gigamix on {ours[0]['device']}."
    )  # fmt: skip
    lines = [f"| {' | '.join(cells)} |" for cells in table]
    return "\n".join([*lines, "", *(f"* {note}" for note in notes)]) + "\n"
