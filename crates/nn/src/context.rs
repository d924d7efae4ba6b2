//! What a layer, loss, metric or optimizer sees while it is traced.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use glorot_graph::{NodeId, RandomKind, StateId, Sym, TensorSpec, Tracer};
use glorot_tensor::{DType, Shape, Tensor};

use crate::error::Result;
use crate::variable::Variable;

/// The variables of a session, numbered in the order in which traces first met them. All programs of a session share
/// one table, so that they work on the same states.
#[derive(Clone, Default)]
pub struct StateTable(Rc<RefCell<Table>>);

#[derive(Default)]
struct Table {
    variables: Vec<Variable>,
    ids: HashMap<Variable, StateId>,
}

impl StateTable {
    pub fn new() -> StateTable {
        StateTable::default()
    }

    /// The state that holds a variable; a new one on first use.
    pub fn state(&self, variable: &Variable) -> StateId {
        let mut table = self.0.borrow_mut();
        if let Some(&id) = table.ids.get(variable) {
            return id;
        }
        let id = StateId(table.variables.len() as u32);
        table.variables.push(variable.clone());
        table.ids.insert(variable.clone(), id);
        id
    }

    /// Variable `i` is held by state `i`.
    pub fn variables(&self) -> Vec<Variable> {
        self.0.borrow().variables.clone()
    }

    pub fn specs(&self) -> Vec<TensorSpec> {
        self.0.borrow().variables.iter().map(|variable| variable.spec().clone()).collect()
    }
}

/// How layers act that differ between training and use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Nothing is random, statistics are those that training has gathered.
    Inference,
    /// Dropout drops, batch normalization uses the batch and updates its statistics.
    Training,
    /// Prediction under noise (Monte Carlo dropout, Gal and Ghahramani, 2016): dropout and its kin act as in training,
    /// batch normalization as in inference.
    MonteCarlo,
}

impl Mode {
    /// Training or inference.
    pub fn of(training: bool) -> Mode {
        if training { Mode::Training } else { Mode::Inference }
    }
}

/// A trace in progress: the graph, the states, the mode, and what layers add on the way. Clones are the same trace.
#[derive(Clone)]
pub struct Context {
    tracer: Tracer,
    states: StateTable,
    mode: Mode,
    random_state: Variable,
    losses: Rc<RefCell<Vec<Sym>>>,
    masks: Rc<RefCell<HashMap<NodeId, Sym>>>,
    /// Where this (bool scalar) is false, assignments do nothing.
    condition: Option<Sym>,
}

impl Context {
    /// A trace in training or inference mode. `random_state`: see [`random_state`].
    pub fn new(states: StateTable, random_state: Variable, training: bool) -> Context {
        Context::with_mode(states, random_state, Mode::of(training))
    }

    /// A trace in any mode.
    pub fn with_mode(states: StateTable, random_state: Variable, mode: Mode) -> Context {
        Context {
            tracer: Tracer::new(),
            states,
            mode,
            random_state,
            losses: Rc::default(),
            masks: Rc::default(),
            condition: None,
        }
    }

    /// The same trace in another mode.
    pub fn in_mode(&self, mode: Mode) -> Context {
        Context { mode, ..self.clone() }
    }

    /// The same trace, in which variables are assigned only where a condition (bool scalar) holds.
    pub fn only_where(&self, condition: &Sym) -> Context {
        Context { condition: Some(condition.clone()), ..self.clone() }
    }

    pub fn tracer(&self) -> &Tracer {
        &self.tracer
    }

    pub fn states(&self) -> &StateTable {
        &self.states
    }

    /// How layers act whose caller forces no mode.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// True while a training step is traced.
    pub fn training(&self) -> bool {
        self.mode == Mode::Training
    }

    /// The value of a variable at this point of the step: the last assigned one, or the one at the start.
    pub fn read(&self, variable: &Variable) -> Sym {
        let state = self.states.state(variable);
        let current = self.tracer.graph().current(state);
        match current {
            Some(value) => self.tracer.at(value),
            None => self.tracer.state(state, variable.spec().shape.clone(), variable.spec().dtype),
        }
    }

    /// Gives a variable a new value, of the same shape and dtype, at the end of the step.
    pub fn assign(&self, variable: &Variable, value: &Sym) -> Result<()> {
        let state = self.states.state(variable);
        // The state's own node must exist, so that shapes are compared.
        self.tracer.state(state, variable.spec().shape.clone(), variable.spec().dtype);
        let value = match &self.condition {
            Some(condition) => &condition.select(value, &self.read(variable))?,
            None => value,
        };
        Ok(self.tracer.assign(state, value)?)
    }

    /// Random float32 numbers, new ones in each step. With a seed, their key depends on it and not on the model's.
    pub fn random(&self, kind: RandomKind, shape: impl Into<Shape>, seed: Option<u64>) -> Result<Sym> {
        let state = self.tracer.state(self.states.state(&self.random_state), [4], DType::I32);
        let state = match seed {
            None => state,
            Some(seed) => {
                let key = self.tracer.constant(Tensor::i32([2], vec![seed as i32, (seed >> 32) as i32])?);
                self.tracer.concat(&[key, state.slice(&[2], &[2])?], 0)?
            }
        };
        Ok(self.tracer.random(kind, &state, shape)?)
    }

    /// Advances the step counter of the random numbers; a training step does so once.
    pub fn advance_random(&self) -> Result<()> {
        let state = self.tracer.state(self.states.state(&self.random_state), [4], DType::I32);
        let low = state.slice(&[2], &[1])?.add_scalar(1.0)?;
        // The counter's high word advances when the low word wraps to 0.
        let carry = low.equal(&low.scalar_like(0.0))?.cast(DType::I32)?;
        let high = state.slice(&[3], &[1])?.add(&carry)?;
        let advanced = self.tracer.concat(&[state.slice(&[0], &[2])?, low, high], 0)?;
        self.assign(&self.random_state, &advanced)
    }

    /// Which of the steps of a tensor count (bool, the shape of its first axes); `None`: all.
    pub fn mask(&self, x: &Sym) -> Option<Sym> {
        self.masks.borrow().get(&x.id()).cloned()
    }

    /// Marks the steps of a tensor that count, for the layers and losses after it.
    pub fn set_mask(&self, x: &Sym, mask: Sym) {
        self.masks.borrow_mut().insert(x.id(), mask);
    }

    /// Adds a scalar to the loss: a regularization penalty.
    pub fn add_loss(&self, penalty: Sym) {
        self.losses.borrow_mut().push(penalty);
    }

    /// The penalties added so far.
    pub fn losses(&self) -> Vec<Sym> {
        self.losses.borrow().clone()
    }
}

/// A variable that holds the key (from the seed) and the step counter of a model's random numbers: int32 `[4]`.
pub fn random_state(seed: u64) -> Variable {
    let words = vec![seed as i32, (seed >> 32) as i32, 0, 0];
    let value = Tensor::i32([4], words).expect("four words have shape [4]");
    Variable::new("random_state", value)
}
