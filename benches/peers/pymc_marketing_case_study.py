"""The case study in PyMC-Marketing, in a process of its own.

fit DATA OUT SEED SAMPLER: samples as the published notebook does (6 chains, 1,500 + 800, target_accept
0.9), saves everything to OUT/fit.nc and where the time went to OUT/seconds.json.
logp DATA POINTS: prints the log density at every `cases[].point` of POINTS as a JSON list.
"""

import json
import sys
import time
import warnings
from pathlib import Path

BEGUN = time.perf_counter()
warnings.filterwarnings("ignore")

import pandas as pd
import pymc as pm
from pymc_extras.prior import Prior
from pymc_marketing.mmm import GeometricAdstock, LogisticSaturation
from pymc_marketing.mmm.multidimensional import MMM

IMPORTED = time.perf_counter()

CHANNELS = {
    "mdsp_dm": "Direct Mail",
    "mdsp_inst": "Insert",
    "mdsp_nsp": "Newspaper",
    "mdsp_on": "Online Display",
    "mdsp_audtr": "Radio",
    "mdsp_so": "Social Media",
    "mdsp_vidtr": "TV",
}
TRAIN_UNTIL = "2018-02-01"
SETTINGS = {"chains": 6, "tune": 1500, "draws": 800, "target_accept": 0.9}


def build(data):
    """The model and its training data. The wheel's defaults share alpha and lam between the channels,
    the notebook has one of each per channel: hence the two explicit priors."""
    table = pd.read_csv(data, parse_dates=["wk_strt_dt"]).rename(columns=CHANNELS)
    table = table[table["wk_strt_dt"] <= TRAIN_UNTIL]
    channels = list(CHANNELS.values())
    controls = [column for column in table if column.startswith("hldy_")]
    x, y = table[["wk_strt_dt", *channels, *controls]], table["sales"]
    spend = x[channels].sum()
    model = MMM(
        date_column="wk_strt_dt",
        target_column="sales",
        channel_columns=channels,
        control_columns=controls,
        adstock=GeometricAdstock(
            l_max=6, priors={"alpha": Prior("Beta", alpha=1, beta=3, dims="channel")}
        ),
        saturation=LogisticSaturation(
            priors={
                "lam": Prior("Gamma", alpha=3, beta=1, dims="channel"),
                "beta": Prior("HalfNormal", sigma=(spend / spend.sum()).to_numpy(), dims="channel"),
            }
        ),
        yearly_seasonality=5,
        model_config={
            "intercept": Prior("Normal", mu=0.2, sigma=0.05),
            "gamma_control": Prior("Normal", mu=0, sigma=1, dims="control"),
            "gamma_fourier": Prior("Laplace", mu=0, b=1, dims="fourier_mode"),
            "likelihood": Prior(
                "TruncatedNormal", lower=0, sigma=Prior("HalfNormal", sigma=1), dims="date"
            ),
        },
    )
    model.build_model(x, y)
    return model, x, y


def fit(data, out, seed, sampler):
    seconds = {"imports": IMPORTED - BEGUN}
    settings = dict(SETTINGS, nuts_sampler=sampler)
    if sampler == "numpyro":
        # All chains at once on one device; the other method wants a device for each.
        settings["nuts_sampler_kwargs"] = {"chain_method": "vectorized"}
    elif sampler == "nutpie":
        import nutpie

        # Compilation is the first thing that PyMC asks of nutpie; nothing else says how long it takes.
        original = nutpie.compile_pymc_model

        def compile_pymc_model(*arguments, **keywords):
            begun = time.perf_counter()
            compiled = original(*arguments, **keywords)
            seconds["compilation"] = time.perf_counter() - begun
            return compiled

        nutpie.compile_pymc_model = compile_pymc_model
    begun = time.perf_counter()
    model, x, y = build(data)
    seconds["model"] = time.perf_counter() - begun
    begun = time.perf_counter()
    draws = model.fit(x, y, progressbar=False, random_seed=int(seed), **settings)
    fitted = time.perf_counter() - begun
    begun = time.perf_counter()
    model.save(str(Path(out, "fit.nc")))
    seconds["saving"] = time.perf_counter() - begun
    # nutpie's begins after compilation; JAX compiles within.
    seconds["sampling"] = draws.posterior.attrs["sampling_time"]
    seconds["rest of fit"] = fitted - seconds["sampling"] - seconds.get("compilation", 0)
    Path(out, "seconds.json").write_text(json.dumps(seconds))


def logp(data, points):
    model, _, _ = build(data)
    function = model.model.compile_logp()
    cases = json.loads(Path(points).read_text())["cases"]
    print(json.dumps([float(function(case["point"])) for case in cases]))


if __name__ == "__main__":
    {"fit": fit, "logp": logp}[sys.argv[1]](*sys.argv[2:])
