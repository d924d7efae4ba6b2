"""Functional models of Keras: configs, outputs and gradients, in the JSON files beside this one.

    pip install keras==3.15.0 jax && KERAS_BACKEND=jax python generate.py

Weights and inputs are `values` of a formula, so that the files hold only results.
"""
import json
from pathlib import Path

import jax
import jax.numpy as jnp
import keras
import numpy as np
from keras import layers


def values(shape, seed):
    """Numbers from -0.9 to 0.9 that any language can compute."""
    count = int(np.prod(shape))
    return (((np.arange(count) * 37 + seed * 11) % 19 - 9) / 10).reshape(shape).astype("float32")


def wide_and_deep():
    wide, deep = keras.Input([5], name="wide"), keras.Input([6], name="deep")
    hidden_1 = layers.Dense(7, activation="tanh", name="hidden_1")(deep)
    hidden_2 = layers.Dense(7, activation="tanh", name="hidden_2")(hidden_1)
    joined = layers.Concatenate(name="joined")([wide, hidden_2])
    output = layers.Dense(1, name="output")(joined)
    helper = layers.Dense(1, activation="sigmoid", name="helper")(hidden_2)
    return keras.Model([wide, deep], [output, helper], name="wide_and_deep")


def twins():
    """A nested model that is applied twice, after a layer that is applied twice."""
    x = keras.Input([4], name="x")
    code = layers.Dense(4, activation="tanh", name="code")(x)
    encoder = keras.Model(x, layers.Add(name="skip")([x, code]), name="encoder")
    scale = layers.Dense(4, use_bias=False, name="scale")
    left, right = keras.Input([4], name="left"), keras.Input([4], name="right")
    a, b = encoder(scale(left)), encoder(scale(right))
    similar = layers.Dot(axes=-1, normalize=True, name="similar")([a, b])
    apart = layers.Subtract(name="apart")([a, b])
    return keras.Model([left, right], [similar, apart], name="twins")


def residual():
    """Convolutions with a skip connection, and a sequential model inside."""
    x = keras.Input([6, 5, 2], name="image")
    block = keras.Sequential([
        keras.Input([6, 5, 3]),
        layers.DepthwiseConv2D(3, padding="same", name="each"),
        layers.Conv2D(3, 1, activation="tanh", name="mix"),
    ], name="block")
    first = layers.Conv2D(3, 3, padding="same", activation="elu", name="first")(x)
    y = layers.Average(name="mean")([first, block(first)])
    y = layers.AveragePooling2D(2, name="pool")(layers.ZeroPadding2D(((0, 0), (0, 1)), name="pad")(y))
    y = layers.Permute((3, 1, 2), name="channels")(y)
    y = layers.Reshape((-1, 3), name="rows")(y)
    return keras.Model(x, layers.Dense(2, name="top")(layers.GlobalMaxPooling1D(name="largest")(y)), name="residual")


def forks():
    """A nested model with two inputs and two outputs, of which one feeds the next call."""
    a, b = keras.Input([3], name="a"), keras.Input([3], name="b")
    both = layers.Multiply(name="both")([a, b])
    state, seen = layers.Dense(3, activation="tanh", name="state")(both), layers.Dense(2, name="seen")(both)
    cell = keras.Model([a, b], [state, seen], name="cell")
    start, step = keras.Input([3], name="start"), keras.Input([3], name="step")
    state, first = cell([start, step])
    state, second = cell([state, step])
    words = keras.Input([2], dtype="int32", name="words")
    vectors = layers.Flatten(name="flat")(layers.Embedding(5, 2, name="table")(words))
    largest = layers.Maximum(name="largest")([first, second])
    return keras.Model([start, step, words], layers.Concatenate(name="all")([state, largest, vectors]), name="forks")


def describe(model):
    for i, weight in enumerate(model.weights):
        weight.assign(values(weight.shape, i + 1))
    xs = []
    for i, x in enumerate(model.inputs):
        data = values((3, *x.shape[1:]), 50 + i)
        xs.append(np.abs(data * 5).astype("int32") if x.dtype == "int32" else data)
    trainable = [v.value for v in model.trainable_variables]
    others = [v.value for v in model.non_trainable_variables]

    def outputs(trainable):
        return jax.tree_util.tree_leaves(model.stateless_call(trainable, others, xs if len(xs) > 1 else xs[0])[0])

    def weighted_sum(trainable):
        return sum(jnp.sum(y * values(y.shape, 70 + i)) for i, y in enumerate(outputs(trainable)))

    numbers = lambda arrays: [np.asarray(a, "float64").round(7).ravel().tolist() for a in arrays]
    return {
        "model": json.loads(model.to_json()),
        "weight_paths": [weight.path for weight in model.weights],
        "outputs": numbers(outputs(trainable)),
        "gradients": numbers(jax.grad(weighted_sum)(trainable)),
    }


for make in (wide_and_deep, twins, residual, forks):
    keras.backend.clear_session()
    with open(Path(__file__).with_name(f"{make.__name__}.json"), "w") as file:
        entries = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in describe(make()).items()]
        file.write("{\n" + ",\n".join(entries) + "\n}\n")
