"""Loads model files with Keras and compares them with the golden results; prints JSON.

    python load_models.py <folder of the files> <folder of the golden results>    # needs keras and one of its backends

    {file: {"prediction": whether it is that of the golden file within rtol 1e-5,
            "losses": for files with optimizer state, whether the next steps have the golden losses}}
"""

import importlib.util
import json
import os
import pathlib
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
if "KERAS_BACKEND" not in os.environ:
    backends = [name for name in ("tensorflow", "jax", "torch") if importlib.util.find_spec(name)]
    os.environ["KERAS_BACKEND"] = backends[0]

import keras
import numpy as np


def load_file(path):
    """The arrays of a safetensors file of 32-bit numbers."""
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    arrays = {}
    for name, entry in json.loads(data[8:start]).items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            values = np.frombuffer(data[start + begin : start + end], {"F32": "<f4", "I32": "<i4"}[entry["dtype"]])
            arrays[name] = values.reshape(entry["shape"])
    return arrays


def main(folder, golden):
    cases = {case["name"]: case for case in json.loads((golden / "files.json").read_text())}
    tensors = load_file(golden / "files.safetensors")
    results = {}
    for path in sorted(folder.glob("*.keras")):
        for suffix in (".keras", ".h5", ".weights.h5"):
            case = cases[path.name]
            value = lambda role: tensors[case["tensors"][role]]
            model = keras.saving.load_model(path if suffix == ".weights.h5" else path.with_suffix(suffix))
            if suffix == ".weights.h5":
                for weight in model.weights:
                    weight.assign(np.zeros_like(weight))
                model.load_weights(path.with_suffix(suffix))
            x = [value(role) for role in case["tensors"] if role.startswith("x.")]
            prediction = np.asarray(model(x if len(x) > 1 else x[0], training=False))
            result = {"prediction": bool(np.allclose(prediction, value("prediction"), rtol=1e-5, atol=1e-7))}
            if suffix == ".keras" and "losses" in case["tensors"]:
                steps = zip(value("train_x"), value("train_y"))
                losses = [model.train_on_batch(x, y, return_dict=True)["loss"] for x, y in steps]
                result["losses"] = bool(np.allclose(losses, value("losses"), rtol=1e-5))
            results[path.with_suffix(suffix).name] = result
    print(json.dumps(results))


if __name__ == "__main__":
    main(*map(pathlib.Path, sys.argv[1:]))
