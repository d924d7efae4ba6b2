//! The states and programs of a model on a device.

use std::collections::HashMap;
use std::sync::Arc;

use glorot_graph::StateId;
use glorot_graph::device::{DatasetId, Device, ProgramId, Rows, Session, SharedStep};
use glorot_nn::Variable;
use glorot_tensor::Tensor;

use crate::error::Result;
use crate::step::{Shared, Step};

/// A session on a device, with what it knows about the variables on the host. It may move between threads.
pub(crate) struct DeviceSession {
    session: Box<dyn Session>,
    states: Vec<State>,
    programs: HashMap<u64, (ProgramId, Option<Arc<SharedStep>>)>,
}

/// A variable that the session holds; its number is that of the state.
struct State {
    variable: Variable,
    /// The host's version that the device had last; `None` before the first upload.
    known: Option<u64>,
    /// The device has computed a newer value.
    newer: bool,
}

/// A step that a session has loaded.
#[derive(Clone)]
pub(crate) struct Loaded {
    pub program: ProgramId,
    pub step: Arc<Step>,
    /// The numbers of the programs of a shared step.
    shared: Option<Arc<SharedStep>>,
}

impl DeviceSession {
    pub fn open(device: &dyn Device, variables: &[Variable]) -> Result<DeviceSession> {
        let specs: Vec<_> = variables.iter().map(|variable| variable.spec().clone()).collect();
        let states = variables.iter().cloned().map(State::new).collect();
        Ok(DeviceSession { session: device.session(&specs)?, states, programs: HashMap::new() })
    }

    /// Makes states for the variables that were met since; the first ones are those that the session has.
    pub fn extend(&mut self, variables: &[Variable]) -> Result<()> {
        for variable in &variables[self.states.len().min(variables.len())..] {
            self.session.add_state(variable.spec())?;
            self.states.push(State::new(variable.clone()));
        }
        Ok(())
    }

    /// Lets other variables, of the same specs, take the places of those that the session holds.
    pub fn hold(&mut self, variables: Vec<Variable>) {
        self.states = variables.into_iter().map(State::new).collect();
    }

    /// See [`Session::report`].
    pub fn report(&self) -> Option<String> {
        self.session.report()
    }

    /// Number of programs that are loaded.
    pub fn program_count(&self) -> usize {
        self.programs.len()
    }

    /// Prepares a step, unless that was done.
    pub fn load(&mut self, step: &Arc<Step>) -> Result<Loaded> {
        let (program, shared) = match self.programs.get(&step.id) {
            Some(known) => known.clone(),
            None => {
                let new = match &step.shared {
                    None => (self.session.add_program(&step.program)?, None),
                    Some(shared) => self.load_shared(shared)?,
                };
                self.programs.insert(step.id, new.clone());
                new
            }
        };
        Ok(Loaded { program, step: step.clone(), shared })
    }

    /// Prepares the programs of a step that replicas share.
    fn load_shared(&mut self, shared: &Shared) -> Result<(ProgramId, Option<Arc<SharedStep>>)> {
        let mut ids = Vec::with_capacity(shared.parts.len());
        for (rows, program) in &shared.parts {
            ids.push((*rows, self.session.add_program(program)?));
        }
        let update = self.session.add_program(&shared.update)?;
        let of = |rows: usize| ids.iter().find(|(known, _)| *known == rows).map_or(update, |&(_, id)| id);
        let step = SharedStep {
            parts: shared.rows.iter().map(|&rows| (rows, of(rows))).collect(),
            update,
            summed: shared.summed.clone(),
            partial: shared.partial.clone(),
            averaged: shared.averaged.clone(),
            random: shared.random,
        };
        Ok((ids.first().map_or(update, |&(_, id)| id), Some(Arc::new(step))))
    }

    /// Copies to the device what was assigned on the host since the last time. Where both sides have a new value, the
    /// host's holds.
    pub fn upload(&mut self) -> Result<()> {
        for (number, state) in self.states.iter_mut().enumerate() {
            let version = state.variable.version();
            if state.known != Some(version) {
                self.session.write_state(StateId(number as u32), &state.variable.value())?;
                (state.known, state.newer) = (Some(version), false);
            }
        }
        Ok(())
    }

    /// Copies to the host what the device has computed since the last time.
    pub fn sync_to_host(&mut self) -> Result<()> {
        for (number, state) in self.states.iter_mut().enumerate() {
            if state.newer && state.known == Some(state.variable.version()) {
                let value = self.session.read_state(StateId(number as u32))?;
                (state.known, state.newer) = (Some(state.variable.assign(value)?), false);
            }
        }
        Ok(())
    }

    /// The newest value of a variable, which stays on the device.
    pub fn get(&mut self, variable: &Variable) -> Result<Tensor> {
        match self.states.iter().position(|state| state.newer && state.variable == *variable) {
            Some(number) if self.states[number].known == Some(variable.version()) => {
                Ok(self.session.read_state(StateId(number as u32))?)
            }
            _ => Ok(variable.value()),
        }
    }

    /// Sets states to values that the host does not keep (metrics at the beginning of an epoch).
    pub fn reset(&mut self, values: &[(StateId, Tensor)]) -> Result<()> {
        for (state, value) in values {
            self.session.write_state(*state, value)?;
        }
        Ok(())
    }

    /// Runs a step whose inputs are in place.
    pub fn run(&mut self, loaded: &Loaded) -> Result<()> {
        self.session.run(loaded.program)?;
        self.mark(loaded);
        Ok(())
    }

    /// Runs steps that take their inputs from data sets.
    pub fn run_steps(
        &mut self,
        loaded: &Loaded,
        feeds: &[(usize, DatasetId)],
        rows: Rows<'_>,
        steps: usize,
    ) -> Result<()> {
        match &loaded.shared {
            None => self.session.run_steps(loaded.program, feeds, rows, steps)?,
            Some(shared) => self.session.run_shared(shared, feeds, rows, steps)?,
        }
        self.mark(loaded);
        Ok(())
    }

    /// Notes that the device has newer values of what a step updates.
    fn mark(&mut self, loaded: &Loaded) {
        for state in &loaded.step.updates {
            self.states[state.0 as usize].newer = true;
        }
    }

    /// The device's session, for inputs, outputs and data sets.
    pub fn device(&mut self) -> &mut dyn Session {
        self.session.as_mut()
    }
}

impl State {
    fn new(variable: Variable) -> State {
        State { variable, known: None, newer: false }
    }
}
