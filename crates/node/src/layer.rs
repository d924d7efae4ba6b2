//! Layers of JavaScript: those of the library, and those written in JavaScript.

use glorot_graph::Sym;
use glorot_nn::{LayerRef, constraints, initializers, layers, model, regularizers};
use glorot_tensor::{DType, Shape};
use napi::Env;
use napi::bindgen_prelude::{ClassInstance, FunctionRef};
use napi_derive::napi;
use serde_json::Value;

use crate::config::parse;
use crate::custom_layer::{CustomLayer, Functions, Pending};
use crate::error::{Failure, Result};
use crate::model_tensor::{ModelTensor, tensors};
use crate::operand::{JsOperand, JsResult, Operand, run_with_states};
use crate::symbolic::SymbolicTensor;
use crate::tensor::dims;
use crate::variable::Variable;

/// A layer with its name, state and weights.
#[napi]
pub struct Layer {
    layer: LayerRef,
    /// Of a custom layer: where its `build` puts weights.
    pending: Option<Pending>,
    /// Of a custom layer: the layer of the library that it extends.
    base: Option<LayerRef>,
}

impl Layer {
    pub fn of(layer: LayerRef) -> Layer {
        Layer { layer, pending: None, base: None }
    }

    pub fn layer(&self) -> &LayerRef {
        &self.layer
    }

    /// The layer, or the one of the library that it extends.
    pub fn of_library(&self) -> &LayerRef {
        self.base.as_ref().unwrap_or(&self.layer)
    }

    fn base(&self) -> Result<&LayerRef> {
        self.base.as_ref().ok_or_else(|| {
            let layer = format!("layer '{}' ({})", self.layer.name(), self.layer.class_name());
            Failure::config(format!("{layer}: extends no layer that could be called; implement call()"))
        })
    }
}

/// What a layer written in JavaScript is made of.
#[napi(object, object_to_js = false)]
pub struct CustomLayerSpec {
    pub class_name: String,
    pub name: Option<String>,
    pub trainable: Option<bool>,
    /// The layer of the library that it extends: `{ class_name, config }` as JSON.
    pub base: Option<String>,
    /// Makes weights for inputs of the given shapes.
    #[napi(ts_type = "((shapes: number[][]) => void) | undefined")]
    pub build: Option<FunctionRef<Vec<Vec<u32>>, ()>>,
    /// Computes outputs.
    #[napi(ts_type = "((inputs: SymbolicTensor[], training: boolean) => SymbolicTensor[]) | undefined")]
    pub call: Option<crate::custom_layer::Call>,
    /// Options as JSON.
    #[napi(ts_type = "() => string")]
    pub config: FunctionRef<(), String>,
}

/// A weight that a layer written in JavaScript asks for.
#[napi(object, object_to_js = false)]
pub struct CustomWeight {
    pub name: String,
    pub shape: Vec<u32>,
    pub dtype: Option<String>,
    /// As JSON; default: Glorot uniform.
    pub initializer: Option<String>,
    pub regularizer: Option<String>,
    pub constraint: Option<String>,
    pub trainable: Option<bool>,
}

#[napi]
impl Layer {
    /// A layer of the library from `{ class_name, config }` as JSON.
    #[napi(factory, catch_unwind)]
    pub fn deserialize(json: String) -> Result<Layer> {
        Ok(Layer::of(layers::deserialize(&parse(&json)?)?))
    }

    /// A layer written in JavaScript.
    #[napi(factory, catch_unwind)]
    pub fn custom(env: Env, spec: CustomLayerSpec) -> Result<Layer> {
        let base = match &spec.base {
            Some(json) => Some(layers::deserialize(&parse(json)?)?),
            None => None,
        };
        let pending = Pending::default();
        let functions = Functions { env, build: spec.build, call: spec.call, config: spec.config };
        let custom = CustomLayer::new(spec.class_name.clone(), base.clone(), functions, pending.clone());
        let inherited = base.as_ref().map(|base| base.name().to_string());
        let name = spec.name.or(inherited).unwrap_or_else(|| layers::unique_name(&spec.class_name));
        let layer = LayerRef::new(name, Box::new(custom));
        layer.set_trainable(spec.trainable.unwrap_or(true));
        Ok(Layer { layer, pending: Some(pending), base })
    }

    /// The same for all handles of a layer, and no other's.
    #[napi(getter, catch_unwind)]
    pub fn id(&self) -> f64 {
        self.layer.id() as f64
    }

    #[napi(getter, catch_unwind)]
    pub fn name(&self) -> &str {
        self.layer.name()
    }

    #[napi(getter, catch_unwind)]
    pub fn class_name(&self) -> String {
        self.layer.class_name()
    }

    #[napi(getter, catch_unwind)]
    pub fn trainable(&self) -> bool {
        self.layer.trainable()
    }

    #[napi(setter, catch_unwind)]
    pub fn set_trainable(&self, trainable: bool) {
        self.layer.set_trainable(trainable);
    }

    #[napi(getter, catch_unwind)]
    pub fn built(&self) -> bool {
        self.layer.is_built()
    }

    #[napi(catch_unwind)]
    pub fn weights(&self) -> Vec<Variable> {
        self.layer.weights().into_iter().map(|weight| Variable::of(weight.variable)).collect()
    }

    #[napi(catch_unwind)]
    pub fn trainable_weights(&self) -> Vec<Variable> {
        self.layer.trainable_weights().into_iter().map(|weight| Variable::of(weight.variable)).collect()
    }

    #[napi(catch_unwind)]
    pub fn count_params(&self) -> f64 {
        self.layer.count_params() as f64
    }

    /// As Keras serializes it.
    #[napi(catch_unwind)]
    pub fn to_json(&self) -> String {
        self.layer.to_json().to_string()
    }

    /// Makes the weights for inputs of the given shapes, unless that was done.
    #[napi(catch_unwind)]
    pub fn build(&self, shapes: Vec<Vec<u32>>) -> Result<()> {
        Ok(self.layer.build(&to_shapes(shapes))?)
    }

    /// Calls the layer: in the trace of its inputs, or at once.
    #[napi(catch_unwind)]
    pub fn call(&self, inputs: Vec<JsOperand<'_>>, training: Option<bool>) -> Result<Vec<JsResult>> {
        run_with_states(&Operand::all_from_js(inputs)?, |frame, inputs| {
            Ok(self.layer.call(frame.ctx()?, inputs, training)?)
        })
    }

    /// Calls the layer on symbolic tensors of a model. `training` forces the mode of this call.
    #[napi(catch_unwind)]
    pub fn connect(
        &self,
        inputs: Vec<ClassInstance<'_, ModelTensor>>,
        training: Option<bool>,
    ) -> Result<Vec<ModelTensor>> {
        let outputs = model::apply(&self.layer, &tensors(&inputs), training)?;
        Ok(outputs.into_iter().map(ModelTensor::of).collect())
    }

    /// Of a custom layer: makes the weights of the layer that it extends.
    #[napi(catch_unwind)]
    pub fn build_base(&self, shapes: Vec<Vec<u32>>) -> Result<()> {
        match &self.base {
            Some(base) => Ok(base.build(&to_shapes(shapes))?),
            None => Ok(()),
        }
    }

    /// Of a custom layer: calls the layer that it extends.
    #[napi(catch_unwind)]
    pub fn call_base(&self, inputs: Vec<&SymbolicTensor>, training: Option<bool>) -> Result<Vec<SymbolicTensor>> {
        let base = self.base()?;
        let inputs: Vec<Sym> = inputs.into_iter().map(|input| input.sym().clone()).collect();
        let frame = crate::symbolic::Frame::current()
            .ok_or_else(|| Failure::config(format!("layer '{}': called outside of a trace", base.name())))?;
        let outputs = base.call(frame.ctx()?, &inputs, training)?;
        Ok(outputs.into_iter().map(SymbolicTensor::new).collect())
    }

    /// Of a custom layer, while it is built: makes a weight.
    #[napi(catch_unwind)]
    pub fn add_weight(&self, weight: CustomWeight) -> Result<Variable> {
        let owner = format!("layer '{}' ({})", self.layer.name(), weight.name);
        let Some(pending) = &self.pending else {
            return Err(Failure::config(format!("{owner}: only custom layers may add weights")));
        };
        let read = |json: &Option<String>| json.as_deref().map_or(Ok(Value::Null), parse);
        let dtype = weight.dtype.as_deref().unwrap_or("float32");
        let dtype = DType::from_name(dtype).ok_or_else(|| {
            Failure::config(format!("{owner}: expected dtype float32, int32, uint8 or bool, received '{dtype}'"))
        })?;
        let initializer = match &weight.initializer {
            Some(json) => initializers::deserialize(&parse(json)?)?,
            None => initializers::create("glorot_uniform", &Value::Null)?,
        };
        let shape: Shape = weight.shape.iter().map(|&dim| dim as usize).collect();
        glorot_nn::claim_weight(&weight.name, shape.numel())?;
        let variable = glorot_nn::Variable::new(weight.name, initializer.initialize(&shape, dtype)?);
        pending.borrow_mut().push(glorot_nn::Weight {
            variable: variable.clone(),
            trainable: weight.trainable.unwrap_or(true),
            regularizer: regularizers::deserialize(&read(&weight.regularizer)?)?,
            constraint: constraints::deserialize(&read(&weight.constraint)?)?,
        });
        Ok(Variable::of(variable))
    }

    /// The input shapes that the layer was built for (axis 0 is the batch).
    #[napi(catch_unwind)]
    pub fn built_for(&self) -> Option<Vec<Vec<u32>>> {
        self.layer.built_for().map(|shapes| shapes.iter().map(dims).collect())
    }
}

/// Shapes from JavaScript.
pub fn to_shapes(shapes: Vec<Vec<u32>>) -> Vec<Shape> {
    shapes.into_iter().map(|shape| shape.into_iter().map(|dim| dim as usize).collect()).collect()
}
