use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use glorot_graph::Sym;
use glorot_tensor::{DType, Tensor};
use serde_json::{Map, Value, json};

use super::adaptation::{Adapt, Adaptation};
use super::categories::Encoding;
use super::quantiles::Summary;
use super::{FromOptions, entries, support};
use crate::config::Options;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::layer::{Layer, LayerRef};

/// The number of the bin in which each element lies: bin `i` holds what is at least boundary `i - 1` and less than
/// boundary `i`. `output_mode`: `int` (default; int32), `one_hot`, `multi_hot` or `count`; see [`Encoding`].
///
/// The boundaries are either given as `bin_boundaries`, or quantiles of data: `num_bins`, then [`super::adapt`], which
/// knows the quantiles up to the part `epsilon` (default 0.01) of the data. They belong to the configuration; there are
/// no weights.
pub struct Discretization {
    /// Shared with an [`Adaptation`].
    bins: Arc<Bins>,
    num_bins: Option<usize>,
    epsilon: f64,
    encoding: Encoding,
}

struct Bins {
    /// `None` before the layer was adapted.
    boundaries: RwLock<Option<Vec<f64>>>,
    /// A call has made them a part of something.
    used: AtomicBool,
}

impl Bins {
    fn check_unused(&self) -> Result<()> {
        if self.used.load(Ordering::Relaxed) {
            return Err(Error::invalid(
                "was used already, and its bins are part of what was made with it; adapt it first, or make a new layer",
            ));
        }
        Ok(())
    }
}

impl FromOptions for Discretization {
    const CLASS: &'static str = "Discretization";

    fn from_options(options: &mut Options) -> Result<Discretization> {
        let boundaries = options.optional_floats("bin_boundaries")?;
        let num_bins = options.optional_positive("num_bins")?;
        let epsilon = options.float("epsilon", 0.01)?;
        options.check("epsilon", epsilon, epsilon > 0.0 && epsilon < 1.0, "more than 0 and less than 1")?;
        if let Some(boundaries) = &boundaries {
            let shown = format!("{boundaries:?}");
            let ascends = boundaries.windows(2).all(|pair| pair[0] <= pair[1]);
            options.check("bin_boundaries", shown, ascends, "a list of numbers that ascend")?;
        } else if num_bins.is_none() {
            return Err(options.error("give 'bin_boundaries', or 'num_bins' and adapt()"));
        }
        let encoding = Encoding::read(options, Encoding::Int)?;
        let bins = Arc::new(Bins { boundaries: RwLock::new(boundaries), used: AtomicBool::new(false) });
        Ok(Discretization { bins, num_bins, epsilon, encoding })
    }
}

impl Discretization {
    fn boundaries(&self) -> Option<Vec<f64>> {
        self.bins.boundaries.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Begins to gather the quantiles of data for a layer that has not been used yet.
    pub(super) fn adaptation(&self, layer: &LayerRef) -> Result<Adaptation> {
        let Some(num_bins) = self.num_bins else {
            return Err(Error::invalid("has its bins as option 'bin_boundaries'; give 'num_bins' to adapt"));
        };
        self.bins.check_unused()?;
        let quantiles = Quantiles { summary: Summary::new(self.epsilon), num_bins, bins: Arc::clone(&self.bins) };
        Ok(Adaptation::of(layer, Box::new(quantiles)))
    }
}

impl Layer for Discretization {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        entries(json!({
            "bin_boundaries": self.boundaries(),
            "num_bins": self.num_bins,
            "epsilon": self.epsilon,
            "output_mode": self.encoding.word(),
            "sparse": false,
        }))
    }

    fn serialized_config(&self, name: &str, _: bool) -> Map<String, Value> {
        // Keras's class does not take `trainable`.
        let mut config = entries(json!({ "name": name, "dtype": "float32" }));
        config.extend(self.config());
        config
    }

    fn call(&self, _: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        let x = support::to_float(support::single(inputs)?)?;
        let Some(boundaries) = self.boundaries() else {
            return Err(Error::invalid("has no bins yet: call adapt() with data, or give 'bin_boundaries'"));
        };
        let bins = if boundaries.is_empty() {
            x.tracer().fill(0.0, x.shape(), DType::F32)
        } else {
            let dims: Vec<usize> = x.shape().iter().copied().chain([1]).collect();
            let limits = x.tracer().constant(Tensor::from_f64([boundaries.len()], DType::F32, &boundaries)?);
            // NaN is less than nothing: it lies in the last bin, as in Keras.
            let above = x.reshape(dims)?.less(&limits)?.not()?.cast(DType::F32)?;
            above.sum(&[x.rank()], false)?
        };
        self.bins.used.store(true, Ordering::Relaxed);
        Ok(vec![self.encoding.apply(&bins, boundaries.len() + 1)?])
    }
}

/// The quantiles of data in the making.
struct Quantiles {
    summary: Summary,
    num_bins: usize,
    bins: Arc<Bins>,
}

impl Adapt for Quantiles {
    fn add(&mut self, data: &Tensor) -> Result<()> {
        let values: Vec<f32> = match data.as_f32() {
            Ok(values) => values.to_vec(),
            Err(_) => data.to_f64().into_iter().map(|value| value as f32).collect(),
        };
        if let Some(place) = values.iter().position(|value| !value.is_finite()) {
            let value = values[place];
            return Err(Error::invalid(format!(
                "element {place} of the data is {value}; bins are made of finite numbers"
            )));
        }
        self.summary.add(values);
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.bins.check_unused()?;
        if self.summary.is_empty() {
            return Err(Error::invalid("received no samples to adapt to"));
        }
        let boundaries = self.summary.boundaries(self.num_bins).into_iter().map(f64::from).collect();
        *self.bins.boundaries.write().unwrap_or_else(PoisonError::into_inner) = Some(boundaries);
        Ok(())
    }
}
