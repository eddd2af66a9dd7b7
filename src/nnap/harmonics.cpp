#include "harmonics.h"

#include <cmath>

namespace turing_glass::nnap {

Harmonics::Harmonics(int lmax) :
    lmax(lmax), recursion(pair_count(lmax) + 2, 0.0), dz(pair_count(lmax), 0.0),
    drho(pair_count(lmax), 0.0), norm(row_count(lmax))
{
  constexpr double pi = 3.14159265358979323846;
  for (int m = 0; m <= lmax; ++m) {
    // leading coefficient in z of the associated Legendre polynomial without (1-z^2)^(m/2): (2l-1)!!/(l-m)!
    double leading = 1.0;
    for (int k = 1; k <= m; ++k) leading *= 2 * k - 1;
    for (int l = m; l <= lmax; ++l) {
      const int k = pair(lmax, l, m);
      if (l > m) leading *= (2.0 * l - 1.0) / (l - m);
      if (l > m + 1) {
        const double below = l - 1;
        recursion[k] = (below * below - m * m) / (4.0 * below * below - 1.0);
        drho[k] = (l - m) * (l - m - 1) / (2.0 * l - 1.0);
      }
      if (l > m) dz[k] = (l + m) * (l - m) / (2.0 * l - 1.0);

      const double factorials = std::tgamma(l - m + 1.0) / std::tgamma(l + m + 1.0);
      const double n =
          leading * std::sqrt((2 * l + 1) / (4.0 * pi) * factorials * (m == 0 ? 1.0 : 2.0));
      norm[row(lmax, l, m)] = n;
      norm[row(lmax, l, -m)] = n;
    }
  }
}

}    // namespace turing_glass::nnap
