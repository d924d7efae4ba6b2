#!/usr/bin/env python3
"""JAX on a GPU: a whole epoch as one jitted lax.scan, about the best XLA can do. One line of JSON."""
import argparse
import json
import time

import jax
import jax.numpy as jnp

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--workload", choices=["narrow", "wide", "epoch"], default="narrow")
parser.add_argument("--optimizer", choices=["adam", "nadam"], default="adam")
parser.add_argument("--precision", choices=["float32", "tf32", "bfloat16"], default="float32")
parser.add_argument("--steps", type=int)
parser.add_argument("--epochs", type=int, default=3)
parser.add_argument("--any-device", action="store_true", help="also where JAX has no GPU")
flags = parser.parse_args()
if not flags.any_device and jax.default_backend() != "gpu":
    raise SystemExit("this JAX has no GPU")

HIDDEN, ACTIVATION, BATCH, STEPS, FEATURES = {
    "narrow": ((100,) * 20, jax.nn.elu, 32, 1000, 3072),
    "wide": ((4096,) * 4, jax.nn.relu, 512, 100, 784),
    "epoch": ((100,) * 20, jax.nn.elu, 32, 1406, 3072),
}[flags.workload]
BETA_1, BETA_2, EPSILON, RATE = 0.9, 0.999, 1e-7, 5e-5
steps = flags.steps or STEPS
jax.config.update("jax_default_matmul_precision", {"float32": "float32", "tf32": "tensorfloat32", "bfloat16": "bfloat16"}[flags.precision])


def initial(key):
    parameters, inputs = [], FEATURES
    for units in (*HIDDEN, 10):
        key, used = jax.random.split(key)
        parameters.append((jax.nn.initializers.he_normal()(used, (inputs, units)), jnp.zeros(units)))
        inputs = units
    return parameters


def loss_of(parameters, x, y):
    for kernel, bias in parameters[:-1]:
        x = ACTIVATION(x @ kernel + bias)
    logits = x @ parameters[-1][0] + parameters[-1][1]
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], 1).mean()


def update(parameters, gradients, slots):
    momentum, velocity, step, product = slots
    step = step + 1
    momentum = jax.tree.map(lambda m, g: BETA_1 * m + (1 - BETA_1) * g, momentum, gradients)
    velocity = jax.tree.map(lambda v, g: BETA_2 * v + (1 - BETA_2) * g * g, velocity, gradients)
    if flags.optimizer == "nadam":
        now, later = (BETA_1 * (1 - 0.5 * 0.96 ** (step + i)) for i in (0, 1))
        product = product * now
        of_momentum, of_gradient = later / (1 - product * later), (1 - now) / (1 - product)
    else:
        of_momentum, of_gradient = 1 / (1 - BETA_1**step), 0.0
    scale = 1 / (1 - BETA_2**step)
    apply = lambda p, g, m, v: p - RATE * (of_momentum * m + of_gradient * g) / (jnp.sqrt(scale * v) + EPSILON)
    return jax.tree.map(apply, parameters, gradients, momentum, velocity), (momentum, velocity, step, product)


@jax.jit
def epoch(state, x, y, key):
    order = jax.random.permutation(key, len(x)).reshape(steps, BATCH)

    def step(state, rows):
        parameters, slots = state
        loss, gradients = jax.value_and_grad(loss_of)(parameters, x[rows], y[rows])
        return update(parameters, gradients, slots), loss

    state, losses = jax.lax.scan(step, state, order)
    return state, losses.mean()


key = jax.random.key(1)
x = jax.random.uniform(key, (steps * BATCH, FEATURES))
y = jnp.arange(steps * BATCH) * 7 % 10
parameters = initial(key)
zeros = lambda: jax.tree.map(jnp.zeros_like, parameters)
state = parameters, (zeros(), zeros(), jnp.float32(0), jnp.float32(1))
start = time.perf_counter()
state, loss = jax.block_until_ready(epoch(state, x, y, key))
first = time.perf_counter() - start
losses = [float(loss)]
start = time.perf_counter()
for i in range(flags.epochs):
    state, loss = epoch(state, x, y, jax.random.fold_in(key, i))
losses.append(float(loss))
seconds = (time.perf_counter() - start) / flags.epochs
print(json.dumps({"name": f"JAX {jax.__version__} scan", "step_us": seconds / steps * 1e6, "epoch_s": seconds, "first_s": first,
                  "loss": losses, "precision": flags.precision}))
