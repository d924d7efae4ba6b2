use std::sync::Arc;

use glorot_graph::{StateId, Sym};
use glorot_nn::{Context, StateTable, Variable};
use glorot_tensor::{DType, Shape, Tensor};

use crate::error::Result;
use crate::names::unique;
use crate::step::Step;
use crate::trace::Judge;

/// How the running values are read and reset.
pub(crate) struct Reports {
    /// Names of the values, in order.
    pub names: Vec<String>,
    /// A step without inputs whose output 0 is the values, float32 `[names]`.
    pub results: Arc<Step>,
    /// The states that begin an epoch anew, and their first values.
    pub reset: Vec<(StateId, Tensor)>,
}

impl Reports {
    pub fn new(judge: &Judge, states: &StateTable, random_state: &Variable) -> Result<Reports> {
        let ctx = Context::new(states.clone(), random_state.clone(), false);
        let mut names = vec!["loss".to_string()];
        let mut values = vec![judge.loss.result(&ctx)?];
        let mut variables = judge.loss.variables().to_vec();

        for (mean, output) in judge.losses.iter().zip(judge.outputs()) {
            if let Some(mean) = mean {
                names.push(unique(format!("{output}_loss"), &names));
                values.push(mean.result(&ctx)?);
                variables.extend(mean.variables());
            }
        }
        // As in Keras: all metrics that count samples alike, then all that count them by their weights, whose names say so
        // where they are taken.
        for by_weight in [false, true] {
            for target in &judge.targets {
                for (metric, _) in target.metrics.iter().filter(|(_, weighted)| *weighted == by_weight) {
                    let in_output = |name: &str| match judge.named {
                        false => name.to_string(),
                        true => format!("{}_{name}", target.output),
                    };
                    let mut name = in_output(metric.name());
                    if by_weight && names.contains(&name) {
                        name = in_output(&format!("weighted_{}", metric.name()));
                    }
                    let value = metric.result(&ctx)?.cast(DType::F32)?;
                    names.extend(element_names(&unique(name, &names), &value.shape()));
                    values.push(value);
                    variables.extend(metric.variables());
                }
            }
        }

        let flat = |value: &Sym| value.reshape([value.shape().numel()]);
        let values = values.iter().map(flat).collect::<glorot_graph::Result<Vec<_>>>()?;
        let all = ctx.tracer().concat(&values, 0)?;
        ctx.tracer().output(&all);
        let results = Arc::new(Step::compile(&ctx.tracer().graph()));
        let zero = |variable: &Variable| Tensor::zeros(variable.spec().shape.clone(), variable.spec().dtype);
        let reset = variables.iter().map(|variable| (states.state(variable), zero(variable))).collect();
        Ok(Reports { names, results, reset })
    }
}

/// The names of the values of a result: that of a scalar, or one with the index for each element: `recall_0`, `recall_1`,
/// `confusion_matrix_0x1`.
fn element_names(name: &str, shape: &Shape) -> Vec<String> {
    let index = |names: Vec<String>, (axis, &dim): (usize, &usize)| -> Vec<String> {
        let separator = if axis == 0 { '_' } else { 'x' };
        names.iter().flat_map(|name| (0..dim).map(move |i| format!("{name}{separator}{i}"))).collect()
    };
    shape.iter().enumerate().fold(vec![name.to_string()], index)
}
