// SPDX-License-Identifier: GPL-2.0-only

// Compiled once per instruction set and precision: TG_KERNEL names the instance, TG_REAL is the type of its
// numbers, TG_WIDTH the lanes of a register of them.
// Nothing here may instantiate or emit anything shared with other translation units.

#include "kernel.h"

#include <math.h>
#include <utility>

namespace turing_glass::nnap {

namespace {

typedef TG_REAL Real;
constexpr int width = TG_WIDTH;
typedef Real Pack __attribute__((vector_size(sizeof(Real) * width), may_alias));
/// How many degrees are summed side by side: as many as 32 registers, or 16, hold.
#if defined(__AVX512VL__) || defined(__aarch64__)
constexpr int degrees_together = 2;
#else
constexpr int degrees_together = 1;
#endif

// ---- lanes ------------------------------------------------------------------------------------

template <int size> struct IndexOf;
template <> struct IndexOf<4> {
  typedef int type;
};
template <> struct IndexOf<8> {
  typedef long type;
};
typedef IndexOf<sizeof(Real)>::type Indices __attribute__((vector_size(sizeof(Real) * width)));

inline Pack load(const double *p)
{
  Real lanes[width];
  for (int k = 0; k < width; ++k) lanes[k] = static_cast<Real>(p[k]);
  Pack pack;
  __builtin_memcpy(&pack, lanes, sizeof pack);
  return pack;
}

inline void store(Pack pack, double *p)
{
  Real lanes[width];
  __builtin_memcpy(lanes, &pack, sizeof pack);
  for (int k = 0; k < width; ++k) p[k] = lanes[k];
}

/// Lanes of a (0..width-1) and b (width..2 width-1).
template <int... index> inline Pack pick(Pack a, Pack b)
{
#ifdef __clang__
  return __builtin_shufflevector(a, b, index...);
#else
  return __builtin_shuffle(a, b, Indices{index...});
#endif
}

/// Where the lane's index has this bit, the sum of it and the lane without the bit in b, otherwise of it and the
/// lane with the bit in a.
template <int bit, int... lane>
inline Pack fold(Pack a, Pack b, std::integer_sequence<int, lane...>)
{
  return pick<(lane & bit ? width + lane : lane)...>(a, b) +
      pick<(lane & bit ? width + lane - bit : lane + bit)...>(a, b);
}

/// Lane k of the result is the sum of the lanes of packs[k], k = 0..width-1.
template <int count = width> inline Pack sums_of(const Pack *packs)
{
  if constexpr (count == 1)
    return *packs;
  else
    return fold<count / 2>(sums_of<count / 2>(packs), sums_of<count / 2>(packs + count / 2),
                           std::make_integer_sequence<int, width>());
}

/// `most` numbers of a padded array side by side, or as many as a register holds; in memory from a multiple of 8 on.
template <class Number, int most> struct Row {
  static constexpr int bytes =
      most * sizeof(Number) < sizeof(Pack) ? most * sizeof(Number) : sizeof(Pack);
  static constexpr int size = bytes / static_cast<int>(sizeof(Number));
  static constexpr int alignment = size < 8 ? bytes : 8 * sizeof(Number);
  typedef Number type __attribute__((vector_size(bytes), may_alias));
  typedef Number stored __attribute__((vector_size(bytes), aligned(alignment), may_alias));
};

// ---- shapes -----------------------------------------------------------------------------------

template <int N> struct Size {
  static constexpr int value = N;
};

/// Sizes of a basis that are known here, so that loops over them are unrolled; 0: any.
template <int N, int L> struct Shape {
  static constexpr int most = N > 0 ? N : KernelBasis::largest_nn;    ///< radial functions
  static constexpr bool in_powers = N > 0;    ///< those of KernelBasis::in_powers() are all known

  static KernelBasis of(KernelBasis basis)
  {
    constexpr int rows = KernelBasis::rows_of(L);
    if (N > 0) basis.nn = N;
    if (L > 0) basis.lmax = L, basis.rows = rows;
    return basis;
  }
};

/// body(Shape{}): that of the papers, the one most trained elsewhere, or some number of radial functions.
template <class Body> inline void for_shape(const KernelBasis &basis, Body body)
{
  if (basis.nn == 5 && basis.lmax == 8) return body(Shape<5, 8>{});
  if (basis.nn == 6 && basis.lmax == 6) return body(Shape<6, 6>{});
  switch (basis.nn) {
    case 1:
      return body(Shape<1, 0>{});
    case 2:
      return body(Shape<2, 0>{});
    case 3:
      return body(Shape<3, 0>{});
    case 4:
      return body(Shape<4, 0>{});
    case 5:
      return body(Shape<5, 0>{});
    case 6:
      return body(Shape<6, 0>{});
    case 7:
      return body(Shape<7, 0>{});
      static_assert(KernelBasis::in_powers(7) && !KernelBasis::in_powers(8));
    default:
      return body(Shape<0, 0>{});
  }
}

// ---- planes -----------------------------------------------------------------------------------

constexpr int pair_count(int lmax)
{
  return (lmax + 1) * (lmax + 2) / 2;
}
constexpr int pair_begin(int lmax, int m)
{
  return m * (lmax + 1) - m * (m - 1) / 2;
}
constexpr int row_begin(int lmax, int m)
{
  return m == 0 ? 0 : 2 * pair_begin(lmax, m) - (lmax + 1);
}

/// Where the planes of a block begin, in units of Pack: g_n, then Q_lm, a_m, b_m.
struct Planes {
  explicit Planes(const KernelBasis &basis) :
      q(basis.nn), a(q + pair_count(basis.lmax)), b(a + basis.lmax + 1),
      // an odd number of packs, so that blocks do not fall on each other in the cache
      stride((b + basis.lmax + 1) | 1)
  {
  }
  int q, a, b, stride;
};

int plane_bytes(const KernelBasis &basis)
{
  return Planes(basis).stride * static_cast<int>(sizeof(Pack));
}

/// f_c = (1 - (r/rc)^2)^4 and t = 1 - 2 r/rc, the argument of the Chebyshev polynomials, with their slopes. Rounded at the
/// end only: forces change with r so fast that a rounded r would be half of the error of single precision.
struct Radial {
  Radial(const KernelBasis &basis, const double *r)
  {
    const double inverse = 1.0 / basis.rcut;
    double f[width], df[width], argument[width];
    for (int k = 0; k < width; ++k) {
      const double s = r[k] * inverse, u = 1.0 - s * s, u3 = u * u * u;
      f[k] = u3 * u;
      df[k] = u3 * s * (-8.0 * inverse);
      argument[k] = 1.0 - 2.0 * s;
    }
    fc = load(f), dfc = load(df), t = load(argument);
    dt = static_cast<Real>(-2.0 * inverse);
  }
  Pack fc, dfc, t;
  Real dt;
};

/// Coefficients of P_l = up z P_l-1 - down P_l-2 and Q_lm = Q_l-2,m + odd Q_l-1,m-1.
struct Legendre {
  constexpr Legendre() : up(), down(), odd()
  {
    for (int l = 1; l <= KernelBasis::largest_lmax + 1; ++l) {
      up[l] = static_cast<Real>((2.0 * l - 1.0) / l);
      down[l] = static_cast<Real>((l - 1.0) / l);
      odd[l] = static_cast<Real>(2.0 * l - 1.0);
    }
  }
  Real up[KernelBasis::largest_lmax + 2], down[KernelBasis::largest_lmax + 2],
      odd[KernelBasis::largest_lmax + 2];
};
constexpr Legendre legendre;

/// Planes of `blocks` blocks, side by side because each recursion has to wait for its last result.
template <class Shape, int blocks>
void expand(const KernelBasis &any, const KernelNeighbors &neighbors, int first, Pack *planes)
{
  const KernelBasis basis = Shape::of(any);
  const Planes at(basis);
  const int lmax = basis.lmax;
  Pack x[blocks], y[blocks], z[blocks];
  for (int k = 0; k < blocks; ++k) {
    const int slot = (first + k) * width;
    Pack *plane = planes + k * at.stride;
    const Radial radial(basis, neighbors.r + slot);
    const Pack two_t = 2 * radial.t;
    Pack g = radial.fc, next = radial.fc * radial.t;
    for (int n = 0; n < basis.nn; ++n) {
      plane[n] = g;
      const Pack after = two_t * next - g;
      g = next, next = after;
    }
    x[k] = load(neighbors.x + slot), y[k] = load(neighbors.y + slot),
    z[k] = load(neighbors.z + slot);
  }

  // P_l beside a_l, b_l; then each derivative from the one before
  Pack *q = planes + at.q;
  Pack below[blocks], here[blocks], a[blocks], b[blocks];
  for (int k = 0; k < blocks; ++k) {
    below[k] = b[k] = Pack{};
    here[k] = a[k] = Pack{} + 1;
  }
  for (int l = 0; l <= lmax; ++l) {
    const Real up = legendre.up[l + 1], down = legendre.down[l + 1];
    for (int k = 0; k < blocks; ++k) {
      Pack *plane = planes + k * at.stride;
      plane[at.q + l] = here[k];
      plane[at.a + l] = a[k];
      plane[at.b + l] = b[k];
      const Pack above = up * z[k] * here[k] - down * below[k];
      below[k] = here[k], here[k] = above;
      const Pack turned = x[k] * a[k] - y[k] * b[k];
      b[k] = x[k] * b[k] + y[k] * a[k];
      a[k] = turned;
    }
  }
  for (int m = 1; m <= lmax; ++m) {
    const int degrees = lmax + 1 - m;
    const Pack *lower = q;    // of order m-1, degrees m-1, m, ...
    q += degrees + 1;
    for (int k = 0; k < blocks; ++k) below[k] = here[k] = Pack{};
    for (int i = 0; i < degrees; ++i) {
      const Real odd = legendre.odd[m + i];
      for (int k = 0; k < blocks; ++k) {
        const Pack next = below[k] + odd * lower[k * at.stride + i];
        q[k * at.stride + i] = next;
        below[k] = here[k], here[k] = next;
      }
    }
  }
}

// ---- the three sums over neighbors -------------------------------------------------------------------

/// Sums over the lanes of sum[n][cosines of some degrees, then, unless m = 0, sines], which has whole packs, to
/// cosines[n][0..] and sines[n][0..].
template <int degrees, bool turns>
inline void store_rows(const Pack *sum, const KernelBasis &basis, Real *cosines, Real *sines)
{
  constexpr int harmonics = turns ? 2 * degrees : degrees;
  Real A[harmonics * KernelBasis::largest_nn + width];
  for (int k = 0; k < basis.nn * harmonics; k += width) {
    const Pack sums = sums_of(sum + k);
    __builtin_memcpy(A + k, &sums, sizeof sums);
  }
  for (int n = 0; n < basis.nn; ++n) {
    const Real *row = A + n * harmonics;
    __builtin_memcpy(cosines + n * basis.rows, row, degrees * sizeof(Real));
    if (turns) __builtin_memcpy(sines + n * basis.rows, row + degrees, degrees * sizeof(Real));
  }
}

/// Sums over blocks (at least one) of g_n Y for `degrees` degrees of one order, those of Q_lm at planes[q]: of the
/// cosines to cosines[n][0..], of the sines, unless m = 0, to sines[n][0..].
template <class Shape, int degrees, bool turns>
inline void sum_rows(const KernelBasis &any, const Planes &at, const Pack *planes, int blocks,
                     int q, int m, Real *cosines, Real *sines)
{
  const KernelBasis basis = Shape::of(any);
  const long stride = at.stride, at_a = at.a + m, at_b = at.b + m;
  constexpr int harmonics = turns ? 2 * degrees : degrees;
  constexpr int most = (harmonics * Shape::most + width - 1) / width * width;
  Pack sum[most] = {};
  do {
    Pack y[harmonics];
    for (int i = 0; i < degrees; ++i) {
      y[i] = turns ? planes[q + i] * planes[at_a] : planes[q + i];
      if (turns) y[degrees + i] = planes[q + i] * planes[at_b];
    }
    for (int n = 0; n < basis.nn; ++n)
      for (int i = 0; i < harmonics; ++i) sum[n * harmonics + i] += planes[n] * y[i];
    planes += stride;
  } while (--blocks > 0);
  store_rows<degrees, turns>(sum, basis, cosines, sines);
}

/// The same for all degrees of one order.
template <class Shape, bool turns>
inline void sum_order(const KernelBasis &basis, const Planes &at, const Pack *planes, int blocks,
                      int m, Real *A)
{
  const int degrees = basis.lmax + 1 - m, q = at.q + pair_begin(basis.lmax, m);
  Real *cosines = A + row_begin(basis.lmax, m), *sines = cosines + degrees;
  int i = 0;
  for (; i + degrees_together <= degrees; i += degrees_together)
    sum_rows<Shape, degrees_together, turns>(basis, at, planes, blocks, q + i, m, cosines + i,
                                             sines + i);
  for (; i < degrees; ++i)
    sum_rows<Shape, 1, turns>(basis, at, planes, blocks, q + i, m, cosines + i, sines + i);
}

template <class Shape>
void forward_shaped(const KernelBasis &any, const KernelNeighbors &neighbors, void *planes,
                    void *sums)
{
  const KernelBasis basis = Shape::of(any);
  const Planes at(basis);
  Real *A = static_cast<Real *>(sums);
  const int blocks = neighbors.blocks;
  if (blocks == 0) {
    for (int k = 0; k < basis.nn * basis.rows; ++k) A[k] = 0;
    return;
  }
  Pack *begin = static_cast<Pack *>(planes), *plane = begin;
  int block = 0;
  for (; block + 1 < blocks; block += 2, plane += 2 * at.stride)
    expand<Shape, 2>(basis, neighbors, block, plane);
  if (block < blocks) expand<Shape, 1>(basis, neighbors, block, plane);

  sum_order<Shape, false>(basis, at, begin, blocks, 0, A);
  for (int m = 1; m <= basis.lmax; ++m) sum_order<Shape, true>(basis, at, begin, blocks, m, A);
}

/// Value and slope of sum_k c[k] t^k, k = 0..nn-1, the coefficients being `stride` apart.
inline void sum_powers(const Real *c, int stride, int nn, Pack t, Pack &value, Pack &slope)
{
  value = Pack{} + c[(nn - 1) * stride];
  slope = Pack{};
  for (int k = nn - 2; k >= 0; --k) {
    slope = k == nn - 2 ? value : slope * t + value;
    value = value * t + c[k * stride];
  }
}

/// Likewise of sum_k c[k] T_k(t), by Clenshaw's recursion b_k = c_k + 2 t b_k+1 - b_k+2 and its derivative.
inline void sum_chebyshev(const Real *c, int stride, int nn, Pack t, Pack &value, Pack &slope)
{
  const Pack two_t = 2 * t;
  int k = nn - 1;
  Pack b = {}, db = {}, above = {}, dabove = {};    // of k + 1 and k + 2
  if (k % 2 != 0) b += c[k-- * stride];
  for (; k > 0; k -= 2) {
    dabove = two_t * db + (2 * b - dabove);
    above = two_t * b + (c[k * stride] - above);
    db = two_t * dabove + (2 * above - db);
    b = two_t * above + (c[(k - 1) * stride] - b);
  }
  value = t * b + (c[0] - above);
  slope = t * db + (b - dabove);
}

template <class Shape>
void gradient_shaped(const KernelBasis &any, const KernelNeighbors &neighbors, const void *planes,
                     const void *polynomials, double *gx, double *gy, double *gz)
{
  const Real *C = static_cast<const Real *>(polynomials);    // [k][row]
  const KernelBasis basis = Shape::of(any);
  const Planes at(basis);
  const int nn = basis.nn, lmax = basis.lmax, rows = basis.rows;
  const Pack *plane = static_cast<const Pack *>(planes);
  for (int block = 0; block < neighbors.blocks; ++block, plane += at.stride) {
    const Pack *a = plane + at.a, *b = plane + at.b;
    const int slot = block * width;
    const Radial radial(basis, neighbors.r + slot);
    const auto row_terms = [&](int row, Pack &value, Pack &slope) {
      if (Shape::in_powers)
        sum_powers(C + row, rows, nn, radial.t, value, slope);
      else
        sum_chebyshev(C + row, rows, nn, radial.t, value, slope);
    };

    // E and its slopes along t, and along x, y, z
    Pack E = {}, E_t = {}, vx = {}, vy = {}, vz = {};
    const Pack *q = plane + at.q, *dq = q + lmax;    // dq[l]: derivative of q[l]
    for (int l = 0; l <= lmax; ++l) {
      Pack h, k;
      row_terms(l, h, k);
      E += h * q[l];
      E_t += k * q[l];
      if (l > 0) vz += h * dq[l];
    }
    for (int m = 1; m <= lmax; ++m) {
      const int degrees = lmax + 1 - m, row = row_begin(lmax, m);
      q += degrees + 1;
      dq = q + degrees - 1;
      Pack alpha = {}, beta = {}, alpha_t = {}, beta_t = {}, alpha_z = {}, beta_z = {};
      for (int i = 0; i < degrees; ++i) {    // l = m + i
        Pack hc, hs, kc, ks;
        row_terms(row + i, hc, kc);
        row_terms(row + degrees + i, hs, ks);
        alpha += hc * q[i];
        beta += hs * q[i];
        alpha_t += kc * q[i];
        beta_t += ks * q[i];
        if (i > 0) {
          alpha_z += hc * dq[i];
          beta_z += hs * dq[i];
        }
      }
      E += alpha * a[m] + beta * b[m];
      E_t += alpha_t * a[m] + beta_t * b[m];
      vz += alpha_z * a[m] + beta_z * b[m];
      // d(a_m)/dx = m a_m-1, d(b_m)/dx = m b_m-1, d(a_m)/dy = -m b_m-1, d(b_m)/dy = m a_m-1
      alpha *= static_cast<Real>(m), beta *= static_cast<Real>(m);
      vx += alpha * a[m - 1] + beta * b[m - 1];
      vy += beta * a[m - 1] - alpha * b[m - 1];
    }

    // what is along the bond comes from the radial functions alone
    const Pack x = load(neighbors.x + slot), y = load(neighbors.y + slot),
               z = load(neighbors.z + slot);
    const Pack scale = radial.fc * load(neighbors.rinv + slot);
    const Pack along =
        radial.dfc * E + radial.fc * radial.dt * E_t - (x * vx + y * vy + z * vz) * scale;
    store(vx * scale + x * along, gx + slot);
    store(vy * scale + y * along, gy + slot);
    store(vz * scale + z * along, gz + slot);
  }
}

// ---- derivative of the sums along a displacement (training) -------------------------------------

/// What a displacement of the neighbors means for a block, in units of Pack: the change of the unit
/// vector, then that of each g_n.
constexpr int turn_x = 0, turn_y = 1, turn_z = 2, turn_g = 3;

void turn(const KernelBasis &basis, const KernelNeighbors &neighbors, int block, const double *dx,
          const double *dy, const double *dz, Pack *turns)
{
  const int at = block * width;
  const Pack x = load(neighbors.x + at), y = load(neighbors.y + at), z = load(neighbors.z + at);
  const Pack rinv = load(neighbors.rinv + at);
  const Pack tx = load(dx + at), ty = load(dy + at), tz = load(dz + at);
  const Pack along = x * tx + y * ty + z * tz;
  turns[turn_x] = (tx - x * along) * rinv;
  turns[turn_y] = (ty - y * along) * rinv;
  turns[turn_z] = (tz - z * along) * rinv;
  const Radial radial(basis, neighbors.r + at);
  const Pack fc_t = radial.fc * radial.dt;
  Pack T = Pack{} + 1, next = radial.t, slope = {}, next_slope = T;
  for (int n = 0; n < basis.nn; ++n) {
    turns[turn_g + n] = (radial.dfc * T + fc_t * slope) * along;
    const Pack after = 2 * radial.t * next - T;
    const Pack after_slope = 2 * next + 2 * radial.t * next_slope - slope;
    T = next, next = after;
    slope = next_slope, next_slope = after_slope;
  }
}

/// Sums over blocks (at least one) of dg_n Y + g_n dY for `degrees` degrees of one order from `l` on, as sum_rows().
template <class Shape, int degrees, bool turns>
inline void tangent_rows(const KernelBasis &any, const Planes &at, const Pack *planes,
                         const Pack *turn, int blocks, int l, int m, Real *cosines, Real *sines)
{
  const KernelBasis basis = Shape::of(any);
  const int nn = basis.nn;
  const long q = at.q + pair_begin(basis.lmax, m) + l - m,
             dq = at.q + pair_begin(basis.lmax, m + 1) + l - m - 1;    // that of l = m is zero
  constexpr int harmonics = turns ? 2 * degrees : degrees;
  constexpr int most = (harmonics * Shape::most + width - 1) / width * width;
  Pack sum[most] = {};
  do {
    const Pack *a = planes + at.a + m, *b = planes + at.b + m;
    Pack da = {}, db = {};
    if (turns) {
      const Real order = static_cast<Real>(m);
      da = order * (a[-1] * turn[turn_x] - b[-1] * turn[turn_y]);
      db = order * (b[-1] * turn[turn_x] + a[-1] * turn[turn_y]);
    }
    Pack y[harmonics], dy[harmonics];
    for (int i = 0; i < degrees; ++i) {
      const Pack Q = planes[q + i];
      Pack dQ = {};
      if (l + i > m) dQ = planes[dq + i] * turn[turn_z];
      y[i] = turns ? Q * *a : Q;
      dy[i] = turns ? dQ * *a + Q * da : dQ;
      if (turns) {
        y[degrees + i] = Q * *b;
        dy[degrees + i] = dQ * *b + Q * db;
      }
    }
    for (int n = 0; n < nn; ++n)
      for (int i = 0; i < harmonics; ++i)
        sum[n * harmonics + i] += turn[turn_g + n] * y[i] + planes[n] * dy[i];
    planes += at.stride;
    turn += turn_g + nn;
  } while (--blocks > 0);
  store_rows<degrees, turns>(sum, basis, cosines, sines);
}

/// The same for all degrees of one order.
template <class Shape, bool turns>
inline void tangent_order(const KernelBasis &basis, const Planes &at, const Pack *planes,
                          const Pack *turn, int blocks, int m, Real *dA)
{
  const int degrees = basis.lmax + 1 - m;
  Real *cosines = dA + row_begin(basis.lmax, m), *sines = cosines + degrees;
  int i = 0;
  for (; i + degrees_together <= degrees; i += degrees_together)
    tangent_rows<Shape, degrees_together, turns>(basis, at, planes, turn, blocks, m + i, m,
                                                 cosines + i, sines + i);
  for (; i < degrees; ++i)
    tangent_rows<Shape, 1, turns>(basis, at, planes, turn, blocks, m + i, m, cosines + i,
                                  sines + i);
}

template <class Shape>
void tangent_shaped(const KernelBasis &any, const KernelNeighbors &neighbors, const void *planes,
                    const double *dx, const double *dy, const double *dz, void *scratch, void *sums)
{
  const KernelBasis basis = Shape::of(any);
  const Planes at(basis);
  Real *dA = static_cast<Real *>(sums);
  const int blocks = neighbors.blocks;
  if (blocks == 0) {
    for (int k = 0; k < basis.nn * basis.rows; ++k) dA[k] = 0;
    return;
  }
  Pack *turns = static_cast<Pack *>(scratch);
  for (int block = 0; block < blocks; ++block)
    turn(basis, neighbors, block, dx, dy, dz,
         turns + static_cast<long>(block) * (turn_g + basis.nn));
  const Pack *begin = static_cast<const Pack *>(planes);
  tangent_order<Shape, false>(basis, at, begin, turns, blocks, 0, dA);
  for (int m = 1; m <= basis.lmax; ++m)
    tangent_order<Shape, true>(basis, at, begin, turns, blocks, m, dA);
}

int turn_bytes(const KernelBasis &basis)
{
  return (turn_g + basis.nn) * static_cast<int>(sizeof(Pack));
}

// ---- the same for any shape ------------------------------------------------------------------------

void forward(const KernelBasis &basis, const KernelNeighbors &neighbors, void *planes, void *A)
{
  for_shape(basis,
            [&](auto shape) { forward_shaped<decltype(shape)>(basis, neighbors, planes, A); });
}

void gradient(const KernelBasis &basis, const KernelNeighbors &neighbors, const void *planes,
              const void *polynomials, double *gx, double *gy, double *gz)
{
  for_shape(basis, [&](auto shape) {
    gradient_shaped<decltype(shape)>(basis, neighbors, planes, polynomials, gx, gy, gz);
  });
}

void tangent(const KernelBasis &basis, const KernelNeighbors &neighbors, const void *planes,
             const double *dx, const double *dy, const double *dz, void *scratch, void *dA)
{
  for_shape(basis, [&](auto shape) {
    tangent_shaped<decltype(shape)>(basis, neighbors, planes, dx, dy, dz, scratch, dA);
  });
}

// ---- geometry, channels, invariants -------------------------------------------------------------

void normalize(int count, double shortest, double rcut, const Separation *d, double *__restrict x,
               double *__restrict y, double *__restrict z, double *__restrict r,
               double *__restrict rinv)
{
  for (int k = 0; k < count; ++k) {
    double distance = sqrt(d[k].rsq);
    distance = distance > shortest ? distance : shortest;
    const double inverse = 1.0 / distance;
    x[k] = d[k].x * inverse;
    y[k] = d[k].y * inverse;
    z[k] = d[k].z * inverse;
    r[k] = distance < rcut ? distance : rcut;
    rinv[k] = inverse;
  }
  for (int k = count; k % width != 0; ++k) {
    x[k] = y[k] = 0.0;
    z[k] = 1.0;
    r[k] = rcut;
    rinv[k] = 1.0 / rcut;
  }
}

/// combine() for `length` numbers of each row, side by side.
template <int length>
inline void combine_columns(const KernelWeight *weights, int count, const Real *from, Real *to)
{
  typedef Row<Real, length> Columns;
  typedef typename Columns::stored Stored;
  constexpr int parts = length / Columns::size;
  for (int begin = 0, end = 0; begin < count; begin = end) {
    typename Columns::type sum[parts] = {};
    for (; end < count && weights[end].to == weights[begin].to; ++end) {
      const Stored *source = reinterpret_cast<const Stored *>(from + weights[end].from);
      const Real w = static_cast<Real>(weights[end].w);
      for (int part = 0; part < parts; ++part) sum[part] += w * source[part];
    }
    Stored *target = reinterpret_cast<Stored *>(to + weights[begin].to);
    for (int part = 0; part < parts; ++part) target[part] = sum[part];
  }
}

void combine(const KernelWeight *weights, int count, int length, const void *from, void *to)
{
  const Real *source = static_cast<const Real *>(from);
  Real *target = static_cast<Real *>(to);
  constexpr int most = 8 * width;
  int i = 0;
  for (; i + most <= length; i += most)
    combine_columns<most>(weights, count, source + i, target + i);
  for (; i < length; i += 8) combine_columns<8>(weights, count, source + i, target + i);
}

typedef Real Four __attribute__((vector_size(4 * sizeof(Real)), aligned(sizeof(Real)), may_alias));
typedef double FourDoubles __attribute__((vector_size(4 * sizeof(double)), aligned(8), may_alias));

inline Four four(const Real *p)
{
  return *reinterpret_cast<const Four *>(p);
}

inline Four four(const KernelRun *run)
{
  Real factor[4];
  for (int k = 0; k < 4; ++k) factor[k] = static_cast<Real>(run->factor[k]);
  return four(factor);
}

/// add_products() for `together` channels.
template <int together>
inline void add_products_of(const KernelRun *runs, int count, int rows, const Real *a,
                            const Real *b, int stride, double *by_l)
{
  const KernelRun *run = runs, *end = runs + count;
  while (run < end) {
    const int l = run->l;
    Four sum[together] = {};
    for (; run < end && run->l == l; ++run) {
      const Four factor = four(run);
      for (int p = 0; p < together; ++p)
        sum[p] += factor * four(a + p * rows + run->row) * four(b + p * rows + run->row);
    }
    for (int p = 0; p < together; ++p)
      *reinterpret_cast<FourDoubles *>(by_l + p * stride + l) =
          __builtin_convertvector(sum[p], FourDoubles);
  }
}

/// body(Size<together>{}, p) for channels p .. p + together - 1.
template <class Body> inline void for_channels(int channels, Body body)
{
  int p = 0;
  for (; p + 4 <= channels; p += 4) body(Size<4>{}, p);
  for (; p + 2 <= channels; p += 2) body(Size<2>{}, p);
  for (; p < channels; ++p) body(Size<1>{}, p);
}

void add_products(const KernelRun *runs, int count, int channels, int rows, const void *a,
                  const void *b, int stride, double *by_l)
{
  for_channels(channels, [&](auto together, int p) {
    add_products_of<decltype(together)::value>(
        runs, count, rows, static_cast<const Real *>(a) + p * rows,
        static_cast<const Real *>(b) + p * rows, stride, by_l + p * stride);
  });
}

void scale(const KernelRun *runs, int count, int channels, int rows, const double *by_l, int stride,
           const void *a, void *b)
{
  for_channels(channels, [&](auto together, int p) {
    const double *first = by_l + p * stride;
    for (const KernelRun *run = runs; run < runs + count; ++run) {
      const Four factor = four(run);
      for (int k = 0; k < decltype(together)::value; ++k) {
        const int row = (p + k) * rows + run->row;
        const Four weight = __builtin_convertvector(
            *reinterpret_cast<const FourDoubles *>(first + k * stride + run->l), Four);
        *reinterpret_cast<Four *>(static_cast<Real *>(b) + row) =
            weight * factor * four(static_cast<const Real *>(a) + row);
      }
    }
  });
}

// ---- network ------------------------------------------------------------------------------------

/// y[k] += sum_i x[i] matrix[i][k] for `columns` columns, in registers.
template <int columns, class Number>
inline void multiply_add_columns(const Number *matrix, int nx, int stride, const Number *x,
                                 Number *y)
{
  typedef typename Row<Number, columns>::type Part;
  typedef typename Row<Number, columns>::stored Stored;
  constexpr int parts = columns / Row<Number, columns>::size;
  constexpr int together =
      parts > 2 ? 2 : 4;    // sums side by side, each of which has to wait for itself
  Stored *to = reinterpret_cast<Stored *>(y);
  Part sum[together][parts] = {};
  const auto add = [&](int i, int k) {
    const Stored *row = reinterpret_cast<const Stored *>(matrix + static_cast<long>(i) * stride);
    for (int part = 0; part < parts; ++part) sum[k][part] += x[i] * row[part];
  };
  int i = 0;
  for (; i + together <= nx; i += together)
    for (int k = 0; k < together; ++k) add(i + k, k);
  for (; i < nx; ++i) add(i, 0);
  for (int part = 0; part < parts; ++part) {
    for (int k = 1; k < together; ++k) sum[0][part] += sum[k][part];
    to[part] += sum[0][part];
  }
}

/// The same for padded rows: a multiple of 8 columns.
template <class Number>
inline void multiply_add(const Number *matrix, int nx, int ny_padded, const Number *x, Number *y)
{
  int k = 0;
  for (; k + 16 <= ny_padded; k += 16)
    multiply_add_columns<16>(matrix + k, nx, ny_padded, x, y + k);
  if (k < ny_padded) multiply_add_columns<8>(matrix + k, nx, ny_padded, x, y + k);
}

/// What the exponential function needs: exp(x) = 2^k exp(r), |r| <= ln 2 / 2, exp(r) = sum_i c[i] r^i.
template <class Number> struct Exponential;
template <> struct Exponential<double> {
  typedef long Integer;
  static constexpr int degree = 13, mantissa = 52, bias = 1023;
  static constexpr double largest = 700.0, round = 6755399441055744.0;    // 3 2^51
  static constexpr double ln2 = 0.693147180369123816490, ln2_rest = 1.90821492927058770002e-10;
};
template <> struct Exponential<float> {
  typedef int Integer;
  static constexpr int degree = 7, mantissa = 23, bias = 127;
  static constexpr float largest = 87.0F, round = 12582912.0F;    // 3 2^22
  static constexpr float ln2 = 0.693359375F, ln2_rest = -2.12194440e-4F;
};

template <class Number> struct ExponentialSeries {
  constexpr ExponentialSeries() : c()
  {
    double factorial = 1.0;
    for (int k = 0; k <= Exponential<Number>::degree; factorial *= ++k)
      c[k] = static_cast<Number>(1.0 / factorial);
  }
  Number c[Exponential<Number>::degree + 1];
};

/// s[k] = 1/(1 + exp(-v[k])) for a padded row, to some units in the last place.
template <class Number> inline void sigmoid(const Number *v, int n, Number *s)
{
  typedef Exponential<Number> Exp;
  typedef typename Row<Number, 8>::type Part;
  typedef typename Exp::Integer Integers __attribute__((vector_size(sizeof(Part)), may_alias));
  constexpr Number largest = Exp::largest, log2e = static_cast<Number>(1.4426950408889634);
  constexpr ExponentialSeries<Number> series;
  for (int i = 0; i < n; i += Row<Number, 8>::size) {
    Part x = -*reinterpret_cast<const Part *>(v + i);
    x = x > largest ? Part{} + largest : x;
    x = x < -largest ? Part{} - largest : x;
    // the sum leaves k in its last bits
    const Part shifted = x * log2e + Exp::round, k = shifted - Exp::round;
    const Part r = x - k * Exp::ln2 - k * Exp::ln2_rest, r2 = r * r;
    Part even = Part{} + series.c[Exp::degree - 1], odd = Part{} + series.c[Exp::degree];
    for (int term = Exp::degree - 2; term > 0; term -= 2) {
      even = even * r2 + series.c[term - 1];
      odd = odd * r2 + series.c[term];
    }
    const Part sum = odd * r + even;
    Integers bits;
    __builtin_memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + Exp::bias) << Exp::mantissa;
    Part power;
    __builtin_memcpy(&power, &bits, sizeof power);
    *reinterpret_cast<Part *>(s + i) = 1 / (1 + sum * power);
  }
}

double network(const KernelLayer *layers, int nlayers, const double *x, double *dx, void *scratch)
{
  // forward: scratch receives the inputs, then, layer by layer, the outputs and the slopes of the activations
  Real *const inputs = static_cast<Real *>(scratch);
  for (int i = 0; i < layers[0].inputs; ++i) inputs[i] = static_cast<Real>(x[i]);
  const Real *input = inputs;
  Real *output = inputs + layers[0].inputs_padded;
  for (int k = 0; k < nlayers; ++k) {
    const KernelLayer &layer = layers[k];
    Real *slope = output + layer.outputs_padded;
    const Real *bias = static_cast<const Real *>(layer.rounded_bias);
    for (int o = 0; o < layer.outputs_padded; ++o) output[o] = bias[o];
    multiply_add(static_cast<const Real *>(layer.rounded_by_input), layer.inputs,
                 layer.outputs_padded, input, output);
    if (layer.silu) {
      sigmoid(output, layer.outputs_padded, slope);
      for (int o = 0; o < layer.outputs_padded; ++o) {
        const Real v = output[o], s = slope[o];
        output[o] = v * s;
        slope[o] = s + v * s * (1 - s);
      }
    } else
      for (int o = 0; o < layer.outputs; ++o) slope[o] = 1;
    input = output;
    output = slope + layer.outputs_padded;
  }
  const double result = input[0];

  // backward: the slopes become the derivatives of the result by each node's sum, the inputs their gradient
  for (int k = nlayers - 1; k >= 0; --k) {
    const KernelLayer &layer = layers[k];
    output -= 2 * layer.outputs_padded;
    const Real *delta = output + layer.outputs_padded;
    Real *target = k == 0 ? inputs : output - 2 * layers[k - 1].outputs_padded;
    for (int i = 0; i < layer.inputs_padded; ++i) target[i] = 0;
    multiply_add(static_cast<const Real *>(layer.rounded_by_output), layer.outputs,
                 layer.inputs_padded, delta, target);
    if (k > 0) {
      Real *below = target + layers[k - 1].outputs_padded;
      for (int i = 0; i < layer.inputs; ++i) below[i] *= target[i];
    }
  }
  for (int i = 0; i < layers[0].inputs; ++i) dx[i] = inputs[i];
  return result;
}

/// Per layer, scratch holds: y, yt (values and tangents of the outputs), f', f'' vt (slope of the
/// activation and its change along the tangent), and the adjoints of y and yt.
void network_gradient(const KernelLayer *layers, int nlayers, const double *x, const double *xt,
                      double a, double *gradient, double *by_x, double *scratch)
{
  const double *input = x, *input_t = xt;
  double *at = scratch;
  for (int k = 0; k < nlayers; ++k) {
    const KernelLayer &layer = layers[k];
    const int n = layer.outputs_padded;
    double *y = at, *yt = y + n, *slope = yt + n, *turn = slope + n;
    for (int o = 0; o < n; ++o) {
      y[o] = layer.bias[o];
      yt[o] = 0.0;
    }
    multiply_add(layer.by_input, layer.inputs, n, input, y);
    multiply_add(layer.by_input, layer.inputs, n, input_t, yt);
    if (layer.silu) {
      sigmoid(y, n, slope);
      for (int o = 0; o < layer.outputs; ++o) {
        const double v = y[o], vt = yt[o], s = slope[o], ds = s * (1.0 - s);
        y[o] = v * s;
        slope[o] = s + v * ds;
        turn[o] = (2.0 * ds + v * ds * (1.0 - 2.0 * s)) * vt;
        yt[o] = slope[o] * vt;
      }
    } else
      for (int o = 0; o < layer.outputs; ++o) {
        slope[o] = 1.0;
        turn[o] = 0.0;
      }
    input = y;
    input_t = yt;
    at += 6 * n;
    gradient += (layer.inputs + 1) * n;
  }

  for (int k = nlayers - 1; k >= 0; --k) {
    const KernelLayer &layer = layers[k];
    const int n = layer.outputs_padded;
    at -= 6 * n;
    gradient -= (layer.inputs + 1) * n;
    // p = dG/dy, pt = dG/d(yt); then of the sums v before the activation
    double *slope = at + 2 * n, *turn = at + 3 * n, *p = at + 4 * n, *pt = at + 5 * n;
    if (k == nlayers - 1) {
      p[0] = a;
      pt[0] = 1.0;
    }
    for (int o = 0; o < layer.outputs; ++o) {
      p[o] = p[o] * slope[o] + pt[o] * turn[o];
      pt[o] *= slope[o];
    }
    for (int o = layer.outputs; o < n; ++o) p[o] = pt[o] = 0.0;

    const double *in = x, *in_t = xt;
    if (k > 0) {
      double *below = at - 6 * layers[k - 1].outputs_padded;
      const int nb = layers[k - 1].outputs_padded;
      in = below;
      in_t = below + nb;
      for (int i = 0; i < nb; ++i) below[4 * nb + i] = below[5 * nb + i] = 0.0;
      multiply_add(layer.by_output, layer.outputs, layer.inputs_padded, p, below + 4 * nb);
      multiply_add(layer.by_output, layer.outputs, layer.inputs_padded, pt, below + 5 * nb);
    }
    for (int i = 0; i < layer.inputs; ++i)
      for (int o = 0; o < n; ++o) gradient[i * n + o] += in[i] * p[o] + in_t[i] * pt[o];
    for (int o = 0; o < n; ++o) gradient[layer.inputs * n + o] += p[o];
    if (k == 0) {
      for (int i = 0; i < layer.inputs_padded; ++i) by_x[i] = 0.0;
      multiply_add(layer.by_output, layer.outputs, layer.inputs_padded, p, by_x);
    }
  }
}

// ---- descriptor derivatives that were kept (training) -------------------------------------------

constexpr int floats = static_cast<int>(sizeof(Pack) / sizeof(float));
typedef float FloatPack __attribute__((vector_size(sizeof(float) * floats), aligned(4), may_alias));

void contract(const float *matrix, int rows, int columns, const double *u, float *out)
{
  const int packs = columns / floats;
  FloatPack *to = reinterpret_cast<FloatPack *>(out);
  for (int c = 0; c < packs; ++c) to[c] = FloatPack{};
  for (int r = 0; r < rows; ++r) {
    const FloatPack *row =
        reinterpret_cast<const FloatPack *>(matrix + static_cast<long>(r) * columns);
    const float factor = static_cast<float>(u[r]);
    for (int c = 0; c < packs; ++c) to[c] += factor * row[c];
  }
}

void project(const float *matrix, int rows, int columns, const float *t, double *out)
{
  const int packs = columns / floats;
  const FloatPack *with = reinterpret_cast<const FloatPack *>(t);
  for (int r = 0; r < rows; ++r) {
    const FloatPack *row =
        reinterpret_cast<const FloatPack *>(matrix + static_cast<long>(r) * columns);
    FloatPack even = {}, odd = {};
    int c = 0;
    for (; c + 1 < packs; c += 2) {
      even += row[c] * with[c];
      odd += row[c + 1] * with[c + 1];
    }
    if (c < packs) even += row[c] * with[c];
    even += odd;
    double result = 0.0;
    for (int k = 0; k < floats; ++k) result += even[k];
    out[r] = result;
  }
}

}    // namespace

constexpr bool trains = sizeof(Real) == sizeof(double);

extern const Kernel TG_KERNEL;
const Kernel TG_KERNEL = {TG_NAME,
                          width,
                          sizeof(Real),
                          plane_bytes,
                          turn_bytes,
                          normalize,
                          forward,
                          gradient,
                          trains ? tangent : nullptr,
                          combine,
                          add_products,
                          scale,
                          network,
                          trains ? network_gradient : nullptr,
                          contract,
                          project};

}    // namespace turing_glass::nnap
