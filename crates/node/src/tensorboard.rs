//! Event files of TensorBoard.

use std::cell::RefCell;

use glorot_io::tensorboard::{
    self, DEFAULT_BUCKETS, DEFAULT_SUFFIX, EventError, HParamValue, KERAS_MODEL_TAG, Run, SessionStatus, wall_time_now,
};
use napi_derive::napi;
use serde_json::Value;

use crate::config::parse;
use crate::error::{Failure, Result};
use crate::tensor::HostTensor;

/// Writes the event file of one run.
#[napi]
pub struct EventWriter {
    writer: RefCell<tensorboard::EventWriter>,
}

/// Where a log goes.
#[napi(object, object_from_js = false)]
pub struct Series {
    /// Folder below the log folder: `train` or `validation`.
    pub run: String,
    pub tag: String,
}

/// Run and tag of a log of an epoch.
#[napi(catch_unwind)]
pub fn epoch_series(log: String) -> Series {
    let (run, tag) = tensorboard::epoch_series(&log);
    Series { run: run.folder().into(), tag }
}

/// Run and tag of a log of a training step.
#[napi(catch_unwind)]
pub fn batch_series(log: String) -> Series {
    Series { run: Run::Train.folder().into(), tag: tensorboard::batch_series(&log) }
}

#[napi]
impl EventWriter {
    /// Creates a new event file in a folder, which is made if need be.
    #[napi(constructor, catch_unwind)]
    pub fn new(folder: String) -> Result<EventWriter> {
        let writer = tensorboard::EventWriter::create(folder, DEFAULT_SUFFIX)?;
        Ok(EventWriter { writer: RefCell::new(writer) })
    }

    #[napi(catch_unwind)]
    pub fn scalar(&self, tag: String, step: i64, value: f64) -> Result<()> {
        Ok(self.writer.borrow_mut().scalar(&tag, step, value as f32, wall_time_now())?)
    }

    /// A histogram of float32 values. What is not finite is left out and counted under `<tag>/non_finite`.
    #[napi(catch_unwind)]
    pub fn histogram(&self, tag: String, step: i64, values: HostTensor) -> Result<()> {
        let (values, now) = (values.into_tensor()?, wall_time_now());
        let mut writer = self.writer.borrow_mut();
        let left_out = writer.histogram(&tag, step, values.as_f32()?, DEFAULT_BUCKETS, now)?;
        if left_out > 0 {
            writer.scalar(&format!("{tag}/non_finite"), step, left_out as f32, now)?;
        }
        Ok(())
    }

    /// Markdown: one text, or the rows of a table.
    #[napi(catch_unwind)]
    pub fn text(&self, tag: String, step: i64, texts: Vec<String>) -> Result<()> {
        Ok(self.writer.borrow_mut().text(&tag, step, &texts, wall_time_now())?)
    }

    /// The model for the Graphs tab, from its JSON.
    #[napi(catch_unwind)]
    pub fn keras_model(&self, json: String) -> Result<()> {
        Ok(self.writer.borrow_mut().keras_model(KERAS_MODEL_TAG, &json, wall_time_now())?)
    }

    /// The hyperparameters of the run: a JSON object of booleans, numbers and texts.
    #[napi(catch_unwind)]
    pub fn hparams(&self, json: String) -> Result<()> {
        let Value::Object(given) = parse(&json)? else {
            return Err(Failure::config("tensorBoard: option 'hparams' must be an object"));
        };
        let hparam = |(name, value): (String, Value)| {
            let value = match value {
                Value::Bool(value) => HParamValue::Bool(value),
                Value::String(value) => HParamValue::Text(value),
                Value::Number(ref number) => HParamValue::Number(number.as_f64().unwrap_or(f64::NAN)),
                other => {
                    return Err(Failure::config(format!(
                        "tensorBoard: option 'hparams': '{name}' must be a boolean, a number or a string; received {other}"
                    )));
                }
            };
            Ok((name, value))
        };
        let hparams = given.into_iter().map(hparam).collect::<Result<Vec<_>>>()?;
        Ok(self.writer.borrow_mut().hparams(&hparams, None, wall_time_now())?)
    }

    /// How the run of the hyperparameters ended.
    #[napi(catch_unwind)]
    pub fn hparams_end(&self) -> Result<()> {
        Ok(self.writer.borrow_mut().hparams_end(SessionStatus::Success, wall_time_now())?)
    }

    /// Hands everything to the operating system.
    #[napi(catch_unwind)]
    pub fn flush(&self) -> Result<()> {
        Ok(self.writer.borrow_mut().flush().map_err(EventError::from)?)
    }
}
