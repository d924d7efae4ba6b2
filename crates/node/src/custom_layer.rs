//! A layer whose `build` and `call` are JavaScript functions. They are called while a model is traced, on the thread of
//! JavaScript, and never while it runs.

use std::cell::RefCell;
use std::rc::Rc;

use glorot_graph::Sym;
use glorot_nn::layer::WeightBuilder;
use glorot_nn::{Context, Error, LayerRef, Weight};
use glorot_tensor::Shape;
use napi::Env;
use napi::bindgen_prelude::{ClassInstance, FnArgs, FunctionRef};
use serde_json::{Map, Value};

use crate::error::keep_thrown;
use crate::symbolic::{Frame, SymbolicTensor};
use crate::tensor::dims;

/// The weights that a layer's `build` has made so far.
pub type Pending = Rc<RefCell<Vec<Weight>>>;

/// Inputs and mode to outputs.
pub type Call = FunctionRef<FnArgs<(Vec<SymbolicTensor>, bool)>, Vec<ClassInstance<'static, SymbolicTensor>>>;

/// The JavaScript functions of a layer. They reach the layer's object weakly, so that it can be collected.
pub struct Functions {
    pub env: Env,
    pub build: Option<FunctionRef<Vec<Vec<u32>>, ()>>,
    pub call: Option<Call>,
    /// The options as JSON.
    pub config: FunctionRef<(), String>,
}

/// See the module.
pub struct CustomLayer {
    class: String,
    /// The layer of the library that this one extends. Its weights are this layer's.
    base: Option<LayerRef>,
    functions: Functions,
    pending: Pending,
}

impl CustomLayer {
    pub fn new(class: String, base: Option<LayerRef>, functions: Functions, pending: Pending) -> CustomLayer {
        CustomLayer { class, base, functions, pending }
    }

    fn thrown(&self, error: napi::Error) -> Error {
        keep_thrown(self.functions.env, error)
    }
}

impl glorot_nn::Layer for CustomLayer {
    fn class_name(&self) -> &str {
        &self.class
    }

    fn config(&self) -> Map<String, Value> {
        // A config that cannot be had is reported where JavaScript asks for it; here there is no one to tell.
        let json = self.functions.config.borrow_back(&self.functions.env).and_then(|config| config.call(()));
        match json.ok().and_then(|json| serde_json::from_str(&json).ok()) {
            Some(Value::Object(config)) => config,
            _ => Map::new(),
        }
    }

    fn build(&mut self, weights: &mut WeightBuilder<'_>, inputs: &[Shape]) -> glorot_nn::Result<()> {
        match &self.functions.build {
            Some(build) => {
                let build = build.borrow_back(&self.functions.env).map_err(|error| self.thrown(error))?;
                build.call(inputs.iter().map(dims).collect()).map_err(|error| self.thrown(error))?;
            }
            None => {
                if let Some(base) = &self.base {
                    base.build(inputs)?;
                }
            }
        }
        self.pending.borrow_mut().drain(..).for_each(|weight| weights.push(weight));
        Ok(())
    }

    fn call(&self, ctx: &Context, inputs: &[Sym], training: bool) -> glorot_nn::Result<Vec<Sym>> {
        let Some(call) = &self.functions.call else {
            return match &self.base {
                Some(base) => base.call(ctx, inputs, Some(training)),
                None => Err(Error::invalid("the layer has no call(); implement it")),
            };
        };
        let call = call.borrow_back(&self.functions.env).map_err(|error| self.thrown(error))?;
        let arguments = inputs.iter().cloned().map(SymbolicTensor::new).collect();
        let outputs = Frame::of_model(ctx).during(|| call.call(FnArgs::from((arguments, training))));
        let outputs = outputs.map_err(|error| self.thrown(error))?;
        Ok(outputs.iter().map(|output| output.sym().clone()).collect())
    }

    fn frozen_means_inference(&self) -> bool {
        self.base.as_ref().is_some_and(|base| base.layer().frozen_means_inference())
    }

    fn is_noise(&self) -> bool {
        self.base.as_ref().is_some_and(|base| base.layer().is_noise())
    }

    fn sublayers(&self) -> Vec<LayerRef> {
        self.base.iter().cloned().collect()
    }
}
