"""Facts of a machine without warnings, and files like those of Linux in /proc and /sys. Tests change some of them."""

QUIET = {
    "python_implementation": "cpython",
    "python_version": "3.14.0",
    "platform": "Linux-6.12-x86_64-with-glibc2.36",
    "cpu_model_name": "A processor",
    "cpu_count": 8,
    "cpu_affinity": "0-7",
    "load_avg_1min": 0.1,
    "nk_version": "0.1.0",
    "nk_backend": "compiled",
    "nk_backend_reason": "the compiled modules were found",
    "nk_isa": "avx2",
    "nk_isas_available": "portable avx2",
    "nk_kernels_compiler": "GCC 14",
    "nk_free_threaded_build": 0,
    "nk_gil_enabled": 1,
    "nk_gil_before": 1,
    "nk_gil_after": 1,
    "nk_switch_interval": 0.005,
    "nk_usable_cores": 8,
    "nk_physical_cores": 8,
    "nk_l2_bytes": 1 << 20,
    "nk_native_speed_up": 1.97,
    "nk_steal": 0.0,
    "nk_governor": "performance (intel_pstate)",
    "nk_on_battery": 0,
    "nk_blas": "openblas 0.3.34 Haswell, 1 thread",
    "nk_blas_threads": 1,
}


def files(root, texts):
    """Write files below `root`, for example a replacement of /proc or /sys; return `root`."""
    for name, text in texts.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return root
