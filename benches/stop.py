"""How well the automatic stop meets its target: fits the case study with many seeds.

    GIGAMIX_CASE_STUDY=path/to/data.csv python3 benches/stop.py --seeds 40 [--chains 16]

Prints the gradients of a whole fit, start and warm-up included, and the smallest effective sample
size, bulk or tail, that it ended with: median, smallest and largest. Python 3.11, nothing else.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = 1000  # min-ESS, the default of gigamix


def fit(program, model, data, seed, out):
    """The row of models.parquet of one fit."""
    command = [program, "fit", model, "--data", data, "--seed", seed, "--out", out, "--quiet", "--json"]
    ran = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if not ran.stdout:
        sys.exit(ran.stderr)
    return json.loads(ran.stdout)["rows"][0]


def spread(values):
    return f"{statistics.median(values):,.0f} ({min(values):,.0f}–{max(values):,.0f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gigamix", default=ROOT / "target/release/gigamix", help="the program")
    parser.add_argument("--seeds", type=int, default=40, help="number of fits")
    parser.add_argument("--chains", type=int, help="chains per model; the default of gigamix")
    options = parser.parse_args()
    data = os.environ.get("GIGAMIX_CASE_STUDY") or sys.exit("GIGAMIX_CASE_STUDY is not set")
    text = (ROOT / "data/case_study.toml").read_text()
    if options.chains:
        text += f"\n[sampler]\nchains = {options.chains}\n"
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "case_study.toml"
        model.write_text(text)
        data = Path(data).resolve()
        rows = [fit(options.gigamix, model, data, s, Path(folder) / str(s)) for s in range(options.seeds)]
    ess = [min(row["ess_bulk_min"], row["ess_tail_min"]) for row in rows]
    print(f"gradients {spread([row['gradients'] for row in rows])}")
    print(f"smallest effective sample size {spread(ess)}, for a target of {TARGET:,}")
    print(f"above 1.5 times the target: {sum(x > 1.5 * TARGET for x in ess)} of {len(ess)}")
    print("verdicts:", dict(Counter(row["status"] for row in rows)))


if __name__ == "__main__":
    main()
