//! Tasks are handed to threads by a simulation of the step.

use std::ops::Range;

use super::region::Footprint;
use crate::launch::Launch;

/// How far the cores of threads are apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Distance {
    /// They share a cache.
    Near,
    /// They do not: what one has written reaches the other slowly.
    Far,
}

impl Distance {
    /// Nanoseconds until a thread sees what another one has done.
    fn latency(self) -> f64 {
        match self {
            Distance::Near => 300.0,
            Distance::Far => 3_000.0,
        }
    }
}

/// Nanoseconds that a part of a launch costs by itself.
const START: f64 = 100.0;
/// A launch is shared between threads only if it ends so much earlier, in nanoseconds.
const GAIN: f64 = 200.0;

/// Some tasks of a launch, for one thread.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub launch: usize,
    pub tasks: Range<usize>,
    /// For each thread, how many entries of its list must be done.
    pub waits: Vec<Wait>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wait {
    pub thread: usize,
    pub entries: usize,
}

/// What each thread does.
#[derive(Debug)]
pub(crate) struct Schedule {
    /// The entries of each thread, in order.
    pub lists: Vec<Vec<Entry>>,
    /// Tasks that nobody waits for: those of thread 0, then those of thread 1, …
    pub last: Vec<Entry>,
    /// Where the last tasks of each thread begin and end.
    pub shares: Vec<Range<usize>>,
}

/// A launch under simulation.
struct Candidate {
    /// Thread and tasks of each part.
    parts: Vec<(usize, Range<usize>)>,
    waits: Vec<Vec<Wait>>,
    ends: Vec<f64>,
}

impl Candidate {
    fn end(&self) -> f64 {
        self.ends.iter().copied().fold(0.0, f64::max)
    }
}

struct Simulation<'a> {
    launches: &'a [Launch],
    latency: f64,
    /// Of each task of each launch.
    footprints: Vec<Vec<Footprint>>,
    lists: Vec<Vec<Entry>>,
    /// When each entry ends, and when each thread is free.
    ends: Vec<Vec<f64>>,
    clocks: Vec<f64>,
}

impl Schedule {
    /// Hands out the tasks of launches. From `last` on no launch waits for another.
    pub(crate) fn new(launches: &[Launch], last: usize, threads: usize, distance: Distance) -> Schedule {
        let footprints = |launch: &Launch| (0..launch.tasks).map(|task| launch.work.footprint(task)).collect();
        let mut simulation = Simulation {
            launches,
            latency: distance.latency(),
            footprints: launches.iter().map(footprints).collect(),
            lists: vec![Vec::new(); threads],
            ends: vec![Vec::new(); threads],
            clocks: vec![0.0; threads],
        };
        (0..last).for_each(|launch| simulation.place(launch));
        simulation.finish(last)
    }
}

impl Simulation<'_> {
    /// The last entry of a thread that some tasks must run after, if there is one; counted from 1.
    fn wait(&self, thread: usize, launch: usize, tasks: &Range<usize>) -> Option<usize> {
        let own = &self.footprints[launch][tasks.clone()];
        let conflicts = |entry: &Entry| {
            let others = &self.footprints[entry.launch][entry.tasks.clone()];
            own.iter().any(|own| others.iter().any(|other| own.conflicts(other)))
        };
        self.lists[thread].iter().rposition(conflicts).map(|index| index + 1)
    }

    fn candidate(&self, launch: usize, parts: Vec<(usize, Range<usize>)>) -> Candidate {
        let Launch { cost, tasks, .. } = self.launches[launch];
        let (mut waits, mut ends) = (Vec::new(), Vec::new());
        for (thread, part) in &parts {
            let mut start = self.clocks[*thread];
            let mut own = Vec::new();
            for other in (0..self.lists.len()).filter(|other| other != thread) {
                if let Some(entries) = self.wait(other, launch, part) {
                    own.push(Wait { thread: other, entries });
                    start = start.max(self.ends[other][entries - 1] + self.latency);
                }
            }
            waits.push(own);
            ends.push(start + START + cost * part.len() as f64 / tasks.max(1) as f64);
        }
        Candidate { parts, waits, ends }
    }

    /// Gives a launch to the thread that ends it first, or parts of it to all.
    fn place(&mut self, launch: usize) {
        let (threads, tasks) = (self.lists.len(), self.launches[launch].tasks);
        let whole = |thread: usize| vec![(thread, 0..tasks)];
        let mut best = self.candidate(launch, whole(0));
        for thread in 1..threads {
            let other = self.candidate(launch, whole(thread));
            if other.end() < best.end() {
                best = other;
            }
        }
        if tasks > 1 {
            let parts = (0..threads).map(|i| (i, i * tasks / threads..(i + 1) * tasks / threads));
            let shared = self.candidate(launch, parts.filter(|(_, part)| !part.is_empty()).collect());
            if shared.end() + GAIN < best.end() {
                best = shared;
            }
        }
        for (((thread, tasks), waits), end) in best.parts.into_iter().zip(best.waits).zip(best.ends) {
            // What the thread has waited for already it need not wait for again.
            let known = |wait: &Wait| {
                let earlier = self.lists[thread].iter().flat_map(|entry: &Entry| &entry.waits);
                earlier.filter(|known| known.thread == wait.thread).any(|known| known.entries >= wait.entries)
            };
            let waits = waits.into_iter().filter(|wait| !known(wait)).collect();
            self.lists[thread].push(Entry { launch, tasks, waits });
            self.ends[thread].push(end);
            self.clocks[thread] = end;
        }
    }

    /// Shares out the launches that nobody waits for.
    fn finish(mut self, first: usize) -> Schedule {
        let threads = self.lists.len();
        let mut own: Vec<Vec<Entry>> = vec![Vec::new(); threads];
        for launch in first..self.launches.len() {
            let Launch { tasks, cost, .. } = self.launches[launch];
            let entry = |tasks: Range<usize>| {
                let wait = |thread| self.wait(thread, launch, &tasks).map(|entries| Wait { thread, entries });
                Entry { launch, tasks: tasks.clone(), waits: (0..threads).filter_map(wait).collect() }
            };
            if tasks < threads {
                let least = (0..threads).min_by(|&a, &b| self.clocks[a].total_cmp(&self.clocks[b])).unwrap_or(0);
                own[least].extend((0..tasks).map(|task| entry(task..task + 1)));
                self.clocks[least] += START + cost;
            } else {
                // The same thread always takes the same part, whose memory it has in its cache.
                for (thread, own) in own.iter_mut().enumerate() {
                    let part = thread * tasks / threads..(thread + 1) * tasks / threads;
                    own.extend(part.clone().map(|task| entry(task..task + 1)));
                }
                self.clocks.iter_mut().for_each(|clock| *clock += START + cost / threads as f64);
            }
        }
        let (mut last, mut shares) = (Vec::new(), Vec::new());
        for mut own in own {
            shares.push(last.len()..last.len() + own.len());
            last.append(&mut own);
        }
        Schedule { lists: self.lists, last, shares }
    }
}
