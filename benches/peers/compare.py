"""The PyMC-Marketing case study, fitted by gigamix and by PyMC-Marketing, in turn, on this machine.

Needs Python 3.11 to 3.13 with the standard library, and Linux or macOS; installs the rest
(requirements.txt) into an environment of its own. Writes OUT/results.json and OUT/results.md.

First the two log densities are held against each other: other models are not compared. Then every
round fits with gigamix and with PyMC-Marketing, each in a fresh process and with the number of the
round as its seed; round 0 finds no compiled code and is reported apart, the others find round 0's.
At last the posterior means are held against each other.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

import report

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
MODEL = REPOSITORY / "data/case_study.toml"
POINTS = REPOSITORY / "data/reference/case_study_logdensity.json"
# Largest difference of two log densities, constants included, which go down to -96,000 at the points.
# PyTensor folds some constants in single precision.
SAME_DENSITY = 1e-5


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--gigamix", type=Path, default=REPOSITORY / "target/release/gigamix", help="the binary")
    add("--data", type=Path, default=os.environ.get("GIGAMIX_CASE_STUDY"), help="data.csv of the "
        "case study (data/README.md); or set GIGAMIX_CASE_STUDY")  # fmt: skip
    add("--out", type=Path, default=REPOSITORY / "runs/peers", help="where results go")
    add("--venv", type=Path, help="where packages go; default OUT/venv")
    add("--rounds", type=int, default=5, help="rounds after round 0")
    add("--check", action="store_true", help="only hold the log densities against each other")
    add("--numpyro-gpu", action="store_true", help="also NumPyro on a GPU with CUDA")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error("--rounds: at least 1")
    for path, what in [(options.gigamix, "--gigamix"), (options.data, "--data")]:
        if path is None or not Path(path).is_file():
            parser.error(f"{what}: there is no file {path}")
    for name in ("gigamix", "data", "out"):
        setattr(options, name, Path(getattr(options, name)).resolve())
    options.venv = (options.venv or options.out / "venv").absolute()
    return options


def install(folder, requirements):
    """The interpreter of an environment that has what is asked for."""
    python = folder / "bin/python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    files = [word for name in requirements for word in ("-r", HERE / name)]
    run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *files])
    return python


def run(command, **options):
    """Standard output of a command that must not fail."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, **options)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\nended with {done.returncode}\n{done.stdout}")
    return done.stdout


def measured(command, log, environment):
    """Wall and CPU seconds and peak memory of a process, which must not fail. The memory is that of
    the largest of its processes: all but a compiler's now and then are one process."""
    with open(log, "w") as output:
        begun = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(map(str, command))}\nended with {process.returncode}, see {log}")
    unit = 1 if sys.platform == "darwin" else 1024
    return {
        "wall": wall,
        "cpu": usage.ru_utime + usage.ru_stime,
        "memory": usage.ru_maxrss * unit / 2**20,
    }


class Bench:
    """One machine, one data set, several programs that fit it."""

    def __init__(self, options):
        self.options = options
        self.work = options.out / "work"
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        requirements = ["requirements.txt"]
        if options.numpyro_gpu:
            requirements.append("requirements-numpyro-gpu.txt")
        self.python = install(options.venv, requirements)
        if options.numpyro_gpu:
            backend = run([self.python, "-c", "import jax; print(jax.default_backend())"]).strip()
            if backend != "gpu":
                sys.exit(f"--numpyro-gpu: JAX finds no GPU with CUDA here, its backend is {backend}")
        # Whatever is compiled goes here, so that round 0 finds nothing.
        compiled = self.work / "compiled"
        self.environment = os.environ | {
            "PYTENSOR_FLAGS": f"base_compiledir={compiled / 'pytensor'}",
            "NUMBA_CACHE_DIR": str(compiled / "numba"),
            "JAX_COMPILATION_CACHE_DIR": str(compiled / "jax"),
        }
        self.case_study = [self.python, HERE / "pymc_marketing_case_study.py"]

    def check(self):
        """Holds the log densities at the reference points against each other, and says it."""
        cases = json.loads(POINTS.read_text())["cases"]
        # Ours are named by the parameter alone, theirs also by the transform.
        points = [
            {name.removesuffix("__").removesuffix("_log").removesuffix("_logodds"): value
             for name, value in case["point"].items()}
            for case in cases
        ]  # fmt: skip
        ours = self.work / "points.json"
        ours.write_text(json.dumps({"points": points}))
        command = [self.options.gigamix, "logp", MODEL, "--data", self.options.data]
        answer = json.loads(run([*command, "--points", ours, "--f64", "--json"]))
        a = [point["logp"] for point in answer["points"]]
        # Code compiled for the check must not help round 0.
        environment = self.environment | {
            "PYTENSOR_FLAGS": f"base_compiledir={self.work / 'check'}",
        }
        answer = run([*self.case_study, "logp", self.options.data, POINTS], env=environment)
        b = json.loads(answer.splitlines()[-1])
        worst = max(abs(x - y) for x, y in zip(a, b, strict=True))
        line = (
            f"log densities at {len(a)} points differ by at most {worst:.1e}, "
            f"allowed {SAME_DENSITY:.0e}"
        )
        print(line, flush=True)
        if not worst <= SAME_DENSITY:
            sys.exit("these are two models")
        return line

    def fit(self, program, number):
        """Fits once and says how it went; what it wrote is judged and deleted."""
        out = self.work / f"{program}-{number}"
        out.mkdir()
        if program == "gigamix":
            command = [self.options.gigamix, "fit", MODEL, "--data", self.options.data]
            command += ["--seed", str(number), "--out", out / "run", "--quiet"]
            result = out / "run"
        else:
            command = [*self.case_study, "fit", self.options.data, out, str(number), program]
            result = out / "fit.nc"
        row = measured(command, self.work / f"{out.name}.log", self.environment)
        row |= json.loads(run([self.python, "-W", "ignore", HERE / "diagnose.py", result]))
        if program != "gigamix":
            row["seconds"] = json.loads((out / "seconds.json").read_text())
        shutil.rmtree(out)
        print(
            f"round {number}, {program}: {row['wall']:.2f} s, of these sampling "
            f"{row['sampling seconds']:.2f}, min bulk ESS {row['bulk ESS']:.0f}",
            flush=True,
        )
        return row | report.rates(row)

    def machine(self):
        """What the numbers depend on."""
        packages = "pymc-marketing pymc pytensor nutpie numba numpy arviz".split()
        if self.options.numpyro_gpu:
            packages += ["numpyro", "jax"]
        code = (
            "import importlib.metadata as m, json, sys;"
            "print(json.dumps({p: m.version(p) for p in sys.argv[1:]}))"
        )
        versions = json.loads(run([self.python, "-c", code, *packages]))
        return {
            "processor": processor(),
            "cores": os.cpu_count(),
            "system": platform.platform(),
            "load before": round(os.getloadavg()[0], 1),
            "python": platform.python_version(),
            "gigamix": run([self.options.gigamix, "--version"]).split()[-1],
            **versions,
        }


def processor():
    """Its name, where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def main():
    options = arguments()
    bench = Bench(options)
    programs = ["gigamix", "nutpie"] + (["numpyro"] if options.numpyro_gpu else [])
    density = bench.check()
    if options.check:
        shutil.rmtree(bench.work)
        return
    machine = bench.machine()
    rows = {program: [] for program in programs}
    for number in range(options.rounds + 1):
        # Turn about: what warms up or slows down hits none of them only.
        for program in programs if number % 2 == 0 else reversed(programs):
            rows[program].append(bench.fit(program, number))
    shutil.rmtree(bench.work)
    agreement = {name: report.means(rows["gigamix"], rows[name]) for name in programs[1:]}
    text = report.markdown(rows, machine, density, agreement)
    results = {"machine": machine, "density": density, "rounds": rows, "agreement": agreement}
    (options.out / "results.json").write_text(json.dumps(results, indent=1, default=str))
    (options.out / "results.md").write_text(text)
    print(f"\n{text}\nin {options.out}: results.json, results.md")
    if not all(held["same"] for held in agreement.values()):
        sys.exit("the posterior means differ by more than Monte-Carlo error")


if __name__ == "__main__":
    main()
