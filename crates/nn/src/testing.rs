//! Running traces in tests, on the plain f64 reference.

use std::cell::RefCell;
use std::collections::HashMap;

use glorot_graph::Sym;
use glorot_graph::reference::{Value, evaluate};

use crate::context::{Context, StateTable, random_state};
use crate::error::Result;
use crate::variable::Variable;

/// Variables with their values, which steps change.
#[derive(Default)]
pub struct Machine(RefCell<HashMap<Variable, Value>>);

impl Machine {
    /// Traces a step, runs it and returns its results.
    pub fn step(
        &self,
        inputs: &[Value],
        trace: impl FnOnce(&Context, &[Sym]) -> Result<Vec<Sym>>,
    ) -> Result<Vec<Value>> {
        let ctx = Context::new(StateTable::new(), random_state(0), true);
        let syms: Vec<Sym> = inputs.iter().map(|input| ctx.tracer().input(input.shape.clone(), input.dtype)).collect();
        let results = trace(&ctx, &syms)?;
        let variables = ctx.states().variables();
        let start = |variable: &Variable| self.value(variable);
        let run = evaluate(&ctx.tracer().graph(), inputs, &|state| start(&variables[state.0 as usize]));
        for (state, value) in run.updates {
            self.0.borrow_mut().insert(variables[state.0 as usize].clone(), value);
        }
        Ok(results.iter().map(|result| run.values[result.id().index()].clone()).collect())
    }

    /// The value that a variable has now.
    pub fn value(&self, variable: &Variable) -> Value {
        self.0.borrow().get(variable).cloned().unwrap_or_else(|| Value::from(&variable.value()))
    }
}

/// The result of one function of tensors.
pub fn run(inputs: &[Value], function: impl FnOnce(&[Sym]) -> Result<Sym>) -> Result<Value> {
    let results = Machine::default().step(inputs, |_, syms| Ok(vec![function(syms)?]))?;
    Ok(results.into_iter().next().expect("one result"))
}

/// The same numbers in each test run, between -1 and 1.
pub fn numbers(count: usize, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

/// Fails where numbers differ by more than `tolerance`, absolute and relative.
#[track_caller]
pub fn assert_close(got: &[f64], want: &[f64], tolerance: f64) {
    assert_eq!(got.len(), want.len(), "number of values");
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        let close = (got - want).abs() <= tolerance * (1.0 + want.abs()) || (got.is_nan() && want.is_nan());
        assert!(close, "value {i}: got {got}, want {want}");
    }
}
