//! Programs mean the same with their matrices stored either way.

use glorot_graph::program::{Place, Program};

use super::{apply, choose, matrices, matrix_of, rewrite};

use crate::common::meaning::interpret;
use crate::common::network::{Sizes, network, random_sizes};
use crate::common::{Builder, Dice, Memory};

/// The memory after a program has run; turned inputs go in column by column.
fn memory_after(program: &Program, values: &Memory, turned: &[bool]) -> Memory {
    let mut memory = values.clone();
    for &input in &program.inputs {
        if let (true, Some([rows, columns])) = (turned[input.index()], matrix_of(program, input)) {
            let plain = &values[input.index()];
            memory[input.index()] = (0..rows * columns).map(|i| plain[i % rows * columns + i / rows]).collect();
        }
    }
    for kernel in &program.kernels {
        interpret(kernel, &program.buffers, &mut memory);
    }
    memory
}

/// Asserts that outputs and states of a program are the same with these matrices turned.
fn check(builder: &Builder, turned: &[bool]) {
    let plain = builder.build();
    let mut rewritten = plain.clone();
    apply(&mut rewritten, turned);
    let want = memory_after(&plain, &builder.values, &vec![false; turned.len()]);
    let got = memory_after(&rewritten, &builder.values, turned);
    for (index, buffer) in plain.buffers.iter().enumerate() {
        let is_output = plain.outputs.iter().any(|output| output.index() == index);
        if is_output || matches!(buffer.place, Place::State(_)) {
            for (g, w) in got[index].iter().zip(&want[index]) {
                assert!((g - w).abs() <= 1e-9 * (1.0 + w.abs()), "buffer {index}: {g}, expected {w}");
            }
        }
    }
}

/// The matrices of a program that may be turned.
fn free(program: &Program) -> Vec<bool> {
    let matrices = matrices(program);
    let may = |index: usize| {
        let alone: Vec<bool> = (0..matrices.len()).map(|other| other == index).collect();
        matrices[index].is_some() && program.kernels.iter().all(|kernel| rewrite(kernel, &matrices, &alone).is_some())
    };
    (0..matrices.len()).map(may).collect()
}

#[test]
fn turned_matrices_mean_the_same() {
    let mut dice = Dice::new(11);
    for seed in 0..25 {
        let builder = network(random_sizes(&mut dice), seed);
        let free = free(&builder.build());
        assert!(free.iter().filter(|&&free| free).count() >= 6, "{free:?}");
        check(&builder, &free);
        // Some of them.
        let some: Vec<bool> = free.iter().map(|&free| free && dice.below(2) == 0).collect();
        check(&builder, &some);
    }
}

#[test]
fn what_is_chosen_means_the_same() {
    let mut dice = Dice::new(12);
    for seed in 0..10 {
        let builder = network(random_sizes(&mut dice), seed);
        check(&builder, &choose(&builder.build(), 16));
    }
}

fn turned(samples: usize, hidden: usize) -> usize {
    let sizes = Sizes { samples, features: 200, hidden, outputs: 10, bytes: false };
    choose(&network(sizes, 1).build(), 16).into_iter().filter(|&turned| turned).count()
}

#[test]
fn samples_lie_side_by_side_where_they_fill_vectors() {
    assert!(turned(32, 100) > 0);
    assert_eq!(turned(10, 100), 0);
    assert_eq!(turned(1, 100), 0);
}
