use std::sync::Arc;

use glorot_graph::StateId;
use glorot_nn::{Context, StateTable, Variable};
use glorot_tensor::{DType, Shape, Tensor};

use crate::compiled::Compiled;
use crate::error::{Error, Result};
use crate::names::unique;
use crate::step::Step;
use crate::trace::Mean;

/// The running losses of a model.
pub(crate) struct Trackers {
    /// Total loss, with penalties, weighted by batch size.
    pub loss: Mean,
    /// With several losses, that of each output that has one.
    pub outputs: Vec<Option<Mean>>,
}

impl Trackers {
    pub fn new(compiled: &Compiled) -> Trackers {
        let several = compiled.targets.iter().filter(|target| target.loss.is_some()).count() > 1;
        let tracked = |has_loss: bool| (several && has_loss).then(Mean::new);
        let outputs = compiled.targets.iter().map(|target| tracked(target.loss.is_some())).collect();
        Trackers { loss: Mean::new(), outputs }
    }
}

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
    pub fn new(
        compiled: &Compiled,
        trackers: &Trackers,
        output_names: &[String],
        states: &StateTable,
        random_state: &Variable,
    ) -> Result<Reports> {
        let ctx = Context::new(states.clone(), random_state.clone(), false);
        let mut names = vec!["loss".to_string()];
        let mut values = vec![trackers.loss.result(&ctx)?];
        let mut variables = trackers.loss.variables().to_vec();

        for (mean, output) in trackers.outputs.iter().zip(output_names) {
            if let Some(mean) = mean {
                names.push(unique(format!("{output}_loss"), &names));
                values.push(mean.result(&ctx)?);
                variables.extend(mean.variables());
            }
        }
        for (target, output) in compiled.targets.iter().zip(output_names) {
            for (metric, _) in target.all_metrics() {
                let name = match output_names.len() {
                    1 => metric.name().to_string(),
                    _ => format!("{output}_{}", metric.name()),
                };
                let value = metric.result(&ctx)?;
                if value.shape() != Shape::scalar() {
                    let message =
                        format!("metric '{name}': expected a scalar result, received shape {}", value.shape());
                    return Err(Error::data(message));
                }
                names.push(unique(name, &names));
                values.push(value.cast(DType::F32)?);
                variables.extend(metric.variables());
            }
        }

        let values = values.iter().map(|value| value.reshape([1])).collect::<glorot_graph::Result<Vec<_>>>()?;
        let all = ctx.tracer().concat(&values, 0)?;
        ctx.tracer().output(&all);
        let results = Arc::new(Step::compile(&ctx.tracer().graph()));
        let zero = |variable: &Variable| Tensor::zeros(variable.spec().shape.clone(), variable.spec().dtype);
        let reset = variables.iter().map(|variable| (states.state(variable), zero(variable))).collect();
        Ok(Reports { names, results, reset })
    }
}
