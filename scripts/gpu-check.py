#!/usr/bin/env python3
"""Runs everything that needs a GPU, from a bundle of `npm run pack:gpu`, within ten minutes, and prints a short report.

The machine needs a driver, this Python, and the CUDA libraries of its wheels (as PyTorch brings them) or of a toolkit.
Nothing is downloaded. `--out DIR` gets report.json and logs.txt, with all that the parts print; `--only PART` runs some
parts. The exit code is 0 only if all parts ran to their ends and none failed.
"""
import argparse
import json
import lzma
import os
import shutil
import signal
import site
import stat
import subprocess
import sys
import sysconfig
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BEGIN = time.monotonic()


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default=os.environ.get("OUT") or os.path.join(HERE, "report"))
    parser.add_argument("--seconds", type=float, default=570, help="of the whole run")
    parser.add_argument("--only", action="append", choices=[name for name, *_ in PARTS])
    return parser.parse_args()


def unpack_node(folder):
    """The carried Node; the one of the machine if it is new enough would do, but is not asked for."""
    node = os.path.join(folder, "node")
    with lzma.open(os.path.join(HERE, "bin", "node.xz")) as packed, open(node, "wb") as file:
        shutil.copyfileobj(packed, file)
    os.chmod(node, 0o755)
    return node


def environment(folder):
    """CUDA of this Python's wheels, and a cache of kernels of our own, so that the first compilation is seen."""
    packages = [sysconfig.get_paths()["purelib"], *site.getsitepackages(), site.getusersitepackages()]
    wheels = next((path for path in packages if os.path.isdir(os.path.join(path, "nvidia"))), None)
    env = {**os.environ, "GLOROT_CUDA_CACHE": os.path.join(folder, "kernels"), "RUST_BACKTRACE": "1"}
    if wheels and "GLOROT_CUDA_PATH" not in env:
        env["GLOROT_CUDA_PATH"] = wheels
    return env


def find_sanitizer():
    found = shutil.which("compute-sanitizer")
    return found or next((path for path in ["/usr/local/cuda/bin/compute-sanitizer"] if os.path.exists(path)), None)


class Run:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.node, self.env = unpack_node(folder), environment(folder)
        self.tests = os.path.join(HERE, "bin", "gpu-tests")
        os.chmod(self.tests, os.stat(self.tests).st_mode | stat.S_IXUSR)
        self.report = []
        self.logs = os.path.join(options.out, "logs.txt")
        open(self.logs, "w", encoding="utf-8").close()
        self.problem = None  # why nothing more can be run

    def left(self):
        return self.options.seconds - (time.monotonic() - BEGIN)

    def part(self, name, seconds, command, env=None, keep=12):
        """Runs a command; its last lines go to the report, all of them to the file of logs."""
        limit = min(seconds, self.left())
        log = os.path.join(self.folder, "log")
        if self.problem or limit < 5:
            return self.note(name, "not run", 0, [self.problem or "no time was left"])
        start = time.monotonic()
        with open(log, "wb") as file:
            try:
                code = self.wait(command, file, limit, {**self.env, **(env or {})})
                status = "ok" if code == 0 else f"failed ({code})"
            except subprocess.TimeoutExpired:
                status = f"stopped after {limit:.0f} s"
            except OSError as error:
                status = f"failed ({error})"
        with open(log, encoding="utf-8", errors="replace") as file:
            lines = [line.rstrip() for line in file if line.strip()]
        with open(self.logs, "a", encoding="utf-8") as file:
            file.write("\n".join([f"## {name}: {' '.join(command)}", *lines, "", ""]))
        shown = [line for line in lines if any(mark in line for mark in ("FAILED", "panicked", "✗", "missed", "ERROR SUMMARY"))][:20]
        return self.note(name, status, time.monotonic() - start, shown + lines[-keep:])

    @staticmethod
    def wait(command, file, limit, env):
        """Runs a command; what it has started ends with it, so that nothing of a part is on the GPU in the next one."""
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, env=env, start_new_session=True)
        try:
            return process.wait(limit)
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()

    def note(self, name, status, seconds, lines):
        self.report.append({"part": name, "status": status, "seconds": round(seconds, 1), "lines": lines})
        print(f"\n## {name}: {status}, {seconds:.1f} s")
        print("\n".join(line[:400] for line in lines), flush=True)
        with open(os.path.join(self.options.out, "report.json"), "w", encoding="utf-8") as file:
            json.dump(self.report, file, indent=1, ensure_ascii=False)
        return status == "ok"


def machine(run):
    run.part("machine", 20, ["nvidia-smi"], keep=20)
    code = f"import {{ pathToFileURL }} from 'node:url'\nconst b = (await import('node:module')).createRequire(pathToFileURL({json.dumps(HERE)} + '/x.js'))('./native/binding.cjs')\nfor (const d of b.devices()) console.log(d.id, d.available, d.description ?? d.reason, (d.libraries ?? []).map(l => `\\n  ${{l.name}} ${{l.version ?? ''}} ${{l.path ?? l.reason}}`).join(''))"
    run.part("devices", 60, [run.node, "--input-type=module", "-e", code], keep=20)
    if not any(line.startswith("cuda:") for line in run.report[-1]["lines"]):
        run.report[-1]["status"] = "failed (no GPU can be used)"
        run.problem = "no GPU can be used: see devices"


def suite(run):
    run.part("suite", 220, [run.tests], {"GLOROT_CUDA_PROGRAMS": "2"}, keep=8)


def golden(run):
    groups = "training,optimizers,losses,activations,layers,metrics"
    env = {"GLOROT_DEVICE": "cuda", "GOLDEN_DIR": os.path.join(HERE, "golden"), "GPU_CHECK_GROUPS": groups, "GPU_CHECK_SECONDS": "80"}
    run.part("golden", 120, [run.node, os.path.join(HERE, "bin", "golden.mjs")], env, keep=6)


def sanitizer(run):
    tool = find_sanitizer()
    if not tool:
        run.note("sanitizer", "not there", 0, ["compute-sanitizer is not on this machine"])
        return
    # What reads and writes by strides, what shares memory of a block, and what is copied while steps run.
    with open(os.path.join(HERE, "bin", "sanitizer.json"), encoding="utf-8") as file:
        cases = json.load(file)
    for check, names in cases.items():
        for name in names:
            command = [tool, "--tool", check, "--error-exitcode", "9", run.tests, name]
            run.part(f"{check}-{name.strip('_')}", 45, command, {"GLOROT_CUDA_PROGRAMS": "1"}, keep=4)


def bench(run):
    compare = os.path.join(HERE, "bench", "compare.mjs")
    for workload, seconds in (("narrow", 150), ("epoch", 60), ("wide", 120), ("conv", 90)):
        run.part(f"bench-{workload}", seconds, [run.node, compare, "--workload", workload, "--python", sys.executable], keep=30)


PARTS = [("machine", machine), ("suite", suite), ("golden", golden), ("bench", bench), ("sanitizer", sanitizer)]


def main():
    options = parse()
    os.makedirs(options.out, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        run = Run(options, folder)
        for name, part in PARTS:
            if not options.only or name in options.only:
                part(run)
    print("\n## sum")
    for entry in run.report:
        print(f"{entry['part']:16} {entry['status']:20} {entry['seconds']:7.1f} s")
    sys.exit(0 if all(entry["status"] in ("ok", "not there") for entry in run.report) else 1)


if __name__ == "__main__":
    main()
