//! Layers of JavaScript: those of the library, and those written in JavaScript.

use glorot_graph::Sym;
use glorot_nn::names::fold;
use glorot_nn::{LayerRef, constraints, initializers, layers, model, regularizers};
use glorot_tensor::{DType, Shape};
use napi::Env;
use napi::bindgen_prelude::{ClassInstance, FunctionRef};
use napi_derive::napi;
use serde_json::{Map, Value};

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

    /// Works on the weights that were made so far, while the layer is built.
    fn with_pending<T>(&self, work: impl FnOnce(&mut Vec<glorot_nn::Weight>) -> T) -> Result<T> {
        let mut pending = self.pending.as_ref().and_then(|pending| pending.try_borrow_mut().ok());
        match pending.as_deref_mut().and_then(Option::as_mut) {
            Some(pending) => Ok(work(pending)),
            None => Err(Failure::config(format!(
                "layer '{}' ({}): weights are made in build() of a custom layer, and only there",
                self.layer.name(),
                self.layer.class_name()
            ))),
        }
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
    /// Its options as JSON: those that every layer has, and those of the class that it extends.
    pub options: String,
    /// The class of the library that it extends.
    pub base: Option<String>,
    /// Makes weights for inputs of the given shapes.
    #[napi(ts_type = "(shapes: number[][]) => void")]
    pub build: FunctionRef<Vec<Vec<u32>>, ()>,
    /// Computes outputs.
    #[napi(
        ts_type = "((inputs: SymbolicTensor[], training: boolean, masks: (SymbolicTensor | null)[]) => SymbolicTensor[]) | undefined"
    )]
    pub call: Option<crate::custom_layer::Call>,
    /// The layers that it has as properties.
    #[napi(ts_type = "() => Layer[]")]
    pub sublayers: FunctionRef<(), Vec<ClassInstance<'static, Layer>>>,
    /// Whether outputs have the mask of the first input.
    #[napi(ts_type = "() => boolean")]
    pub supports_masking: FunctionRef<(), bool>,
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
        let CustomLayerSpec { class_name, options, base, build, call, sublayers, supports_masking, config } = spec;
        let mut options = match parse(&options)? {
            Value::Object(options) => options,
            _ => Map::new(),
        };
        let named = options.iter().any(|(name, value)| fold(name) == "name" && !value.is_null());
        if !named {
            options.insert("name".into(), layers::unique_name(&class_name).into());
        }
        let (common, base) = match base {
            // Only the options that every layer has are known; others are errors.
            None => (options, None),
            // Both have one name; the penalty of the outputs is the outer layer's.
            Some(base) => {
                let is_common = |name: &str| COMMON.iter().any(|common| fold(common) == fold(name));
                let common = options.iter().filter(|(name, _)| is_common(name)).map(|(k, v)| (k.clone(), v.clone()));
                let common = common.collect();
                options.retain(|name, _| fold(name) != "activityregularizer");
                (common, Some(layers::create(&base, &Value::Object(options))?))
            }
        };
        let pending = Pending::default();
        let functions = Functions { env, build, call, sublayers, supports_masking, config };
        let custom = CustomLayer::new(class_name.clone(), base.clone(), functions, pending.clone());
        let layer = layers::custom(&class_name, &Value::Object(common), Box::new(custom))?;
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

    /// The symbolic tensors that the layer was first called on; none if it was not.
    #[napi(catch_unwind)]
    pub fn inputs(&self) -> Option<Vec<ModelTensor>> {
        Some(self.layer.first_call()?.inputs.iter().cloned().map(ModelTensor::of).collect())
    }

    /// The symbolic results of the first call; none if there was no call.
    #[napi(catch_unwind)]
    pub fn outputs(&self) -> Option<Vec<ModelTensor>> {
        Some(self.layer.first_call()?.tensors().into_iter().map(ModelTensor::of).collect())
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
        let owner = format!("layer '{}' ({}), weight '{}'", self.layer.name(), self.layer.class_name(), weight.name);
        let taken = self.with_pending(|pending| pending.iter().any(|made| made.variable.name() == weight.name));
        if taken? {
            return Err(Failure::config(format!("{owner}: there is a weight of this name already; give it another")));
        }
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
        glorot_nn::claim_weight(&weight.name, &shape)?;
        let value = initializers::initialize(&*initializer, &shape, dtype);
        let value = value.map_err(|error| Failure::config(format!("{owner}: {error}")))?;
        let path = format!("{}/{}", self.layer.name(), weight.name);
        let made = glorot_nn::Weight {
            variable: glorot_nn::Variable::with_path(weight.name, path, value),
            trainable: weight.trainable.unwrap_or(dtype == DType::F32),
            regularizer: regularizers::deserialize(&read(&weight.regularizer)?)?,
            constraint: constraints::deserialize(&read(&weight.constraint)?)?,
        };
        if made.trainable && dtype != DType::F32 {
            let message =
                format!("{owner}: only weights of float32 can be trained, received {dtype}; set trainable to false");
            return Err(Failure::config(message));
        }
        self.with_pending(|pending| pending.push(made.clone()))?;
        Ok(Variable::of(made.variable))
    }

    /// Of a custom layer, while it is built: variables that it has as properties become weights, unless they are.
    #[napi(catch_unwind)]
    pub fn track(&self, variables: Vec<ClassInstance<'_, Variable>>) -> Result<()> {
        self.with_pending(|pending| {
            for variable in variables.iter().map(|variable| variable.variable()) {
                if pending.iter().all(|made| made.variable != *variable) {
                    pending.push(glorot_nn::Weight {
                        variable: variable.clone(),
                        trainable: variable.spec().dtype == DType::F32,
                        regularizer: None,
                        constraint: None,
                    });
                }
            }
        })
    }

    /// The input shapes that the layer was built for (axis 0 is the batch).
    #[napi(catch_unwind)]
    pub fn built_for(&self) -> Option<Vec<Vec<u32>>> {
        self.layer.built_for().map(|shapes| shapes.iter().map(dims).collect())
    }
}

/// The options that every layer has.
const COMMON: [&str; 8] = [
    "name",
    "trainable",
    "activity_regularizer",
    "input_shape",
    "input_dim",
    "batch_input_shape",
    "batch_shape",
    "batch_size",
];

/// Shapes from JavaScript.
pub fn to_shapes(shapes: Vec<Vec<u32>>) -> Vec<Shape> {
    shapes.into_iter().map(|shape| shape.into_iter().map(|dim| dim as usize).collect()).collect()
}
