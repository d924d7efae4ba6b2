//! What a training goes on from, beside the weights and the optimizer's variables.

use std::sync::{Arc, Mutex, PoisonError};

use glorot_nn::Variable;
use glorot_tensor::Tensor;

use crate::error::{Error, Result};

/// The names of the values in files.
const RANDOM_STATE: &str = "random_state";
const PASS: &str = "pass";
const UNAVERAGED: &str = "unaveraged_";
const RUNNING: &str = "running_";

/// Where the trainings of a model stand. Clones are the same.
#[derive(Clone)]
pub(crate) struct Continuation {
    /// Key and counter of the model's random numbers.
    random_state: Variable,
    /// The counter at the begin of the pass over the samples, from which its order follows: two words, -1 before the
    /// first pass. Evaluations of random layers may advance the counter within a pass.
    pass: Variable,
    unaveraged: Arc<Mutex<Vec<Unaveraged>>>,
}

/// What a weight was before its moving average replaced it at the end of a training.
struct Unaveraged {
    weight: Variable,
    value: Tensor,
    /// Of the average.
    version: u64,
}

impl Continuation {
    pub fn new(random_state: Variable) -> Continuation {
        let none = Tensor::i32([2], vec![-1, -1]).expect("two words have shape [2]");
        Continuation { random_state, pass: Variable::new(PASS, none), unaveraged: Arc::default() }
    }

    pub fn random_state(&self) -> &Variable {
        &self.random_state
    }

    /// The counter at the begin of the pass; `None` before the first.
    pub fn pass(&self) -> Result<Option<u64>> {
        let value = self.pass.value();
        let words = value.as_i32()?;
        let counter = u64::from(words[0] as u32) | u64::from(words[1] as u32) << 32;
        Ok(Some(counter).filter(|&counter| counter != u64::MAX))
    }

    pub fn begin_pass(&self, counter: u64) -> Result<()> {
        self.pass.assign(Tensor::i32([2], vec![counter as i32, (counter >> 32) as i32])?)?;
        Ok(())
    }

    /// Replaces weights by their averages and keeps what they were.
    pub fn average(&self, averages: &[(Variable, Variable)]) -> Result<()> {
        let replace = |(weight, average): &(Variable, Variable)| -> Result<Unaveraged> {
            let value = weight.value();
            Ok(Unaveraged { weight: weight.clone(), value, version: weight.assign(average.value())? })
        };
        self.keep(averages.iter().map(replace).collect::<Result<_>>()?);
        Ok(())
    }

    /// Gives weights back what they were before they were averaged, unless they have been changed since.
    pub fn go_on(&self) -> Result<()> {
        for Unaveraged { weight, value, .. } in self.unaveraged() {
            weight.assign(value)?;
        }
        self.keep(Vec::new());
        Ok(())
    }

    fn keep(&self, unaveraged: Vec<Unaveraged>) {
        *self.unaveraged.lock().unwrap_or_else(PoisonError::into_inner) = unaveraged;
    }

    fn unaveraged(&self) -> Vec<Unaveraged> {
        let mut kept = self.unaveraged.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.iter().any(|kept| kept.version != kept.weight.version()) {
            kept.clear();
        }
        kept.iter().map(Unaveraged::clone).collect()
    }

    /// The values by name. `weights`: those that are trained.
    pub fn values(&self, weights: &[Variable]) -> Result<Vec<(String, Tensor)>> {
        let mut values = vec![(RANDOM_STATE.to_string(), self.random_state.value())];
        if self.pass()?.is_some() {
            values.push((PASS.into(), self.pass.value()));
        }
        for Unaveraged { weight, value, .. } in self.unaveraged() {
            if let Some(number) = weights.iter().position(|other| *other == weight) {
                values.push((format!("{UNAVERAGED}{number}"), value));
            }
        }
        Ok(values)
    }

    /// Goes back to values; names of others are left alone. The weights have their values already.
    pub fn set_values(&self, weights: &[Variable], values: &[(String, Tensor)]) -> Result<()> {
        let mut unaveraged = Vec::new();
        for (name, value) in values {
            if let Some(weight) = numbered(name, UNAVERAGED).and_then(|number| weights.get(number)) {
                let (weight, value, version) = (weight.clone(), fit(weight, value)?, weight.version());
                unaveraged.push(Unaveraged { weight, value, version });
            }
            for variable in [&self.random_state, &self.pass] {
                if variable.name() == name {
                    variable.assign(fit(variable, value)?)?;
                }
            }
        }
        self.keep(unaveraged);
        Ok(())
    }
}

impl Unaveraged {
    fn clone(&self) -> Unaveraged {
        Unaveraged { weight: self.weight.clone(), value: self.value.clone(), version: self.version }
    }
}

/// Running values by name.
pub(crate) fn running_values(variables: &[Variable]) -> Vec<(String, Tensor)> {
    let numbered = variables.iter().enumerate();
    numbered.map(|(number, variable)| (format!("{RUNNING}{number}"), variable.value())).collect()
}

/// Goes back to running values.
pub(crate) fn set_running_values(variables: &[Variable], values: &[(String, Tensor)]) -> Result<()> {
    let mut left = variables.len();
    for (name, value) in values {
        let Some(number) = numbered(name, RUNNING) else { continue };
        let Some(variable) = variables.get(number) else { return Err(other_metrics()) };
        variable.assign(fit(variable, value).map_err(|_| other_metrics())?)?;
        left = left.saturating_sub(1);
    }
    if left > 0 { Err(other_metrics()) } else { Ok(()) }
}

fn other_metrics() -> Error {
    Error::data(
        "the running values of the saved training are those of other metrics; compile the model as it was compiled then, \
         or delete the saved training to begin anew",
    )
}

/// The number behind a prefix.
fn numbered(name: &str, prefix: &str) -> Option<usize> {
    name.strip_prefix(prefix)?.parse().ok()
}

/// The value as the variable takes it.
fn fit(variable: &Variable, value: &Tensor) -> Result<Tensor> {
    if *value.shape() != variable.spec().shape {
        let (name, expected, received) = (variable.name(), &variable.spec().shape, value.shape());
        return Err(Error::data(format!(
            "state '{name}' of a training: expected shape {expected}, received {received}"
        )));
    }
    if value.dtype() == variable.spec().dtype {
        return Ok(value.clone());
    }
    Ok(Tensor::from_f64(value.shape().clone(), variable.spec().dtype, &value.to_f64())?)
}
