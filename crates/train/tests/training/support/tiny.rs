//! A small model with its metric, written out.

use glorot_graph::{RandomKind, Sym};
use glorot_nn::metrics::Metric;
use glorot_nn::{Context, Result, Variable, Weight};
use glorot_tensor::random::Stream;
use glorot_tensor::{DType, Shape, Tensor};
use glorot_train::{Network, Port};
use serde_json::{Value, json};

/// Two dense layers with tanh between and softmax behind, and dropout in front.
pub struct TinyMlp {
    pub features: usize,
    pub weights: Vec<Variable>,
    /// Probability that an input is dropped in training.
    pub dropout: f64,
    /// Factor of the sum of squares of the first kernel in the loss.
    pub penalty: f64,
}

impl TinyMlp {
    pub fn new(features: usize, hidden: usize, classes: usize) -> TinyMlp {
        let mut stream = Stream::new(7, 0);
        let mut weight = |name: &str, shape: &[usize], scale: f64| {
            let values = (0..shape.iter().product()).map(|_| (scale * stream.next_normal()) as f32).collect();
            Variable::new(name, Tensor::f32(shape, values).unwrap())
        };
        let weights = vec![
            weight("kernel", &[features, hidden], 0.5),
            weight("bias", &[hidden], 0.0),
            weight("kernel", &[hidden, classes], 0.5),
            weight("bias", &[classes], 0.0),
        ];
        TinyMlp { features, weights, dropout: 0.0, penalty: 0.0 }
    }
}

impl Network for TinyMlp {
    fn name(&self) -> String {
        "tiny".into()
    }

    fn build(&self, _: &[Shape]) -> Result<()> {
        Ok(())
    }

    fn inputs(&self) -> Option<Vec<Port>> {
        Some(vec![Port { name: "features".into(), shape: vec![None, Some(self.features)], dtype: DType::F32 }])
    }

    fn outputs(&self) -> Result<Vec<Port>> {
        let classes = self.weights[3].spec().shape[0];
        Ok(vec![Port { name: "classes".into(), shape: vec![None, Some(classes)], dtype: DType::F32 }])
    }

    fn call(&self, ctx: &Context, inputs: &[Sym]) -> Result<Vec<Sym>> {
        let weights: Vec<Sym> = self.weights.iter().map(|weight| ctx.read(weight)).collect();
        let mut x = inputs[0].cast(DType::F32)?.reshape([inputs[0].shape()[0], self.features])?;
        if ctx.training() && self.dropout > 0.0 {
            let kept = ctx.random(RandomKind::Uniform, x.shape(), None)?;
            let kept = kept.greater_equal(&kept.scalar_like(self.dropout))?.cast(DType::F32)?;
            x = x.mul(&kept)?.div_scalar(1.0 - self.dropout)?;
        }
        if self.penalty > 0.0 {
            ctx.add_loss(weights[0].square()?.sum_all()?.mul_scalar(self.penalty)?);
        }
        let hidden = x.mat_mul(&weights[0])?.add(&weights[1])?.tanh()?;
        let logits = hidden.mat_mul(&weights[2])?.add(&weights[3])?;
        let exp = logits.sub(&logits.max(&[1], true)?)?.exp()?;
        Ok(vec![exp.div(&exp.sum(&[1], true)?)?])
    }

    fn trainable_weights(&self) -> Vec<Weight> {
        let weight = |variable: &Variable| Weight {
            variable: variable.clone(),
            trainable: true,
            regularizer: None,
            constraint: None,
        };
        self.weights.iter().map(weight).collect()
    }
}

/// The probabilities of the right classes.
fn of_label(labels: &Sym, probabilities: &Sym) -> Result<Sym> {
    let shape = probabilities.shape();
    let classes = probabilities.tracer().iota(shape.clone(), 1, DType::I32)?;
    let is_label = classes.equal(&labels.cast(DType::I32)?.reshape([shape[0], 1])?)?.cast(DType::F32)?;
    Ok(probabilities.mul(&is_label)?.sum(&[1], false)?)
}

/// Mean of the probability of the right class: every sample counts alike, so exact values show how batches are counted.
pub struct Certainty {
    pub total: Variable,
    pub count: Variable,
}

impl Certainty {
    pub fn new() -> Certainty {
        let zero = |name: &str| Variable::new(name, Tensor::scalar_f32(0.0));
        Certainty { total: zero("total"), count: zero("count") }
    }
}

impl Metric for Certainty {
    fn name(&self) -> &str {
        "certainty"
    }

    fn to_json(&self) -> Value {
        json!({ "class_name": "SparseCertainty", "config": {} })
    }

    fn update(&self, ctx: &Context, y_true: &Sym, y_pred: &Sym, weight: Option<&Sym>) -> Result<()> {
        let certainty = of_label(y_true, y_pred)?;
        let weight = match weight {
            Some(weight) => weight.clone(),
            None => certainty.tracer().fill(1.0, certainty.shape(), DType::F32),
        };
        ctx.assign(&self.total, &ctx.read(&self.total).add(&certainty.mul(&weight)?.sum_all()?)?)?;
        ctx.assign(&self.count, &ctx.read(&self.count).add(&weight.sum_all()?)?)
    }

    fn result(&self, ctx: &Context) -> Result<Sym> {
        Ok(ctx.read(&self.total).div(&ctx.read(&self.count))?)
    }

    fn variables(&self) -> Vec<Variable> {
        vec![self.total.clone(), self.count.clone()]
    }
}
