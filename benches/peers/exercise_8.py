#!/usr/bin/env python3
"""Keras 3: the networks of examples/exercise-8.ts, the epochs, and one JSON line a run.

    exercise_8.py --data DIR --parts a,b,c,c2,d,e,f --seeds 1,2,3 [--backend jax|tensorflow] [--threads N]
"""
import argparse
import json
import os
import time

from peer_common import limit_threads, read_cifar10

parser = argparse.ArgumentParser()
parser.add_argument("--data", default="data", help="folder with cifar-10-batches-bin/")
parser.add_argument("--parts", default="a,b,c,c2,d,e,f", help="c: as in the notes, c2: tuned")
parser.add_argument("--seeds", default="58")
parser.add_argument("--backend", choices=["tensorflow", "jax"], default="jax")
parser.add_argument("--threads", type=int, default=os.cpu_count())
flags = parser.parse_args()
limit_threads(flags.threads)
os.environ["KERAS_BACKEND"] = flags.backend
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy as np
from keras import layers

DRAWS = 100
EPOCHS_1CYCLE, BATCH_1CYCLE, MAX_RATE = 15, 128, 0.05


class OneCycle(keras.callbacks.Callback):
    """As callbacks.oneCycle: up to the maximum in 45% of the steps, down until 90%, then to a thousandth."""

    def __init__(self, steps):
        super().__init__()
        self.steps, self.step = steps, 0

    def on_train_batch_begin(self, batch, logs=None):
        at = min(self.step / (self.steps - 1), 1)
        first = MAX_RATE / 10
        self.model.optimizer.learning_rate = float(np.interp(at, [0, 0.45, 0.9, 1], [first, MAX_RATE, first, first / 1000]))
        self.step += 1


def elu():
    return [layers.Dense(100, "elu", kernel_initializer="he_normal") for _ in range(20)]


def batch_normalized():
    stack = []
    for _ in range(20):
        stack += [layers.Dense(100, kernel_initializer="he_normal"), layers.BatchNormalization(), layers.Activation("elu")]
    return stack


def selu(x):
    standardized = layers.Normalization(axis=-1)
    standardized.adapt(x)
    return [standardized] + [layers.Dense(100, "selu", kernel_initializer="lecun_normal") for _ in range(20)]


def recipe(part, x):
    """(hidden layers, optimizer, epochs, patience, restore best weights, batch size)"""
    untuned = (keras.optimizers.Adam(3e-5), 50, 5, False, 32)
    tuned = lambda rate: (keras.optimizers.Nadam(rate), 100, 20, True, 32)
    cosine = lambda samples: keras.optimizers.Nadam(keras.optimizers.schedules.CosineDecay(1e-3, 20 * -(-samples // 64)))
    dropout = [layers.AlphaDropout(0.1)]
    return {
        "a": lambda: (elu(), *untuned),
        "b": lambda: ([layers.Rescaling(1 / 255), *elu()], *tuned(5e-5)),
        "c": lambda: ([layers.BatchNormalization(), *batch_normalized()], *untuned),
        "c2": lambda: ([layers.BatchNormalization(), *batch_normalized()], cosine(len(x)), 20, 0, False, 64),
        "d": lambda: (selu(x), *tuned(7e-4)),
        "e": lambda: (selu(x) + dropout, *tuned(5e-4)),
        "f": lambda: (selu(x) + dropout, keras.optimizers.SGD(1e-2), EPOCHS_1CYCLE, 0, False, BATCH_1CYCLE),
    }[part]()


def run(part, seed, train, validation, test):
    keras.utils.set_random_seed(seed)
    x, y = train
    hidden, optimizer, epochs, patience, restore, batch = recipe(part, x)
    model = keras.Sequential([keras.Input((3072,)), *hidden, layers.Dense(10, "softmax")])
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    callbacks = []
    if patience:
        callbacks.append(keras.callbacks.EarlyStopping(patience=patience, restore_best_weights=restore))
    if part == "f":
        callbacks.append(OneCycle(epochs * -(-len(x) // batch)))
    start = time.perf_counter()
    history = model.fit(x, y, batch, epochs, validation_data=validation, callbacks=callbacks, verbose=2)
    count = len(history.epoch)
    seconds = (time.perf_counter() - start) / count
    accuracy = lambda part: model.evaluate(*part, batch_size=1000, verbose=0)[1]
    common = {"part": part, "seed": seed, "epochs": count, "seconds_per_epoch": round(seconds, 2)}
    print(json.dumps({**common, "validation": accuracy(validation), "test": accuracy(test)}), flush=True)
    if part == "e":
        mean = lambda x: np.mean([np.asarray(model(x, training=True)) for _ in range(DRAWS)], axis=0)
        accuracy = lambda x, y: float(np.mean(mean(x).argmax(1) == y))
        print(json.dumps({**common, "part": "e, mean", "validation": accuracy(*validation), "test": accuracy(*test)}), flush=True)


(x, y), test = read_cifar10(flags.data)
x, test = x * 255, (test[0] * 255, test[1])
for seed in map(int, flags.seeds.split(",")):
    for part in flags.parts.split(","):
        run(part, seed, (x[:-5000], y[:-5000]), (x[-5000:], y[-5000:]), test)
