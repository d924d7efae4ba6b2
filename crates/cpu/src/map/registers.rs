use super::lower::Slot;
use crate::simd::MAX_LANES;

/// Hands out slots: registers of a tile, which are used again after their last reader, broadcast scalars and views.
pub(super) struct Registers {
    tile_lanes: usize,
    slots: Vec<Slot>,
    lanes: usize,
    /// Slots of registers that may be taken again.
    free: Vec<u16>,
}

impl Registers {
    pub(super) fn new(tile_lanes: usize) -> Registers {
        Registers { tile_lanes, slots: Vec::new(), lanes: 0, free: Vec::new() }
    }

    fn push(&mut self, slot: Slot) -> u16 {
        self.slots.push(slot);
        self.slots.len() as u16 - 1
    }

    fn scratch(&mut self, lanes: usize) -> u16 {
        self.lanes += lanes;
        self.push(Slot::Scratch(self.lanes - lanes))
    }

    /// A register until it is released.
    pub(super) fn take(&mut self) -> u16 {
        match self.free.pop() {
            Some(slot) => slot,
            None => self.scratch(self.tile_lanes),
        }
    }

    /// A register for good.
    pub(super) fn keep(&mut self) -> u16 {
        self.scratch(self.tile_lanes)
    }

    /// A broadcast scalar for good.
    pub(super) fn scalar(&mut self) -> u16 {
        self.scratch(MAX_LANES)
    }

    /// A view's own memory.
    pub(super) fn in_place(&mut self, view: u16) -> u16 {
        self.push(Slot::View(view))
    }

    pub(super) fn is_in_place(&self, slot: u16) -> bool {
        matches!(self.slots[slot as usize], Slot::View(_))
    }

    /// Gives a register back; views stay. Releasing one twice changes nothing.
    pub(super) fn release(&mut self, slot: u16) {
        if !self.is_in_place(slot) && !self.free.contains(&slot) {
            self.free.push(slot);
        }
    }

    /// All slots and the lanes of their scratch memory.
    pub(super) fn finish(self) -> (Vec<Slot>, usize) {
        (self.slots, self.lanes)
    }
}
