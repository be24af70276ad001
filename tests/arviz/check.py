"""Holds the draws and the parameter table of a run folder against xarray and ArviZ.

Usage: check.py RUN_DIR

Opens every RUN_DIR/posterior/*.zarr.zip with both (a warning counts as a failure), computes the
summary of every parameter with ArviZ and compares it to RUN_DIR/parameters.parquet. Prints
"N models, M parameters checked" and exits with 0, or lists every mismatch and exits with 1.
"""

import itertools
import math
import sys
import warnings
from pathlib import Path

import numpy as np
import polars
import xarray
from zarr.storage import ZipStore

try:
    import arviz
except ModuleNotFoundError:
    # Before Python 3.12: the part of ArviZ that computes.
    import arviz_stats as arviz

# Relative tolerances by column, but absolute for r_hat. r_hat_nested is not in ArviZ.
TOLERANCE = {
    "mean": 1e-9,
    "sd": 1e-9,
    "median": 1e-9,
    "hdi_3": 1e-9,
    "hdi_97": 1e-9,
    "mcse_mean": 1e-2,
    "mcse_sd": 1e-2,
    "ess_bulk": 1e-2,
    "ess_tail": 1e-2,
    "r_hat": 1e-6,
}
COLUMNS = ["model", "parameter", *TOLERANCE, "r_hat_nested"]
# Before version 1 it takes the effective sample size of the draws where that of their squares belongs.
UNCHECKED = {"mcse_sd"} if arviz.__name__ == "arviz_stats" else set()
SAMPLES = ("chain", "draw")


def open_store(path):
    """The store as a DataTree, opened by xarray and by ArviZ without a warning, both the same."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tree = xarray.open_datatree(ZipStore(path, mode="r"), engine="zarr").load()
        if hasattr(arviz, "from_zarr"):
            if not tree.identical(arviz.from_zarr(ZipStore(path, mode="r")).load()):
                raise ValueError("xarray and ArviZ read different things")
    return tree


def check_layout(tree):
    """Yields what is wrong with the groups, dimensions and coordinates."""
    for group in ("posterior", "sample_stats", "observed_data", "constant_data"):
        if group not in tree.children:
            yield f"has no group {group}"
    for group in ("posterior", "sample_stats", "posterior_predictive"):
        for name, variable in tree.get(group, {}).items():
            if variable.dims[:2] != SAMPLES:
                yield f"{group}/{name} has dimensions {variable.dims}"
    if "sample_stats" in tree.children and "posterior" in tree.children:
        for dim in SAMPLES:
            if tree["sample_stats"].sizes.get(dim) != tree["posterior"].sizes.get(dim):
                yield f"sample_stats and posterior differ in {dim}"
    for group, node in tree.children.items():
        for dim, length in node.sizes.items():
            if dim not in node.coords:
                yield f"{group} has no coordinates of {dim}"
        if "date" in node.coords and not np.issubdtype(node["date"].dtype, np.datetime64):
            yield f"{group}/date is {node['date'].dtype}, not dates"


def summaries(posterior):
    """(parameter, {column: value}) of every element of every variable, by ArviZ."""
    # ArviZ computes in the precision of the draws.
    draws = posterior.map(lambda variable: variable.astype("float64"))
    hdi = arviz.hdi(draws, prob=0.94)
    columns = {
        "mean": draws.mean(SAMPLES),
        "sd": draws.std(SAMPLES, ddof=1),
        "median": draws.median(SAMPLES),
        "hdi_3": hdi.isel(ci_bound=0, drop=True),
        "hdi_97": hdi.isel(ci_bound=1, drop=True),
        "mcse_mean": arviz.mcse(draws, method="mean"),
        "mcse_sd": arviz.mcse(draws, method="sd"),
        "ess_bulk": arviz.ess(draws, method="bulk"),
        "ess_tail": arviz.ess(draws, method="tail", prob=(0.05, 0.95)),
        "r_hat": arviz.rhat(draws, method="rank"),
    }
    for name, variable in draws.items():
        dims = variable.dims[2:]
        finite = np.isfinite(variable).all(SAMPLES)
        for at in itertools.product(*(range(variable.sizes[dim]) for dim in dims)):
            where = dict(zip(dims, at))
            labels = [str(variable[dim].values[i]) for dim, i in where.items()]
            parameter = f"{name}[{', '.join(labels)}]" if labels else name
            # No diagnostic is defined of draws that are not finite, whatever ArviZ says.
            defined = bool(finite.isel(where))
            yield (
                parameter,
                {
                    column: float(values[name].isel(where)) if defined else math.nan
                    for column, values in columns.items()
                },
            )


def same(column, ours, expected):
    """Whether a cell agrees with the column of the summary `expected`; null stands for NaN."""
    value = expected[column]
    if ours is None or not math.isfinite(value):
        return ours is None and not math.isfinite(value)
    if column == "r_hat":
        return abs(ours - value) <= TOLERANCE[column]
    # The rounding of a mean or of the spread of draws that are all but equal.
    rounding = 1e-13 * abs(expected["median"])
    return math.isclose(ours, value, rel_tol=TOLERANCE[column], abs_tol=rounding)


def check_model(path, table):
    """(key of the model, number of parameters, what is wrong)."""
    tree = open_store(path)
    wrong = list(check_layout(tree))
    if "posterior" not in tree.children:
        return None, 0, wrong
    posterior = tree["posterior"].to_dataset()
    model = posterior.attrs.get("model")
    rows = {}
    for row in table.filter(polars.col("model") == model).iter_rows(named=True):
        if row["parameter"] in rows:
            wrong.append(f"{row['parameter']}: two rows")
        rows[row["parameter"]] = row
    checked = 0
    # Constant or infinite draws divide by zero on their way to NaN.
    with np.errstate(all="ignore"):
        expectations = list(summaries(posterior))
    for parameter, expected in expectations:
        row = rows.pop(parameter, None)
        if row is None:
            wrong.append(f"{parameter}: no row")
            continue
        checked += 1
        for column, value in expected.items():
            if column not in UNCHECKED and not same(column, row[column], expected):
                wrong.append(f"{parameter}: {column} is {row[column]}, ArviZ says {value}")
    wrong.extend(f"{parameter}: a row, but no draws" for parameter in rows)
    return model, checked, wrong


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    run = Path(sys.argv[1])
    if not (run / "parameters.parquet").is_file():
        sys.exit(f"{run} has no parameters.parquet")
    table = polars.read_parquet(run / "parameters.parquet")
    wrong = []
    if table.columns != COLUMNS:
        sys.exit(f"parameters.parquet has columns {table.columns}, not {COLUMNS}")
    models, checked = set(), 0
    for path in sorted((run / "posterior").glob("*.zarr.zip")):
        try:
            model, parameters, found = check_model(path, table)
        except Exception as error:
            wrong.append(f"{path.name}: {type(error).__name__}: {error}")
            continue
        if model in models:
            found.append(f"a second store of the model {model}")
        models.add(model)
        checked += parameters
        wrong.extend(f"{path.name}: {what}" for what in found)
    missing = sorted(set(table["model"]) - models)
    wrong.extend(f"parameters.parquet: model {model} has no draws" for model in missing)
    if not checked:
        wrong.append("nothing to check")
    for what in wrong:
        print(what, file=sys.stderr)
    print(f"{len(models)} models, {checked} parameters checked")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
