//! Traced tensors: what layers, losses and functions written in JavaScript compute with.

use std::cell::RefCell;
use std::rc::Rc;

use glorot_graph::{Op, Sym, Tracer};
use glorot_nn::{Context, StateTable, Variable, context, rng};
use glorot_tensor::{DType, Tensor};
use napi_derive::napi;

use crate::error::{Failure, Result};
use crate::tensor::dims;

/// A tensor of a program under construction. It has a shape and a dtype, and no values yet: ops on it become part of
/// the program, with gradients, and run at native speed. It is valid only while the function that received it runs.
#[napi]
pub struct SymbolicTensor {
    sym: Sym,
}

impl SymbolicTensor {
    pub fn new(sym: Sym) -> SymbolicTensor {
        SymbolicTensor { sym }
    }

    pub fn sym(&self) -> &Sym {
        &self.sym
    }
}

/// What a function of the user returned, if it is a tensor of the trace that the function took part in.
pub fn returned(owner: &str, tracer: &Tracer, result: &SymbolicTensor) -> glorot_nn::Result<Sym> {
    if tracer.same(result.sym().tracer()) {
        return Ok(result.sym().clone());
    }
    let message = "the result belongs to another trace; compute it from the arguments";
    Err(glorot_nn::Error::config(owner, message))
}

#[napi]
impl SymbolicTensor {
    /// Lengths of the axes, outermost first; the first is the batch in layers and losses.
    #[napi(getter, catch_unwind)]
    pub fn shape(&self) -> Vec<u32> {
        dims(&self.sym.shape())
    }

    /// `'float32'`, `'int32'`, `'uint8'` or `'bool'`.
    #[napi(getter, catch_unwind, ts_return_type = "'float32' | 'int32' | 'uint8' | 'bool'")]
    pub fn dtype(&self) -> &'static str {
        self.sym.dtype().name()
    }
}

/// A trace that JavaScript code takes part in.
#[derive(Clone)]
pub struct Frame {
    tracer: Tracer,
    /// `None` in a loss, which has no part in the states of the model.
    ctx: Option<Context>,
    /// Host tensors that the traced function used, each an input of the program; `None` where they become constants
    /// of it. As inputs, their values may change from call to call without another compilation.
    captured: Option<Rc<RefCell<Vec<Tensor>>>>,
    /// Of a function that is run at once: what its random numbers follow from.
    random_state: Option<Variable>,
}

impl Frame {
    /// The trace of a part of a model; host tensors become constants.
    pub fn of_model(ctx: &Context) -> Frame {
        Frame { tracer: ctx.tracer().clone(), ctx: Some(ctx.clone()), captured: None, random_state: None }
    }

    /// The trace of a loss; host tensors become constants.
    pub fn of_loss(tracer: &Tracer) -> Frame {
        Frame { tracer: tracer.clone(), ctx: None, captured: None, random_state: None }
    }

    /// A trace of its own, for a function that is run at once, in inference mode; host tensors become inputs. Random
    /// numbers are new ones each time.
    pub fn of_function() -> Frame {
        let random_state = context::random_state(0);
        let ctx = Context::new(StateTable::new(), random_state.clone(), false);
        Frame { captured: Some(Rc::default()), random_state: Some(random_state), ..Frame::of_model(&ctx) }
    }

    /// Draws the seed of the random numbers of a function that is run at once, if it has any: others leave the seeds to
    /// those who need them.
    pub fn seed(&self) -> Result<()> {
        let is_random = self.tracer.graph().nodes().iter().any(|node| matches!(node.op, Op::Random { .. }));
        if let Some(state) = self.random_state.as_ref().filter(|_| is_random) {
            state.assign(context::random_state(rng::next_seed()).value())?;
        }
        Ok(())
    }

    pub fn tracer(&self) -> &Tracer {
        &self.tracer
    }

    /// What variables and layers need.
    pub fn ctx(&self) -> Result<&Context> {
        self.ctx.as_ref().ok_or_else(|| {
            Failure::config("variables and layers cannot be used in a loss function; compute them in the model")
        })
    }

    /// The symbol of a host tensor in this trace.
    pub fn tensor(&self, value: Tensor) -> Sym {
        match &self.captured {
            None => self.tracer.constant(value),
            Some(captured) => {
                let sym = self.tracer.input(value.shape().clone(), value.dtype());
                captured.borrow_mut().push(value);
                sym
            }
        }
    }

    /// The values of the program's inputs, in order.
    pub fn inputs(&self) -> Vec<Tensor> {
        self.captured.as_ref().map(|captured| captured.borrow().clone()).unwrap_or_default()
    }

    /// Runs JavaScript code during which this is the trace that ops on variables and layers add to. Code that comes here
    /// again and again from within itself ends with an error before the stack does.
    pub fn during<T>(&self, code: impl FnOnce() -> napi::Result<T>) -> napi::Result<T> {
        const DEEPEST: usize = 64;
        if FRAMES.with_borrow(Vec::len) >= DEEPEST {
            let message = format!("calls are nested more than {DEEPEST} deep: does the function or layer call itself?");
            return Err(napi::Error::new(TOO_DEEP, message));
        }
        struct Pop;
        impl Drop for Pop {
            fn drop(&mut self) {
                FRAMES.with_borrow_mut(Vec::pop);
            }
        }
        FRAMES.with_borrow_mut(|frames| frames.push(self.clone()));
        let _pop = Pop;
        code()
    }

    /// The innermost trace in progress.
    pub fn current() -> Option<Frame> {
        FRAMES.with_borrow(|frames| frames.last().cloned())
    }
}

/// The status of the error for calls that are nested too deep.
pub const TOO_DEEP: napi::Status = napi::Status::WouldDeadlock;

thread_local! {
    static FRAMES: RefCell<Vec<Frame>> = const { RefCell::new(Vec::new()) };
}

/// Adds a penalty to the loss of the model that is traced.
#[napi(catch_unwind)]
pub fn add_loss(owner: String, penalty: &SymbolicTensor) -> Result<()> {
    let frame = Frame::current()
        .ok_or_else(|| Failure::config(format!("{owner}: addLoss() adds to a trace: use it in call()")))?;
    let sym = penalty.sym();
    if (sym.rank(), sym.dtype()) != (0, DType::F32) {
        let message = format!("{owner}: addLoss() takes a float32 scalar, received {} {}", sym.dtype(), sym.shape());
        return Err(Failure::config(message));
    }
    frame.ctx()?.add_loss(sym.clone());
    Ok(())
}
