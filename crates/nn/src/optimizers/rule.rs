//! What one kind of optimizer adds to the machinery that all share.

use glorot_graph::{Op, Sym};
use glorot_tensor::{Shape, Tensor};
use serde_json::{Map, Value};

use crate::error::Result;
use crate::variable::Variable;

/// A tensor that a rule keeps for each weight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slot {
    /// The name Keras uses: `momentum`, `velocity`.
    pub name: &'static str,
    pub initial: Initial,
}

/// What a slot holds before the first update.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Initial {
    /// The same number for each element of the weight.
    Number(f64),
    /// The weight.
    Weight,
    /// Zeros in the shape of the weight without an axis, which is counted from the last, 1.
    ZerosWithout(usize),
    /// An int32 scalar that stays 0: Keras has it where a weight needs no slot.
    Placeholder,
}

impl Slot {
    /// A slot that starts at 0.
    pub const fn zeros(name: &'static str) -> Slot {
        Slot::filled(name, 0.0)
    }

    /// A slot that starts at a number.
    pub const fn filled(name: &'static str, value: f64) -> Slot {
        Slot { name, initial: Initial::Number(value) }
    }

    /// Its value before the first update of a weight.
    pub fn first(&self, weight: &Variable) -> Result<Tensor> {
        let shape = &weight.spec().shape;
        match self.initial {
            Initial::Number(value) => filled(shape.clone(), value),
            Initial::Weight => Ok(weight.value()),
            Initial::ZerosWithout(axis) => {
                let mut dims = shape.dims().to_vec();
                dims.remove(dims.len() - axis);
                filled(dims.into(), 0.0)
            }
            Initial::Placeholder => Ok(Tensor::scalar_i32(0)),
        }
    }
}

/// A float32 tensor whose elements all have one value.
fn filled(shape: Shape, value: f64) -> Result<Tensor> {
    let values = vec![value as f32; shape.numel()];
    Ok(Tensor::f32(shape, values)?)
}

/// The scalars of an update, the same for all weights. Nodes made from them are made once, however many weights ask.
pub struct Step {
    /// Learning rate (float32).
    pub rate: Sym,
    /// Number of this update, from 1 (float32).
    pub count: Sym,
    /// Number of calls before this one (float32): what schedules go by.
    pub calls: Sym,
    /// The new values of [`Rule::shared`].
    pub shared: Vec<Sym>,
}

impl Step {
    /// `1 - beta^count` for the float32 `beta` nearest to the given one, exact also where it is close to 1.
    pub fn one_minus_power(&self, beta: f64) -> Result<Sym> {
        Ok(self.count.mul_scalar(float32(beta).ln())?.expm1()?.neg()?)
    }
}

/// The nearest float32 number. Where Keras holds a hyperparameter in float32 and subtracts it from 1, this tells: for
/// 0.999 the difference is 1.3e-5 of the result.
pub fn float32(value: f64) -> f64 {
    f64::from(value as f32)
}

/// The squares of a gradient. The gradient of a table of embeddings is a sum over the places that use a row; as Keras on
/// TensorFlow, which keeps these terms apart, each is squared on its own before they are added.
pub fn squares(gradient: &Sym) -> Result<Sym> {
    let terms = {
        let graph = gradient.tracer().graph();
        let node = graph.node(gradient.id());
        (node.op == Op::ScatterAdd).then(|| node.inputs.clone())
    };
    let Some(terms) = terms else { return Ok(gradient.square()?) };
    let [rows, values] = [0, 1].map(|operand| gradient.tracer().at(terms[operand]));
    Ok(rows.scatter_add(&values.square()?, gradient.shape()[0])?)
}

/// The new values of a weight and of its slots, in the order of [`Rule::slots`].
pub struct Update {
    pub weight: Sym,
    pub slots: Vec<Sym>,
}

/// The arithmetic of an optimizer.
///
/// Everything that does not depend on the element is computed on scalars, so that an update is one pass over each
/// weight.
pub trait Rule {
    /// The class name Keras uses.
    fn class_name(&self) -> &'static str;

    /// The rule's own options as Keras serializes them.
    fn config(&self) -> Map<String, Value>;

    /// The learning rate unless one is given.
    fn default_learning_rate(&self) -> f64 {
        0.001
    }

    /// The weight decay unless one is given.
    fn default_weight_decay(&self) -> Option<f64> {
        None
    }

    /// The tensors kept for each weight. The order of the variables is Keras's: group by group, in a group weight by
    /// weight, for a weight slot by slot.
    fn slots(&self) -> Vec<Vec<Slot>>;

    /// The tensors kept for one weight, in as many groups as [`Rule::slots`].
    fn slots_of(&self, weight: &Variable) -> Vec<Vec<Slot>> {
        let _ = weight;
        self.slots()
    }

    /// The weight decay of one weight, where the optimizer has the given one.
    fn weight_decay_of(&self, weight: &Variable, weight_decay: Option<f64>) -> Option<f64> {
        let _ = weight;
        weight_decay
    }

    /// True for the rules of Keras up to 2.10. Their options are fewer, `decay` slows their rate, and their variables are
    /// ordered otherwise.
    fn is_legacy(&self) -> bool {
        false
    }

    /// True if the option `decay` of a legacy rule slows its rate.
    fn decays(&self) -> bool {
        true
    }

    /// Scalars (float32) that all weights share: name and first value. They come after the slots.
    fn shared(&self) -> Vec<Slot> {
        Vec::new()
    }

    /// The new values of the shared scalars. [`Step::shared`] holds the old ones.
    fn advance(&self, step: &Step) -> Result<Vec<Sym>> {
        Ok(step.shared.clone())
    }

    /// One update of one weight, which has already decayed, by its gradient, which has already been clipped.
    fn update(&self, step: &Step, weight: &Sym, gradient: &Sym, slots: &[Sym]) -> Result<Update>;
}

#[cfg(test)]
mod tests {
    use glorot_graph::Tracer;
    use glorot_graph::reference::{Value, evaluate};
    use glorot_tensor::DType;

    use super::*;

    #[test]
    fn terms_of_a_row_are_squared_one_by_one() {
        let tracer = Tracer::new();
        let (rows, values) = (tracer.input([3], DType::I32), tracer.input([3, 1], DType::F32));
        let gradient = rows.scatter_add(&values, 2).unwrap();
        let (of_terms, of_sums) = (squares(&gradient).unwrap(), squares(&gradient.neg().unwrap()).unwrap());
        let inputs = [Value::new([3], DType::I32, vec![1.0, 0.0, 1.0]), Value::f32([3, 1], vec![3.0, 5.0, 4.0])];
        let result = evaluate(&tracer.graph(), &inputs, &|_| unreachable!("there are no states"));
        assert_eq!(result.value(of_terms.id()).data, [25.0, 25.0]);
        assert_eq!(result.value(of_sums.id()).data, [25.0, 49.0]);
    }
}
