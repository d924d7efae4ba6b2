//! In which slot each value of a loop lies, which steps compute it, and which stores they can do by themselves.

use glorot_tensor::DType;

use super::chain::chain;
use super::code::{Access, Chain, DENSE, Func, MAX_ARGS, Operand, Step};
use super::domain::{Nest, Placed};
use super::lower::{Fused, Level, Slot};
use super::registers::Registers;
use super::translate::{Node, Sink};
use crate::simd::MAX_LANES;

/// Points of a tile of a single step, which needs no registers.
const LONG_TILE: usize = 8192;

/// Everything that decides where values lie.
pub(super) struct Assignment<'a> {
    pub nodes: &'a [Node],
    pub levels: &'a [Level],
    pub needed: &'a [bool],
    pub sinks: &'a [Sink],
    pub results: &'a [u32],
    pub nest: &'a Nest,
}

impl Assignment<'_> {
    fn access(&self, view: usize) -> Access {
        let Placed { strides, unit, .. } = &self.nest.views[view];
        let (row, column) = (strides[strides.len() - 2] / unit, strides[strides.len() - 1] / unit);
        Access { view: view as u16, row, column }
    }

    /// True if the elements of a tile lie one after the other as 32-bit lanes.
    fn dense(&self, fused: &Fused, view: usize, dtype: DType) -> bool {
        let joined = fused.tile_rows == 1 || self.rows_join(fused, view);
        dtype.size() == 4 && self.access(view).column == 1 && joined
    }

    /// True if the rows of a tile are whole vectors, but do not join, so that steps go through them one by one.
    fn by_rows(&self, fused: &Fused, view: usize, dtype: DType) -> bool {
        let whole = fused.tile_columns.is_multiple_of(MAX_LANES) && fused.tile_rows > 1;
        whole && dtype.size() == 4 && self.access(view).column == 1
    }

    /// True if each row of a tile begins where the one before ends.
    fn rows_join(&self, fused: &Fused, view: usize) -> bool {
        self.access(view).row == fused.columns && !fused.narrow
    }

    /// True if the two views can touch the same memory.
    fn overlap(&self, a: usize, b: usize) -> bool {
        let span = |view: usize| {
            let Placed { address, strides, unit } = &self.nest.views[view];
            let last: usize = strides.iter().zip(&self.nest.dims).map(|(s, d)| s * d.saturating_sub(1)).sum();
            (*address, address + last + unit)
        };
        let ((a, a_end), (b, b_end)) = (span(a), span(b));
        a < b_end && b < a_end
    }

    /// The number of the last node that reads a value; the number of nodes where stores or the caller do.
    fn last_uses(&self) -> Vec<usize> {
        let mut last = vec![0; self.nodes.len()];
        for (i, node) in self.nodes.iter().enumerate().filter(|&(i, _)| self.needed[i]) {
            node.args().iter().for_each(|&arg| last[arg as usize] = i);
        }
        let ends = self.sinks.iter().map(|sink| sink.node).chain(self.results.iter().copied());
        ends.for_each(|node| last[node as usize] = self.nodes.len());
        last
    }

    /// For each node the sink that the step which computes it can write by itself.
    fn direct_sinks(&self, fused: &Fused, last: &[usize]) -> Vec<Option<usize>> {
        let mut direct = vec![None; self.nodes.len()];
        for (s, sink) in self.sinks.iter().enumerate() {
            let node = sink.node as usize;
            let computes = matches!(self.nodes[node], Node::Compute(..) | Node::Iota(..) | Node::Random { .. });
            if !computes || self.levels[node] != Level::Tile || direct[node].is_some() {
                continue;
            }
            // Elements that later steps still read must not be overwritten.
            let spoils = (0..self.nodes.len()).any(|i| match self.nodes[i] {
                Node::Load(view, _) => self.needed[i] && (i > node || last[i] > node) && self.overlap(view, sink.view),
                _ => false,
            });
            // Only functions go through rows one by one.
            let alone = self.sinks.iter().filter(|other| other.node == sink.node).count() == 1;
            let by_rows = matches!(self.nodes[node], Node::Compute(..))
                && alone
                && !self.results.contains(&sink.node)
                && self.by_rows(fused, sink.view, sink.dtype);
            if (by_rows || self.dense(fused, sink.view, sink.dtype)) && !spoils {
                direct[node] = Some(s);
            }
        }
        direct
    }

    /// True if a load can be used where it lies.
    fn in_place(&self, fused: &Fused, node: usize, view: usize, dtype: DType) -> bool {
        // A value that is copied from one place to another must be safe from the other copies.
        let copied = self.sinks.iter().any(|sink| sink.node as usize == node);
        let written = self.sinks.iter().any(|sink| self.overlap(sink.view, view));
        if self.dense(fused, view, dtype) {
            return !(copied && written);
        }
        // Only functions go through rows one by one; what several of them read is better copied.
        let users = self
            .nodes
            .iter()
            .zip(self.needed)
            .filter(|(user, needed)| **needed && user.args().contains(&(node as u32)));
        let mut others = users.clone().filter(|(user, _)| !matches!(user, Node::Compute(..)));
        let computed = others.next().is_none() && !copied && !self.results.contains(&(node as u32));
        computed && users.count() == 1 && self.levels[node] == Level::Tile && self.by_rows(fused, view, dtype)
    }

    /// Notes how rows of slots lie, and which steps must go through them one by one.
    fn settle_rows(&self, fused: &mut Fused) {
        let mut tile = std::mem::take(&mut fused.tile);
        let row_step = |slot: &Slot| match *slot {
            Slot::View(view) if fused.tile_rows > 1 && !self.rows_join(fused, view as usize) => {
                self.access(view as usize).row
            }
            _ => DENSE,
        };
        fused.row_steps = fused.slots.iter().map(row_step).collect();
        for step in &mut tile {
            let varying = step.reads().iter().filter(|operand| operand.varying).map(|operand| operand.slot);
            let apart =
                varying.chain(step.writes().iter().copied()).any(|slot| fused.row_steps[slot as usize] != DENSE);
            if let Step::Compute { by_rows, .. } | Step::Chain(Chain { by_rows, .. }) = step {
                *by_rows = apart;
            }
        }
        fused.tile = tile;
    }

    /// Makes tiles longer where one step does everything with operands and results where they lie.
    pub(super) fn lengthen(&self, fused: &mut Fused) {
        let [step @ (Step::Compute { .. } | Step::Chain(_))] = &fused.tile[..] else { return };
        if !fused.column.is_empty() || !fused.row.is_empty() || fused.narrow {
            return;
        }
        let varying = step.reads().iter().filter(|operand| operand.varying).map(|operand| operand.slot);
        // Whether the rows of a value join; `None`: it lies in a register.
        let joins = |slot: u16| match fused.slots[slot as usize] {
            Slot::View(view) => Some(self.rows_join(fused, view as usize)),
            Slot::Scratch(_) => None,
        };
        let Some(joined) = varying.chain(step.writes().iter().copied()).map(joins).collect::<Option<Vec<bool>>>()
        else {
            return;
        };
        let times = (LONG_TILE / (fused.tile_rows * fused.tile_columns).max(1)).max(1);
        if fused.tile_columns < fused.columns {
            fused.tile_columns = (fused.tile_columns * times).min(fused.columns);
        } else if joined.iter().all(|&joined| joined) {
            fused.tile_rows = (fused.tile_rows * times).min(fused.rows.max(1));
        }
    }

    /// Emits the steps.
    pub(super) fn emit(&self, fused: &mut Fused) {
        let last = self.last_uses();
        let direct = self.direct_sinks(fused, &last);
        let tile_lanes = (fused.tile_rows * fused.tile_columns).next_multiple_of(MAX_LANES);
        let mut registers = Registers::new(tile_lanes);
        let mut operands: Vec<Operand> = vec![Operand { slot: 0, varying: false }; self.nodes.len()];
        for (i, node) in self.nodes.iter().enumerate().filter(|&(i, _)| self.needed[i]) {
            let level = self.levels[i];
            let varying = matches!(level, Level::Tile | Level::Column);
            // Registers of operands that end here may take the result: each vector is read before it is written.
            // Gathers read memory, so they profit as well.
            if level == Level::Tile {
                for &arg in node.args() {
                    if last[arg as usize] == i && self.levels[arg as usize] == Level::Tile {
                        registers.release(operands[arg as usize].slot);
                    }
                }
            }
            let slot = match (node, direct[i]) {
                (Node::Load(view, dtype), _) if varying && self.in_place(fused, i, *view, *dtype) => {
                    registers.in_place(*view as u16)
                }
                (_, Some(sink)) => registers.in_place(self.sinks[sink].view as u16),
                _ if level == Level::Tile => registers.take(),
                _ if level == Level::Column => registers.keep(),
                _ => registers.scalar(),
            };
            operands[i] = Operand { slot, varying };
            let steps = match level {
                Level::Once => &mut fused.once,
                Level::Row => &mut fused.row,
                Level::Column => &mut fused.column,
                Level::Tile => &mut fused.tile,
            };
            let scalar = !varying;
            match *node {
                Node::Constant(bits) => steps.push(Step::Constant { to: slot, bits }),
                Node::Load(..) if registers.is_in_place(slot) => {}
                Node::Load(view, dtype) if scalar => {
                    steps.push(Step::LoadScalar { to: slot, access: self.access(view), dtype });
                }
                Node::Load(view, dtype) => steps.push(Step::Load { to: slot, access: self.access(view), dtype }),
                Node::Iota(view, float) => {
                    steps.push(Step::Iota { to: slot, access: self.access(view), float, scalar });
                }
                Node::Random { view, draw } => {
                    steps.push(Step::Random { to: slot, access: self.access(view), draw, scalar });
                }
                Node::Compute(func, args, _) => {
                    let args = args.map(|arg| operands[arg as usize]);
                    steps.push(Step::Compute { func, to: slot, args, by_rows: false });
                }
            }
        }
        for (s, sink) in self.sinks.iter().enumerate() {
            if direct[sink.node as usize] != Some(s) {
                let (value, access) = (operands[sink.node as usize], self.access(sink.view));
                fused.tile.push(Step::Store { value, access, dtype: sink.dtype });
            }
        }
        for &node in self.results {
            let mut operand = operands[node as usize];
            if !operand.varying {
                // The caller folds whole tiles.
                let spread = Operand { slot: registers.keep(), varying: true };
                let args = [operand; MAX_ARGS];
                fused.tile.push(Step::Compute { func: Func::Or, to: spread.slot, args, by_rows: false });
                operand = spread;
            }
            fused.results.push(operand);
        }
        chain(&mut fused.tile, &fused.results);
        (fused.slots, fused.lanes) = registers.finish();
        self.settle_rows(fused);
    }
}
