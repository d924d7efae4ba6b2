//! Steps of a whole network: what they mean, and that threads do not show.

mod common;

use common::network::{network, random_sizes, tables};
use common::{Builder, Dice};
use glorot_cpu::{CpuDevice, CpuOptions};
use glorot_graph::device::Device;
use glorot_graph::{StateId, TensorSpec};
use proptest::prelude::*;

fn devices() -> &'static [CpuDevice] {
    static DEVICES: std::sync::OnceLock<Vec<CpuDevice>> = std::sync::OnceLock::new();
    DEVICES
        .get_or_init(|| CpuDevice::for_each_instruction_set(CpuOptions { threads: Some(2), ..CpuOptions::default() }))
}

fn by_threads() -> &'static [CpuDevice] {
    static DEVICES: std::sync::OnceLock<Vec<CpuDevice>> = std::sync::OnceLock::new();
    DEVICES.get_or_init(|| {
        (1..5).map(|n| CpuDevice::new(CpuOptions { threads: Some(n), ..CpuOptions::default() })).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn a_step_means_what_it_says(seed: u32) {
        let builder = network(random_sizes(&mut Dice::new(u64::from(seed))), u64::from(seed));
        for device in devices() {
            builder.check(device, 1e-4);
        }
    }
}

#[test]
fn tables_mean_what_they_say() {
    for seed in 0..5 {
        for device in devices().iter().chain(by_threads()) {
            tables(seed).check(device, 1e-5);
        }
    }
}

/// The bytes of all states after each of some steps.
fn train(builder: &Builder, device: &CpuDevice, steps: usize) -> Vec<Vec<u8>> {
    let specs: Vec<TensorSpec> = builder.states().into_iter().map(|(spec, _)| spec).collect();
    let mut session = device.session(&specs).unwrap();
    let program = session.add_program(&builder.build()).unwrap();
    builder.write(&mut *session, program).unwrap();
    let mut bytes = Vec::new();
    for _ in 0..steps {
        session.run(program).unwrap();
        for state in 0..specs.len() {
            bytes.push(session.read_state(StateId(state as u32)).unwrap().bytes().to_vec());
        }
    }
    bytes
}

#[test]
fn threads_do_not_show_in_training() {
    let mut dice = Dice::new(3);
    for seed in 0..12 {
        let builder = network(random_sizes(&mut dice), seed);
        // Enough steps to try all numbers of threads.
        let results: Vec<_> = by_threads().iter().map(|device| train(&builder, device, 50)).collect();
        assert!(results.windows(2).all(|pair| pair[0] == pair[1]), "seed {seed}");
    }
}
