use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use proptest::prelude::*;
use prost::Message;
use tempfile::{TempDir, tempdir};

use super::proto::event::{Event, Value, What};
use super::reader::{FRAME, events, records};
use super::*;

fn folder_and_writer() -> (TempDir, EventWriter) {
    let folder = tempdir().unwrap();
    let writer = EventWriter::create(folder.path(), DEFAULT_SUFFIX).unwrap();
    (folder, writer)
}

/// Step, wall time and the one value of each summary event.
fn summaries(events: Vec<Event>) -> Vec<(i64, f64, Value)> {
    let summary = |event: Event| match event.what {
        Some(What::Summary(mut summary)) => {
            assert_eq!(summary.value.len(), 1);
            Some((event.step, event.wall_time, summary.value.remove(0)))
        }
        _ => None,
    };
    events.into_iter().filter_map(summary).collect()
}

#[test]
fn a_file_starts_with_its_version() {
    let (folder, writer) = folder_and_writer();
    let name = writer.path().file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("events.out.tfevents.") && name.ends_with(".v2"), "{name}");
    assert_eq!(writer.path().parent(), Some(folder.path()));
    let events = events(writer.path());
    assert_eq!(events.len(), 1, "before anything is flushed");
    assert_eq!(events[0].what, Some(What::FileVersion("brain.Event:2".to_owned())));
    assert!((wall_time_now() - events[0].wall_time).abs() < 60.0);
}

/// The fixture was made by `tests/fixtures/tensorflow_events.py`.
#[test]
fn events_are_tensorflows_byte_for_byte() {
    let theirs = include_bytes!("../../tests/fixtures/tensorflow.tfevents");
    let (theirs, rest) = records(theirs);
    assert_eq!(rest, 0);
    let times: Vec<f64> = theirs.iter().map(|&data| Event::decode(data).unwrap().wall_time).collect();

    let (_folder, mut writer) = folder_and_writer();
    writer.scalar("epoch_loss", 3, 0.5, times[1]).unwrap();
    let values: Vec<f32> = (0..50).map(|index| (-1.0 + f64::from(index) * (3.0 / 49.0)) as f32).collect();
    writer.histogram("dense/kernel/histogram", 4, &values, DEFAULT_BUCKETS, times[2]).unwrap();
    writer.histogram("empty", 4, &[], 2, times[3]).unwrap();
    writer.histogram("constant", 4, &[2.0, 2.0], 2, times[4]).unwrap();
    writer.text("one", 1, &["some *text*"], times[5]).unwrap();
    writer.text("several", 1, &["a", "bé"], times[6]).unwrap();
    // The order is the fixture's: Protocol Buffers for Python give a map any order.
    let hparams = [
        ("norm", HParamValue::Bool(true)),
        ("optimizer", HParamValue::Text("adam".to_owned())),
        ("units", HParamValue::Number(10.0)),
    ];
    writer.hparams(&hparams, Some("trial"), 1.5).unwrap();
    let infos = [
        HParamInfo {
            name: "rate".to_owned(),
            display_name: "Rate".to_owned(),
            description: "the learning rate".to_owned(),
            domain: Some(HParamDomain::Interval { min: 0.0, max: 1.0 }),
        },
        HParamInfo {
            name: "optimizer".to_owned(),
            domain: Some(HParamDomain::Discrete(["adam", "sgd"].map(|name| HParamValue::Text(name.to_owned())).into())),
            ..HParamInfo::default()
        },
        HParamInfo { name: "norm".to_owned(), ..HParamInfo::default() },
    ];
    let metric = MetricInfo {
        tag: "epoch_loss".to_owned(),
        group: "validation".to_owned(),
        display_name: "loss".to_owned(),
        dataset: Some(Dataset::Validation),
        ..MetricInfo::default()
    };
    writer.hparams_experiment(&infos, &[metric], 2.5).unwrap();
    writer.flush().unwrap();

    let bytes = fs::read(writer.path()).unwrap();
    let (ours, _) = records(&bytes);
    assert_eq!(ours.len(), theirs.len());
    for (index, (&ours, &theirs)) in ours.iter().zip(&theirs).enumerate().skip(1) {
        let mut ours = Event::decode(ours).unwrap();
        if index > 6 {
            // There, an event's own time is not that of the trial's start or the experiment's creation.
            ours.wall_time = times[index];
        }
        assert_eq!(ours.encode_to_vec(), theirs, "event {index}: {:?}", Event::decode(theirs));
    }
}

#[test]
fn what_was_flushed_survives_a_crash() {
    let (_folder, mut writer) = folder_and_writer();
    let path = writer.path().to_owned();
    writer.scalar("a", 0, 1.0, 1.0).unwrap();
    writer.flush().unwrap();
    writer.scalar("a", 1, 2.0, 2.0).unwrap();
    // A crashed process runs no destructor.
    std::mem::forget(writer);
    assert_eq!(summaries(events(&path)).len(), 1);
}

#[test]
fn drop_flushes() {
    let (_folder, mut writer) = folder_and_writer();
    let path = writer.path().to_owned();
    writer.scalar("a", 7, 1.0, 1.0).unwrap();
    assert_eq!(events(&path).len(), 1);
    drop(writer);
    assert_eq!(events(&path)[1].step, 7);
}

#[test]
fn every_prefix_of_a_file_is_readable() {
    let (_folder, mut writer) = folder_and_writer();
    for step in 0..3 {
        writer.scalar("a", step, step as f32, 0.0).unwrap();
    }
    writer.flush().unwrap();
    let bytes = fs::read(writer.path()).unwrap();
    let (whole, _) = records(&bytes);
    assert_eq!(whole.len(), 4);
    for length in 0..bytes.len() {
        let (prefix, rest) = records(&bytes[..length]);
        assert_eq!(prefix, whole[..prefix.len()]);
        let framed: usize = prefix.iter().map(|data| FRAME + data.len()).sum();
        assert_eq!(framed + rest, length, "all whole records are found");
        assert!(prefix.len() < whole.len());
    }
}

#[test]
fn a_full_buffer_and_passing_time_flush() {
    let (_folder, mut writer) = folder_and_writer();
    let length = |path: &std::path::Path| fs::metadata(path).unwrap().len();
    let empty = length(writer.path());
    let text = "x".repeat(1 << 19);
    for _ in 0..2 {
        writer.text("t", 0, &[&text], 0.0).unwrap();
    }
    assert_eq!(length(writer.path()), empty);
    writer.scalar("a", 0, 0.0, 0.0).unwrap();
    assert_eq!(events(writer.path()).len(), 3);

    let (_folder, mut writer) = folder_and_writer();
    writer.flush_after = Duration::ZERO;
    writer.scalar("a", 0, 0.0, 0.0).unwrap();
    writer.scalar("a", 1, 0.0, 0.0).unwrap();
    assert_eq!(events(writer.path()).len(), 2, "the first of the two is flushed when the second comes");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_and_loses_nothing_that_was_accepted() {
    let (_folder, mut writer) = folder_and_writer();
    let path = writer.path().to_owned();
    // Every write to this device fails for want of space.
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let file = std::mem::replace(&mut writer.file, full);
    let text = "x".repeat(1 << 20);
    writer.text("t", 0, &[&text], 0.0).unwrap();
    let error = writer.scalar("refused", 1, 0.0, 0.0).unwrap_err().to_string();
    assert!(error.starts_with(&format!("{}: cannot be written: adding events: ", path.display())), "{error}");
    assert!(writer.flush().is_err());

    writer.file = file;
    writer.scalar("accepted", 2, 0.0, 0.0).unwrap();
    writer.flush().unwrap();
    let tags: Vec<_> = summaries(events(&path)).into_iter().map(|(_, _, value)| value.tag).collect();
    assert_eq!(tags, ["t", "accepted"]);
}

#[test]
fn writers_of_one_folder_have_their_own_files() {
    let folder = tempdir().unwrap();
    let log_dir = folder.path().join("a").join("train");
    let writers = [(); 3].map(|()| EventWriter::create(&log_dir, DEFAULT_SUFFIX).unwrap());
    assert_eq!(fs::read_dir(&log_dir).unwrap().count(), 3);
    drop(writers);
}

#[test]
fn errors_name_what_is_wrong() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let message = |log_dir: &PathBuf| EventWriter::create(log_dir, DEFAULT_SUFFIX).unwrap_err().to_string();
    for log_dir in [file.clone(), file.join("below")] {
        let expected = format!("{}: cannot be written: creating the folder: ", log_dir.display());
        assert!(message(&log_dir).starts_with(&expected), "{}", message(&log_dir));
    }

    let (_folder, mut writer) = folder_and_writer();
    let error = writer.scalar("", 0, 0.0, 0.0).unwrap_err().to_string();
    assert_eq!(error, "TensorBoard scalars: expected a non-empty tag, received an empty one");

    let number = HParamValue::Number;
    let error = writer.hparams(&[("a", number(1.0)), ("a", number(2.0))], None, 0.0).unwrap_err().to_string();
    assert_eq!(error, r#"TensorBoard hyperparameter "a": the name is given twice; name each hyperparameter once"#);
    let error = writer.hparams(&[("a", number(f64::NAN))], None, 0.0).unwrap_err().to_string();
    assert_eq!(error, r#"TensorBoard hyperparameter "a": expected a finite number, received NaN"#);

    let mut experiment = |domain| {
        let info = HParamInfo { name: "a".to_owned(), domain: Some(domain), ..HParamInfo::default() };
        writer.hparams_experiment(&[info], &[], 0.0).unwrap_err().to_string()
    };
    assert_eq!(
        experiment(HParamDomain::Interval { min: 2.0, max: 1.0 }),
        r#"TensorBoard hyperparameter "a": expected an interval with min <= max, received [2, 1]"#
    );
    assert_eq!(
        experiment(HParamDomain::Discrete(vec![number(1.0), HParamValue::Bool(true)])),
        r#"TensorBoard hyperparameter "a": expected choices of one type (booleans, numbers or texts), received several"#
    );
    writer.flush().unwrap();
    assert_eq!(events(writer.path()).len(), 1, "nothing that was refused is in the file");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn what_is_written_is_read_back(
        scalars in prop::collection::vec((".+", any::<i64>(), any::<f32>(), 0.0..4e9), 0..20),
        texts in prop::collection::vec((".+", any::<i64>(), prop::collection::vec(".*", 0..4)), 0..5),
    ) {
        let (_folder, mut writer) = folder_and_writer();
        for (tag, step, value, wall_time) in &scalars {
            writer.scalar(tag, *step, *value, *wall_time).unwrap();
        }
        for (tag, step, texts) in &texts {
            writer.text(tag, *step, texts, 0.0).unwrap();
        }
        writer.flush().unwrap();
        let mut read = summaries(events(writer.path())).into_iter();
        for (tag, step, value, wall_time) in &scalars {
            let (read_step, read_time, read_value) = read.next().unwrap();
            prop_assert_eq!((&read_value.tag, read_step, read_time), (tag, *step, *wall_time));
            prop_assert_eq!(read_value.metadata.unwrap().plugin_data.unwrap().plugin_name, "scalars");
            prop_assert_eq!(read_value.tensor.unwrap().tensor_content, value.to_le_bytes());
        }
        for (tag, step, texts) in &texts {
            let (read_step, _, read_value) = read.next().unwrap();
            prop_assert_eq!((&read_value.tag, read_step), (tag, *step));
            let tensor = read_value.tensor.unwrap();
            let strings: Vec<_> = tensor.string_val.into_iter().map(|bytes| String::from_utf8(bytes).unwrap()).collect();
            prop_assert_eq!(&strings, texts);
            let sizes: Vec<_> = tensor.tensor_shape.unwrap().dim.iter().map(|dim| dim.size).collect();
            prop_assert_eq!(sizes, if texts.len() == 1 { vec![] } else { vec![texts.len() as i64] });
        }
        prop_assert!(read.next().is_none());
    }
}
