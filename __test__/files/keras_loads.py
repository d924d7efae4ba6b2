"""Loads the model files of a folder with Keras; prints what is not as it should be: {file: what}.

    python keras_loads.py FOLDER STEPS

manifest.json has for each model the numbers of inputs and outputs, and the losses of the steps after STEPS;
MODEL.safetensors its data: x.STEP.INPUT, y.STEP.OUTPUT, prediction.OUTPUT.
"""

import json
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "crates/io/tests"))
from load_models import load_file  # before Keras: it chooses the backend

import keras
import numpy as np


def check(path, model, data, inputs, outputs):
    batch = [data[f"x.0.{i}"] for i in range(inputs)]
    predicted = model(batch if inputs > 1 else batch[0], training=False)
    predicted = predicted if isinstance(predicted, (list, tuple)) else [predicted]
    for i in range(outputs):
        got, want = np.asarray(keras.ops.convert_to_numpy(predicted[i])), data[f"prediction.{i}"]
        if not np.allclose(got, want, rtol=1e-5, atol=1e-6):
            return f"prediction {i} is off by {np.abs(got - want).max()}"


def losses(model, data, outputs, steps):
    found = []
    # To compile each model takes longer than its few steps.
    model.run_eagerly = True
    for step in steps:
        y = [data[f"y.{step}.{i}"] for i in range(outputs)]
        found.append(model.train_on_batch(data[f"x.{step}.0"], y if outputs > 1 else y[0], return_dict=True)["loss"])
    return [float(loss) for loss in found]


def main(folder, steps):
    wrong = {}
    for name, case in json.loads((folder / "manifest.json").read_text()).items():
        data, inputs, outputs = load_file(folder / f"{name}.safetensors"), case["inputs"], case["outputs"]
        for suffix in (".keras", ".h5", ".weights.h5"):
            if (name, suffix) == ("optimizer_lamb", ".h5"):
                # Keras does not find Lamb under the name that .h5 files have for optimizers, its own included.
                continue
            file = folder / f"{name}{suffix}"
            try:
                model = keras.saving.load_model(folder / f"{name}.keras" if suffix == ".weights.h5" else file)
                if suffix == ".weights.h5":
                    for weight in model.weights:
                        weight.assign(np.zeros(weight.shape, weight.dtype))
                    model.load_weights(file)
                problem = check(file, model, data, inputs, outputs)
                wanted = case["losses"]
                if not problem and wanted and suffix != ".weights.h5":
                    # Keras loses the state of the optimizer of an .h5 file: only the first loss is from before an update.
                    wanted = wanted if suffix == ".keras" else wanted[:1]
                    got = losses(model, data, outputs, range(steps, steps + len(wanted)))
                    if not np.allclose(got, wanted, rtol=1e-4):
                        problem = f"losses are {got}, expected {wanted}"
            except Exception as error:
                problem = f"{type(error).__name__}: {error}"
            if problem:
                wrong[file.name] = problem
    print(json.dumps(wrong))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), int(sys.argv[2]))
