//! Blocks that take rows of a batch from layer to layer, against a launch for each stage.

use glorot_cuda::{CudaOptions, Precision, StepKind, sources};
use glorot_graph::device::{Device, Rows};
use glorot_graph::{StateId, TensorSpec};
use glorot_tensor::{DType, Tensor};
use libtest_mimic::Trial;

use super::count;
use crate::common::{Builder, Dice};
use crate::programs::chain;
use crate::target::device;
use crate::trial;

pub fn trials() -> Vec<Trial> {
    // Those that save enough barriers, most of them.
    let seeds = (0..).filter(|&seed| takes_rows(&chain(seed).0)).take(2 * count() as usize);
    seeds.map(|seed| trial(&format!("random_batches_{seed}"), move || same_bits(seed))).collect()
}

/// True if blocks can take rows from layer to layer.
fn takes_rows(builder: &Builder) -> bool {
    let made = sources(&builder.build(), 132, false, Precision::Float32).unwrap();
    made.fused.iter().any(|(kind, _)| *kind == StepKind::Rows)
}

fn same_bits(seed: u64) {
    let want = run(seed, StepKind::Graph);
    for kind in [StepKind::Cluster8, StepKind::Cluster16Rows, StepKind::Rows] {
        assert!(run(seed, kind) == want, "{kind:?}");
    }
}

/// The outputs and states after a few steps, one and then two at once.
fn run(seed: u64, step: StepKind) -> Vec<Vec<u8>> {
    let (builder, batch) = chain(seed);
    let device = device(false, CudaOptions { step, ..CudaOptions::default() });
    let specs: Vec<TensorSpec> = builder.states().into_iter().map(|(spec, _)| spec).collect();
    let mut session = device.session(&specs).unwrap();
    let program = session.add_program(&builder.build()).unwrap();
    builder.write(&mut *session, program).unwrap();
    let (mut dice, samples) = (Dice::new(seed), 50);
    let mut data = Vec::new();
    for (input, id) in builder.program.inputs.iter().enumerate() {
        let width = builder.program.buffers[id.index()].spec.shape[1];
        let values = dice.values(samples * width, DType::F32);
        let tensor = Tensor::from_f64([samples, width], DType::F32, &values).unwrap();
        data.push((input, session.add_dataset(&tensor).unwrap()));
    }
    let rows: Vec<u32> = (0..3 * batch).map(|_| dice.below(samples) as u32).collect();
    session.run_steps(program, &data, Rows::Listed(&rows[..batch]), 1).unwrap();
    session.run_steps(program, &data, Rows::Listed(&rows[batch..]), 2).unwrap();
    let report = session.report().unwrap();
    assert!(!report.contains("not possible"), "{report}");
    let outputs = (0..builder.program.outputs.len()).map(|i| session.read_output(program, i).unwrap());
    let mut results: Vec<Tensor> = outputs.collect();
    results.extend((0..specs.len()).map(|state| session.read_state(StateId(state as u32)).unwrap()));
    results.iter().map(|tensor| tensor.bytes().to_vec()).collect()
}
