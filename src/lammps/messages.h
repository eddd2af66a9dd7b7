// SPDX-License-Identifier: GPL-2.0-only

// Errors and warnings of a style, in one form: "<style>: <text>".
//
// In a run with several partitions LAMMPS writes the error of one partition to that partition's log alone; these
// messages also reach the screen of the whole run. An error that all partitions make, as in the words of the input, is
// told once and ends LAMMPS in order; one of some partitions aborts all of them.

#pragma once

#include "error.h"
#include "exceptions.h"
#include "lammps.h"
#include "utils.h"

#include <exception>
#include <new>
#include <string>
#include <utility>

namespace turing_glass::lammps {

class Messages {
 public:
  /// `style` as messages begin: "Compute fsd", "Command onset".
  Messages(LAMMPS_NS::LAMMPS *lmp, std::string style) : lmp_(lmp), style_(std::move(style)) {}

  const std::string &style() const { return style_; }
  LAMMPS_NS::LAMMPS *lmp() const { return lmp_; }

  /// Ends the run (or throws to a caller of LAMMPS as a library). Collective over the ranks of the partition.
  template <class... Args>
  [[noreturn]] void stop(const std::string &file, int line, const std::string &format,
                         Args &&...args) const
  {
    stop_all(file, line, fmt::vformat(format, fmt::make_format_args(args...)));
  }

  /// The same where only one rank gets to.
  template <class... Args>
  [[noreturn]] void stop_one(const std::string &file, int line, const std::string &format,
                             Args &&...args) const
  {
    lmp_->error->one(file, line,
                     style_ + ": " + fmt::vformat(format, fmt::make_format_args(args...)));
  }

  /// Once, whether all ranks call it or only the first.
  template <class... Args>
  void warn(const std::string &file, int line, const std::string &format, Args &&...args) const
  {
    warn_once(file, line, fmt::vformat(format, fmt::make_format_args(args...)));
  }

  /// As it is, once on the screen and in the log of the whole run: by its first rank.
  void tell(const std::string &text) const;

  /// Does `work`; whatever the core throws becomes an error of the style. Collective: if `work` throws, it does so on all
  /// ranks. Memory may run out on one alone.
  template <class Work> decltype(auto) guard(const std::string &file, int line, Work &&work) const
  {
    try {
      return work();
    } catch (const LAMMPS_NS::LAMMPSException &) {
      throw;
    } catch (const std::bad_alloc &) {
      stop_one(file, line, "there is not enough memory; use more nodes or a smaller system");
    } catch (const std::exception &e) {
      stop(file, line, "{}", e.what());
    }
  }

 private:
  [[noreturn]] void stop_all(const std::string &file, int line, const std::string &text) const;
  void warn_once(const std::string &file, int line, const std::string &text) const;

  LAMMPS_NS::LAMMPS *lmp_;
  std::string style_;
};

}    // namespace turing_glass::lammps
