//! Traced tensors: what layers, losses and functions written in JavaScript compute with.

use std::cell::RefCell;

use glorot_graph::Sym;
use glorot_nn::Context;
use glorot_tensor::Tensor;
use napi_derive::napi;

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
    pub ctx: Context,
    /// Host tensors that the traced function used, each an input of the program; `None` where they become constants
    /// of it. As inputs, their values may change from call to call without another compilation.
    captured: Option<std::rc::Rc<RefCell<Vec<Tensor>>>>,
}

impl Frame {
    /// A trace whose host tensors become constants: part of a model.
    pub fn of_model(ctx: &Context) -> Frame {
        Frame { ctx: ctx.clone(), captured: None }
    }

    /// A trace whose host tensors become inputs: a function that is run at once.
    pub fn of_function(ctx: &Context) -> Frame {
        Frame { ctx: ctx.clone(), captured: Some(Default::default()) }
    }

    /// The symbol of a host tensor in this trace.
    pub fn tensor(&self, value: Tensor) -> Sym {
        match &self.captured {
            None => self.ctx.tracer().constant(value),
            Some(captured) => {
                let sym = self.ctx.tracer().input(value.shape().clone(), value.dtype());
                captured.borrow_mut().push(value);
                sym
            }
        }
    }

    /// The values of the program's inputs, in order.
    pub fn inputs(&self) -> Vec<Tensor> {
        self.captured.as_ref().map(|captured| captured.borrow().clone()).unwrap_or_default()
    }

    /// Runs JavaScript code during which this is the trace that ops on variables and layers add to.
    pub fn during<T>(&self, code: impl FnOnce() -> T) -> T {
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

thread_local! {
    static FRAMES: RefCell<Vec<Frame>> = const { RefCell::new(Vec::new()) };
}
