//! A metric whose `updateState` and `value` are JavaScript functions. They are called while a step is traced, on the
//! thread of JavaScript, and never while it runs.

use glorot_graph::Sym;
use glorot_nn::metrics::Metric;
use glorot_nn::{Context, Error};
use napi::Env;
use napi::bindgen_prelude::{ClassInstance, FnArgs, FunctionRef};
use napi_derive::napi;
use serde_json::Value;

use crate::error::keep_thrown;
use crate::symbolic::{Frame, SymbolicTensor, returned};
use crate::variable::Variable;

/// Targets, predictions and weights of the samples.
pub type Update = FunctionRef<FnArgs<(SymbolicTensor, SymbolicTensor, Option<SymbolicTensor>)>, ()>;

/// What a metric written in JavaScript is made of. The functions reach its object weakly, so that it can be collected.
#[napi(object, object_to_js = false)]
pub struct CustomMetricSpec {
    pub name: String,
    /// Adds a batch to the variables.
    #[napi(ts_type = "(yTrue: SymbolicTensor, yPred: SymbolicTensor, sampleWeight: SymbolicTensor | null) => void")]
    pub update: Update,
    /// Computes the value from the variables.
    #[napi(ts_type = "() => SymbolicTensor")]
    pub value: FunctionRef<(), ClassInstance<'static, SymbolicTensor>>,
    #[napi(ts_type = "() => Variable[]")]
    pub variables: FunctionRef<(), Vec<ClassInstance<'static, Variable>>>,
    /// `{ class_name, config }` as JSON.
    #[napi(ts_type = "() => string")]
    pub config: FunctionRef<(), String>,
}

/// See the module.
pub struct CustomMetric {
    pub env: Env,
    pub spec: CustomMetricSpec,
}

impl CustomMetric {
    fn thrown(&self, error: napi::Error) -> Error {
        keep_thrown(self.env, error)
    }
}

impl Metric for CustomMetric {
    fn name(&self) -> &str {
        &self.spec.name
    }

    fn to_json(&self) -> Value {
        let json = self.spec.config.borrow_back(&self.env).and_then(|config| config.call(()));
        // A config that cannot be had is reported where JavaScript asks for it; here there is no one to tell.
        json.ok().and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default()
    }

    fn aligns_targets(&self) -> bool {
        false
    }

    fn update(&self, ctx: &Context, y_true: &Sym, y_pred: &Sym, sample_weight: Option<&Sym>) -> glorot_nn::Result<()> {
        let update = self.spec.update.borrow_back(&self.env).map_err(|error| self.thrown(error))?;
        let [y_true, y_pred] = [y_true, y_pred].map(|value| SymbolicTensor::new(value.clone()));
        let arguments = (y_true, y_pred, sample_weight.cloned().map(SymbolicTensor::new));
        let updated = Frame::of_model(ctx).during(|| update.call(FnArgs::from(arguments)));
        updated.map_err(|error| self.thrown(error))
    }

    fn result(&self, ctx: &Context) -> glorot_nn::Result<Sym> {
        let value = self.spec.value.borrow_back(&self.env).map_err(|error| self.thrown(error))?;
        let value = Frame::of_model(ctx).during(|| value.call(())).map_err(|error| self.thrown(error))?;
        returned(&format!("metric '{}'", self.spec.name), ctx.tracer(), &value)
    }

    fn variables(&self) -> Vec<glorot_nn::Variable> {
        let variables = self.spec.variables.borrow_back(&self.env).and_then(|variables| variables.call(()));
        variables.iter().flatten().map(|variable| variable.variable().clone()).collect()
    }
}
