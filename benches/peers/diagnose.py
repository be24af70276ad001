"""What ArviZ says of a result, the same code for both sides: prints JSON.

Usage: diagnose.py RUN_FOLDER | FIT.nc

`RUN_FOLDER` is one of gigamix, `FIT.nc` what PyMC-Marketing saved.
"""

import itertools
import json
import sys
from pathlib import Path

import arviz
import pandas
import xarray
from zarr.storage import ZipStore

PARAMETERS = [
    "intercept_contribution",
    "adstock_alpha",
    "saturation_lam",
    "saturation_beta",
    "gamma_control",
    "gamma_fourier",
    "y_sigma",
]


def gigamix(folder):
    """Posterior, statistics of the draws, gradients in total, seconds of sampling."""
    [store] = (folder / "posterior").glob("*.zarr.zip")
    tree = xarray.open_datatree(ZipStore(store, mode="r"), engine="zarr")
    [row] = pandas.read_parquet(folder / "models.parquet").to_dict("records")
    manifest = json.loads((folder / "run.json").read_text())
    extra = {
        "status": row["status"],
        "nested R-hat": row["r_hat_nested_max"],
        "device": manifest["device"]["adapter"],
    }
    stats = tree["sample_stats"]
    return tree["posterior"].to_dataset(), stats, row["gradients"], row["seconds"], extra


def pymc_marketing(path):
    def group(name):
        return xarray.open_dataset(path, group=name, engine="h5netcdf")

    posterior, stats = group("posterior"), group("sample_stats")
    try:
        gradients = int(group("warmup_sample_stats")["n_steps"].sum() + stats["n_steps"].sum())
    except OSError:
        gradients = None  # NumPyro keeps no record of its warm-up.
    return posterior, stats, gradients, posterior.attrs["sampling_time"], {}


def labelled(dataset):
    """{"name[label]": value} of what has one value per parameter."""
    values = {}
    for name, variable in dataset.items():
        for at in itertools.product(*(range(length) for length in variable.shape)):
            labels = [str(variable[dim].values[i]) for dim, i in zip(variable.dims, at)]
            values[f"{name}[{', '.join(labels)}]" if labels else name] = float(variable.values[at])
    return values


def main(path):
    read = gigamix if path.is_dir() else pymc_marketing
    posterior, stats, gradients, seconds, extra = read(path)
    # ArviZ computes in the precision of the draws.
    draws = posterior[PARAMETERS].load().astype("float64")
    bulk = labelled(arviz.ess(draws, method="bulk"))
    result = {
        "chains": draws.sizes["chain"],
        "draws": draws.sizes["draw"],
        "parameters": len(bulk),
        "sampling seconds": seconds,
        "gradients": gradients,
        "gradients of the draws": int(stats["n_steps"].sum()),
        "divergences": int(stats["diverging"].sum()),
        "bulk ESS": min(bulk.values()),
        "bulk ESS of": min(bulk, key=bulk.get),
        "tail ESS": min(labelled(arviz.ess(draws, method="tail")).values()),
        "R-hat": max(labelled(arviz.rhat(draws, method="rank")).values()),
        "means": labelled(draws.mean(("chain", "draw"))),
        "errors": labelled(arviz.mcse(draws, method="mean")),
    }
    print(json.dumps(result | extra))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
