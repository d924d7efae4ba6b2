//! Tasks touch the memory that they say, and threads wait for each other where they touch the same.

use std::collections::BTreeMap;

use glorot_graph::TensorSpec;

use super::*;
use crate::common::network::{network, random_sizes, tables};
use crate::common::{Builder, Dice};
use crate::schedule::Region;

/// A program with its states and inputs in place.
struct Loaded {
    prepared: Prepared,
    /// Kept alive for the launches.
    _states: Vec<Held>,
}

fn load(builder: &Builder, kernels: &'static Kernels, threads: usize) -> Loaded {
    let tensor = |index: usize| {
        let spec: &TensorSpec = &builder.program.buffers[index].spec;
        glorot_tensor::Tensor::from_f64(spec.shape.clone(), spec.dtype, &builder.values[index]).unwrap()
    };
    let mut states = Vec::new();
    for (spec, index) in builder.states() {
        let mut held = Held::new(&spec).unwrap();
        held.write(&tensor(index));
        states.push(held);
    }
    let mut prepared = Prepared::new(&builder.build(), &states, kernels, threads, None).unwrap();
    for (number, id) in builder.program.inputs.iter().enumerate() {
        prepared.inputs[number].write("input", &tensor(id.index()), kernels).unwrap();
    }
    Loaded { prepared, _states: states }
}

/// All bytes that tasks touch, by address.
fn touched<'a>(launches: impl Iterator<Item = &'a Launch>) -> BTreeMap<usize, u8> {
    let mut bytes = BTreeMap::new();
    for launch in launches {
        for footprint in (0..launch.tasks).map(|task| launch.work.footprint(task)) {
            for range in footprint.reads.iter().chain(&footprint.writes).flat_map(Region::stretches) {
                bytes.extend(range.map(|address| (address, 0)));
            }
        }
    }
    bytes
}

fn read(bytes: &mut BTreeMap<usize, u8>) {
    // SAFETY: the addresses lie in memory that the program holds, and no task is running.
    bytes.iter_mut().for_each(|(&address, byte)| *byte = unsafe { (address as *const u8).read() });
}

fn write(bytes: &BTreeMap<usize, u8>) {
    // SAFETY: as above.
    bytes.iter().for_each(|(&address, &byte)| unsafe { (address as *mut u8).write(byte) });
}

/// Some programs, small enough to look at every byte for every task.
fn programs() -> Vec<Builder> {
    let mut dice = Dice::new(5);
    let mut programs = vec![tables(1)];
    for seed in 0..6 {
        let mut sizes = random_sizes(&mut dice);
        (sizes.features, sizes.hidden) = (sizes.features.min(100), sizes.hidden.min(64));
        programs.push(network(sizes, seed));
    }
    programs
}

#[test]
fn tasks_touch_what_they_say() {
    for builder in programs() {
        for kernels in crate::kernels::available() {
            let Loaded { prepared, _states } = load(&builder, kernels, 3);
            let scratch = Aligned::zeroed(prepared.scratch_bytes()).unwrap();
            let launches = || prepared.alone.iter().chain(&prepared.shared);
            let mut before = touched(launches());
            for launch in launches() {
                for task in 0..launch.tasks {
                    let footprint = launch.work.footprint(task);
                    let contains = |regions: &[Region], address: usize| {
                        regions.iter().flat_map(Region::stretches).any(|range| range.contains(&address))
                    };
                    let written: BTreeMap<usize, u8> =
                        footprint.writes.iter().flat_map(Region::stretches).flatten().map(|at| (at, 0)).collect();
                    read(&mut before);
                    // SAFETY: the program holds the memory; one task runs at a time, in order.
                    let run = || unsafe { launch.run(kernels, task, scratch.pointer()) };
                    run();
                    let mut after = before.clone();
                    read(&mut after);
                    for (address, byte) in &after {
                        let changed = before[address] != *byte;
                        assert!(!changed || written.contains_key(address), "{:?} writes elsewhere", launch.work);
                    }
                    // Nothing but its own memory may matter.
                    let mut spoiled = before.clone();
                    for (&address, byte) in &mut spoiled {
                        if !written.contains_key(&address) && !contains(&footprint.reads, address) {
                            *byte = 0xFF;
                        }
                    }
                    write(&spoiled);
                    run();
                    let mut again = written.clone();
                    read(&mut again);
                    assert!(again.iter().all(|(at, byte)| after[at] == *byte), "{:?} reads elsewhere", launch.work);
                    write(&after);
                }
            }
        }
    }
}

#[test]
fn threads_wait_for_what_they_need() {
    let mut dice = Dice::new(6);
    let mut waits = 0;
    for seed in 0..20 {
        let threads = 2 + dice.below(4);
        let kernels = crate::kernels::detect();
        let Loaded { prepared, _states } = load(&network(random_sizes(&mut dice), seed), kernels, threads);
        for Team { schedule, .. } in &prepared.teams {
            let footprints = |entry: &crate::schedule::Entry| -> Vec<_> {
                entry.tasks.clone().map(|task| prepared.shared[entry.launch].work.footprint(task)).collect()
            };
            let conflict = |a: &crate::schedule::Entry, b: &crate::schedule::Entry| {
                footprints(a).iter().any(|a| footprints(b).iter().any(|b| a.conflicts(b)))
            };
            // What a thread has waited for when it begins an entry.
            let waited = |list: &[crate::schedule::Entry], thread: usize| {
                let of_thread = list.iter().flat_map(|entry| &entry.waits).filter(|wait| wait.thread == thread);
                of_thread.map(|wait| wait.entries).max().unwrap_or(0)
            };
            for (me, list) in schedule.lists.iter().enumerate() {
                for (index, entry) in list.iter().enumerate() {
                    for (other, others) in schedule.lists.iter().enumerate().filter(|(other, _)| *other != me) {
                        for (place, earlier) in others.iter().enumerate() {
                            if earlier.launch < entry.launch && conflict(earlier, entry) {
                                assert!(waited(&list[..=index], other) > place, "{entry:?} must wait for {earlier:?}");
                                waits += 1;
                            }
                        }
                    }
                }
            }
            for entry in &schedule.last {
                for (other, others) in schedule.lists.iter().enumerate() {
                    for (place, _) in others.iter().enumerate().filter(|(_, earlier)| conflict(earlier, entry)) {
                        assert!(waited(std::slice::from_ref(entry), other) > place);
                    }
                }
                let apart = |other: &&crate::schedule::Entry| other.launch != entry.launch;
                assert!(schedule.last.iter().filter(apart).all(|other| !conflict(other, entry)));
            }
            // Every task is run once.
            let mut runs: Vec<Vec<usize>> = prepared.shared.iter().map(|launch| vec![0; launch.tasks]).collect();
            for entry in schedule.lists.iter().flatten().chain(&schedule.last) {
                entry.tasks.clone().for_each(|task| runs[entry.launch][task] += 1);
            }
            assert!(runs.iter().flatten().all(|&count| count == 1));
        }
    }
    assert!(waits > 100, "{waits}");
}
