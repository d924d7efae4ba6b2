use std::rc::Rc;

use glorot_tensor::{DType, Shape, Tensor};
use serde_json::{Value, json};

use super::{Initializer, compute_fans, draw, entries, serialized};
use crate::config::Options;
use crate::error::Result;

/// Standard deviation of the standard normal distribution truncated at two deviations; the truncated distribution is
/// widened by it, so that the weights have the deviation that is asked for.
const TRUNCATED_STDDEV: f64 = 0.879_625_661_034_239_8;

/// Which connections of a weight its variance is divided by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mode {
    FanIn,
    FanOut,
    /// The mean of both.
    FanAvg,
}

/// How the values are distributed around 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Distribution {
    /// Without what lies beyond two deviations of the normal distribution.
    TruncatedNormal,
    UntruncatedNormal,
    Uniform,
}

const MODES: &[(&str, Mode)] = &[("fan_in", Mode::FanIn), ("fan_out", Mode::FanOut), ("fan_avg", Mode::FanAvg)];

const DISTRIBUTIONS: &[(&str, Distribution)] = &[
    ("truncated_normal", Distribution::TruncatedNormal),
    ("untruncated_normal", Distribution::UntruncatedNormal),
    ("uniform", Distribution::Uniform),
    ("normal", Distribution::TruncatedNormal),
];

/// Special cases with names: scale, mode, distribution. Glorot and Bengio (2010), He et al. (2015), LeCun et al. (1998).
const NAMED: &[(&str, f64, Mode, Distribution)] = &[
    ("GlorotNormal", 1.0, Mode::FanAvg, Distribution::TruncatedNormal),
    ("GlorotUniform", 1.0, Mode::FanAvg, Distribution::Uniform),
    ("HeNormal", 2.0, Mode::FanIn, Distribution::TruncatedNormal),
    ("HeUniform", 2.0, Mode::FanIn, Distribution::Uniform),
    ("LecunNormal", 1.0, Mode::FanIn, Distribution::TruncatedNormal),
    ("LecunUniform", 1.0, Mode::FanIn, Distribution::Uniform),
];

/// Mean 0 and variance `scale / n`, where `n` is the fan-in, the fan-out or their mean (at least 1).
/// Defaults: scale 1, fan-in, truncated normal.
#[derive(Clone)]
pub struct VarianceScaling {
    pub scale: f64,
    pub mode: Mode,
    pub distribution: Distribution,
    pub seed: Option<u64>,
    /// The axes of the weight that are inputs and outputs, where its rank does not tell.
    pub axes: Option<(Vec<i64>, Vec<i64>)>,
    class: &'static str,
}

impl VarianceScaling {
    pub fn new(scale: f64, mode: Mode, distribution: Distribution, seed: Option<u64>) -> VarianceScaling {
        VarianceScaling { scale, mode, distribution, seed, axes: None, class: "VarianceScaling" }
    }

    pub(super) fn from_options(options: &mut Options) -> Result<Rc<dyn Initializer>> {
        let scale = options.float("scale", 1.0)?;
        options.check("scale", scale, scale > 0.0, "greater than 0")?;
        let mode = options.choice("mode", MODES, Mode::FanIn)?;
        let distribution = options.choice("distribution", DISTRIBUTIONS, Distribution::TruncatedNormal)?;
        VarianceScaling::new(scale, mode, distribution, None).read_rest(options)
    }

    /// One of the special cases.
    pub(super) fn named(class: &str, options: &mut Options) -> Result<Rc<dyn Initializer>> {
        let Some(&(class, scale, mode, distribution)) = NAMED.iter().find(|(name, ..)| *name == class) else {
            return Err(options.error("is no special case of VarianceScaling"));
        };
        let general = VarianceScaling::new(scale, mode, distribution, None);
        VarianceScaling { class, ..general }.read_rest(options)
    }

    fn read_rest(mut self, options: &mut Options) -> Result<Rc<dyn Initializer>> {
        self.seed = options.seed()?;
        let (inputs, outputs) = (options.optional_ints("input_axes")?, options.optional_ints("output_axes")?);
        self.axes = inputs.zip(outputs);
        Ok(Rc::new(self))
    }

    fn fans(&self, shape: &Shape) -> Result<(f64, f64)> {
        let Some((inputs, outputs)) = &self.axes else { return Ok(compute_fans(shape)) };
        let product = |axes: &[i64]| -> Result<f64> {
            let dims = axes.iter().map(|&axis| shape.axis(axis as isize).map(|axis| shape[axis] as f64));
            dims.product::<Option<f64>>().ok_or_else(|| {
                crate::Error::config(self.class, format!("a weight of shape {shape} lacks one of the axes {axes:?}"))
            })
        };
        Ok((product(inputs)?, product(outputs)?))
    }
}

impl Initializer for VarianceScaling {
    fn initialize(&self, shape: &Shape, dtype: DType) -> Result<Tensor> {
        let (inputs, outputs) = self.fans(shape)?;
        let n = match self.mode {
            Mode::FanIn => inputs,
            Mode::FanOut => outputs,
            Mode::FanAvg => (inputs + outputs) / 2.0,
        };
        let variance = self.scale / n.max(1.0);
        match self.distribution {
            Distribution::TruncatedNormal => {
                let stddev = variance.sqrt() / TRUNCATED_STDDEV;
                draw(shape, dtype, self.seed, |stream| stddev * stream.next_truncated_normal())
            }
            Distribution::UntruncatedNormal => {
                let stddev = variance.sqrt();
                draw(shape, dtype, self.seed, |stream| stddev * stream.next_normal())
            }
            Distribution::Uniform => {
                let limit = (3.0 * variance).sqrt();
                draw(shape, dtype, self.seed, |stream| limit * (2.0 * stream.next_f64() - 1.0))
            }
        }
    }

    fn of_axes(&self, inputs: &[i64], outputs: &[i64]) -> Option<Rc<dyn Initializer>> {
        let axes = Some((inputs.to_vec(), outputs.to_vec()));
        self.axes.is_none().then(|| Rc::new(VarianceScaling { axes, ..self.clone() }) as Rc<dyn Initializer>)
    }

    fn to_json(&self) -> Value {
        let mut config = entries(json!({ "seed": self.seed }));
        if self.class == "VarianceScaling" {
            let word = |found: Option<&str>| Value::from(found.unwrap_or_default());
            config.insert("scale".into(), self.scale.into());
            config.insert("mode".into(), word(MODES.iter().find(|(_, mode)| *mode == self.mode).map(|m| m.0)));
            let distribution = DISTRIBUTIONS.iter().find(|(_, distribution)| *distribution == self.distribution);
            config.insert("distribution".into(), word(distribution.map(|d| d.0)));
        }
        let (inputs, outputs) = self.axes.clone().unzip();
        config.extend(entries(json!({ "input_axes": inputs, "output_axes": outputs })));
        serialized(self.class, config)
    }
}
