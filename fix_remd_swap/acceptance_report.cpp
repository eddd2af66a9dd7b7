// SPDX-License-Identifier: GPL-2.0-only

#include "acceptance_report.h"

#include "replica/acceptance.h"

#include "fmt/format.h"

#include <algorithm>
#include <cmath>

namespace turing_glass::replica {

namespace {

/// A probability that may be far too small for a double.
std::string percent(double log_chance)
{
  constexpr double log_smallest = -11.5;    // of 0.001 %
  if (std::isnan(log_chance)) return "-";
  if (log_chance > log_smallest) return fmt::format("{:.3f} %", 100.0 * std::exp(log_chance));
  if (std::isinf(log_chance)) return "0";
  const double power = log_chance / std::log(10.0), exponent = std::floor(power);
  return fmt::format("{:.1f}e{:.0f}", std::pow(10.0, power - exponent), exponent);
}

}    // namespace

std::string AcceptanceReport::prediction(double modes) const
{
  return "  predicted acceptance of a harmonic system:\n" + rates(predicted) +
      proposal(std::vector<double>(predicted.size(), modes)) + verdict(predicted);
}

std::string AcceptanceReport::warm_up(const Promise &promise) const
{
  if (!promise.heated)
    return rates(measured) +
        "  the energies do not rise with the temperature yet: the replicas need a longer "
        "equilibration\n";
  return rates(measured) + proposal(promise.modes) + verdict(measured);
}

std::string AcceptanceReport::result(const Exchange &exchange) const
{
  std::string text = fmt::format(
      "Fix remd/swap: {} attempts{}\n  temperatures            attempts  accepted      rate"
      "   harmonic    warm-up\n",
      exchange.attempts(), force ? ", all accepted (force)" : "");
  for (std::size_t i = 0; i + 1 < ladder.size(); ++i) {
    const auto &pair = exchange.pairs()[i];
    text +=
        fmt::format("  {:>10.6g} {:>10.6g} {:>10} {:>9} {:>9} {:>10} {:>10}\n", ladder[i],
                    ladder[i + 1], pair.attempts, pair.accepted,
                    percent(std::log(static_cast<double>(pair.accepted) / pair.attempts)),
                    percent(predicted[i]), percent(measured.empty() ? std::nan("") : measured[i]));
  }
  text += "  round trips of the replicas:";
  for (const auto &walk : exchange.walks()) text += fmt::format(" {}", walk.round_trips);
  return text + "\n";
}

std::string AcceptanceReport::rates(const std::vector<double> &log_rates) const
{
  std::string text;
  for (std::size_t i = 0; i < log_rates.size(); ++i)
    text += fmt::format("  {:>10.6g} {:>10.6g}   {}\n", ladder[i], ladder[i + 1],
                        percent(log_rates[i]));
  return text;
}

std::string AcceptanceReport::proposal(const std::vector<double> &modes) const
{
  const std::vector<double> better = ladder_for(ladder, modes, wanted);
  std::string text = fmt::format(
      "  {} temperatures would give {:.3g} % or more between all neighbors:", better.size(),
      100.0 * wanted);
  constexpr std::size_t a_line = 10;
  for (std::size_t k = 0; k < better.size(); ++k)
    text += fmt::format("{}{:.6g}", k % a_line ? " " : "\n    ", better[k]);
  return text + "\n";
}

std::string AcceptanceReport::verdict(const std::vector<double> &log_rates) const
{
  constexpr double hopeless = 0.01;
  if (force)
    return "  force yes: every attempt succeeds, the replicas do NOT sample the canonical ensemble\n";
  if (*std::min_element(log_rates.begin(), log_rates.end()) >= std::log(hopeless)) return "";
  return "WARNING: Fix remd/swap: such replicas hardly ever exchange; use fewer atoms, the ladder above, or "
         "exchange unconditionally (force yes), which does not sample the canonical ensemble\n";
}

}    // namespace turing_glass::replica
