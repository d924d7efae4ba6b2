use std::time::{Duration, Instant};

/// About so long a device works on the steps that it gets at once: long enough that handing them over costs nothing,
/// short enough that who cancels or waits for progress does not notice.
const TARGET: Duration = Duration::from_millis(20);

/// Steps at once, at first and at most.
const FIRST: usize = 8;
const MOST: usize = 1024;

/// How many steps a device gets at once.
pub(crate) struct Pace {
    /// `None`: one.
    many: Option<usize>,
    last: Instant,
}

impl Pace {
    /// `many`: the device takes many steps at once, and nobody asks for each.
    pub fn new(many: bool) -> Pace {
        Pace { many: many.then_some(FIRST), last: Instant::now() }
    }

    /// Steps to hand over next, at most.
    pub fn steps(&self) -> usize {
        self.many.unwrap_or(1)
    }

    /// Called when steps were handed over. A device that has enough to do lets its caller wait, so the time since the
    /// last call is that of a hand-over.
    pub fn tell(&mut self) {
        let now = Instant::now();
        self.adapt(now.duration_since(self.last));
        self.last = now;
    }

    fn adapt(&mut self, elapsed: Duration) {
        if let Some(steps) = &mut self.many {
            if elapsed < TARGET {
                *steps = (2 * *steps).min(MOST);
            } else if elapsed > 2 * TARGET {
                *steps = (*steps / 2).max(1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_step_at_a_time_unless_many_are_wanted() {
        let mut pace = Pace::new(false);
        pace.adapt(Duration::ZERO);
        assert_eq!(pace.steps(), 1);
    }

    #[test]
    fn fast_steps_come_in_larger_numbers_and_slow_ones_in_smaller() {
        let mut pace = Pace::new(true);
        for _ in 0..20 {
            pace.adapt(Duration::from_millis(1));
        }
        assert_eq!(pace.steps(), MOST);
        pace.adapt(TARGET);
        assert_eq!(pace.steps(), MOST);
        for _ in 0..20 {
            pace.adapt(Duration::from_secs(1));
        }
        assert_eq!(pace.steps(), 1);
    }
}
