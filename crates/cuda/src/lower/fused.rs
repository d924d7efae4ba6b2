//! Kernels that run whole steps, many of them in one launch, with barriers between stages.

use std::collections::HashMap;
use std::fmt::Write;

use glorot_graph::program::BufferId;

use super::source::{Feeds, definitions, shared_memory};
use super::{ByRows, Lowered, MAX_ADDRESSES, Placement, RowPlan, Schedule, Work};
use crate::codegen::{Function, PRELUDE, THREADS};
use crate::device::StepKind;

/// Sources for the ways to run whole steps.
pub(super) type Kernels = Vec<(StepKind, String)>;

/// Way to run steps, kind of barrier and attributes of each kernel.
const KERNELS: [(StepKind, u32, &str); 6] = [
    (StepKind::Block, 0, ""),
    (StepKind::Cluster8, 1, "__cluster_dims__(8, 1, 1) "),
    (StepKind::Cluster16, 1, "__cluster_dims__(16, 1, 1) "),
    (StepKind::Grid, 2, ""),
    (StepKind::Cluster16Rows, 1, "__cluster_dims__(16, 1, 1) "),
    (StepKind::Rows, 2, ""),
];

/// The sources of the kernels, and the buffers outside of the arena whose addresses they take.
pub(super) fn fused(lowered: &Lowered, feeds: &Feeds) -> Option<(Kernels, Vec<BufferId>)> {
    let is_function = |phase: &super::Phase| matches!(phase.work, Work::Function(..));
    if !lowered.narrow || lowered.schedule.stages.is_empty() || !lowered.phases.iter().all(is_function) {
        return None;
    }
    let mut outside = Outside::default();
    let shared_stages = stages(lowered, &lowered.schedule, None, &mut outside);
    let plan = lowered.by_rows.as_ref();
    let by_rows = plan.map(|plan| (plan, stages(lowered, &plan.schedule, Some(plan), &mut outside)));
    let count = 1 + outside.buffers.len() + 2 * feeds.0.len() + 1;
    if count > MAX_ADDRESSES {
        return None;
    }
    let first = 1 + outside.buffers.len();
    let functions = definitions(lowered);
    let shared = |functions: &[Function]| functions.iter().map(|function| function.shared).max().unwrap_or(0);
    let kernel = |(kind, grouping, attributes): (StepKind, u32, &str)| {
        let (defined, shared, feed, body) = match kind.takes_rows() {
            false => {
                let defined = format!("{functions}{}", feeds.functions());
                let feed = gather(feeds, first) + "BARRIER\n";
                (defined, shared(&lowered.functions), feed, &shared_stages)
            }
            true => {
                let (plan, body) = by_rows.as_ref()?;
                let own = plan.functions.iter().enumerate();
                let own: String = own.map(|(i, function)| function.definition_by_rows(&format!("r{i}"))).collect();
                let defined = format!("{functions}{own}{}", feeds.functions_by_rows(plan.batch.each));
                let shared = shared(&lowered.functions).max(shared(&plan.functions));
                (defined, shared, gather_own(feeds, first, plan), body)
            }
        };
        let name = kind.kernel();
        let declaration = shared_memory(shared);
        let steps = format!("{feed}{body}").replace("BARRIER", &format!("g_barrier<{grouping}>(arrived, target);"));
        let code = format!(
            "{PRELUDE}{defined}struct Addresses {{ void* p[{count}]; }};\n{BARRIERS}extern \"C\" __global__ void {attributes}__launch_bounds__({THREADS}, 1) {name}(const __grid_constant__ Addresses a, \
             unsigned begin, unsigned steps, unsigned* arrived) {{\n{declaration}\nunsigned target = 0;\n\
             const int block = blockIdx.x, blocks = gridDim.x;\nfor (unsigned step = begin; step < begin + steps; step++) {{\n\
             {steps}}}\n}}\nGLOROT_KERNEL({name})\n"
        );
        Some((kind, code))
    };
    Some((KERNELS.into_iter().filter_map(kernel).collect(), outside.buffers))
}

/// Buffers that are not in the arena, in the order of their addresses. Most buffers are: its address and their offsets
/// leave room for the states of deep networks.
#[derive(Default)]
struct Outside {
    buffers: Vec<BufferId>,
    numbers: HashMap<BufferId, usize>,
}

impl Outside {
    /// `, (type*)address` for each buffer.
    fn arguments(&mut self, placement: &Placement, function: &Function, buffers: &[BufferId]) -> String {
        let argument = |(&buffer, element): (&BufferId, &&str)| {
            let address = match placement.offsets[buffer.index()] {
                Some(offset) => format!("((byte*)a.p[0] + {offset}ull)"),
                None => {
                    let number = *self.numbers.entry(buffer).or_insert_with(|| {
                        self.buffers.push(buffer);
                        self.buffers.len()
                    });
                    format!("a.p[{number}]")
                }
            };
            format!(", ({element}*){address}")
        };
        buffers.iter().zip(&function.pointers).map(argument).collect()
    }

    /// Calls the function of a phase.
    fn call(&mut self, lowered: &Lowered, placement: &Placement, phase: usize, share: &str) -> (String, usize) {
        let Work::Function(number, buffers) = &lowered.phases[phase].work else { return (String::new(), 0) };
        let function = &lowered.functions[*number];
        let arguments = self.arguments(placement, function, buffers);
        (format!("f{number}({share}, shared{arguments});\n"), function.units)
    }

    /// Calls of phases that one block does in turn.
    fn in_turn(&mut self, lowered: &Lowered, placement: &Placement, phases: &[usize]) -> String {
        let call = |&phase: &usize| self.call(lowered, placement, phase, "0, 1").0 + "__syncthreads();\n";
        let calls: String = phases.iter().map(call).collect();
        format!("if (block == 0) {{\n{calls}}}\n")
    }

    /// Calls of phases of which a block does its rows.
    fn of_rows(&mut self, lowered: &Lowered, plan: &RowPlan, phases: &[usize]) -> String {
        let mut code = String::new();
        for by_rows in phases.iter().filter_map(|&phase| lowered.phases[phase].by_rows.as_ref()) {
            let ByRows { function, buffers, .. } = by_rows;
            let arguments = self.arguments(&plan.schedule.placement, &plan.functions[*function], buffers);
            let _ = writeln!(code, "r{function}(first, shared{arguments});\n__syncthreads();");
        }
        code
    }

    /// Calls of phases that all blocks share; those that have idle blocks begin with `idle`, and the blocks that one phase
    /// leaves idle begin the next.
    fn shared(&mut self, lowered: &Lowered, placement: &Placement, phases: &[usize], idle: usize) -> String {
        let (mut code, mut shift) = (String::new(), idle);
        for &phase in phases {
            let turned = match shift {
                0 => "block, blocks".to_string(),
                _ => format!("(block + blocks - {shift} % blocks) % blocks, blocks"),
            };
            let (call, units) = self.call(lowered, placement, phase, &turned);
            code.push_str(&call);
            shift += units;
        }
        code
    }
}

/// All stages, with a barrier after each. By rows every block does what it can of its rows before it shares what is left.
fn stages(lowered: &Lowered, schedule: &Schedule, plan: Option<&RowPlan>, outside: &mut Outside) -> String {
    let placement = &schedule.placement;
    let mut code = String::new();
    for group in &schedule.groups {
        let phases = schedule.phases(group);
        if group.len() > 1 {
            code.push_str(&outside.in_turn(lowered, placement, &phases));
        } else {
            let takes_rows = |phase: &usize| plan.is_some() && lowered.phases[*phase].by_rows.is_some();
            let (own, others): (Vec<usize>, Vec<usize>) = phases.into_iter().partition(takes_rows);
            let mut idle = 0;
            if let (Some(plan), false) = (plan, own.is_empty()) {
                idle = plan.batch.rows / plan.batch.each;
                code.push_str(&each_row(plan, &outside.of_rows(lowered, plan, &own)));
            }
            code.push_str(&outside.shared(lowered, placement, &others, idle));
        }
        code.push_str("BARRIER\n");
    }
    code
}

/// The statements, for every few rows of a block.
fn each_row(plan: &RowPlan, statements: &str) -> String {
    let (rows, each) = (plan.batch.rows, plan.batch.each);
    format!(
        "#pragma unroll 1\nfor (int first = block * {each}; first < {rows}; first += blocks * {each}) {{\n{statements}}}\n"
    )
}

/// The row numbers of a step.
fn order(feeds: &Feeds, first: usize) -> String {
    let (order, batch) = (first + 2 * feeds.0.len(), feeds.batch());
    format!("const unsigned* rows = (const unsigned*)a.p[{order}] + (unsigned long long)step * {batch}u;\n")
}

/// Calls of the functions that gather the inputs; `first`: the number of the first of their addresses.
fn gathers(feeds: &Feeds, first: usize, function: &str, share: &str) -> String {
    let mut calls = String::new();
    for input in 0..feeds.0.len() {
        let (data, to) = (first + 2 * input, first + 2 * input + 1);
        let _ = writeln!(
            calls,
            "if (a.p[{data}]) {function}{input}({share}, (const byte*)a.p[{data}], rows, (byte*)a.p[{to}]);"
        );
    }
    calls
}

/// Gathers the inputs, which all blocks share.
fn gather(feeds: &Feeds, first: usize) -> String {
    if feeds.0.is_empty() {
        String::new()
    } else {
        order(feeds, first) + &gathers(feeds, first, "feed", "block, blocks")
    }
}

/// The same of each block's own rows. Others wait for them only where one block does all rows first.
fn gather_own(feeds: &Feeds, first: usize, plan: &RowPlan) -> String {
    let is_in_turn = plan.schedule.groups.first().is_some_and(|group| group.len() > 1);
    let wait = if is_in_turn { "BARRIER" } else { "__syncthreads();" };
    format!("{}{}{wait}\n", order(feeds, first), each_row(plan, &gathers(feeds, first, "own", "first")))
}

/// Barriers between stages: of a block, of a cluster, of all blocks. Memory that others wrote before is seen after.
const BARRIERS: &str = r#"
#ifndef GLOROT_HOST
#define GLOROT_PAUSE
GLOROT_INLINE void g_cluster_barrier() {
#if __CUDA_ARCH__ >= 900
  asm volatile("barrier.cluster.arrive.aligned;\nbarrier.cluster.wait.aligned;" ::: "memory");
#endif
}
#endif
template <int GROUPING> GLOROT_INLINE void g_barrier(unsigned* arrived, unsigned& target) {
  if (GROUPING == 0) __syncthreads();
  if (GROUPING == 1) g_cluster_barrier();
  if (GROUPING == 2) {
    __syncthreads();
    target += gridDim.x;
    if (threadIdx.x == 0) {
      __threadfence();
      atomicAdd(arrived, 1u);
      while ((int)(*(volatile unsigned*)arrived - target) < 0) { GLOROT_PAUSE; }
      __threadfence();
    }
    __syncthreads();
  }
}
"#;
