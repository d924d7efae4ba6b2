//! The ops that JavaScript can call, by name.

use glorot_graph::{GraphError, ReduceKind, Sym};
use glorot_tensor::{DType, Shape};
use napi_derive::napi;

use crate::error::{Failure, Result, code};
use crate::operand::{JsOperand, JsResult, Operand, run};

/// Adds an op to the trace of its operands, or runs it at once if none is traced.
#[napi(catch_unwind)]
pub fn op(name: String, operands: Vec<JsOperand<'_>>, attributes: OpAttributes) -> Result<JsResult> {
    let mut operands = Operand::all_from_js(operands)?;
    if name == "where" && operands.len() == 3 {
        // A number takes the dtype of the other value, not that of the condition.
        Operand::give_dtype(&mut operands[1..])?;
    }
    run(&operands, |inputs| build(&name, inputs, &attributes).map_err(|failure| named(failure, &name)))
}

/// An error of an op under the name that JavaScript knows.
fn named(failure: Failure, name: &str) -> Failure {
    match failure {
        Failure::Nn(glorot_nn::Error::Graph(error)) => Failure::Coded(code::SHAPE, format!("{name}: {}", error.detail)),
        other => other,
    }
}

/// The attributes of an op; each op uses some of them.
#[napi(object)]
#[derive(Clone, Debug, Default)]
pub struct OpAttributes {
    /// One or several axes, negative ones from the end; all axes where absent.
    pub axes: Option<Vec<i32>>,
    pub keep_dims: Option<bool>,
    /// Of the result: `reshape` (one -1), `broadcastTo`.
    pub shape: Option<Vec<i32>>,
    pub dtype: Option<String>,
    pub begin: Option<Vec<u32>>,
    pub size: Option<Vec<i32>>,
    pub low: Option<Vec<u32>>,
    pub high: Option<Vec<u32>>,
    pub value: Option<f64>,
    pub transpose_a: Option<bool>,
    pub transpose_b: Option<bool>,
}

/// Adds an op to the trace of its operands.
fn build(name: &str, inputs: &[Sym], attributes: &OpAttributes) -> Result<Sym> {
    let result = match inputs {
        [x] => unary(name, x, attributes)?,
        [a, b] => binary(name, a, b, attributes)?,
        [condition, a, b] if name == "where" => Some(condition.select(a, b)?),
        _ => None,
    };
    match (result, name, inputs) {
        (Some(result), _, _) => Ok(result),
        (None, "concat", [first, ..]) => {
            let axis = one_axis(name, first, attributes)?;
            Ok(first.tracer().concat(inputs, axis)?)
        }
        _ => Err(Failure::config(format!("there is no op '{name}' of {} operands", inputs.len()))),
    }
}

fn unary(name: &str, x: &Sym, attributes: &OpAttributes) -> Result<Option<Sym>> {
    let reduce = |kind| -> Result<Sym> { Ok(x.reduce(kind, &axes(name, x, attributes)?, keep_dims(attributes))?) };
    Ok(Some(match name {
        "neg" => x.neg()?,
        "abs" => x.abs()?,
        "sign" => x.sign()?,
        "exp" => x.exp()?,
        "expm1" => x.expm1()?,
        "log" => x.log()?,
        "log1p" => x.log1p()?,
        "sqrt" => x.sqrt()?,
        "rsqrt" => x.rsqrt()?,
        "reciprocal" => x.reciprocal()?,
        "square" => x.square()?,
        "sin" => x.sin()?,
        "cos" => x.cos()?,
        "tanh" => x.tanh()?,
        "sigmoid" => x.sigmoid()?,
        "softplus" => x.softplus()?,
        "relu" => x.relu()?,
        "erf" => x.erf()?,
        "floor" => x.floor()?,
        "ceil" => x.ceil()?,
        "round" => x.round()?,
        "isFinite" => x.is_finite()?,
        "logicalNot" => x.not()?,
        "stopGradient" => x.stop_gradient()?,
        "cast" => x.cast(dtype(attributes)?)?,
        "sum" => reduce(ReduceKind::Sum)?,
        "prod" => reduce(ReduceKind::Prod)?,
        "max" => reduce(ReduceKind::Max)?,
        "min" => reduce(ReduceKind::Min)?,
        "mean" => x.mean(&axes(name, x, attributes)?, keep_dims(attributes))?,
        "argMax" => x.arg_max(one_axis(name, x, attributes)?)?,
        "reshape" => x.reshape(reshaped(x, attributes)?)?,
        "broadcastTo" => x.broadcast_to(shape(name, attributes)?)?,
        "transpose" => x.transpose(&permutation(name, x, attributes)?)?,
        "slice" => {
            let (start, size) = bounds(x, attributes)?;
            x.slice(&start, &size)?
        }
        "pad" => x.pad(&dims(&attributes.low), &dims(&attributes.high), attributes.value.unwrap_or(0.0))?,
        // Of one part only.
        "concat" => x.clone(),
        _ => return Ok(None),
    }))
}

fn binary(name: &str, a: &Sym, b: &Sym, attributes: &OpAttributes) -> Result<Option<Sym>> {
    let transposed = |flag: Option<bool>| flag.unwrap_or(false);
    Ok(Some(match name {
        "add" => a.add(b)?,
        "sub" => a.sub(b)?,
        "mul" => a.mul(b)?,
        "div" => a.div(b)?,
        "maximum" => a.maximum(b)?,
        "minimum" => a.minimum(b)?,
        "pow" => a.pow(b)?,
        "mod" => a.modulo(b)?,
        "logicalAnd" => a.and(b)?,
        "logicalOr" => a.or(b)?,
        "equal" => a.equal(b)?,
        "notEqual" => a.not_equal(b)?,
        "less" => a.less(b)?,
        "lessEqual" => a.less_equal(b)?,
        "greater" => a.greater(b)?,
        "greaterEqual" => a.greater_equal(b)?,
        "matMul" => a.mat_mul_with(b, transposed(attributes.transpose_a), transposed(attributes.transpose_b))?,
        "gather" => a.gather(b)?,
        _ => return Ok(None),
    }))
}

fn keep_dims(attributes: &OpAttributes) -> bool {
    attributes.keep_dims.unwrap_or(false)
}

fn dims(values: &Option<Vec<u32>>) -> Vec<usize> {
    values.iter().flatten().map(|&value| value as usize).collect()
}

fn invalid(op: &str, message: String) -> Failure {
    Failure::config(format!("{op}: {message}"))
}

fn resolve(op: &str, shape: &Shape, axis: i32) -> Result<usize> {
    let rank = shape.rank();
    shape.axis(axis as isize).ok_or_else(|| {
        invalid(op, format!("expected an axis from -{rank} to {rank} (exclusive) of {shape}, received {axis}"))
    })
}

/// The axes of a reduction, all where none is given.
fn axes(op: &str, x: &Sym, attributes: &OpAttributes) -> Result<Vec<usize>> {
    let shape = x.shape();
    match &attributes.axes {
        None => Ok((0..shape.rank()).collect()),
        Some(axes) => {
            let resolved = axes.iter().map(|&axis| resolve(op, &shape, axis)).collect::<Result<Vec<usize>>>()?;
            match resolved.iter().enumerate().find(|(i, axis)| resolved[..*i].contains(axis)) {
                Some((_, axis)) => Err(invalid(op, format!("axis {axis} of {shape} is given twice"))),
                None => Ok(resolved),
            }
        }
    }
}

fn one_axis(op: &str, x: &Sym, attributes: &OpAttributes) -> Result<usize> {
    match attributes.axes.as_deref() {
        Some(&[axis]) => resolve(op, &x.shape(), axis),
        other => Err(invalid(op, format!("expected one axis, received {}", other.map_or(0, <[i32]>::len)))),
    }
}

/// The given permutation, or the axes in reverse.
fn permutation(op: &str, x: &Sym, attributes: &OpAttributes) -> Result<Vec<usize>> {
    match &attributes.axes {
        None => Ok((0..x.rank()).rev().collect()),
        Some(_) => axes(op, x, attributes),
    }
}

fn dtype(attributes: &OpAttributes) -> Result<DType> {
    let name = attributes.dtype.as_deref().unwrap_or_default();
    DType::from_name(name)
        .ok_or_else(|| invalid("cast", format!("expected float32, int32, uint8 or bool, received '{name}'")))
}

fn shape(op: &str, attributes: &OpAttributes) -> Result<Shape> {
    let requested = attributes.shape.as_deref().unwrap_or_default();
    let dim = |&dim: &i32| {
        usize::try_from(dim).map_err(|_| invalid(op, format!("expected lengths of axes, received {requested:?}")))
    };
    requested.iter().map(dim).collect()
}

/// The shape of a reshape, in which one axis may be -1: as long as the elements allow.
fn reshaped(x: &Sym, attributes: &OpAttributes) -> Result<Shape> {
    let requested = attributes.shape.as_deref().unwrap_or_default();
    let from = x.shape();
    let mut known = requested.iter().filter(|&&dim| dim >= 0).map(|&dim| dim as usize);
    let Some(known) = known.try_fold(1usize, usize::checked_mul) else {
        return Err(GraphError::new("reshape", format!("cannot make {requested:?} of {from}")).into());
    };
    let unknown = requested.iter().filter(|&&dim| dim == -1).count();
    if unknown > 1 || requested.iter().any(|&dim| dim < -1) {
        let message = format!("expected lengths of axes, at most one of them -1, received {requested:?}");
        return Err(invalid("reshape", message));
    }
    if unknown == 1 && (known == 0 || !from.numel().is_multiple_of(known)) {
        return Err(GraphError::new("reshape", format!("cannot make {requested:?} of {from}")).into());
    }
    Ok(requested.iter().map(|&dim| if dim == -1 { from.numel() / known } else { dim as usize }).collect())
}

/// Start and size of a slice; axes that are left out are whole, a size of -1 reaches to the end (as in TensorFlow.js).
fn bounds(x: &Sym, attributes: &OpAttributes) -> Result<(Vec<usize>, Vec<usize>)> {
    let shape = x.shape();
    let begin = dims(&attributes.begin);
    let size = attributes.size.as_deref().unwrap_or_default();
    if begin.len() > shape.rank() || size.len() > shape.rank() {
        let message =
            format!("expected at most {} axes for {shape}, received begin {begin:?}, size {size:?}", shape.rank());
        return Err(invalid("slice", message));
    }
    let start = |axis: usize| begin.get(axis).copied().unwrap_or(0);
    let length = |axis: usize| match size.get(axis) {
        Some(&size) if size >= 0 => size as usize,
        _ => shape[axis].saturating_sub(start(axis)),
    };
    Ok(((0..shape.rank()).map(start).collect(), (0..shape.rank()).map(length).collect()))
}
