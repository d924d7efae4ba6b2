//! When queued work is done. A GPU may be far behind its host or right beside it, and so may one queue be beside another:
//! an *eager* queue does its work as soon as it may, any other one only when somebody waits for it. Copies read the
//! memory of the host when they are done, not when they are asked for.

use std::collections::{HashMap, VecDeque};

use glorot_cuda::gpu::{Address, Argument, Convolution, Grouping, Product};

/// Work of a queue.
#[derive(Clone, Debug)]
pub enum Work {
    Launch {
        function: u64,
        blocks: usize,
        grouping: Grouping,
        arguments: Vec<Argument>,
    },
    Product(Product),
    Convolution(Convolution),
    Copy {
        from: Address,
        to: Address,
        bytes: usize,
    },
    Zero {
        at: Address,
        bytes: usize,
    },
    Replay(u64),
    /// The event is done for the n-th time.
    Record(u64, u64),
    Wait(u64, u64),
}

impl Work {
    /// True if it reads or writes memory that begins in this piece.
    pub fn uses(&self, begin: Address, bytes: usize) -> bool {
        let inside = |address: &Address| (begin..begin + bytes as Address).contains(address);
        match self {
            Work::Launch { arguments, .. } => arguments.iter().any(|argument| match argument {
                Argument::Address(address) => inside(address),
                Argument::Addresses(addresses) => addresses.iter().any(inside),
                Argument::Word(_) => false,
            }),
            Work::Product(product) => [product.a.address, product.b.address, product.result].iter().any(inside),
            Work::Convolution(convolution) => {
                [convolution.images, convolution.filters, convolution.results].iter().any(inside)
            }
            Work::Copy { from, to, .. } => inside(from) || inside(to),
            Work::Zero { at, .. } => inside(at),
            Work::Replay(_) | Work::Record(..) | Work::Wait(..) => false,
        }
    }
}

#[derive(Debug, Default)]
struct Queue {
    eager: bool,
    work: VecDeque<Work>,
}

#[derive(Debug, Default)]
struct Event {
    queue: u64,
    /// How often it was recorded, and how many of these are done.
    recorded: u64,
    done: u64,
}

#[derive(Debug, Default)]
pub struct Timeline {
    queues: HashMap<u64, Queue>,
    events: HashMap<u64, Event>,
}

impl Timeline {
    pub fn add(&mut self, queue: u64, eager: bool) {
        self.queues.insert(queue, Queue { eager, work: VecDeque::new() });
    }

    /// How many queues there are.
    pub fn queues(&self) -> usize {
        self.queues.len()
    }

    pub fn remove(&mut self, queue: u64) {
        let queue = self.queues.remove(&queue).expect("a queue that was made");
        assert!(queue.work.is_empty(), "a queue is given back before its work is done: {:?}", queue.work);
    }

    /// Fails if work that is not done yet is of this kind.
    pub fn expect_no(&self, what: &str, is: impl Fn(&Work) -> bool) {
        let open = self.queues.values().flat_map(|queue| &queue.work).find(|work| is(work));
        assert!(open.is_none(), "{what} is given back while {open:?} is to come");
    }

    pub fn push(&mut self, queue: u64, work: Work, execute: &mut dyn FnMut(&Work)) {
        self.queues.get_mut(&queue).expect("a queue").work.push_back(work);
        self.advance(execute);
    }

    pub fn record(&mut self, queue: u64, event: u64, execute: &mut dyn FnMut(&Work)) {
        let known = self.events.entry(event).or_default();
        known.queue = queue;
        known.recorded += 1;
        let count = known.recorded;
        self.push(queue, Work::Record(event, count), execute);
    }

    pub fn wait(&mut self, queue: u64, event: u64, execute: &mut dyn FnMut(&Work)) {
        let count = self.events.get(&event).map_or(0, |event| event.recorded);
        self.push(queue, Work::Wait(event, count), execute);
    }

    /// Does all work of a queue, and what it waits for.
    pub fn finish(&mut self, queue: u64, execute: &mut dyn FnMut(&Work)) {
        while self.step(queue, execute) {}
        self.advance(execute);
    }

    /// Does the work up to what an event noted last.
    pub fn wait_host(&mut self, event: u64, execute: &mut dyn FnMut(&Work)) {
        let count = self.events.get(&event).map_or(0, |event| event.recorded);
        self.reach(event, count, execute);
        self.advance(execute);
    }

    fn reach(&mut self, event: u64, count: u64, execute: &mut dyn FnMut(&Work)) {
        while let Some(known) = self.events.get(&event)
            && known.done < count
        {
            let queue = known.queue;
            assert!(self.step(queue, execute), "an event that never comes is waited for");
        }
    }

    /// Does the next work of a queue. False if there is none.
    fn step(&mut self, queue: u64, execute: &mut dyn FnMut(&Work)) -> bool {
        let Some(work) = self.queues.get_mut(&queue).and_then(|queue| queue.work.pop_front()) else { return false };
        match work {
            Work::Record(event, count) => self.events.get_mut(&event).expect("an event").done = count,
            Work::Wait(event, count) => self.reach(event, count, execute),
            work => execute(&work),
        }
        true
    }

    /// Lets the eager queues come as far as they may.
    fn advance(&mut self, execute: &mut dyn FnMut(&Work)) {
        let mut eager: Vec<u64> = self.queues.iter().filter(|(_, queue)| queue.eager).map(|(id, _)| *id).collect();
        eager.sort_unstable();
        let mut moved = true;
        while moved {
            moved = false;
            for &id in &eager {
                while let Some(work) = self.queues[&id].work.front() {
                    if let Work::Wait(event, count) = work
                        && self.events.get(event).map_or(0, |event| event.done) < *count
                    {
                        break;
                    }
                    moved |= self.step(id, execute);
                }
            }
        }
    }
}
