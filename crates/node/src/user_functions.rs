//! Functions of the user among options: activations, initializers, regularizers and constraints written in JavaScript.
//! They are called while a model is built or traced, on the thread of JavaScript, and never while it runs.

use std::rc::Rc;

use glorot_graph::Sym;
use glorot_nn::Error;
use glorot_nn::activations::Activation;
use glorot_nn::constraints::Constraint;
use glorot_nn::functions::{Functions, lend};
use glorot_nn::initializers::Initializer;
use glorot_nn::regularizers::Regularizer;
use glorot_tensor::{DType, Shape, Tensor};
use napi::Env;
use napi::bindgen_prelude::{ClassInstance, FnArgs, Function, FunctionRef};
use napi_derive::napi;
use serde_json::Value;

use crate::error::{Failure, Result, keep_thrown};
use crate::symbolic::{Frame, SymbolicTensor, returned};
use crate::tensor::{HostTensor, dims};

/// A function of the user in the two forms that an option may ask for. They reach it weakly: whoever holds the object
/// with the option holds the function too.
#[napi(object, object_to_js = false)]
pub struct UserFunction {
    /// Of an activation, a regularizer or a constraint.
    #[napi(ts_type = "(x: SymbolicTensor) => SymbolicTensor")]
    pub apply: FunctionRef<SymbolicTensor, ClassInstance<'static, SymbolicTensor>>,
    /// Of an initializer.
    #[napi(ts_type = "(shape: number[], dtype: string) => HostTensor")]
    pub initialize: FunctionRef<FnArgs<(Vec<u32>, String)>, HostTensor>,
}

/// Lets configurations that `read` hands to Rust refer to functions by their numbers.
#[napi(catch_unwind)]
pub fn with_functions(
    env: Env,
    functions: Vec<UserFunction>,
    #[napi(ts_arg_type = "() => void")] read: Function<'_, (), ()>,
) -> Result<()> {
    let functions = functions.into_iter().map(Rc::new).collect();
    lend(Rc::new(Lent { env, functions }), || read.call(())).map_err(|error| Failure::Nn(keep_thrown(env, error)))
}

/// The functions of one call.
struct Lent {
    env: Env,
    functions: Vec<Rc<UserFunction>>,
}

impl Lent {
    fn take(&self, number: usize, json: Value) -> Rc<Taken> {
        Rc::new(Taken { env: self.env, function: self.functions[number].clone(), json })
    }
}

impl Functions for Lent {
    fn count(&self) -> usize {
        self.functions.len()
    }

    fn activation(&self, number: usize, json: Value) -> Rc<dyn Activation> {
        self.take(number, json)
    }

    fn initializer(&self, number: usize, json: Value) -> Rc<dyn Initializer> {
        self.take(number, json)
    }

    fn regularizer(&self, number: usize, json: Value) -> Rc<dyn Regularizer> {
        self.take(number, json)
    }

    fn constraint(&self, number: usize, json: Value) -> Rc<dyn Constraint> {
        self.take(number, json)
    }
}

/// A function in the place of an option.
struct Taken {
    env: Env,
    function: Rc<UserFunction>,
    json: Value,
}

impl Taken {
    fn thrown(&self, error: napi::Error) -> Error {
        keep_thrown(self.env, error)
    }

    /// The function's name, or the class of the object, for errors.
    fn name(&self) -> &str {
        let class = self.json["class_name"].as_str().unwrap_or_default();
        if class == "function" { self.json["config"].as_str().unwrap_or_default() } else { class }
    }

    fn call(&self, x: &Sym) -> glorot_nn::Result<Sym> {
        let apply = self.function.apply.borrow_back(&self.env).map_err(|error| self.thrown(error))?;
        let result = Frame::of_loss(x.tracer()).during(|| apply.call(SymbolicTensor::new(x.clone())));
        let result = result.map_err(|error| self.thrown(error))?;
        returned(&format!("function '{}'", self.name()), x.tracer(), &result)
    }

    fn expect(&self, kind: &str, y: Sym, shape: &Shape) -> glorot_nn::Result<Sym> {
        if (y.dtype(), &y.shape()) == (DType::F32, shape) {
            return Ok(y);
        }
        let message = format!("expected a result of float32 {shape}, received {} {}", y.dtype(), y.shape());
        Err(Error::config(format!("{kind} '{}'", self.name()), message))
    }
}

impl Activation for Taken {
    fn apply(&self, x: &Sym) -> glorot_nn::Result<Sym> {
        self.call(x)
    }

    fn to_json(&self) -> Value {
        self.json.clone()
    }
}

impl Initializer for Taken {
    fn initialize(&self, shape: &Shape, dtype: DType) -> glorot_nn::Result<Tensor> {
        let initialize = self.function.initialize.borrow_back(&self.env).map_err(|error| self.thrown(error))?;
        let value = initialize.call(FnArgs::from((dims(shape), dtype.name().to_string())));
        let value = value.map_err(|error| self.thrown(error))?.into_owned();
        let value = value.map_err(|failure| Error::config(self.name(), failure.message()))?;
        if (value.dtype(), value.shape()) == (dtype, shape) {
            return Ok(value);
        }
        let message = format!("expected a tensor of {dtype} {shape}, received {} {}", value.dtype(), value.shape());
        Err(Error::config(format!("initializer '{}'", self.name()), message))
    }

    fn to_json(&self) -> Value {
        self.json.clone()
    }
}

impl Regularizer for Taken {
    fn penalty(&self, weight: &Sym) -> glorot_nn::Result<Sym> {
        self.expect("regularizer", self.call(weight)?, &Shape::scalar())
    }

    fn to_json(&self) -> Value {
        self.json.clone()
    }
}

impl Constraint for Taken {
    fn project(&self, weight: &Sym) -> glorot_nn::Result<Sym> {
        self.expect("constraint", self.call(weight)?, &weight.shape())
    }

    fn to_json(&self) -> Value {
        self.json.clone()
    }
}
