"""Shared by the Python peers: flags, data sets, workloads and the one-line JSON result.

Import it, and call parse_flags(), before the framework: thread limits are set here.
"""
import argparse
import gzip
import json
import os
import resource
import statistics
from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Workload:
    data: str
    hidden: tuple
    activation: str
    initializer: str
    optimizer: str
    learning_rate: float
    batch: int = 32
    batch_norm: bool = False
    alpha_dropout: float = 0.0
    standardize: bool = False
    steps: int = 0  # of an epoch of synthetic data
    filters: tuple = ()  # of convolutions of 3 x 3, each with max pooling, before the hidden layers


WORKLOADS = {
    "plain20": Workload("cifar10", (100,) * 20, "elu", "he_normal", "nadam", 5e-5),
    "bn20": Workload("cifar10", (100,) * 20, "elu", "he_normal", "nadam", 5e-4, batch_norm=True),
    "selu20": Workload("cifar10", (100,) * 20, "selu", "lecun_normal", "nadam", 7e-4, alpha_dropout=0.1, standardize=True),
    "fashion": Workload("fashion", (300, 100, 50, 50, 50), "selu", "lecun_normal", "sgd", 1e-3),
    "wide": Workload("synthetic", (4096,) * 4, "relu", "he_normal", "adam", 1e-3, batch=512, steps=20),
    "conv": Workload("cifar10", (64,), "relu", "he_normal", "adam", 1e-3, filters=(32, 64, 64)),
    "dense": Workload("synthetic", (256,) * 4, "elu", "he_normal", "adam", 1e-3, steps=1000),
}
WORKLOADS["predict"] = WORKLOADS["plain20"]  # inference only

VALIDATION_SAMPLES = 5000


def parse_flags(add_flags=lambda parser: None, precisions=("float32",)):
    parser = argparse.ArgumentParser()
    parser.add_argument("--workload", choices=WORKLOADS, default="plain20")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--steps", type=int, help="at most this many training steps an epoch")
    parser.add_argument("--optimizer", choices=["nadam", "adam", "sgd"], help="default: the workload's own")
    parser.add_argument("--lr", type=float, help="default: the workload's own")
    parser.add_argument("--batch", type=int, help="default: the workload's own")
    parser.add_argument("--width", type=int, help="units of each hidden layer")
    parser.add_argument("--depth", type=int, help="hidden layers")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--data", default="data", help="folder with cifar-10-batches-bin/ and fashion-mnist/")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--precision", choices=precisions, default="float32", help="of matrix products")
    parser.add_argument("--patience", type=int, help="stop early on validation loss and restore the best weights")
    add_flags(parser)
    flags = parser.parse_args()
    workload = WORKLOADS[flags.workload]
    if flags.width or flags.depth:
        hidden = (flags.width or workload.hidden[0],) * (flags.depth or len(workload.hidden))
        workload = replace(workload, hidden=hidden)
    flags.optimizer = flags.optimizer or workload.optimizer
    flags.lr = flags.lr or workload.learning_rate
    flags.batch = flags.batch or workload.batch
    limit_threads(flags.threads)
    return flags, workload


def multiply_adds(workload, parameters):
    """Of a sample: as many as there are weights, but those of convolutions are used once for each position."""
    side, channels, extra = 32, 3, 0
    for filters in workload.filters:
        extra += (side * side - 1) * 9 * channels * filters
        side, channels = side // 2, filters
    return parameters + extra


def limit_threads(count):
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(count)
    if hasattr(os, "sched_setaffinity"):  # Linux; XLA sizes its pool from this
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:count])


def scale(pixels):
    x = pixels.astype(np.float32)
    x /= 255
    return x


def read_cifar10(folder):
    def read(names):
        records = np.concatenate(
            [np.fromfile(os.path.join(folder, "cifar-10-batches-bin", f"{n}.bin"), np.uint8).reshape(-1, 3073) for n in names]
        )
        return scale(records[:, 1:]), records[:, 0].astype(np.int32)

    return read([f"data_batch_{i}" for i in range(1, 6)]), read(["test_batch"])


def read_fashion(folder):
    def read(part):
        with gzip.open(os.path.join(folder, "fashion-mnist", f"{part}-images-idx3-ubyte.gz")) as images:
            x = np.frombuffer(images.read(), np.uint8, offset=16).reshape(-1, 784)
        with gzip.open(os.path.join(folder, "fashion-mnist", f"{part}-labels-idx1-ubyte.gz")) as labels:
            y = np.frombuffer(labels.read(), np.uint8, offset=8)
        return scale(x), y.astype(np.int32)

    return read("train"), read("t10k")


def make_synthetic(steps, batch, seed):
    rng = np.random.default_rng(seed)
    samples = steps * batch
    x = rng.standard_normal((samples + 2 * batch, 784), dtype=np.float32)
    y = rng.integers(0, 10, len(x)).astype(np.int32)
    return (x[:samples], y[:samples]), (x[samples : samples + batch], y[samples : samples + batch]), (x[-batch:], y[-batch:])


def load_data(flags, workload):
    """(train, validation, test, full_steps): each set is an (x, y) pair; train is cut to --steps."""
    if workload.data == "synthetic":
        train, validation, test = make_synthetic(min(workload.steps, flags.steps or workload.steps), flags.batch, flags.seed)
    else:
        (x, y), test = (read_cifar10 if workload.data == "cifar10" else read_fashion)(flags.data)
        train, validation = (x[:-VALIDATION_SAMPLES], y[:-VALIDATION_SAMPLES]), (x[-VALIDATION_SAMPLES:], y[-VALIDATION_SAMPLES:])
    if workload.filters:
        train, validation, test = ((images(x), y) for x, y in (train, validation, test))
    if workload.standardize:
        mean, deviation = train[0].mean(axis=0), train[0].std(axis=0)
        for x, _ in (train, validation, test):
            x -= mean
            x /= deviation
    full_steps = workload.steps or -(-len(train[0]) // flags.batch)
    if flags.steps and flags.steps < full_steps:
        train = tuple(part[: flags.steps * flags.batch] for part in train)
    return train, validation, test, full_steps


def images(x):
    """Flat samples of CIFAR-10 as images of 32 x 32 x 3."""
    return np.ascontiguousarray(x.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))


class History:
    """Seconds and losses of each epoch, and when to stop early."""

    def __init__(self, patience=None):
        self.patience = patience
        self.train_seconds, self.validation_seconds, self.train_losses, self.validation_losses = [], [], [], []

    def add(self, train_seconds, validation_seconds, train_loss, validation_loss):
        self.train_seconds.append(train_seconds)
        self.validation_seconds.append(validation_seconds)
        self.train_losses.append(float(train_loss))
        self.validation_losses.append(float(validation_loss))

    @property
    def best_epoch(self):
        return int(np.argmin(self.validation_losses)) + 1

    @property
    def should_stop(self):
        return bool(self.patience) and len(self.validation_losses) - self.best_epoch >= self.patience


def print_result(peer, version, flags, history, steps, full_steps, parameters, validation_accuracy, test_accuracy):
    later = slice(1, None) if len(history.train_seconds) > 1 else slice(None)
    step_seconds = statistics.median(history.train_seconds[later]) / steps
    validation_seconds = statistics.median(history.validation_seconds[later])
    result = {
        "peer": peer,
        "version": version,
        "workload": flags.workload,
        "optimizer": flags.optimizer,
        "threads": flags.threads,
        "batch": flags.batch,
        "step_us": round(step_seconds * 1e6, 1),
        "epoch_s": round(step_seconds * full_steps + validation_seconds, 3),
        "first_epoch_s": round(history.train_seconds[0] + history.validation_seconds[0], 3),
        "peak_rss_mb": peak_rss_mb(),
        "gflops": round(6 * multiply_adds(WORKLOADS[flags.workload], parameters) * flags.batch / step_seconds / 1e9, 2),
        "train_loss": round(history.train_losses[-1], 4),
        "val_accuracy": round(float(validation_accuracy), 4),
        "test_accuracy": round(float(test_accuracy), 4),
        "validation_s": round(validation_seconds, 3),
        "steps": steps,
        "seed": flags.seed,
    }
    if steps < full_steps - 1:
        result["epoch_s_extrapolated_to_steps"] = full_steps
    if history.patience:
        result |= {
            "epochs_run": len(history.train_losses),
            "best_epoch": history.best_epoch,
            "best_val_loss": round(min(history.validation_losses), 4),
            "total_s": round(sum(history.train_seconds) + sum(history.validation_seconds), 1),
        }
    print(json.dumps(result), flush=True)


def print_predict_result(peer, version, flags, seconds):
    """seconds: {name of the way to predict: function of a batch size that returns the median seconds of a call}"""
    result = {"peer": peer, "version": version, "workload": "predict", "threads": flags.threads}
    for name, measure in seconds.items():
        result[f"{name}_batch1_us"] = round(measure(1) * 1e6, 1)
        result[f"{name}_batch1024_samples_per_s"] = round(1024 / measure(1024))
    result["peak_rss_mb"] = peak_rss_mb()
    print(json.dumps(result), flush=True)


def median_seconds(call, clock, budget=3.0):
    """Median time of call(), repeated for about `budget` seconds after a warm-up."""
    for _ in range(5):
        call()
    times, start = [], clock()
    while clock() - start < budget:
        before = clock()
        call()
        times.append(clock() - before)
    return statistics.median(times)


def peak_rss_mb():
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
