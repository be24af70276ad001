"""A sweep of the case study's channels by gigamix and by PyMC-Marketing, over the same draws.

    python benches/peers/sweep.py --data path/to/data.csv [--gigamix BINARY] [--out DIR] [--rounds N]

Fits the case study with gigamix, gives its draws to PyMC-Marketing's model as well, and sweeps all
channels over 16 multiples of their spend with both, in turn, each in a process of its own: `gigamix
sweep` (contributions, marginal returns and uplift with intervals, from the run folder to JSON) and
`mmm.sensitivity.run_sweep` (the contributions of every draw; intervals not included). The means must be
the same to 1e-4. Prints seconds, CPU seconds and peak memory, medians over the rounds; of PyMC-Marketing
also what `run_sweep` alone takes and adds to the memory of the process.
"""

import json
import resource
import statistics
import sys
import time
from pathlib import Path

SAME = 1e-4
# Some four thousand draws.
SAMPLER = "\n[sampler]\ness = 2000\n"


def peer(data, store, out):
    """What PyMC-Marketing makes of the draws in a store."""
    import arviz
    import numpy as np
    import xarray
    from zarr.storage import ZipStore

    import pymc_marketing_case_study

    model, _, y = pymc_marketing_case_study.build(data)
    tree = xarray.open_datatree(ZipStore(store, mode="r"), engine="zarr").load()
    model.idata = arviz.InferenceData(posterior=tree["posterior"].to_dataset())
    before, begun = peak(), time.perf_counter()
    swept = model.sensitivity.run_sweep(
        var_input="channel_data", sweep_values=np.linspace(0, 1.5, 16), var_names="channel_contribution"
    )
    seconds = time.perf_counter() - begun
    means = swept.mean("sample").transpose("channel", "sweep") * float(y.max())
    Path(out).write_text(json.dumps({
        "seconds": seconds,
        "memory": peak() - before,
        "draws": swept.sizes["sample"],
        "means": {str(c): means.sel(channel=c).values.tolist() for c in swept.channel.values},
    }))  # fmt: skip


def peak():
    """The largest memory so far, in MiB."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def main():
    import compare

    options = compare.arguments()
    python = compare.install(options.venv, ["requirements.txt"])
    work = options.out / "sweep"
    work.mkdir(parents=True, exist_ok=True)
    model, fitted = work / "case_study.toml", work / "run"
    model.write_text(compare.MODEL.read_text() + SAMPLER)
    compare.run([options.gigamix, "fit", model, "--data", options.data, "--out", fitted, "--quiet"])
    [store] = (fitted / "posterior").glob("*.zarr.zip")
    found = work / "peer.json"
    figures = {"gigamix": [], "PyMC-Marketing": []}
    for _ in range(options.rounds):
        ours = work / "ours.json"
        command = [options.gigamix, "sweep", fitted, "--json", "--quiet"]
        figures["gigamix"].append(compare.measured(command, ours, None))
        command = [python, __file__, "--peer", options.data, store, found]
        theirs = compare.measured(command, work / "peer.log", None)
        answer = json.loads(found.read_text())
        figures["PyMC-Marketing"].append(theirs | {"alone": answer["seconds"], "more": answer["memory"]})
    rows = json.loads(ours.read_text())["rows"]
    for channel, means in answer["means"].items():
        own = [row["contribution_mean"] for row in rows if row["channel"] == channel]
        off = max(abs(a - b) for a, b in zip(own, means, strict=True)) / max(means)
        if off > SAME:
            sys.exit(f"{channel}: the means differ by {off:.1e}")
    print(f"16 points, {len(answer['means'])} channels, {answer['draws']} draws; the means are the same")
    for name, rounds in figures.items():
        of = {key: statistics.median(found[key] for found in rounds) for key in rounds[0]}
        print(f"{name}: {of['wall']:.2f} s, {of['cpu']:.2f} s of CPU, {of['memory']:.0f} MiB", end="")
        more = f"; run_sweep alone {of['alone']:.2f} s and {of['more']:.0f} MiB more" if "more" in of else ""
        print(more)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--peer"]:
        peer(*sys.argv[2:])
    else:
        main()
