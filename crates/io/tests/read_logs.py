"""Prints, as JSON, what TensorBoard reads from a log folder: through its own loader, data provider and plugins.

    python read_logs.py <log folder>    # needs the package tensorboard

    {"tensorboard": version,
     "runs": {run: {"scalars": {tag: [[step, wall_time, value], ...]},
                    "histograms": {tag: [[step, wall_time, [[left, right, count], ...]], ...]},
                    "texts": {tag: [[step, wall_time, shape, [text, ...]], ...]},
                    "graph": null or [{"name", "op", "inputs", "shapes"}, ...],
                    "keras_models": {tag: [{"name", "class", "inputs"}, ...]}}},
     "experiment": hparams experiment, "session_groups": [hparams session group, ...]}

Numbers that JSON lacks are the texts "NaN", "Infinity" and "-Infinity".
"""

import json
import math
import sys

from google.protobuf import json_format, text_format
from tensorboard import context, version
from tensorboard.backend.event_processing import data_provider, event_accumulator, plugin_event_multiplexer
from tensorboard.compat.proto import graph_pb2
from tensorboard.plugins import base_plugin
from tensorboard.plugins.graph import graphs_plugin
from tensorboard.plugins.hparams import api_pb2, backend_context, get_experiment, list_session_groups

EVERYTHING = 1 << 30


def number(value):
    value = float(value)
    if math.isnan(value):
        return "NaN"
    return value if math.isfinite(value) else ("Infinity" if value > 0 else "-Infinity")


def numbers(array):
    return [[number(value) for value in row] for row in array]


def graph_nodes(graphs, ctx, run):
    pbtxt, _ = graphs.graph_impl(ctx, run, None, False, experiment="")
    nodes = text_format.Parse(pbtxt, graph_pb2.GraphDef()).node
    shapes = lambda node: [[dim.size for dim in shape.dim] for shape in node.attr["_output_shapes"].list.shape]
    return [{"name": n.name, "op": n.op, "inputs": list(n.input), "shapes": shapes(n)} for n in nodes]


def keras_nodes(graphs, ctx, run, tag):
    pbtxt, _ = graphs.graph_impl(ctx, run, tag, True, experiment="")
    nodes = text_format.Parse(pbtxt, graph_pb2.GraphDef()).node
    return [{"name": n.name, "class": n.attr["keras_class"].s.decode(), "inputs": list(n.input)} for n in nodes]


def main(log_dir):
    multiplexer = plugin_event_multiplexer.EventMultiplexer(size_guidance={event_accumulator.TENSORS: 0})
    multiplexer.AddRunsFromDirectory(log_dir)
    multiplexer.Reload()
    provider = data_provider.MultiplexerDataProvider(multiplexer, log_dir)
    ctx = context.RequestContext()
    tb_context = base_plugin.TBContext(data_provider=provider, multiplexer=multiplexer, logdir=log_dir)
    graphs = graphs_plugin.GraphsPlugin(tb_context)

    def series(read, plugin, point):
        everything = read(ctx, experiment_id="", plugin_name=plugin, downsample=EVERYTHING)
        return {
            run: {tag: [[datum.step, datum.wall_time, *point(datum)] for datum in data] for tag, data in tags.items()}
            for run, tags in everything.items()
        }

    scalars = series(provider.read_scalars, "scalars", lambda datum: [number(datum.value)])
    histograms = series(provider.read_tensors, "histograms", lambda datum: [numbers(datum.numpy)])
    texts = series(
        provider.read_tensors,
        "text",
        lambda datum: [list(datum.numpy.shape), [text.decode() for text in datum.numpy.ravel()]],
    )
    graph_info = graphs.info_impl(ctx, "")

    runs = {}
    for run in provider.list_runs(ctx, experiment_id=""):
        info = graph_info.get(run.run_name, {"run_graph": False, "tags": {}})
        conceptual = [tag for tag, has in info["tags"].items() if has["conceptual_graph"]]
        runs[run.run_name] = {
            "scalars": scalars.get(run.run_name, {}),
            "histograms": histograms.get(run.run_name, {}),
            "texts": texts.get(run.run_name, {}),
            "graph": graph_nodes(graphs, ctx, run.run_name) if info["run_graph"] else None,
            "keras_models": {tag: keras_nodes(graphs, ctx, run.run_name, tag) for tag in conceptual},
        }

    hparams = backend_context.Context(tb_context)
    experiment = get_experiment.Handler(ctx, hparams, "", api_pb2.GetExperimentRequest()).run()
    statuses = [api_pb2.STATUS_UNKNOWN, api_pb2.STATUS_SUCCESS, api_pb2.STATUS_FAILURE, api_pb2.STATUS_RUNNING]
    request = api_pb2.ListSessionGroupsRequest(start_index=0, slice_size=1000, allowed_statuses=statuses)
    for info in experiment.hparam_infos:
        request.col_params.add(hparam=info.name)
    groups = list_session_groups.Handler(ctx, hparams, "", request).run().session_groups

    result = {
        "tensorboard": version.VERSION,
        "runs": runs,
        "experiment": json_format.MessageToDict(experiment),
        "session_groups": [json_format.MessageToDict(group) for group in groups],
    }
    print(json.dumps(result, allow_nan=False))


if __name__ == "__main__":
    main(sys.argv[1])
