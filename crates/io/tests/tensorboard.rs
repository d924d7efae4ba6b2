//! The Python package `tensorboard` reads back what `glorot_io::tensorboard` writes.
//!
//! The interpreter is `GLOROT_PYTHON`, else `python3`. Where `python3` lacks the package, the tests are ignored; an
//! interpreter that is named explicitly must have it.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use glorot_io::tensorboard::{
    DEFAULT_BUCKETS, DEFAULT_SUFFIX, Dataset, EventWriter, GraphNode, HParamDomain, HParamInfo, HParamValue,
    KERAS_MODEL_TAG, MetricInfo, Run, SessionStatus,
};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::{Value, json};

const TIME: f64 = 1_795_409_209.625;

/// Values that are written as a series, and how the reader prints them.
fn scalars() -> Vec<(f32, Value)> {
    let exact = [0.0, 1.5, -2.25, 1e-3, f32::MAX, f32::MIN_POSITIVE, f32::from_bits(1)];
    let mut scalars: Vec<_> = exact.into_iter().map(|value| (value, json!(f64::from(value)))).collect();
    scalars.extend([
        (f32::NAN, json!("NaN")),
        (f32::INFINITY, json!("Infinity")),
        (f32::NEG_INFINITY, json!("-Infinity")),
    ]);
    scalars
}

/// What `model.to_json()` of Keras 3.15 gives for this model, less what TensorBoard does not read:
/// `inputs = Input((4,)); hidden = Dense(3)(inputs); outputs = Add()([hidden, hidden])`.
fn functional_model() -> String {
    let tensor = |layer: &str| {
        json!({"class_name": "__keras_tensor__",
               "config": {"shape": [null, 3], "dtype": "float32", "keras_history": [layer, 0, 0]}})
    };
    let dtype = json!({"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}});
    json!({
        "module": "keras.src.models.functional", "class_name": "Functional",
        "config": {
            "name": "functional", "trainable": true,
            "layers": [
                {"class_name": "InputLayer", "config": {"name": "input", "dtype": "float32"},
                 "name": "input", "inbound_nodes": []},
                {"class_name": "Dense", "config": {"name": "hidden", "dtype": dtype}, "name": "hidden",
                 "inbound_nodes": [{"args": [tensor("input")], "kwargs": {}}]},
                {"class_name": "Add", "config": {"name": "add", "dtype": dtype}, "name": "add",
                 "inbound_nodes": [{"args": [[tensor("hidden"), tensor("input")]], "kwargs": {}}]},
            ],
            "input_layers": [["input", 0, 0]],
            "output_layers": [["add", 0, 0]],
        },
    })
    .to_string()
}

fn write_logs(log_dir: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let mut train = EventWriter::create(log_dir.join(Run::Train.folder()), DEFAULT_SUFFIX)?;
    for (step, (value, _)) in scalars().into_iter().enumerate() {
        train.scalar("epoch_loss", step as i64, value, TIME + step as f64)?;
    }
    train.scalar("far", i64::MAX, 1.0, TIME)?;
    let ramp: Vec<f32> = (0..=100).map(|value| value as f32).collect();
    assert_eq!(train.histogram("dense/kernel/histogram", 2, &ramp, DEFAULT_BUCKETS, TIME)?, 0);
    let holes = [f32::NAN, 1.0, f32::INFINITY, 3.0, 2.0, f32::NEG_INFINITY];
    assert_eq!(train.histogram("holes", 0, &holes, 2, TIME)?, 3);
    train.histogram("constant", 0, &[0.5; 4], 2, TIME)?;
    train.histogram("empty", 0, &[], 2, TIME)?;
    train.text("note", 0, &["**bold** – ünï"], TIME)?;
    train.text("table", 1, &["a", "", "c"], TIME)?;
    train.keras_model(KERAS_MODEL_TAG, &functional_model(), TIME)?;
    let node = |name: &str, op: &str, inputs: &[&str], shape| GraphNode {
        name: name.to_owned(),
        op: op.to_owned(),
        inputs: inputs.iter().map(|&input| input.to_owned()).collect(),
        shape,
    };
    train.graph(
        &[
            node("x", "Placeholder", &[], Some(vec![None, Some(4)])),
            node("dense/MatMul", "MatMul", &["x"], Some(vec![None, Some(3)])),
            node("loss", "Mean", &["dense/MatMul", "x"], Some(vec![])),
            node("update", "NoOp", &["loss"], None),
        ],
        TIME,
    )?;
    drop(train);

    // A run that was continued: two files in one folder.
    for (epoch, loss) in [(0, 0.5), (1, 0.25)] {
        let mut validation = EventWriter::create(log_dir.join(Run::Validation.folder()), DEFAULT_SUFFIX)?;
        validation.scalar("epoch_loss", epoch, loss, TIME)?;
    }

    let mut experiment = EventWriter::create(log_dir, DEFAULT_SUFFIX)?;
    let rate = HParamInfo {
        name: "rate".to_owned(),
        display_name: "Learning rate".to_owned(),
        description: "of Nadam".to_owned(),
        domain: Some(HParamDomain::Interval { min: 0.0, max: 0.5 }),
    };
    let optimizer = HParamInfo {
        name: "optimizer".to_owned(),
        domain: Some(HParamDomain::Discrete(["nadam", "sgd"].map(|name| HParamValue::Text(name.to_owned())).into())),
        ..HParamInfo::default()
    };
    let norm = HParamInfo { name: "norm".to_owned(), ..HParamInfo::default() };
    let metric = MetricInfo {
        tag: "epoch_loss".to_owned(),
        group: "validation".to_owned(),
        display_name: "loss".to_owned(),
        description: String::new(),
        dataset: Some(Dataset::Validation),
    };
    experiment.hparams_experiment(&[rate, optimizer, norm], &[metric], TIME)?;
    drop(experiment);
    for (trial, status, loss) in [("good", SessionStatus::Success, 0.125), ("bad", SessionStatus::Failure, 8.0)] {
        let mut writer = EventWriter::create(log_dir.join(trial), DEFAULT_SUFFIX)?;
        let hparams = [
            ("rate", HParamValue::Number(0.25)),
            ("optimizer", HParamValue::Text("nadam".to_owned())),
            ("norm", HParamValue::Bool(true)),
        ];
        writer.hparams(&hparams, Some(trial), TIME)?;
        writer.hparams_end(status, TIME + 60.0)?;
        let mut validation = EventWriter::create(log_dir.join(trial).join("validation"), DEFAULT_SUFFIX)?;
        validation.scalar("epoch_loss", 0, loss, TIME)?;
    }

    // A process that was stopped while the system wrote: the last record is incomplete.
    let mut cut = EventWriter::create(log_dir.join("cut"), DEFAULT_SUFFIX)?;
    cut.scalar("epoch_loss", 0, 1.0, TIME)?;
    cut.scalar("epoch_loss", 1, 2.0, TIME)?;
    cut.flush()?;
    let bytes = fs::read(cut.path())?;
    fs::write(cut.path(), &bytes[..bytes.len() - 5])?;
    Ok(())
}

fn python() -> String {
    std::env::var("GLOROT_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

fn has_tensorboard() -> bool {
    let output = Command::new(python()).args(["-c", "import tensorboard"]).output();
    output.is_ok_and(|output| output.status.success())
}

fn read_logs() -> Result<Value, Box<dyn std::error::Error>> {
    let log_dir = tempfile::tempdir()?;
    write_logs(log_dir.path())?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/read_logs.py");
    let output = Command::new(python()).arg(script).arg(log_dir.path()).output();
    let output = output.map_err(|error| format!("{}: {error}", python()))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// TensorBoard runs once; every test looks at a part of what it read.
fn logs() -> Result<&'static Value, Failed> {
    static LOGS: LazyLock<Result<Value, String>> = LazyLock::new(|| read_logs().map_err(|error| error.to_string()));
    LOGS.as_ref().map_err(Failed::from)
}

fn same(found: &Value, expected: Value) -> Result<(), Failed> {
    if *found == expected { Ok(()) } else { Err(format!("expected {expected:#}, TensorBoard read {found:#}").into()) }
}

fn scalars_are_read() -> Result<(), Failed> {
    let runs = &logs()?["runs"];
    let points = scalars().into_iter().enumerate().map(|(step, (_, value))| json!([step, TIME + step as f64, value]));
    same(&runs["train"]["scalars"], json!({"epoch_loss": points.collect::<Vec<_>>(), "far": [[i64::MAX, TIME, 1.0]]}))?;
    same(&runs["validation"]["scalars"], json!({"epoch_loss": [[0, TIME, 0.5], [1, TIME, 0.25]]}))
}

fn histograms_are_read() -> Result<(), Failed> {
    let histograms = &logs()?["runs"]["train"]["histograms"];
    same(&histograms["holes"], json!([[0, TIME, [[1.0, 2.0, 1.0], [2.0, 3.0, 2.0]]]]))?;
    same(&histograms["constant"], json!([[0, TIME, [[0.5, 0.5, 0.0], [0.5, 0.5, 4.0]]]]))?;
    same(&histograms["empty"], json!([[0, TIME, [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]]]))?;
    let ramp = &histograms["dense/kernel/histogram"];
    same(&ramp[0][0], json!(2))?;
    let rows = ramp[0][2].as_array().ok_or("no rows")?;
    same(&json!(rows.len()), json!(30))?;
    same(&rows[0][0], json!(0.0))?;
    same(&rows[29][1], json!(100.0))?;
    let counted: f64 = rows.iter().filter_map(|row| row[2].as_f64()).sum();
    same(&json!(counted), json!(101.0))
}

fn texts_are_read() -> Result<(), Failed> {
    let expected = json!({
        "note": [[0, TIME, [], ["**bold** – ünï"]]],
        "table": [[1, TIME, [3], ["a", "", "c"]]],
    });
    same(&logs()?["runs"]["train"]["texts"], expected)
}

fn graphs_are_read() -> Result<(), Failed> {
    let expected = json!([
        {"name": "x", "op": "Placeholder", "inputs": [], "shapes": [[-1, 4]]},
        {"name": "dense/MatMul", "op": "MatMul", "inputs": ["x"], "shapes": [[-1, 3]]},
        {"name": "loss", "op": "Mean", "inputs": ["dense/MatMul", "x"], "shapes": [[]]},
        {"name": "update", "op": "NoOp", "inputs": ["loss"], "shapes": []},
    ]);
    same(&logs()?["runs"]["train"]["graph"], expected)
}

fn keras_models_are_read() -> Result<(), Failed> {
    let expected = json!({"keras": [
        {"name": "functional/input", "class": "InputLayer", "inputs": []},
        {"name": "functional/hidden", "class": "Dense", "inputs": ["functional/input"]},
        {"name": "functional/add", "class": "Add", "inputs": ["functional/hidden", "functional/input"]},
    ]});
    same(&logs()?["runs"]["train"]["keras_models"], expected)
}

fn hyperparameters_are_read() -> Result<(), Failed> {
    let experiment = &logs()?["experiment"];
    same(&experiment["timeCreatedSecs"], json!(TIME))?;
    // TensorBoard sorts them by name.
    let infos = json!([
        {"name": "norm"},
        {"name": "optimizer", "type": "DATA_TYPE_STRING", "domainDiscrete": ["nadam", "sgd"]},
        {"name": "rate", "displayName": "Learning rate", "description": "of Nadam", "type": "DATA_TYPE_FLOAT64",
         "domainInterval": {"maxValue": 0.5}},
    ]);
    same(&experiment["hparamInfos"], infos)?;
    let name = json!({"group": "validation", "tag": "epoch_loss"});
    same(
        &experiment["metricInfos"],
        json!([{"name": name, "displayName": "loss", "datasetType": "DATASET_VALIDATION"}]),
    )?;

    let groups = logs()?["session_groups"].as_array().ok_or("no session groups")?;
    let hparams = json!({"rate": 0.25, "optimizer": "nadam", "norm": true});
    for (trial, status, loss) in [("good", "STATUS_SUCCESS", 0.125), ("bad", "STATUS_FAILURE", 8.0)] {
        let group = groups.iter().find(|group| group["name"] == trial).ok_or_else(|| format!("no trial {trial}"))?;
        same(&group["hparams"], hparams.clone())?;
        let session = &group["sessions"][0];
        same(&session["startTimeSecs"], json!(TIME))?;
        same(&session["endTimeSecs"], json!(TIME + 60.0))?;
        same(&session["status"], json!(status))?;
        same(&session["metricValues"], json!([{"name": name, "value": loss, "wallTimeSecs": TIME}]))?;
    }
    same(&json!(groups.len()), json!(2))
}

fn what_precedes_a_cut_is_read() -> Result<(), Failed> {
    same(&logs()?["runs"]["cut"]["scalars"], json!({"epoch_loss": [[0, TIME, 1.0]]}))
}

fn main() {
    let arguments = Arguments::from_args();
    let ignored = std::env::var_os("GLOROT_PYTHON").is_none() && !has_tensorboard();
    let trial = |name: &str, test: fn() -> Result<(), Failed>| {
        Trial::test(format!("tensorboard_reads_{name}"), test).with_ignored_flag(ignored)
    };
    let trials = vec![
        trial("scalars", scalars_are_read),
        trial("histograms", histograms_are_read),
        trial("texts", texts_are_read),
        trial("graphs", graphs_are_read),
        trial("keras_models", keras_models_are_read),
        trial("hyperparameters", hyperparameters_are_read),
        trial("what_precedes_a_cut", what_precedes_a_cut_is_read),
    ];
    libtest_mimic::run(&arguments, trials).exit();
}
