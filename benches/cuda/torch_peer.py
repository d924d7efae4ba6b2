#!/usr/bin/env python3
"""PyTorch on a GPU: eager, torch.compile(mode="reduce-overhead"), or one CUDA graph a step captured by hand. One line of JSON.

The data set lies on the GPU; a step gathers its rows by a permutation, as glorot's does.
"""
import argparse
import json
import time

import torch
from torch import nn

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--workload", choices=["narrow", "wide", "conv", "epoch"], default="narrow")
parser.add_argument("--mode", choices=["eager", "compile", "graph"], default="eager")
parser.add_argument("--optimizer", choices=["adam", "nadam"], default="adam")
parser.add_argument("--precision", choices=["float32", "tf32", "bfloat16", "float16"], default="float32")
parser.add_argument("--steps", type=int)
parser.add_argument("--epochs", type=int, default=3)
parser.add_argument("--device", default="cuda")
flags = parser.parse_args()

HIDDEN, ACTIVATION, BATCH, STEPS, FEATURES = {
    "narrow": ((100,) * 20, nn.ELU, 32, 1000, 3072),
    "wide": ((4096,) * 4, nn.ReLU, 512, 100, 784),
    "conv": ((64,), nn.ReLU, 128, 300, 3072),
    "epoch": ((100,) * 20, nn.ELU, 32, 1406, 3072),
}[flags.workload]
steps, device = flags.steps or STEPS, torch.device(flags.device)
torch.manual_seed(1)
torch.backends.cuda.matmul.allow_tf32 = flags.precision == "tf32"
torch.backends.cudnn.allow_tf32 = flags.precision == "tf32"



class Channels(nn.Module):
    """Images whose channels lie innermost, as PyTorch names the axes."""

    def forward(self, x):
        return x.permute(0, 3, 1, 2)


layers, inputs = [], FEATURES
if flags.workload == "conv":
    # The channels last, which is fastest, and the fastest of cuDNN's algorithms.
    torch.backends.cudnn.benchmark = True
    layers, channels = [nn.Unflatten(1, (32, 32, 3)), Channels()], 3
    for filters in (32, 64, 64):
        layers += [nn.Conv2d(channels, filters, 3, padding="same"), ACTIVATION(), nn.MaxPool2d(2)]
        nn.init.kaiming_normal_(layers[-3].weight)
        channels = filters
    layers, inputs = [*layers, nn.Flatten()], 4 * 4 * channels
for units in HIDDEN:
    layers += [nn.Linear(inputs, units), ACTIVATION()]
    nn.init.kaiming_normal_(layers[-2].weight)
    inputs = units
model = nn.Sequential(*layers, nn.Linear(inputs, 10)).to(device, memory_format=torch.channels_last)
capturable = flags.mode != "eager" and device.type == "cuda"
if flags.optimizer == "nadam":
    optimizer = torch.optim.NAdam(model.parameters(), 5e-5, eps=1e-7, foreach=True, capturable=capturable)
else:
    optimizer = torch.optim.Adam(model.parameters(), 5e-5, eps=1e-7, fused=device.type == "cuda", capturable=capturable)
lower = {"bfloat16": torch.bfloat16, "float16": torch.float16}.get(flags.precision)
scaler = torch.amp.GradScaler(flags.device, enabled=lower == torch.float16)

x = torch.rand(steps * BATCH, FEATURES, device=device)
y = torch.arange(steps * BATCH, device=device) * 7 % 10
total = torch.zeros((), device=device)


def forward(inputs, labels):
    with torch.autocast(device.type, dtype=lower, enabled=lower is not None):
        return nn.functional.cross_entropy(model(inputs).float(), labels)


loss_of = torch.compile(forward, mode="reduce-overhead") if flags.mode == "compile" else forward


def step(inputs, labels):
    if flags.mode == "compile":
        torch.compiler.cudagraph_mark_step_begin()
    loss = loss_of(inputs, labels)
    optimizer.zero_grad(set_to_none=True)
    scaler.scale(loss).backward()
    scaler.step(optimizer)
    scaler.update()
    total.add_(loss.detach())


if flags.mode == "graph":
    chosen = torch.zeros(BATCH, dtype=torch.long, device=device)
    whole = lambda: step(x.index_select(0, chosen), y.index_select(0, chosen))
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            whole()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        whole()

    def run(rows):
        chosen.copy_(rows)
        graph.replay()
else:
    run = lambda rows: step(x.index_select(0, rows), y.index_select(0, rows))


def epoch(count):
    order = torch.randperm(steps * BATCH, device=device)
    total.zero_()
    for i in range(count):
        run(order[i * BATCH : (i + 1) * BATCH])
    return total.item() / count


start = time.perf_counter()
losses = [epoch(min(steps, 100))]
first = time.perf_counter() - start
start = time.perf_counter()
for _ in range(flags.epochs):
    losses.append(epoch(steps))
seconds = (time.perf_counter() - start) / flags.epochs
print(json.dumps({"name": f"PyTorch {torch.__version__} {flags.mode}", "step_us": seconds / steps * 1e6, "epoch_s": seconds,
                  "first_s": first, "loss": [losses[0], losses[-1]], "precision": flags.precision}))
