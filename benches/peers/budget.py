#!/usr/bin/env python3
"""Budgets: gigamix against SciPy's SLSQP and an exhaustive search, on the same random instances.

    GIGAMIX_BUDGET_INSTANCES=instances cargo bench --bench budget -- --test
    python benches/peers/budget.py instances

Needs numpy, scipy and clarabel. SLSQP is run as budget tools run it (one start, an equal split or the nearest
feasible point, exact gradients, scaled variables) and again from several starts; instances with few
channels and no groups are also searched by dynamic programming over a grid, and those whose responses
are hyperbolas are solved as cone programs by Clarabel. Exits with 1 if anything found is above a bound
of ours, more than 1e-6 above a value of ours, or if Clarabel's value is another by more than 1e-7.
"""

import argparse
import json
import pathlib
import sys
import time

import clarabel
import numpy as np
from scipy import sparse
from scipy.optimize import minimize

STARTS = 5
GRID = 3000


class Instance:
    def __init__(self, entry, draws):
        self.entry = entry
        self.n = entry["channels"]
        draws = draws.reshape(self.n, entry["draws"], 3)
        self.beta, self.kappa, self.s = draws[..., 0], draws[..., 1], draws[..., 2]
        self.lower = np.array(entry["lower"])
        self.upper = np.array(entry["upper"])
        self.rows = []
        for row in entry["rows"]:
            a = np.zeros(self.n)
            for c, weight in row["terms"]:
                a[c] = weight
            self.rows.append((a, row["lower"], row["upper"]))
        self.unit = self.upper

    def values(self, x):
        """Response of every channel."""
        with np.errstate(divide="ignore"):
            z = (x[:, None] / self.kappa) ** -self.s
        return (self.beta / (1 + z)).mean(axis=1)

    def value(self, x):
        return self.values(x).sum()

    def slopes(self, x):
        z = np.maximum(x[:, None], 1e-12 * self.kappa) / self.kappa
        p = z**self.s
        return (self.beta / self.kappa * self.s * p / z / (1 + p) ** 2).mean(axis=1)

    def slsqp(self, start):
        scale = abs(self.value(np.array(self.entry["feasible"])))
        constraints = []
        for a, low, high in self.rows:
            size = abs(a) @ self.upper
            b = a * self.unit / size
            if low is not None and low == high:
                constraints.append({"type": "eq", "fun": lambda u, b=b, h=high / size: b @ u - h,
                                    "jac": lambda u, b=b: b})
                continue
            if high is not None:
                constraints.append({"type": "ineq", "fun": lambda u, b=b, h=high / size: h - b @ u,
                                    "jac": lambda u, b=b: -b})
            if low is not None:
                constraints.append({"type": "ineq", "fun": lambda u, b=b, l=low / size: b @ u - l,
                                    "jac": lambda u, b=b: b})
        found = minimize(
            lambda u: -self.value(u * self.unit) / scale,
            start / self.unit,
            jac=lambda u: -self.slopes(u * self.unit) * self.unit / scale,
            bounds=list(zip(self.lower / self.unit, self.upper / self.unit)),
            constraints=constraints,
            method="SLSQP",
            options={"ftol": 1e-9, "maxiter": 1000},
        )
        x = np.clip(found.x * self.unit, self.lower, self.upper)
        return (self.value(x), bool(found.success)) if self.allows(x) else (-np.inf, False)

    def allows(self, x):
        for a, low, high in self.rows:
            size = abs(a) @ x
            if high is not None and a @ x > high + 1e-7 * size:
                return False
            if low is not None and a @ x < low - 1e-7 * size:
                return False
        return True

    def starts(self, rng):
        """The equal split first; then points between the feasible one and random corners."""
        total = sum(self.entry["feasible"])
        yield np.clip(np.full(self.n, total / self.n), self.lower, self.upper)
        for _ in range(STARTS - 1):
            corner = rng.uniform(self.lower, self.upper)
            yield 0.5 * np.array(self.entry["feasible"]) + 0.5 * corner

    def grid(self):
        """The best of all allocations on a grid, for one row that is the total."""
        total = self.rows[0][2] - self.lower.sum()
        step = total / GRID
        best = np.full(GRID + 1, -np.inf)
        best[0] = 0.0
        for c in range(self.n):
            most = min(int((self.upper[c] - self.lower[c]) / step), GRID)
            x = np.zeros((most + 1, self.n))
            x[:, c] = self.lower[c] + step * np.arange(most + 1)
            with np.errstate(divide="ignore"):
                z = (x[:, c, None] / self.kappa[c]) ** -self.s[c]
            values = (self.beta[c] / (1 + z)).mean(axis=1)
            new = np.full(GRID + 1, -np.inf)
            for k in range(most + 1):
                np.maximum(new[k:], best[: GRID + 1 - k] + values[k], out=new[k:])
            best = new
        return best[GRID] if self.rows[0][1] is not None else best.max()


    def conic(self):
        """The best value by Clarabel: u <= x/(kappa + x) is the cone (1 - u)(1 + x/kappa) >= 1."""
        draws = self.kappa.shape[1]
        n, m = self.n, self.n * draws
        scale = self.beta.sum() / draws
        rows, right, cones = [], [], []

        def row(terms, limit):
            entries = np.zeros(n + m)
            for k, weight in terms:
                entries[k] = weight
            rows.append(entries)
            right.append(limit)

        equal = [r for r in self.rows if r[1] is not None and r[1] == r[2]]
        for a, _, high in equal:
            size = abs(a) @ self.unit
            row(enumerate(a * self.unit / size), high / size)
        cones.append(clarabel.ZeroConeT(len(equal)))
        first = len(rows)
        for a, low, high in self.rows:
            size = abs(a) @ self.unit
            for sign, limit in ((1, high), (-1, low)):
                if limit is not None and low != high:
                    row(enumerate(sign * a * self.unit / size), sign * limit / size)
        for c in range(n):
            row([(c, 1)], self.upper[c] / self.unit[c])
            row([(c, -1)], -self.lower[c] / self.unit[c])
        cones.append(clarabel.NonnegativeConeT(len(rows) - first))
        for c in range(n):
            for d in range(draws):
                u, per = n + c * draws + d, self.unit[c] / self.kappa[c, d]
                row([(u, 1), (c, -per)], 2)
                row([], 2)
                row([(u, 1), (c, per)], 0)
                cones.append(clarabel.SecondOrderConeT(3))
        worth = np.concatenate([np.zeros(n), -(self.beta / draws / scale).ravel()])
        settings = clarabel.DefaultSettings()
        settings.verbose = False
        settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = 1e-11
        nothing = sparse.csc_matrix((n + m, n + m))
        matrix = sparse.csc_matrix(np.array(rows))
        solver = clarabel.DefaultSolver(nothing, worth, matrix, np.array(right), cones, settings)
        return -solver.solve().obj_val * scale


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--first", type=int, default=None, help="only so many instances")
    arguments = parser.parse_args()
    entries = json.loads((arguments.folder / "instances.json").read_text())
    draws = np.fromfile(arguments.folder / "draws.bin", dtype="<f8")
    at, wrong = 0, []
    gaps, boxes, single, several, grid_short, conic = [], [], [], [], [], []
    seconds = {"ours": 0.0, "slsqp": 0.0}
    lied = 0
    for entry in entries[: arguments.first]:
        size = entry["channels"] * entry["draws"] * 3
        instance, at = Instance(entry, draws[at : at + size]), at + size
        ours = entry["ours"]
        seconds["ours"] += ours["seconds"]
        value = instance.value(np.array(ours["spends"]))
        if abs(value / ours["value"] - 1) > 1e-9 or not instance.allows(np.array(ours["spends"])):
            wrong.append((entry["seed"], "ours is not what it says", value, ours["value"]))
        gaps.append(ours["gap"])
        boxes.append(ours["boxes"])
        if (instance.s == 1).all():
            conic.append(abs(instance.conic() / ours["value"] - 1))
            if conic[-1] > 1e-7:
                wrong.append((entry["seed"], "not what Clarabel finds", conic[-1]))
            continue
        rng = np.random.default_rng(entry["seed"])
        found = []
        for k, start in enumerate(instance.starts(rng)):
            begun = time.perf_counter()
            found.append(instance.slsqp(start))
            if k == 0:
                seconds["slsqp"] += time.perf_counter() - begun
        others = [value for value, _ in found]
        single.append(1 - others[0] / ours["value"])
        several.append(1 - max(others) / ours["value"])
        lied += found[0][1] and single[-1] > 0.01
        if entry["channels"] <= 20 and len(entry["rows"]) == 1:
            others.append(instance.grid())
            grid_short.append(1 - others[-1] / ours["value"])
        best = max(others)
        # A peer may use what the tolerance of its rows allows.
        if best > ours["bound"] * (1 + 1e-6):
            wrong.append((entry["seed"], "above the bound", best, ours["bound"]))
        if best > ours["value"] * (1 + 1e-6):
            wrong.append((entry["seed"], "better", best, ours["value"]))
    n = len(gaps)
    gaps, single, several = map(np.array, (gaps, single, several))
    print(f"{n} instances, {sum(b > 1 for b in boxes)} with more than one box, at most {max(boxes)}")
    print(f"ours: gap <= 1e-4 in {np.mean(gaps <= 1e-4):.2%}, <= 1e-6 in {np.mean(gaps <= 1e-6):.2%}, "
          f"largest {gaps.max():.1e}; {1e3 * seconds['ours'] / n:.2f} ms each")
    for name, short in (("SLSQP, one start", single), (f"SLSQP, best of {STARTS}", several)):
        worst = short[np.isfinite(short)].max()
        print(f"{name}: more than 1 % short in {np.mean(short > 0.01):.1%}, 1e-6 in "
              f"{np.mean(short > 1e-6):.1%}, infeasible in {np.mean(np.isinf(short)):.1%}, worst {worst:.1%}")
    print(f"SLSQP reported success in {lied} of those that were more than 1 % short; "
          f"{1e3 * seconds['slsqp'] / len(single):.2f} ms each")
    print(f"Clarabel: {len(conic)} instances, values differ by {max(conic, default=0):.1e} at most")
    print(f"exhaustive: {len(grid_short)} instances, ours better by {max(grid_short, default=0):.1e} at most")
    for line in wrong:
        print("WRONG", *line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
