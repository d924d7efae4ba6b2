//! Runs a Program on the CPU: fused tiles, matrix products, threads.
mod math;
mod simd;
