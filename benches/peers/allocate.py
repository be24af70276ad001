"""The case study's budget by gigamix and by PyMC-Marketing, over the same draws.

    python benches/peers/allocate.py --data path/to/data.csv [--gigamix BINARY] [--out DIR] [--rounds N]

Fits the case study with gigamix, gives its draws to PyMC-Marketing's model as well, and allocates the
notebook's budget (26 weeks, every channel up to half as much or more) with both, in turn, each in a
process of its own: `gigamix optimize` (from the run folder to JSON, with its certificate and intervals)
and `optimize_budget` as the notebook calls it (SLSQP). Prints seconds, CPU seconds, peak memory and how
far apart the two allocations are, medians over the rounds.
"""

import json
import statistics
import sys
import time
from pathlib import Path

SCENARIO = "[budget]\ntotal = {total!r}\nperiods = 26\n[reference]\nspend = {spend}\n[bounds]\ndefault = {{ change = 0.5 }}\n"  # fmt: skip
# Some four thousand draws.
SAMPLER = "\n[sampler]\ness = 2000\n"


def reference(data):
    """The first and the last date after the training rows, and the notebook's spend on each: the mean of
    the weeks, divided by the number of channels once more."""
    import pandas as pd
    from pymc_marketing_case_study import CHANNELS, TRAIN_UNTIL

    table = pd.read_csv(data, parse_dates=["wk_strt_dt"]).rename(columns=CHANNELS)
    rest = table[table["wk_strt_dt"] > TRAIN_UNTIL]
    spend = rest[list(CHANNELS.values())].mean() / len(CHANNELS)
    return rest["wk_strt_dt"].min(), rest["wk_strt_dt"].max(), spend


def peer(data, store, out):
    """What PyMC-Marketing makes of the draws in a store."""
    import arviz
    import xarray
    from pymc_marketing.mmm.multidimensional import MultiDimensionalBudgetOptimizerWrapper
    from zarr.storage import ZipStore

    import pymc_marketing_case_study

    model, _, _ = pymc_marketing_case_study.build(data)
    tree = xarray.open_datatree(ZipStore(store, mode="r"), engine="zarr").load()
    model.idata = arviz.InferenceData(posterior=tree["posterior"].to_dataset())
    start, end, spend = reference(data)
    bounds = xarray.DataArray(
        [[0.5 * x, 1.5 * x] for x in spend],
        dims=["channel", "bound"],
        coords={"channel": list(spend.index), "bound": ["lower", "upper"]},
    )
    begun = time.perf_counter()
    wrapper = MultiDimensionalBudgetOptimizerWrapper(model=model, start_date=str(start), end_date=str(end))
    found, result = wrapper.optimize_budget(
        budget=float(spend.sum()),
        budget_bounds=bounds,
        minimize_kwargs={"method": "SLSQP", "options": {"ftol": 1e-4, "maxiter": 10_000}},
    )
    Path(out).write_text(json.dumps({
        "seconds": time.perf_counter() - begun,
        "objective": -float(result.fun),
        "multipliers": {c: float(found.sel(channel=c)) / spend[c] for c in spend.index},
    }))  # fmt: skip


def main():
    import compare

    options = compare.arguments()
    python = compare.install(options.venv, ["requirements.txt"])
    work = options.out / "allocate"
    work.mkdir(parents=True, exist_ok=True)
    model, fitted = work / "case_study.toml", work / "run"
    model.write_text(compare.MODEL.read_text() + SAMPLER)
    compare.run([options.gigamix, "fit", model, "--data", options.data, "--out", fitted, "--quiet"])
    [store] = (fitted / "posterior").glob("*.zarr.zip")
    found, scenario = work / "peer.json", work / "scenario.toml"
    figures = {"gigamix": [], "PyMC-Marketing": []}
    for _ in range(options.rounds):
        command = [python, __file__, "--peer", options.data, store, found]
        theirs = compare.measured(command, work / "peer.log", None)
        answer = json.loads(found.read_text())
        figures["PyMC-Marketing"].append(theirs | {"alone": answer["seconds"]})
        said = compare.run([python, __file__, "--reference", options.data])
        scenario.write_text(said)
        ours = work / "ours.json"
        command = [options.gigamix, "optimize", fitted, scenario, "--json", "--quiet"]
        figures["gigamix"].append(compare.measured(command, ours, None))
    own = json.loads(ours.read_text())
    off = max(abs(row["multiplier"] - answer["multipliers"][row["channel"]]) for row in own["rows"])
    after = own["objective"]["after"]
    print(f"multipliers within {off:.1e}; {after:.6e} against {answer['objective']:.6e}, gap {own['gap']:.1e}")
    for name, rounds in figures.items():
        of = {key: statistics.median(found[key] for found in rounds) for key in rounds[0]}
        print(f"{name}: {of['wall']:.2f} s, {of['cpu']:.2f} s of CPU, {of['memory']:.0f} MiB", end="")
        print(f"; optimize_budget alone {of['alone']:.1f} s" if "alone" in of else "")


if __name__ == "__main__":
    match sys.argv[1:2]:
        case ["--peer"]:
            peer(*sys.argv[2:])
        case ["--reference"]:
            _, _, spend = reference(sys.argv[2])
            table = ", ".join(f"{json.dumps(c)} = {x!r}" for c, x in spend.items())
            print(SCENARIO.format(total=float(spend.sum()), spend=f"{{ {table} }}"))
        case _:
            main()
