# cython: freethreading_compatible=True, boundscheck=False, wraparound=False, autotestdict=False
"""The kernels: a loop nest that needs no Python, and a function that calls it with the GIL released or held.

The loops are those of Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", 2008. The innermost,
the tile, is C, one for each instruction set. It keeps MR x NR sums in registers, and reads a panel of MR rows of A and
one of NR columns of B, both packed in the order in which they are read; the panels of a block of B stay in the L2 cache
until all rows of A have met them.

Against NumPy's OpenBLAS, one thread of a Xeon with AVX-512: 0.5 to 0.6 of its speed from 16 x 16 to 64 x 64, where
packing tells, and 0.85 to 1.05 from 128 x 128 to 1024 x 1024. AVX2 has 0.6 of what AVX-512 has.
"""

from libc.stdlib cimport free, malloc

from your_kernels.buffers cimport check_aligned, overlap
from your_kernels.gil cimport release_wanted

from your_kernels import isa


cdef extern from "simd.h":
    ctypedef struct simd_kernels:
        Py_ssize_t mr, nr_bytes
        void (*tile_f64)(
            Py_ssize_t rows, Py_ssize_t columns, Py_ssize_t kc, const double *a, const double *b, double *c,
            Py_ssize_t c_stride, bint add
        ) noexcept nogil
        void (*tile_f32)(
            Py_ssize_t rows, Py_ssize_t columns, Py_ssize_t kc, const float *a, const float *b, float *c,
            Py_ssize_t c_stride, bint add
        ) noexcept nogil
    const simd_kernels *simd_of(const char *isa) noexcept


cdef bytes name = isa.chosen.encode()
cdef const simd_kernels *simd = simd_of(name)


cdef enum:
    # Rows and columns of a block of B: 256 x 512 float64 are 1 MiB of L2. A panel of A, 8 x 256, is 16 KiB of L1.
    KC = 256
    NC = 512
    # gil="auto" holds the GIL for as many multiply-adds at most. Getting it back can take a switch interval, 5 ms,
    # where others run Python: too much for 64 Ki, which take 3 us at 25 a nanosecond, and 10 where there is SSE2 alone.
    AUTO_HOLD = 64 * 1024


cdef Py_ssize_t workspace(Py_ssize_t n, Py_ssize_t k, Py_ssize_t itemsize) noexcept nogil:
    """Bytes for a panel of A and a block of B, whose last panel may be filled up."""
    return max(1, min(KC, k)) * ((simd.mr + min(NC, n)) * itemsize + simd.nr_bytes)


cdef void pack(
    Py_ssize_t lines, Py_ssize_t width, const real *x, Py_ssize_t line_stride, Py_ssize_t kc, Py_ssize_t stride,
    real *packed
) noexcept nogil:
    """packed[p, i] := element p of line i, a row of A or a column of B; zeros from the last line up to the width."""
    cdef Py_ssize_t p, i
    for p in range(kc):
        for i in range(lines):
            packed[p * width + i] = x[i * line_stride + p * stride]
        for i in range(lines, width):
            packed[p * width + i] = 0


cdef inline void tile(
    Py_ssize_t rows, Py_ssize_t columns, Py_ssize_t kc, const real *a, const real *b, real *c, Py_ssize_t c_stride,
    bint add
) noexcept nogil:
    """c[:rows, :columns] := sum of a[p, :rows] * b[p, :columns] over p < kc, from packed panels; += where `add`."""
    if real is double:
        simd.tile_f64(rows, columns, kc, a, b, c, c_stride, add)
    else:
        simd.tile_f32(rows, columns, kc, a, b, c, c_stride, add)


cdef void matmul_nogil(
    Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const real *a, const real *b, real *c, real *packed_a
) noexcept nogil:
    """C := A @ B for A of m x k and B of k x n, with a workspace that no other thread uses."""
    cdef Py_ssize_t MR = simd.mr, NR = simd.nr_bytes // sizeof(real)
    cdef Py_ssize_t j_block, k_block, j_panel, i_panel, jc, pc, ic, jr, nc, kc, mr
    cdef real *packed_b = packed_a + MR * max(1, min(KC, k))
    if m == 0:
        return
    for j_block in range(parts(n, NC)):
        jc = j_block * NC
        nc = min(NC, n - jc)
        for k_block in range(max(1, parts(k, KC))):  # once even where k is 0: C is zeros then
            pc = k_block * KC
            kc = min(KC, k - pc)
            for j_panel in range(parts(nc, NR)):
                jr = j_panel * NR
                pack(min(NR, nc - jr), NR, b + pc * n + jc + jr, 1, kc, n, packed_b + jr * kc)
            for i_panel in range(parts(m, MR)):
                ic = i_panel * MR
                mr = min(MR, m - ic)
                pack(mr, MR, a + ic * k + pc, k, kc, 1, packed_a)
                for j_panel in range(parts(nc, NR)):
                    jr = j_panel * NR
                    tile(mr, min(NR, nc - jr), kc, packed_a, packed_b + jr * kc, c + ic * n + jc + jr, n, pc > 0)


cdef Py_ssize_t parts(Py_ssize_t size, Py_ssize_t step) noexcept nogil:
    """How many parts of `step` make up `size`, the last of them perhaps smaller."""
    return (size + step - 1) // step


cdef int run(const real[:, ::1] a, const real[:, ::1] b, real[:, ::1] c, object gil) except -1:
    """Look at the shapes, make a workspace, and mind the GIL."""
    cdef Py_ssize_t m = a.shape[0], k = a.shape[1], n = b.shape[1]
    cdef bint release_gil
    cdef real *work
    if (b.shape[0], c.shape[0], c.shape[1]) != (k, m, n):
        raise ValueError(f"shapes do not fit: {(m, k)} @ {(b.shape[0], n)} into {(c.shape[0], c.shape[1])}")
    check_aligned(&a[0, 0], m * k, sizeof(real))
    check_aligned(&b[0, 0], k * n, sizeof(real))
    check_aligned(&c[0, 0], m * n, sizeof(real))
    if overlap(&a[0, 0], m * k * sizeof(real), &c[0, 0], m * n * sizeof(real)) or \
            overlap(&b[0, 0], k * n * sizeof(real), &c[0, 0], m * n * sizeof(real)):
        raise ValueError("out must not share memory with a or b, which are read again after it is written")
    release_gil = release_wanted(gil, <double> m * n * max(k, 1) > AUTO_HOLD)
    work = <real *> malloc(workspace(n, k, sizeof(real)))
    if work == NULL:
        raise MemoryError
    if release_gil:
        with nogil:
            matmul_nogil(m, n, k, &a[0, 0], &b[0, 0], &c[0, 0], work)
    else:
        matmul_nogil(m, n, k, &a[0, 0], &b[0, 0], &c[0, 0], work)
    free(work)
    return 0


def matmul(a, b, out, *, gil="auto"):
    """out := a @ b, for C-contiguous buffers with two axes, all of float64 or all of float32, and summed in these.

    gil: "release" lets other threads run Python meanwhile, "hold" does not, and "auto" releases for large products,
    where it pays. All three run the same machine code. Threads that write to one out are the caller's to keep apart.

    Raises TypeError for what is no buffer, ValueError or BufferError for another buffer or an out that may not be
    written, ValueError for shapes that do not fit, an out that shares memory with a or b, and another gil, MemoryError
    where there is no room for the workspace. out is then as it was.
    """
    a, b, out = memoryview(a), memoryview(b), memoryview(out)
    if out.format.endswith("f"):  # ctypes says "<f"
        run[float](a, b, out, gil)
    else:
        run[double](a, b, out, gil)
