//! Runs a Program on the CPU: GEMM, fused tiles, threads.
