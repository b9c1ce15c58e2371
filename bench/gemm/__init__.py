"""Matrix multiplication, from three loops to the SIMD tile: what docs/gemm.md walks through."""
