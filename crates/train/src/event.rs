use std::time::Duration;

use crate::logs::Logs;

/// What a run tells while it goes on. Epochs and steps count from 0.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    EpochBegin {
        epoch: usize,
    },
    /// Before a step; only with [`crate::Progress::EveryStep`].
    BatchBegin {
        epoch: usize,
        step: usize,
    },
    /// After a step; how often says [`crate::FitOptions::progress`].
    Progress {
        epoch: usize,
        /// The step that has just ended.
        step: usize,
        /// Steps of this epoch.
        steps: usize,
        /// Running values since the epoch began.
        logs: Logs<'a>,
    },
    /// Before the validation of an epoch; this and the next three only with [`crate::FitOptions::validation_events`].
    TestBegin {
        epoch: usize,
    },
    /// Before a step of the validation.
    TestBatchBegin {
        epoch: usize,
        step: usize,
    },
    /// After a step of the validation.
    TestBatchEnd {
        epoch: usize,
        step: usize,
        /// Running values since the validation began, under their plain names.
        logs: Logs<'a>,
    },
    /// After the validation of an epoch.
    TestEnd {
        epoch: usize,
        /// Values of the validation, under their plain names.
        logs: Logs<'a>,
    },
    EpochEnd {
        epoch: usize,
        logs: Logs<'a>,
        /// Time of the epoch with its validation.
        elapsed: Duration,
    },
}

/// What the handler of an event wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    Continue,
    /// End the run after this epoch; asked in the middle of an epoch, its remaining steps are left out, but validation
    /// and [`Event::EpochEnd`] still come.
    Stop,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All epochs were trained.
    Completed,
    /// The handler asked to stop.
    Stopped,
    /// The run was cancelled; an epoch that had begun is not in the history.
    Cancelled,
}
