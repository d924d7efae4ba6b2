//! Intersection over union: how much of a class and its predictions overlap.

use glorot_graph::Sym;
use glorot_tensor::{DType, Tensor};
use serde_json::{Value, json};

use super::{check_classes, count_pairs};
use crate::config::Options;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::metrics::Metric;
use crate::metrics::serialized::{read_name, serialized};
use crate::names::snake_case;
use crate::variable::Variable;

/// The mean over classes of `tp / (tp + fp + fn)`, without the classes that neither targets nor predictions have.
///
/// Targets and predictions are class numbers of one shape, or, where they are not sparse, one value a class, of which
/// the largest counts. Labels that are no class, or `ignore_class`, do not count.
///
/// Weights of samples count as they are; Keras rounds them down to whole numbers unless it is given a `dtype`.
struct IntersectionOverUnion {
    class: &'static str,
    name: String,
    num_classes: usize,
    target_class_ids: Vec<usize>,
    ignore_class: Option<i64>,
    sparse_y_true: bool,
    sparse_y_pred: bool,
    axis: i64,
    /// Predictions of at least this mean class 1, others class 0.
    threshold: Option<f64>,
    matrix: Variable,
}

/// Options of all but `BinaryIoU`: `num_classes` (must be given), `target_class_ids` (must be given, but for the means
/// over all classes), `ignore_class` (none), `sparse_y_true` and `sparse_y_pred` (true; false where targets are one-hot),
/// `axis` of the classes where they are not sparse (-1).
fn read(class: &'static str, of_all: bool, one_hot: bool, mut options: Options) -> Result<Box<dyn Metric>> {
    let num_classes = options.positive("num_classes")?;
    check_classes(&options, num_classes)?;
    let target_class_ids = if of_all { (0..num_classes).collect() } else { targets(&mut options, num_classes, None)? };
    let ignore_class = options.optional_int("ignore_class")?;
    let sparse_y_true = if one_hot { false } else { options.bool("sparse_y_true", true)? };
    let sparse_y_pred = options.bool("sparse_y_pred", !one_hot)?;
    let axis = options.int("axis", -1)?;
    let name = read_name(options, &snake_case(class))?;
    let matrix = table(num_classes);
    Ok(Box::new(IntersectionOverUnion {
        class,
        name,
        num_classes,
        target_class_ids,
        ignore_class,
        sparse_y_true,
        sparse_y_pred,
        axis,
        threshold: None,
        matrix,
    }))
}

/// Of the classes `target_class_ids`.
pub fn iou(options: Options) -> Result<Box<dyn Metric>> {
    read("IoU", false, false, options)
}

/// Of all classes.
pub fn mean_iou(options: Options) -> Result<Box<dyn Metric>> {
    read("MeanIoU", true, false, options)
}

/// Of the classes `target_class_ids`; targets are one-hot, predictions probabilities.
pub fn one_hot_iou(options: Options) -> Result<Box<dyn Metric>> {
    read("OneHotIoU", false, true, options)
}

/// Of all classes; targets are one-hot, predictions probabilities.
pub fn one_hot_mean_iou(options: Options) -> Result<Box<dyn Metric>> {
    read("OneHotMeanIoU", true, true, options)
}

/// Of the classes 0 and 1, where a prediction of at least a threshold means 1.
///
/// Options: `target_class_ids` (`[0, 1]`), `threshold` (0.5).
pub fn binary_iou(mut options: Options) -> Result<Box<dyn Metric>> {
    let target_class_ids = targets(&mut options, 2, Some(vec![0, 1]))?;
    let threshold = options.float("threshold", 0.5)?;
    let name = read_name(options, "binary_io_u")?;
    Ok(Box::new(IntersectionOverUnion {
        class: "BinaryIoU",
        name,
        num_classes: 2,
        target_class_ids,
        ignore_class: None,
        sparse_y_true: true,
        sparse_y_pred: true,
        axis: -1,
        threshold: Some(threshold),
        matrix: table(2),
    }))
}

fn table(classes: usize) -> Variable {
    Variable::new("total_confusion_matrix", Tensor::zeros([classes, classes], DType::F32))
}

/// The option `target_class_ids`; without a default it must be given.
fn targets(options: &mut Options, classes: usize, default: Option<Vec<usize>>) -> Result<Vec<usize>> {
    let given = match (options.optional_ints("target_class_ids")?, default) {
        (Some(given), _) => given,
        (None, Some(default)) => return Ok(default),
        (None, None) => Vec::new(),
    };
    let id = |&id: &i64| usize::try_from(id).ok().filter(|&id| id < classes);
    match given.iter().map(id).collect::<Option<Vec<usize>>>() {
        Some(ids) if !ids.is_empty() => Ok(ids),
        _ => Err(options.error(format!(
            "option 'target_class_ids' must be a list of class numbers from 0 to {}; received {given:?}",
            classes - 1
        ))),
    }
}

impl IntersectionOverUnion {
    /// Class numbers, of values that hold them or have an axis of classes.
    fn classes_of(&self, values: &Sym, sparse: bool) -> Result<Sym> {
        if sparse {
            return Ok(values.clone());
        }
        let (axis, rank) = (self.axis, values.rank() as i64);
        if !(-rank..rank).contains(&axis) {
            let message = format!("option 'axis' is {axis}, but the values have shape {}", values.shape());
            return Err(Error::config(self.class, message));
        }
        Ok(values.arg_max(axis.rem_euclid(rank) as usize)?)
    }
}

impl Metric for IntersectionOverUnion {
    fn name(&self) -> &str {
        &self.name
    }

    fn to_json(&self) -> Value {
        let mut own = Vec::new();
        if self.class != "BinaryIoU" {
            own.push(("num_classes", json!(self.num_classes)));
        }
        if !self.class.ends_with("MeanIoU") {
            own.push(("target_class_ids", json!(self.target_class_ids)));
        }
        match self.threshold {
            Some(threshold) => own.push(("threshold", json!(threshold))),
            None => {
                own.push(("ignore_class", json!(self.ignore_class)));
                if !self.class.starts_with("OneHot") {
                    own.push(("sparse_y_true", json!(self.sparse_y_true)));
                }
                own.extend([("sparse_y_pred", json!(self.sparse_y_pred)), ("axis", json!(self.axis))]);
            }
        }
        serialized(self.class, &self.name, own)
    }

    fn update(&self, ctx: &Context, y_true: &Sym, y_pred: &Sym, sample_weight: Option<&Sym>) -> Result<()> {
        let labels = self.classes_of(y_true, self.sparse_y_true)?;
        let predicted = match self.threshold {
            Some(threshold) => y_pred.greater_equal(&y_pred.scalar_like(threshold))?,
            None => self.classes_of(y_pred, self.sparse_y_pred)?,
        };
        let added = count_pairs(self.class, &labels, &predicted, sample_weight, self.num_classes, self.ignore_class)?;
        ctx.assign(&self.matrix, &ctx.read(&self.matrix).add(&added)?)
    }

    fn result(&self, ctx: &Context) -> Result<Sym> {
        let (matrix, n) = (ctx.read(&self.matrix), self.num_classes);
        let tracer = matrix.tracer();
        let diagonal = tracer.iota([n, n], 0, DType::I32)?.equal(&tracer.iota([n, n], 1, DType::I32)?)?;
        let both = diagonal.select(&matrix, &matrix.scalar_like(0.0))?.sum(&[0], false)?;
        let either = matrix.sum(&[0], false)?.add(&matrix.sum(&[1], false)?)?.sub(&both)?;
        let mut chosen = vec![0.0; n];
        self.target_class_ids.iter().for_each(|&id| chosen[id] += 1.0);
        let chosen = tracer.constant(Tensor::f32([n], chosen)?);
        let present = either.greater(&either.scalar_like(1e-9))?.cast(DType::F32)?.mul(&chosen)?;
        let ratios = both.div(&either.add_scalar(1e-7)?)?.mul(&present)?;
        Ok(ratios.sum_all()?.div(&present.sum_all()?.add_scalar(1e-7)?)?)
    }

    fn variables(&self) -> Vec<Variable> {
        vec![self.matrix.clone()]
    }
}
