use std::collections::HashSet;

use prost::Message;

use super::error::EventError;
use super::proto::hparams as proto;
use super::proto::tensor::TensorProto;
use super::writer::EventWriter;

/// A hyperparameter's value.
#[derive(Clone, Debug, PartialEq)]
pub enum HParamValue {
    Bool(bool),
    Number(f64),
    Text(String),
}

/// What a hyperparameter can be.
#[derive(Clone, Debug, PartialEq)]
pub enum HParamDomain {
    /// One of these values, all of one type.
    Discrete(Vec<HParamValue>),
    /// A number, both ends included.
    Interval { min: f64, max: f64 },
}

/// A hyperparameter of an experiment. Empty texts and a missing domain let TensorBoard choose.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HParamInfo {
    pub name: String,
    pub display_name: String,
    pub description: String,
    pub domain: Option<HParamDomain>,
}

/// A column of results in the HParams tab.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetricInfo {
    /// Tag of a scalar: `epoch_loss`.
    pub tag: String,
    /// The run below the trial's folder that has the scalar: `train`, `validation`, or empty for the folder itself.
    pub group: String,
    pub display_name: String,
    pub description: String,
    pub dataset: Option<Dataset>,
}

/// The data that a metric is computed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dataset {
    Training,
    Validation,
}

/// How a trial ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionStatus {
    Success,
    Failure,
}

impl EventWriter {
    /// Writes the hyperparameters of one trial, which makes it a row of the HParams tab. The writer's folder is the
    /// trial's: its metrics are the scalars of this folder and of those below it.
    ///
    /// `trial`: trials of one name are one row with averaged metrics; `None` names the trial after its folder.
    /// `wall_time`: when training starts, in seconds since 1970-01-01 UTC.
    ///
    /// # Errors
    /// Where a name is given twice, where a number is not finite, and where a full buffer cannot be flushed.
    pub fn hparams<S: AsRef<str>>(
        &mut self,
        hparams: &[(S, HParamValue)],
        trial: Option<&str>,
        wall_time: f64,
    ) -> Result<(), EventError> {
        unique(hparams.iter().map(|(name, _)| name.as_ref()))?;
        let entry = |(name, hparam): &(S, HParamValue)| {
            let (key, value) = (name.as_ref().to_owned(), Some(value(name.as_ref(), hparam)?));
            Ok(proto::HParamEntry { key, value })
        };
        let hparams = hparams.iter().map(entry).collect::<Result<_, EventError>>()?;
        let group_name = trial.unwrap_or_default().to_owned();
        let info = proto::SessionStartInfo { hparams, group_name, start_time_secs: wall_time };
        self.plugin_data("_hparams_/session_start_info", proto::Data::SessionStartInfo(info), wall_time)
    }

    /// Writes how the trial of [`hparams`](Self::hparams) ended. `wall_time`: when, in seconds since 1970-01-01 UTC.
    ///
    /// # Errors
    /// Where a full buffer cannot be flushed.
    pub fn hparams_end(&mut self, status: SessionStatus, wall_time: f64) -> Result<(), EventError> {
        let status = match status {
            SessionStatus::Success => proto::Status::Success,
            SessionStatus::Failure => proto::Status::Failure,
        };
        let info = proto::SessionEndInfo { status: status.into(), end_time_secs: wall_time };
        self.plugin_data("_hparams_/session_end_info", proto::Data::SessionEndInfo(info), wall_time)
    }

    /// Describes an experiment of several trials: the columns of the HParams tab. To be written once, in the folder
    /// that holds the trials' folders; without it TensorBoard takes every hyperparameter and scalar that it finds.
    ///
    /// `wall_time`: when the experiment was made, in seconds since 1970-01-01 UTC.
    ///
    /// # Errors
    /// Where a hyperparameter is named twice, has choices of several types, a number that is not finite or an empty
    /// interval, and where a full buffer cannot be flushed.
    pub fn hparams_experiment(
        &mut self,
        hparams: &[HParamInfo],
        metrics: &[MetricInfo],
        wall_time: f64,
    ) -> Result<(), EventError> {
        unique(hparams.iter().map(|info| info.name.as_str()))?;
        let experiment = proto::Experiment {
            time_created_secs: wall_time,
            hparam_infos: hparams.iter().map(hparam_info).collect::<Result<_, _>>()?,
            metric_infos: metrics.iter().map(metric_info).collect(),
        };
        self.plugin_data("_hparams_/experiment", proto::Data::Experiment(experiment), wall_time)
    }

    /// The plugin keeps everything in the metadata; the tensor is empty.
    fn plugin_data(&mut self, tag: &str, data: proto::Data, wall_time: f64) -> Result<(), EventError> {
        let content = proto::HParamsPluginData { data: Some(data) }.encode_to_vec();
        self.tensor(tag, 0, wall_time, TensorProto::empty(), ("hparams", content))
    }
}

fn unique<'a>(names: impl Iterator<Item = &'a str>) -> Result<(), EventError> {
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(EventError::DuplicateHParam(name.to_owned()));
        }
    }
    Ok(())
}

/// A number that is not finite has no JSON, which is how the plugin answers the browser.
fn finite(name: &str, value: f64) -> Result<f64, EventError> {
    if value.is_finite() { Ok(value) } else { Err(EventError::NonFiniteHParam { name: name.to_owned(), value }) }
}

fn value(name: &str, value: &HParamValue) -> Result<proto::Value, EventError> {
    let kind = match value {
        HParamValue::Bool(value) => proto::Kind::Bool(*value),
        HParamValue::Number(value) => proto::Kind::Number(finite(name, *value)?),
        HParamValue::Text(value) => proto::Kind::String(value.clone()),
    };
    Ok(proto::Value { kind: Some(kind) })
}

fn data_type(value: &HParamValue) -> proto::DataType {
    match value {
        HParamValue::Bool(_) => proto::DataType::Bool,
        HParamValue::Number(_) => proto::DataType::Float64,
        HParamValue::Text(_) => proto::DataType::String,
    }
}

fn hparam_info(info: &HParamInfo) -> Result<proto::HParamInfo, EventError> {
    let name = &info.name;
    let (r#type, domain) = match &info.domain {
        None => (proto::DataType::Unset, None),
        Some(HParamDomain::Discrete(choices)) => {
            let r#type = choices.first().map_or(proto::DataType::Unset, data_type);
            if choices.iter().any(|choice| data_type(choice) != r#type) {
                return Err(EventError::MixedChoices(name.clone()));
            }
            let values = choices.iter().map(|choice| value(name, choice)).collect::<Result<_, _>>()?;
            (r#type, Some(proto::Domain::Discrete(proto::ListValue { values })))
        }
        Some(HParamDomain::Interval { min, max }) => {
            let (min_value, max_value) = (finite(name, *min)?, finite(name, *max)?);
            if min_value > max_value {
                return Err(EventError::EmptyInterval { name: name.clone(), min: min_value, max: max_value });
            }
            let interval = proto::Interval { min_value, max_value };
            (proto::DataType::Float64, Some(proto::Domain::Interval(interval)))
        }
    };
    let (display_name, description) = (info.display_name.clone(), info.description.clone());
    Ok(proto::HParamInfo { name: name.clone(), display_name, description, r#type: r#type.into(), domain })
}

fn metric_info(info: &MetricInfo) -> proto::MetricInfo {
    let dataset_type = match info.dataset {
        None => proto::DatasetType::Unknown,
        Some(Dataset::Training) => proto::DatasetType::Training,
        Some(Dataset::Validation) => proto::DatasetType::Validation,
    };
    proto::MetricInfo {
        name: Some(proto::MetricName { group: info.group.clone(), tag: info.tag.clone() }),
        display_name: info.display_name.clone(),
        description: info.description.clone(),
        dataset_type: dataset_type.into(),
    }
}
