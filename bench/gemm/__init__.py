"""Matrix multiplication in steps, from three loops to the SIMD tile. docs/gemm.md explains them."""
