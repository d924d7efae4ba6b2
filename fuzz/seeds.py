"""Writes the seeds of the fuzz targets from the fixtures of the tests: python seeds.py"""

import gzip
import json
import struct
import zipfile
from pathlib import Path

here = Path(__file__).parent
fixtures = here / "../__test__/fixtures"
seeds = here / "seeds"


def write(target, name, content):
    folder = seeds / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


words = set()


def collect(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            words.add(key)
            collect(inner)
    elif isinstance(value, list):
        for inner in value:
            collect(inner)
    elif isinstance(value, str) and len(value) < 40:
        words.add(value)


models = ["golden/models/image_classifier", "golden/models/nested", "golden/models/resume_adamw_schedule"]
models += [f"models/keras3/{name}" for name in ("merges", "image", "words", "penalties", "outputs_by_names", "logits", "shared")]
models += ["models/keras2/alpha2", "models/keras2/input_shape2"]
for model in models:
    config = json.loads(zipfile.ZipFile(fixtures / f"{model}.keras").read("config.json"))
    collect(config)
    write("model_config", f"{Path(model).name}.json", json.dumps(config, separators=(",", ":")).encode())
lines = sorted(json.dumps(word)[1:-1].replace('"', "") for word in words if word)
(here / "model_config.dict").write_text("".join(f'"\\"{word}\\""\n' for word in lines if word.isascii() and "\\" not in word))

for name in ("initializers", "callbacks"):
    write("safetensors", f"{name}.safetensors", (fixtures / f"golden/{name}.safetensors").read_bytes())
entries = {"a": ("F16", [2], 4), "b": ("BF16", [2, 1], 4), "c": ("F64", [], 8), "d": ("I64", [1], 8), "e": ("BOOL", [3], 3)}
header, start = {"__metadata__": {"weights": "[]"}}, 0
for name, (dtype, shape, size) in entries.items():
    header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [start, start + size]}
    start += size
header = json.dumps(header).encode()
write("safetensors", "types.safetensors", struct.pack("<Q", len(header)) + header + bytes(start))

for kind, size in {0x08: 1, 0x09: 1, 0x0B: 2, 0x0C: 4, 0x0D: 4, 0x0E: 8}.items():
    content = bytes([0, 0, kind, 2]) + struct.pack(">II", 2, 3) + bytes(range(6 * size))
    write("idx", f"{kind:02x}.idx", content)
write("idx", "08.idx.gz", gzip.compress((seeds / "idx/08.idx").read_bytes(), mtime=0))

record = bytes([3]) + bytes(i % 256 for i in range(3072))
write("cifar10", "one.bin", record)
write("cifar10", "two.bin", record + bytes([9]) + record[1:])
