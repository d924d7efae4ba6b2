//! Subnormal numbers (below 1.2e-38) count as zero while kernels run, as in TensorFlow and JAX. Processors take far longer
//! for them than for others, and the moments of an optimizer become subnormal wherever a gradient stays zero for long: the
//! pixels of a border, a unit that is dead.

use mode::Mode;

/// Sets the mode of the calling thread; dropped, it sets it back.
///
/// The compiler takes the default mode for granted. Between the two only kernels run: what it could compute beforehand,
/// subnormal constants, they do not have.
pub(crate) struct FlushSubnormals {
    before: Mode,
}

impl FlushSubnormals {
    pub(crate) fn new() -> FlushSubnormals {
        FlushSubnormals { before: mode::set_flushing() }
    }
}

impl Drop for FlushSubnormals {
    fn drop(&mut self) {
        mode::set(self.before);
    }
}

#[cfg(target_arch = "x86_64")]
mod mode {
    use std::arch::asm;

    pub(super) type Mode = u32;

    /// Results that would be subnormal are zero, and so are such operands.
    const FLUSH: Mode = 1 << 15 | 1 << 6;

    pub(super) fn set_flushing() -> Mode {
        let mut before: Mode = 0;
        // SAFETY: stores the register to memory of its size.
        unsafe { asm!("stmxcsr [{}]", in(reg) &mut before, options(nostack, preserves_flags)) };
        set(before | FLUSH);
        before
    }

    pub(super) fn set(mode: Mode) {
        // SAFETY: `mode` is what `stmxcsr` gave, with the two bits at most set; rounding and exceptions stay.
        unsafe { asm!("ldmxcsr [{}]", in(reg) &mode, options(nostack, preserves_flags)) };
    }
}

#[cfg(target_arch = "aarch64")]
mod mode {
    use std::arch::asm;

    pub(super) type Mode = u64;

    /// Results that would be subnormal are zero, and so are such operands.
    const FLUSH: Mode = 1 << 24;

    pub(super) fn set_flushing() -> Mode {
        let before: Mode;
        // SAFETY: reads the register.
        unsafe { asm!("mrs {}, fpcr", out(reg) before, options(nomem, nostack, preserves_flags)) };
        set(before | FLUSH);
        before
    }

    pub(super) fn set(mode: Mode) {
        // SAFETY: `mode` is what the register held, with one bit at most set; rounding and exceptions stay.
        unsafe { asm!("msr fpcr, {}", in(reg) mode, options(nomem, nostack, preserves_flags)) };
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod mode {
    pub(super) type Mode = ();

    pub(super) fn set_flushing() -> Mode {}

    pub(super) fn set(_mode: Mode) {}
}

#[cfg(all(test, any(target_arch = "x86_64", target_arch = "aarch64")))]
mod tests {
    use super::*;
    use std::hint::black_box;

    fn half_of_the_least() -> f32 {
        black_box(f32::MIN_POSITIVE) * black_box(0.5)
    }

    #[test]
    fn the_mode_ends_with_the_value() {
        let before = half_of_the_least();
        assert!(before > 0.0);
        let flush = FlushSubnormals::new();
        let during = (half_of_the_least(), black_box(before) * black_box(2.0));
        drop(flush);
        assert_eq!(during, (0.0, 0.0));
        assert_eq!(half_of_the_least(), before);
    }
}
