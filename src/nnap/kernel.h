// SPDX-License-Identifier: GPL-2.0-only

// The arithmetic of one atom that is worth vector registers, compiled once per instruction set and precision.
//
// kernel.cpp holds the code; CMake compiles it for each instruction set of the target architecture, with
// numbers in double and in single precision, and best_kernel() picks the fastest one this
// processor runs. Everything crosses this boundary as plain pointers, so that no inline function of the
// standard library is ever emitted with instructions an old processor lacks.
//
// Neighbors sit in the lanes of vector registers, `width` of them to a block; each block is a
// run of "planes" of `width` numbers:
//
//     g_n = f_c(r) R_n(r)   (n = 0..nmax)    Q_lm (by pair of Harmonics)    a_m, b_m   (m = 0..lmax)
//
// The three sums over neighbors are matrix products on these planes (theory page, eqs. 2, 13, 14):
//
//     A[n][row] = sum_j g_n(j) Y_row(j)                               forward()
//     h_row(j)  = sum_k C[k][row] t_j^k,  k_row(j) = dh_row/dt         gradient()
//
// where Y = Q a or Q b, harmonics without their norm, and h_row = sum_n dE/dA[n][row] T_n, of which C are the coefficients
// (see KernelBasis::in_powers()). Q, a, b of the forward pass serve the backward pass.

#pragma once

namespace turing_glass::nnap {

/// Sizes of one basis.
struct KernelBasis {
  int nn;      ///< radial functions, nmax + 1
  int lmax;    ///< degree of the harmonics
  int rows;    ///< rows_of(lmax): the stride between n in A and Z
  double rcut;

  static constexpr int largest_nn = 21, largest_lmax = 12;
  /// Whether C of Kernel::gradient() belongs to powers of t, which cost least, or to Chebyshev polynomials, where powers
  /// would lose digits.
  static constexpr bool in_powers(int nn) { return nn <= 7; }
  /// All harmonics, and room for a KernelRun that begins with the last.
  static constexpr int rows_of(int lmax) { return ((lmax + 1) * (lmax + 1) + 3 + 7) / 8 * 8; }
};

/// r_j - r_i (A) and its square, side by side because neighbors are found one by one.
struct Separation {
  double x, y, z, rsq;
};

/// Neighbors of one element, padded to whole blocks; arrays by slot.
struct KernelNeighbors {
  int blocks;
  const double *x, *y, *z;    ///< unit vectors
  const double *r, *rinv;     ///< distance and its inverse
};

/// An element of W or of its transpose: the row that begins at `to` has the part w * the row that begins at `from`.
struct KernelWeight {
  int to, from;
  double w;
};

/// Rows of one order and four degrees, side by side: row + k has the degree l + k, or the factor 0 where it has not (rows
/// of other orders before it, or behind it none of a degree there is).
struct KernelRun {
  int row, l;
  double factor[4];
};

/// A layer with both orientations of its matrix, rows padded with zeros to `..._padded`.
struct KernelLayer {
  int inputs, outputs, inputs_padded, outputs_padded;
  const double *by_input;     ///< [input][output]
  const double *by_output;    ///< [output][input]
  const double *bias;         ///< [output]
  /// The same in numbers of the kernel.
  const void *rounded_by_input, *rounded_by_output, *rounded_bias;
  bool silu;
};

struct Kernel {
  /// "AVX-512", "AVX-512VL" (AVX-512 on registers of 256 bits), "AVX2", "baseline"
  const char *name;
  int width;           ///< neighbors per block
  int number_bytes;    ///< of its numbers, those behind pointers to void

  /// Bytes of the planes of one block; of scratch for each block of tangent().
  int (*plane_bytes)(const KernelBasis &);
  int (*turn_bytes)(const KernelBasis &);
  /// Unit vectors, distances and inverses of `count` neighbors, for all slots of their blocks. A free slot is a
  /// neighbor at the cutoff, where each radial function and its slope vanish, and so is one beyond it. Distances below
  /// `shortest` are taken for that.
  void (*normalize)(int count, double shortest, double rcut, const Separation *d, double *x,
                    double *y, double *z, double *r, double *rinv);
  /// Fills the planes and overwrites A[n][row].
  void (*forward)(const KernelBasis &, const KernelNeighbors &, void *planes, void *A);
  /// dE/d(x,y,z) of every slot, overwritten; polynomials: C[k][row].
  void (*gradient)(const KernelBasis &, const KernelNeighbors &, const void *planes,
                   const void *polynomials, double *gx, double *gy, double *gz);
  /// Derivative of A[n][row] when the neighbors move by (dx, dy, dz) (A, by slot); overwritten. For Precision::full.
  void (*tangent)(const KernelBasis &, const KernelNeighbors &, const void *planes,
                  const double *dx, const double *dy, const double *dz, void *scratch, void *dA);
  /// to[weights.to + k] = sum over weights with this `to`, which follow each other, of w from[weights.from + k],
  /// k = 0..length-1, a multiple of 8.
  void (*combine)(const KernelWeight *weights, int count, int length, const void *from, void *to);
  /// For each of the channels, `rows` numbers of a and b and `stride` of by_l apart:
  /// by_l[l] = sum over rows of this degree of factor a[row] b[row], in fours; runs in order of their l.
  void (*add_products)(const KernelRun *runs, int count, int channels, int rows, const void *a,
                       const void *b, int stride, double *by_l);
  /// Likewise b[row] = by_l[l] factor a[row]; runs in order of their rows.
  void (*scale)(const KernelRun *runs, int count, int channels, int rows, const double *by_l,
                int stride, const void *a, void *b);
  /// Network output for x; dx receives its gradient. scratch: see Network.
  double (*network)(const KernelLayer *layers, int nlayers, const double *x, double *dx,
                    void *scratch);
  /// Adds to `gradient` (laid out as KernelLayer's by_input and bias, see Network) the derivative by the
  /// parameters of G = a net(x) + (d net/dx) . xt, with the tangent xt fixed; dG/dx (padded) is overwritten. For
  /// Precision::full.
  void (*network_gradient)(const KernelLayer *layers, int nlayers, const double *x,
                           const double *xt, double a, double *gradient, double *by_x,
                           double *scratch);
  /// out[c] = sum_r u[r] matrix[r][c]; columns a multiple of float_padding.
  void (*contract)(const float *matrix, int rows, int columns, const double *u, float *out);
  /// out[r] = sum_c matrix[r][c] t[c]; columns a multiple of float_padding.
  void (*project)(const float *matrix, int rows, int columns, const float *t, double *out);
};

constexpr int float_padding = 16;

/// Of the numbers from the planes to the network and back, behind pointers to void in the functions of Kernel: double, or in
/// `mixed` single. f_c and t are computed in double precision in any case. Training needs `full`.
enum class Precision { full, mixed };

/// The fastest kernel this processor can run.
const Kernel &best_kernel(Precision precision = Precision::full);

/// All kernels of this precision that this processor can run, baseline first; a null pointer ends the list.
const Kernel *const *runnable_kernels(Precision precision = Precision::full);

}    // namespace turing_glass::nnap
