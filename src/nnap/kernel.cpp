// Compiled once per instruction set: TG_KERNEL names the instance, TG_WIDTH its lanes.
// Nothing here may instantiate or emit anything shared with other translation units.

#include "kernel.h"

#include <math.h>

namespace turing_glass::nnap {

namespace {

constexpr int width = TG_WIDTH;
typedef double Pack __attribute__((vector_size(sizeof(double) * width)));

/// Degrees handled together in accumulate(): enough accumulators to hide the latency of a
/// multiply-add, few enough for the register file (32 registers with AVX-512, else 16).
constexpr int degrees_at_once = width >= 8 ? 2 : 1;

/// Radial functions handled together; larger bases are cut into groups of at most this many.
constexpr int largest_group = 7;

inline const Pack *load(const double *p)
{
  return reinterpret_cast<const Pack *>(p);
}

inline double sum(Pack v)
{
  double s[width];
  __builtin_memcpy(s, &v, sizeof v);
  for (int half = width / 2; half > 0; half /= 2)
    for (int k = 0; k < half; ++k) s[k] += s[k + half];
  return s[0];
}

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

/// Where the planes of a block begin, in units of Pack.
struct Planes {
  explicit Planes(const KernelBasis &basis) :
      dg(basis.nn), q(2 * basis.nn), a(q + pair_count(basis.lmax)), b(a + basis.lmax + 1),
      // an odd number of cache lines, so that blocks do not fall on each other in the cache
      stride((b + basis.lmax + 1) | 1)
  {
  }
  int dg, q, a, b, stride;
};

int block_stride(const KernelBasis &basis)
{
  return Planes(basis).stride * width;
}

void expand(const KernelBasis &basis, const KernelNeighbors &neighbors, int nblocks, double *planes)
{
  const Planes at(basis);
  const int lmax = basis.lmax;
  const double inverse = 1.0 / basis.rcut;
  for (int block = 0; block < nblocks; ++block) {
    Pack *plane = reinterpret_cast<Pack *>(planes) + static_cast<long>(block) * at.stride;
    const Pack r = load(neighbors.r)[block];
    const Pack x = load(neighbors.x)[block], y = load(neighbors.y)[block],
               z = load(neighbors.z)[block];

    // f_c = (1 - (r/rc)^2)^4, R_n = T_n(t), t = 1 - 2 r/rc
    const Pack s = r * inverse;
    const Pack u = 1.0 - s * s;
    const Pack u3 = u * u * u;
    const Pack fc = u3 * u;
    const Pack dfc = u3 * s * (-8.0 * inverse);
    const Pack t = 1.0 - 2.0 * s;
    const Pack fc_dt = fc * (-2.0 * inverse);
    Pack T0 = u * 0.0 + 1.0, T1 = t, dT0 = u * 0.0, dT1 = T0;
    for (int n = 0; n < basis.nn; ++n) {
      plane[n] = fc * T0;
      plane[at.dg + n] = dfc * T0 + fc_dt * dT0;
      const Pack T2 = 2.0 * t * T1 - T0;
      const Pack dT2 = 2.0 * T1 + 2.0 * t * dT1 - dT0;
      T0 = T1, T1 = T2;
      dT0 = dT1, dT1 = dT2;
    }

    Pack a = u * 0.0 + 1.0, b = u * 0.0;
    const Pack one = a;
    Pack *q = plane + at.q;
    const double *recursion = basis.recursion;
    for (int m = 0; m <= lmax; ++m) {
      plane[at.a + m] = a;
      plane[at.b + m] = b;
      const Pack next = x * a - y * b;
      b = x * b + y * a;
      a = next;

      Pack below = u * 0.0, here = one;
      for (int l = m; l <= lmax; ++l) {
        *q++ = here;
        // the coefficient of the next degree; beyond lmax it is not used
        const Pack up = l < lmax ? z * here - recursion[1] * below : here;
        below = here, here = up;
        ++recursion;
      }
    }
  }
}

/// Sums over blocks for `degrees` neighbouring l of one m; sine rows only where m > 0.
template <int N, int degrees, bool sines>
inline void accumulate_rows(const KernelBasis &basis, const Planes &at, int n0, int m, int l,
                            int first, int last, const Pack *planes, double *A)
{
  Pack cosine[degrees][N] = {}, sine[degrees][N] = {};
  const int pair = at.q + pair_begin(basis.lmax, m) + l - m;
  for (int block = first; block < last; ++block) {
    const Pack *plane = planes + static_cast<long>(block) * at.stride;
    const Pack a = plane[at.a + m], b = plane[at.b + m];
    for (int k = 0; k < degrees; ++k) {
      const Pack q = plane[pair + k];
      const Pack yc = sines ? q * a : q;
      const Pack ys = q * b;
      for (int n = 0; n < N; ++n) {
        cosine[k][n] += plane[n0 + n] * yc;
        if (sines) sine[k][n] += plane[n0 + n] * ys;
      }
    }
  }
  const int row = row_begin(basis.lmax, m) + l - m;
  for (int k = 0; k < degrees; ++k)
    for (int n = 0; n < N; ++n) {
      double *out = A + (n0 + n) * basis.rows + row + k;
      out[0] = basis.norm[row + k] * sum(cosine[k][n]);
      if (sines) out[basis.lmax + 1 - m] = basis.norm[row + k] * sum(sine[k][n]);
    }
}

template <int N>
void accumulate_group(const KernelBasis &basis, int n0, int first, int last, const Pack *planes,
                      double *A)
{
  const Planes at(basis);
  int l = 0;
  for (; l + 2 * degrees_at_once <= basis.lmax + 1; l += 2 * degrees_at_once)
    accumulate_rows<N, 2 * degrees_at_once, false>(basis, at, n0, 0, l, first, last, planes, A);
  for (; l <= basis.lmax; ++l)
    accumulate_rows<N, 1, false>(basis, at, n0, 0, l, first, last, planes, A);
  for (int m = 1; m <= basis.lmax; ++m) {
    l = m;
    for (; l + degrees_at_once <= basis.lmax + 1; l += degrees_at_once)
      accumulate_rows<N, degrees_at_once, true>(basis, at, n0, m, l, first, last, planes, A);
    for (; l <= basis.lmax; ++l)
      accumulate_rows<N, 1, true>(basis, at, n0, m, l, first, last, planes, A);
  }
}

template <int N>
void gradient_group(const KernelBasis &basis, const KernelNeighbors &neighbors, int n0, int first,
                    int last, const Pack *planes, const double *Z, double *gx, double *gy,
                    double *gz)
{
  const Planes at(basis);
  const int lmax = basis.lmax, rows = basis.rows;
  Z += n0 * rows;
  for (int block = first; block < last; ++block) {
    const Pack *plane = planes + static_cast<long>(block) * at.stride;
    const Pack *q = plane + at.q, *a = plane + at.a, *b = plane + at.b;
    Pack g[N], dg[N];
    for (int n = 0; n < N; ++n) {
      g[n] = plane[n0 + n];
      dg[n] = plane[at.dg + n0 + n];
    }
    const Pack zero = g[0] - g[0];
    Pack radial = zero, vx = zero, vy = zero, vz = zero, vrho = zero;

    const double *cosine = Z;
    for (int l = 0; l <= lmax; ++l) {
      Pack h = zero, k = zero;
      for (int n = 0; n < N; ++n) {
        h += cosine[n * rows + l] * g[n];
        k += cosine[n * rows + l] * dg[n];
      }
      radial += k * q[l];
      if (l > 0) vz += h * (basis.dz[l] * q[l - 1]);
      if (l > 1) vrho += h * (basis.drho[l] * q[lmax + 1 + l - 2]);
    }
    for (int m = 1; m <= lmax; ++m) {
      const int begin = pair_begin(lmax, m);
      const Pack *qm = q + begin, *qabove = q + pair_begin(lmax, m + 1);
      cosine = Z + row_begin(lmax, m);
      const double *sine = cosine + lmax + 1 - m;
      Pack alpha = zero, beta = zero;
      for (int i = 0; i <= lmax - m; ++i) {    // l = m + i
        Pack hc = zero, hs = zero, kc = zero, ks = zero;
        for (int n = 0; n < N; ++n) {
          const double zc = cosine[n * rows + i], zs = sine[n * rows + i];
          hc += zc * g[n];
          hs += zs * g[n];
          kc += zc * dg[n];
          ks += zs * dg[n];
        }
        const Pack slope = hc * a[m] + hs * b[m];    // dE/dQ_lm
        radial += (kc * a[m] + ks * b[m]) * qm[i];
        alpha += hc * qm[i];
        beta += hs * qm[i];
        if (i > 0) vz += slope * (basis.dz[begin + i] * qm[i - 1]);
        if (i > 1) vrho += slope * (basis.drho[begin + i] * qabove[i - 2]);
      }
      // d(a_m)/dx = m a_m-1, d(b_m)/dx = m b_m-1, d(a_m)/dy = -m b_m-1, d(b_m)/dy = m a_m-1
      vx += static_cast<double>(m) * (alpha * a[m - 1] + beta * b[m - 1]);
      vy += static_cast<double>(m) * (beta * a[m - 1] - alpha * b[m - 1]);
    }

    const Pack x = load(neighbors.x)[block], y = load(neighbors.y)[block],
               z = load(neighbors.z)[block];
    const Pack rinv = load(neighbors.rinv)[block];
    vx -= x * vrho;
    vy -= y * vrho;
    // the tangential part of the polynomial's gradient, and the radial functions' share along the bond
    const Pack along = radial - (x * vx + y * vy + z * vz) * rinv;
    Pack *ox = reinterpret_cast<Pack *>(gx) + block, *oy = reinterpret_cast<Pack *>(gy) + block,
         *oz = reinterpret_cast<Pack *>(gz) + block;
    const Pack fx = vx * rinv + x * along, fy = vy * rinv + y * along, fz = vz * rinv + z * along;
    *ox = n0 == 0 ? fx : *ox + fx;
    *oy = n0 == 0 ? fy : *oy + fy;
    *oz = n0 == 0 ? fz : *oz + fz;
  }
}

template <int N> struct GroupSize {
  static constexpr int value = N;
};

/// Cuts nn radial functions into groups of nearly equal size <= largest_group and calls
/// body(GroupSize<size>, first) for each.
template <class Body> inline void for_each_group(int nn, Body body)
{
  const int groups = (nn + largest_group - 1) / largest_group;
  for (int k = 0; k < groups; ++k) {
    const int begin = k * nn / groups, end = (k + 1) * nn / groups;
    switch (end - begin) {
      case 1:
        body(GroupSize<1>{}, begin);
        break;
      case 2:
        body(GroupSize<2>{}, begin);
        break;
      case 3:
        body(GroupSize<3>{}, begin);
        break;
      case 4:
        body(GroupSize<4>{}, begin);
        break;
      case 5:
        body(GroupSize<5>{}, begin);
        break;
      case 6:
        body(GroupSize<6>{}, begin);
        break;
      case 7:
        body(GroupSize<7>{}, begin);
        break;
    }
  }
}

void accumulate(const KernelBasis &basis, int first, int last, const double *planes, double *A)
{
  const Pack *p = load(planes);
  for_each_group(basis.nn, [&](auto size, int n0) {
    accumulate_group<decltype(size)::value>(basis, n0, first, last, p, A);
  });
}

void gradient(const KernelBasis &basis, const KernelNeighbors &neighbors, int first, int last,
              const double *planes, const double *Z, double *gx, double *gy, double *gz)
{
  const Pack *p = load(planes);
  for_each_group(basis.nn, [&](auto size, int n0) {
    gradient_group<decltype(size)::value>(basis, neighbors, n0, first, last, p, Z, gx, gy, gz);
  });
}

// ---- derivative of the sums along a displacement (training) -------------------------------------

/// What a displacement of the neighbours means for a block, in units of Pack: the change of the unit
/// vector (x, y, z and x dx + y dy), then that of each g_n.
constexpr int turn_x = 0, turn_y = 1, turn_z = 2, turn_rho = 3, turn_g = 4;

/// Sums over blocks of dg_n Y_row + g_n dY_row for one (l, m).
template <int N, bool sines>
inline void tangent_rows(const KernelBasis &basis, const Planes &at, int n0, int m, int l,
                         int first, int last, const Pack *planes, const Pack *turns, double *dA)
{
  Pack cosine[N] = {}, sine[N] = {};
  const int lmax = basis.lmax, stride = turn_g + basis.nn;
  const int pair = pair_begin(lmax, m) + l - m, above = pair_begin(lmax, m + 1) + l - m - 2;
  for (int block = first; block < last; ++block) {
    const Pack *plane = planes + static_cast<long>(block) * at.stride;
    const Pack *turn = turns + static_cast<long>(block) * stride;
    const Pack *q = plane + at.q, *a = plane + at.a, *b = plane + at.b;
    Pack dq = turn[turn_z] * 0.0;
    if (l > m) dq += basis.dz[pair] * q[pair - 1] * turn[turn_z];
    if (l > m + 1) dq -= basis.drho[pair] * q[above] * turn[turn_rho];
    const Pack yc = q[pair] * a[m], ys = q[pair] * b[m];
    Pack dyc = dq * a[m], dys = dq * b[m];
    if (sines) {
      dyc +=
          q[pair] * (static_cast<double>(m) * (a[m - 1] * turn[turn_x] - b[m - 1] * turn[turn_y]));
      dys +=
          q[pair] * (static_cast<double>(m) * (b[m - 1] * turn[turn_x] + a[m - 1] * turn[turn_y]));
    }
    for (int n = 0; n < N; ++n) {
      const Pack g = plane[n0 + n], dg = turn[turn_g + n0 + n];
      cosine[n] += dg * yc + g * dyc;
      if (sines) sine[n] += dg * ys + g * dys;
    }
  }
  const int row = row_begin(lmax, m) + l - m;
  for (int n = 0; n < N; ++n) {
    double *out = dA + (n0 + n) * basis.rows + row;
    out[0] = basis.norm[row] * sum(cosine[n]);
    if (sines) out[lmax + 1 - m] = basis.norm[row] * sum(sine[n]);
  }
}

template <int N>
void tangent_group(const KernelBasis &basis, int n0, int first, int last, const Pack *planes,
                   const Pack *turns, double *dA)
{
  const Planes at(basis);
  for (int l = 0; l <= basis.lmax; ++l)
    tangent_rows<N, false>(basis, at, n0, 0, l, first, last, planes, turns, dA);
  for (int m = 1; m <= basis.lmax; ++m)
    for (int l = m; l <= basis.lmax; ++l)
      tangent_rows<N, true>(basis, at, n0, m, l, first, last, planes, turns, dA);
}

void tangent(const KernelBasis &basis, const KernelNeighbors &neighbors, int first, int last,
             const double *planes, const double *dx, const double *dy, const double *dz,
             double *scratch, double *dA)
{
  const Planes at(basis);
  Pack *turns = reinterpret_cast<Pack *>(scratch);
  for (int block = first; block < last; ++block) {
    const Pack *plane = load(planes) + static_cast<long>(block) * at.stride;
    Pack *turn = turns + static_cast<long>(block) * (turn_g + basis.nn);
    const Pack x = load(neighbors.x)[block], y = load(neighbors.y)[block],
               z = load(neighbors.z)[block];
    const Pack rinv = load(neighbors.rinv)[block];
    const Pack tx = load(dx)[block], ty = load(dy)[block], tz = load(dz)[block];
    const Pack along = x * tx + y * ty + z * tz;
    turn[turn_x] = (tx - x * along) * rinv;
    turn[turn_y] = (ty - y * along) * rinv;
    turn[turn_z] = (tz - z * along) * rinv;
    turn[turn_rho] = x * turn[turn_x] + y * turn[turn_y];
    for (int n = 0; n < basis.nn; ++n) turn[turn_g + n] = plane[at.dg + n] * along;
  }
  for_each_group(basis.nn, [&](auto size, int n0) {
    tangent_group<decltype(size)::value>(basis, n0, first, last, load(planes), turns, dA);
  });
}

// ---- channels and network -----------------------------------------------------------------------

void combine(const KernelWeight *weights, int count, int length, const double *from, double *to)
{
  for (int k = 0; k < count; ++k) {
    const double w = weights[k].w;
    const double *__restrict source = from + weights[k].from;
    double *__restrict target = to + weights[k].to;
    for (int i = 0; i < length; ++i) target[i] += w * source[i];
  }
}

/// y[k] += sum_i x[i] matrix[i][k] for padded rows.
inline void multiply_add(const double *__restrict matrix, int nx, int ny_padded,
                         const double *__restrict x, double *__restrict y)
{
  for (int i = 0; i < nx; ++i)
    for (int k = 0; k < ny_padded; ++k) y[k] += x[i] * matrix[i * ny_padded + k];
}

double network(const KernelLayer *layers, int nlayers, const double *x, double *dx, double *scratch)
{
  // forward: scratch receives, layer by layer, the outputs and the slopes of the activations
  const double *input = x;
  double *output = scratch;
  for (int k = 0; k < nlayers; ++k) {
    const KernelLayer &layer = layers[k];
    double *slope = output + layer.outputs_padded;
    for (int o = 0; o < layer.outputs_padded; ++o) output[o] = layer.bias[o];
    multiply_add(layer.by_input, layer.inputs, layer.outputs_padded, input, output);
    for (int o = 0; o < layer.outputs; ++o) {
      slope[o] = 1.0;
      if (layer.silu) {
        const double v = output[o], s = 1.0 / (1.0 + exp(-v));
        output[o] = v * s;
        slope[o] = s + v * s * (1.0 - s);
      }
    }
    input = output;
    output = slope + layer.outputs_padded;
  }
  const double result = input[0];

  // backward: the slopes become the derivatives of the result by each node's sum
  for (int k = nlayers - 1; k >= 0; --k) {
    const KernelLayer &layer = layers[k];
    output -= 2 * layer.outputs_padded;
    double *delta = output + layer.outputs_padded;
    double *target = k == 0 ? dx : output - 2 * layers[k - 1].outputs_padded;
    for (int i = 0; i < layer.inputs_padded; ++i) target[i] = 0.0;
    multiply_add(layer.by_output, layer.outputs, layer.inputs_padded, delta, target);
    if (k > 0) {
      double *below = target + layers[k - 1].outputs_padded;
      for (int i = 0; i < layer.inputs; ++i) below[i] *= target[i];
    }
  }
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
    for (int o = 0; o < layer.outputs; ++o) {
      slope[o] = 1.0;
      turn[o] = 0.0;
      if (layer.silu) {
        const double v = y[o], vt = yt[o], s = 1.0 / (1.0 + exp(-v)), ds = s * (1.0 - s);
        y[o] = v * s;
        slope[o] = s + v * ds;
        turn[o] = (2.0 * ds + v * ds * (1.0 - 2.0 * s)) * vt;
        yt[o] = slope[o] * vt;
      }
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

constexpr int floats = 2 * width;
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

extern const Kernel TG_KERNEL;
const Kernel TG_KERNEL = {TG_NAME, width,   block_stride, expand,           accumulate, gradient,
                          tangent, combine, network,      network_gradient, contract,   project};

}    // namespace turing_glass::nnap
