"""A hierarchy over geos, fitted by gigamix and by PyMC with nutpie, in turn, on this machine.

Simulates GEOS x CHANNELS x WEEKS, writes table and model file to OUT, holds the two log densities
against each other at random points, then fits with both: gradients, seconds, effective draws per second,
and how many Monte-Carlo errors apart the means and standard deviations are. nutpie's draws are kept in
OUT/nutpie.nc and used again; delete the file to sample anew.

Needs the packages of requirements.txt.
"""

import argparse
import datetime
import json
import math
import random
import subprocess
import sys
import time
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")

import arviz as az
import numpy as np
import pandas as pd

REPOSITORY = Path(__file__).resolve().parent.parent.parent
L_MAX = 8
SAME_DENSITY = 1e-5
MODEL = """[data]
path = "geo.csv"
date = "week"
target = "sales"
channels = {channels}
controls = ["price"]
dims = ["geo"]
[model]
yearly_seasonality = 1
[adstock]
l_max = 8
[adstock.priors]
alpha = {{ distribution = "Beta", alpha = 1, beta = 3, dims = ["channel"] }}
[saturation.priors]
lam = {{ distribution = "Gamma", alpha = 3, beta = 1, dims = ["channel"] }}
beta = {{ distribution = "LogNormal", mean = {{ distribution = "HalfNormal", sigma = 0.5, dims = ["channel"] }}, std = {{ distribution = "HalfNormal", sigma = 0.3, dims = ["channel"] }}, centered = false, dims = ["geo", "channel"] }}
[priors]
intercept = {{ distribution = "Normal", mu = {{ distribution = "Normal", mu = 0.3, sigma = 0.5 }}, sigma = {{ distribution = "HalfNormal", sigma = 0.3 }}, dims = ["geo"] }}
gamma_control = {{ distribution = "Normal", mu = {{ distribution = "Normal", mu = 0, sigma = 0.1, dims = ["control"] }}, sigma = {{ distribution = "HalfNormal", sigma = 0.1, dims = ["control"] }}, centered = false, dims = ["geo", "control"] }}
gamma_fourier = {{ distribution = "Laplace", mu = 0, b = 0.1, dims = ["fourier_mode"] }}
[likelihood]
sigma = {{ distribution = "HalfNormal", sigma = 0.3, dims = ["geo"] }}
[sampler]
ess = {ess}
"""


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--gigamix", type=Path, default=REPOSITORY / "target/release/gigamix", help="the binary")
    add("--out", type=Path, default=REPOSITORY / "runs/geo", help="where everything goes")
    add("--geos", type=int, default=8)
    add("--channels", type=int, default=5)
    add("--weeks", type=int, default=104)
    add("--data-seed", type=int, default=1)
    add("--ess", type=int, default=1000, help="effective draws that gigamix is asked for")
    add("--seeds", type=int, default=3, help="fits by gigamix")
    add("--chains", type=int, default=4, help="of nutpie")
    add("--tune", type=int, default=1000)
    add("--draws", type=int, default=2000)
    add("--target-accept", type=float, default=0.9)
    add("--no-peer", action="store_true", help="only gigamix")
    options = parser.parse_args()
    options.gigamix, options.out = options.gigamix.resolve(), options.out.resolve()
    return options


def simulate(options):
    """A table of geos whose responses, intercepts and price effects vary around common ones."""
    rnd = random.Random(options.data_seed)
    names = [f"ch{c + 1:02d}" for c in range(options.channels)]
    alpha = [rnd.betavariate(2, 4) for _ in names]
    lam = [rnd.gammavariate(4, 0.6) for _ in names]
    common = [abs(rnd.gauss(0, 0.15)) + 0.05 for _ in names]
    first, rows = datetime.date(2021, 1, 4), []
    for geo in range(options.geos):
        intercept, price_effect = rnd.gauss(0.5, 0.12), rnd.gauss(-0.05, 0.02)
        beta = [mean * math.exp(rnd.gauss(0, 0.3)) for mean in common]
        level = [rnd.gammavariate(3, 1 / 3) for _ in names]
        spend = [[0.0] * options.weeks for _ in names]
        for c in range(options.channels):
            on = True
            for week in range(options.weeks):
                on ^= rnd.random() < 0.15
                if on or rnd.random() < 0.3:
                    spend[c][week] = level[c] * (0.2 + rnd.random())
        for week in range(options.weeks):
            price = rnd.gauss(0, 1)
            mean = intercept + price_effect * price + 0.05 * math.sin(2 * math.pi * week / 52.18)
            for c in range(options.channels):
                weights = [alpha[c] ** j for j in range(L_MAX)]
                lags = range(min(L_MAX, week + 1))
                stock = sum(weights[j] * spend[c][week - j] for j in lags) / sum(weights)
                mean += beta[c] * math.tanh(lam[c] * stock / 4)
            date = first + datetime.timedelta(weeks=week)
            sales = 1000 * (mean + rnd.gauss(0, 0.05))
            spends = [f"{100 * spend[c][week]:.3f}" for c in range(options.channels)]
            rows.append([date, f"geo{geo + 1:02d}", f"{sales:.3f}", *spends, f"{price:.3f}"])
    table = pd.DataFrame(rows, columns=["week", "geo", "sales", *names, "price"])
    table.to_csv(options.out / "geo.csv", index=False)
    text = MODEL.format(channels=json.dumps(names), ess=options.ess)
    (options.out / "model.toml").write_text(text)
    return names


def build(options, names):
    """The same posterior in PyMC, over (date, geo, channel)."""
    import pymc as pm
    import pytensor.tensor as pt

    table = pd.read_csv(options.out / "geo.csv", parse_dates=["week"])
    wide = table.pivot(index="week", columns="geo")
    geos, dates = sorted(table["geo"].unique()), wide.index
    spend = np.stack([wide[name][geos].to_numpy() / table[name].max() for name in names], axis=2)
    sales = wide["sales"][geos].to_numpy() / table["sales"].max()
    price = wide["price"][geos].to_numpy()
    angle = 2 * np.pi * dates.dayofyear.to_numpy() / 365.25
    season = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    lagged = np.zeros((L_MAX, *spend.shape))
    for lag in range(L_MAX):
        lagged[lag, lag:] = spend[: len(dates) - lag]
    coords = {"geo": geos, "channel": names, "control": ["price"], "fourier_mode": ["sin_1", "cos_1"]}
    with pm.Model(coords=coords) as model:
        mu = pm.Normal("intercept_contribution_mu", 0.3, 0.5)
        sigma = pm.HalfNormal("intercept_contribution_sigma", 0.3)
        intercept = pm.Normal("intercept_contribution", mu, sigma, dims="geo")
        alpha = pm.Beta("adstock_alpha", 1, 3, dims="channel")
        lam = pm.Gamma("saturation_lam", alpha=3, beta=1, dims="channel")
        mean = pm.HalfNormal("saturation_beta_mean", 0.5, dims="channel")
        std = pm.HalfNormal("saturation_beta_std", 0.3, dims="channel")
        offset = pm.Normal("saturation_beta_log_offset", 0, 1, dims=("geo", "channel"))
        spread = pt.log1p((std / mean) ** 2)
        beta = pm.Deterministic(
            "saturation_beta",
            pt.exp(pt.log(mean) - spread / 2 + pt.sqrt(spread) * offset),
            dims=("geo", "channel"),
        )
        control_mu = pm.Normal("gamma_control_mu", 0, 0.1, dims="control")
        control_sigma = pm.HalfNormal("gamma_control_sigma", 0.1, dims="control")
        control_offset = pm.Normal("gamma_control_offset", 0, 1, dims=("geo", "control"))
        control = pm.Deterministic(
            "gamma_control", control_mu + control_sigma * control_offset, dims=("geo", "control")
        )
        fourier = pm.Laplace("gamma_fourier", 0, 0.1, dims="fourier_mode")
        noise = pm.HalfNormal("y_sigma", 0.3, dims="geo")
        weights = alpha[None, :] ** np.arange(L_MAX)[:, None]
        weights = weights / weights.sum(axis=0)
        stock = (weights[:, None, None, :] * lagged).sum(axis=0)
        media = (beta * pt.tanh(lam * stock / 2)).sum(axis=2)
        season = pt.dot(season, fourier)[:, None]
        pm.Normal("y", intercept + media + price * control[:, 0] + season, noise, observed=sales)
    return model


def check(options, model):
    """Holds the two log densities against each other."""
    function, rng, points = model.compile_logp(), np.random.default_rng(7), []
    for _ in range(5):
        start = model.initial_point()
        points.append({name: x + 0.3 * rng.normal(size=np.shape(x)) for name, x in start.items()})
    theirs = [float(function(point)) for point in points]
    plain = lambda name: name.removesuffix("__").removesuffix("_log").removesuffix("_logodds")
    ours = [{plain(name): np.asarray(x).tolist() for name, x in point.items()} for point in points]
    (options.out / "points.json").write_text(json.dumps({"points": ours}))
    command = [options.gigamix, "logp", options.out / "model.toml", "--f64", "--json"]
    command += ["--points", options.out / "points.json"]
    answer = json.loads(run(command))
    ours = [point["logp"] for point in answer["points"]]
    worst = max(abs(a - b) / max(1, abs(b)) for a, b in zip(ours, theirs))
    print(f"log densities at {len(points)} points: within {worst:.1e}, relative")
    if worst > SAME_DENSITY:
        sys.exit("the models differ")


def run(command, allowed=(0,)):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True)
    if done.returncode not in allowed:
        sys.exit(f"{' '.join(map(str, command))}\nended with {done.returncode}")
    return done.stdout


def peer(options, names):
    """Summary and price of nutpie's draws."""
    kept = options.out / "nutpie.nc"
    if not kept.exists():
        import nutpie

        model = build(options, names)
        check(options, model)
        begun = time.perf_counter()
        compiled = nutpie.compile_pymc_model(model)
        compilation, begun = time.perf_counter() - begun, time.perf_counter()
        settings = dict(chains=options.chains, tune=options.tune, draws=options.draws)
        draws = nutpie.sample(
            compiled,
            target_accept=options.target_accept,
            seed=1,
            progress_bar=False,
            save_warmup=True,
            **settings,
        )
        seconds = time.perf_counter() - begun
        steps = sum(
            float(group["n_steps"].sum()) for group in (draws.sample_stats, draws.warmup_sample_stats)
        )
        diverging = int(draws.sample_stats["diverging"].sum())
        posterior = draws.posterior
        posterior.attrs = dict(
            seconds=seconds, compilation=compilation, gradients=steps, diverging=diverging
        )
        az.InferenceData(posterior=posterior).to_netcdf(kept)
    posterior = az.from_netcdf(kept).posterior
    found = posterior[[name for name in posterior if not name.endswith("offset")]]
    table = az.summary(found, kind="all", round_to="none")
    about = posterior.attrs
    report("nutpie", about["gradients"], about["seconds"], table, about["compilation"])
    print(f"  {about['diverging']} divergences")
    return table


def report(name, gradients, seconds, table, compilation=0.0):
    least = table[["ess_bulk", "ess_tail"]].min()
    worst = table["r_hat"].idxmax()
    per_draw = gradients / least.min()
    compiled = f" and {compilation:.0f} of compilation" if compilation else ""
    print(
        f"{name}: {gradients:,.0f} gradients, {seconds:.1f} s{compiled}; least ESS "
        f"{least['ess_bulk']:.0f} bulk, {least['ess_tail']:.0f} tail: {per_draw:.0f} gradients per "
        f"effective draw, {least.min() / seconds:.1f} effective draws per second; R-hat "
        f"{table['r_hat'].max():.4f} ({worst})"
    )


def ours(options, seed):
    """Summary of gigamix's draws, and its price."""
    folder = options.out / f"run-{seed}"
    command = [options.gigamix, "fit", options.out / "model.toml", "--out", folder, "--seed", seed]
    run([*command, "--device", "cpu", "--json", "--quiet", "--force"], allowed=(0, 1))
    model = pd.read_parquet(folder / "models.parquet").iloc[0]
    table = pd.read_parquet(folder / "parameters.parquet").set_index("parameter")
    report(f"gigamix, seed {seed}", model["gradients"], model["seconds"], table)
    print(
        f"  {model['status']} {model['reason']}; nested R-hat {model['r_hat_nested_max']:.4f} "
        f"({table['r_hat_nested'].idxmax()})"
    )
    return table


def compare(ours, theirs):
    """The largest differences in combined Monte-Carlo errors."""
    names = [name for name in theirs.index if name in ours.index]
    if len(names) != len(theirs):
        sys.exit(f"parameters differ: {sorted(set(theirs.index) ^ set(ours.index))}")
    a, b = ours.loc[names], theirs.loc[names]
    for what, error in [("mean", "mcse_mean"), ("sd", "mcse_sd")]:
        z = (a[what] - b[what]) / np.hypot(a[error], b[error])
        print(f"  {what}: largest |z| {z.abs().max():.1f} ({z.abs().idxmax()}) of {len(names)}")


def main():
    options = arguments()
    options.out.mkdir(parents=True, exist_ok=True)
    names = simulate(options)
    theirs = None if options.no_peer else peer(options, names)
    for seed in range(options.seeds):
        table = ours(options, seed)
        if theirs is not None:
            compare(table, theirs)


if __name__ == "__main__":
    main()
