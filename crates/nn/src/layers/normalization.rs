use glorot_graph::Sym;
use glorot_tensor::{DType, Shape, Tensor};
use serde_json::{Map, Value, json};

use super::adaptation::{Adapt, Adaptation};
use super::feature_moments::FeatureMoments;
use super::normalizing::{resolve, weight_shape};
use super::{FromOptions, entries, support};
use crate::config::Options;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::initializers::{Initializer, Ones, Zeros};
use crate::layer::{Layer, LayerRef, WeightBuilder, WeightSpec};
use crate::variable::Variable;

/// The least standard deviation that inputs are divided by.
const EPSILON: f64 = 1e-7;

/// `(x - mean) / max(sqrt(variance), 1e-7)` for each index along `axis` (default: the last; a list of axes: for each
/// combination; none: `[]`, or `null`). With `invert`, the way back: `mean + x max(sqrt(variance), 1e-7)`.
///
/// The statistics are either given as `mean` and `variance` (numbers, or lists along the last of the axes), or gathered
/// from data by [`super::adapt`]. Weights in the latter case, none of them trainable: `mean` and `variance`, of the lengths of
/// the axes, and `count` (int32), the number of values that each mean is of.
pub struct Normalization {
    axes: Vec<i64>,
    invert: bool,
    given: Option<Given>,
    adapted: Option<Adapted>,
}

/// Statistics that are options.
struct Given {
    /// As they were given.
    json: [Value; 2],
    mean: Tensor,
    variance: Tensor,
}

#[derive(Clone)]
struct Adapted {
    mean: Variable,
    variance: Variable,
    count: Variable,
}

impl FromOptions for Normalization {
    const CLASS: &'static str = "Normalization";

    fn from_options(options: &mut Options) -> Result<Normalization> {
        let default = if options.is_null("axis") { vec![] } else { vec![-1] };
        let axes = options.optional_ints("axis")?.unwrap_or(default);
        let given = Given::read(options, axes.len())?;
        Ok(Normalization { axes, invert: options.bool("invert", false)?, given, adapted: None })
    }
}

impl Given {
    fn read(options: &mut Options, axes: usize) -> Result<Option<Given>> {
        let (mean, variance) = match (options.value("mean")?, options.value("variance")?) {
            (None, None) => return Ok(None),
            (Some(mean), Some(variance)) => (mean, variance),
            (mean, _) => {
                let missing = if mean.is_some() { "variance" } else { "mean" };
                let message = format!("option '{missing}' is missing; give mean and variance, or neither and adapt()");
                return Err(options.error(message));
            }
        };
        let read = |name: &str, value: &Value| {
            array(value).ok_or_else(|| {
                options.error(format!("option '{name}' must be a number or a nested list of numbers; received {value}"))
            })
        };
        let (means, variances) = (read("mean", &mean)?, read("variance", &variance)?);
        let shape = &means.0;
        options.check("variance", &variance, variances.0 == *shape, &format!("of mean's shape {shape:?}"))?;
        options.check("variance", &variance, variances.1.iter().all(|&value| value >= 0.0), "at least 0")?;
        let fits = shape.len() <= axes;
        options.check("mean", &mean, fits, &format!("a list of depth {axes} at most, the number of axes"))?;
        let tensor = |(shape, values): (Vec<usize>, Vec<f64>)| Tensor::from_f64(shape, DType::F32, &values);
        Ok(Some(Given { mean: tensor(means)?, variance: tensor(variances)?, json: [mean, variance] }))
    }

    /// Mean and variance in a shape that broadcasts to inputs, whose kept axes these are.
    fn align(&self, x: &Sym, kept: &[usize]) -> Result<(Sym, Sym)> {
        let (shape, given) = (x.shape(), self.mean.shape());
        let mut aligned = vec![1; shape.rank()];
        for (&axis, &dim) in kept.iter().rev().zip(given.iter().rev()) {
            aligned[axis] = dim;
            if dim != 1 && dim != shape[axis] {
                return Err(Error::invalid(format!(
                    "option 'mean' has {dim} numbers for axis {axis}, which has length {} in inputs of shape {}",
                    shape[axis],
                    support::any_batch(&shape)
                )));
            }
        }
        let constant = |tensor: &Tensor| x.tracer().constant(tensor.clone()).reshape(aligned.clone());
        Ok((constant(&self.mean)?, constant(&self.variance)?))
    }
}

/// Shape and elements of a number or nested lists of equal lengths.
fn array(value: &Value) -> Option<(Vec<usize>, Vec<f64>)> {
    let Value::Array(parts) = value else {
        return value.as_f64().map(|number| (vec![], vec![number]));
    };
    let parts = parts.iter().map(array).collect::<Option<Vec<_>>>()?;
    let inner = parts.first()?.0.clone();
    if parts.iter().any(|part| part.0 != inner) {
        return None;
    }
    Some(([vec![parts.len()], inner].concat(), parts.into_iter().flat_map(|part| part.1).collect()))
}

impl Normalization {
    /// The axes with statistics of their own, ascending.
    fn kept(&self, shape: &Shape) -> Result<Vec<usize>> {
        if shape.rank() == 1 && self.axes == [-1] {
            let message = "inputs of shape [batch] have no axis of features; give 'axis' null for one mean of all";
            return Err(Error::invalid(message));
        }
        let mut axes = self.axes.iter().map(|&axis| resolve(axis, shape)).collect::<Result<Vec<usize>>>()?;
        axes.sort_unstable();
        axes.dedup();
        Ok(axes)
    }

    /// Begins to gather statistics of data of a shape. Builds the layer unless that was done.
    pub(super) fn adaptation(layer: &LayerRef, shape: &Shape) -> Result<Adaptation> {
        if shape.rank() == 0 {
            return Err(Error::invalid("expected data of rank 1 or more, samples along axis 0; received a scalar"));
        }
        layer.build(std::slice::from_ref(shape))?;
        let own = layer.downcast::<Normalization>();
        let (Some(own), Some(built)) = (own, layer.built_for()) else {
            return Err(Error::invalid("is not built"));
        };
        let Some(adapted) = own.adapted.clone() else {
            return Err(Error::invalid("has its statistics as options 'mean' and 'variance'; leave them out to adapt"));
        };
        let (kept, expected) = (own.kept(shape)?, own.kept(&built[0])?);
        if kept.iter().map(|&axis| shape[axis]).ne(expected.iter().map(|&axis| built[0][axis])) {
            let built = support::any_batch(&built[0]);
            return Err(Error::invalid(format!("was built for inputs of shape {built}, received data {shape}")));
        }
        Ok(Adaptation::of(layer, Box::new(Statistics { moments: FeatureMoments::new(shape, &kept), adapted })))
    }
}

impl Layer for Normalization {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        let [mean, variance] = self.given.as_ref().map_or([Value::Null, Value::Null], |given| given.json.clone());
        entries(json!({ "axis": self.axes, "invert": self.invert, "mean": mean, "variance": variance }))
    }

    fn build(&mut self, weights: &mut WeightBuilder<'_>, inputs: &[Shape]) -> Result<()> {
        let input = support::single(inputs)?;
        let shape: Shape = self.kept(input)?.into_iter().map(|axis| input[axis]).collect();
        if self.given.is_some() {
            return Ok(());
        }
        let mut add = |name, shape, dtype, initializer: &dyn Initializer| {
            let spec =
                WeightSpec { name, shape, dtype, initializer, trainable: false, regularizer: None, constraint: None };
            weights.add(spec)
        };
        self.adapted = Some(Adapted {
            mean: add("mean", shape.clone(), DType::F32, &Zeros)?,
            variance: add("variance", shape, DType::F32, &Ones)?,
            count: add("count", Shape::scalar(), DType::I32, &Zeros)?,
        });
        Ok(())
    }

    fn call(&self, ctx: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        let x = support::to_float(support::single(inputs)?)?;
        let shape = x.shape();
        let kept = self.kept(&shape)?;
        let (mean, variance) = match &self.given {
            Some(given) => given.align(&x, &kept)?,
            None => {
                let Adapted { mean, variance, .. } = support::built(&self.adapted)?;
                let aligned = weight_shape(&shape, &kept);
                if aligned.numel() != mean.spec().shape.numel() {
                    let (features, received) = (mean.spec().shape.numel(), support::any_batch(&shape));
                    return Err(Error::invalid(format!(
                        "expected inputs with {features} features along the axes {:?}, received shape {received}; make \
                         a new layer for other inputs",
                        self.axes
                    )));
                }
                (ctx.read(mean).reshape(aligned.clone())?, ctx.read(variance).reshape(aligned)?)
            }
        };
        let deviation = variance.sqrt()?.maximum_scalar(EPSILON)?;
        Ok(vec![if self.invert { x.mul(&deviation)?.add(&mean)? } else { x.sub(&mean)?.div(&deviation)? }])
    }

    fn passes_mask(&self) -> bool {
        true
    }
}

/// Statistics in the making.
struct Statistics {
    moments: FeatureMoments,
    adapted: Adapted,
}

impl Adapt for Statistics {
    fn add(&mut self, data: &Tensor) -> Result<()> {
        self.moments.add(data)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let Statistics { moments, adapted } = *self;
        if moments.count() == 0 {
            return Err(Error::invalid("received no samples to adapt to"));
        }
        let tensor = |values: &[f64]| Tensor::from_f64(adapted.mean.spec().shape.clone(), DType::F32, values);
        adapted.mean.assign(tensor(moments.mean())?)?;
        adapted.variance.assign(tensor(&moments.variance())?)?;
        adapted.count.assign(Tensor::scalar_i32(i32::try_from(moments.count()).unwrap_or(i32::MAX)))?;
        Ok(())
    }
}
