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
use crate::layer::Layer;
use crate::symbolic::{Frame, SymbolicTensor, returned};
use crate::tensor::dims;

/// The weights that a layer's `build` has made so far; `None` while it is not being built.
pub type Pending = Rc<RefCell<Option<Vec<Weight>>>>;

/// Inputs, mode and masks of the inputs to outputs.
pub type Call = FunctionRef<
    FnArgs<(Vec<SymbolicTensor>, bool, Vec<Option<SymbolicTensor>>)>,
    Vec<ClassInstance<'static, SymbolicTensor>>,
>;

/// The JavaScript functions of a layer. They reach the layer's object weakly, so that it can be collected.
pub struct Functions {
    pub env: Env,
    pub build: FunctionRef<Vec<Vec<u32>>, ()>,
    pub call: Option<Call>,
    /// The layers that the layer's object has as properties.
    pub sublayers: FunctionRef<(), Vec<ClassInstance<'static, Layer>>>,
    /// Whether outputs have the mask of the first input.
    pub supports_masking: FunctionRef<(), bool>,
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

    fn build_shared(&self, weights: &mut WeightBuilder<'_>, inputs: &[Shape]) -> glorot_nn::Result<bool> {
        if self.pending.replace(Some(Vec::new())).is_some() {
            return Err(Error::invalid("build() needs the layer to be built already; do not call the layer in it"));
        }
        let build = self.functions.build.borrow_back(&self.functions.env);
        let built = build.and_then(|build| build.call(inputs.iter().map(dims).collect()));
        let made = self.pending.take().unwrap_or_default();
        built.map_err(|error| self.thrown(error))?;
        made.into_iter().for_each(|weight| weights.push(weight));
        Ok(true)
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
        let masks = inputs.iter().map(|input| ctx.mask(input).map(SymbolicTensor::new)).collect();
        let outputs = Frame::of_model(ctx).during(|| call.call(FnArgs::from((arguments, training, masks))));
        let outputs = outputs.map_err(|error| self.thrown(error))?;
        outputs.iter().map(|output| returned("call()", ctx.tracer(), output)).collect()
    }

    fn passes_mask(&self) -> bool {
        let supports = self.functions.supports_masking.borrow_back(&self.functions.env);
        let own = supports.and_then(|supports| supports.call(())).unwrap_or(false);
        own || self.base.as_ref().is_some_and(|base| base.layer().passes_mask())
    }

    fn frozen_means_inference(&self) -> bool {
        self.base.as_ref().is_some_and(|base| base.layer().frozen_means_inference())
    }

    fn is_noise(&self) -> bool {
        self.base.as_ref().is_some_and(|base| base.layer().is_noise())
    }

    fn sublayers(&self) -> Vec<LayerRef> {
        let list = self.functions.sublayers.borrow_back(&self.functions.env).and_then(|sublayers| sublayers.call(()));
        // An object that was collected has no layers any more; who uses it hears of that elsewhere.
        let own = list.iter().flatten().map(|layer| layer.layer().clone());
        self.base.iter().cloned().chain(own).collect()
    }
}
