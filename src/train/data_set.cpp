// SPDX-License-Identifier: GPL-2.0-only

#include "data_set.h"

#include "collective.h"
#include "text.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <new>
#include <numeric>
#include <random>
#include <set>
#include <stdexcept>

namespace turing_glass::train {

namespace {

/// The frames' trajectories, drawn until they hold `fraction` of the frames.
std::vector<bool> draw_validation(const std::vector<std::string> &trajectory, double fraction,
                                  unsigned seed)
{
  std::map<std::string, std::vector<std::size_t>> members;
  for (std::size_t k = 0; k < trajectory.size(); ++k) {
    // a frame without a trajectory stands alone; the space keeps its name apart from a real one
    const std::string name = trajectory[k].empty() ? " " + std::to_string(k) : trajectory[k];
    members[name].push_back(k);
  }
  std::vector<const std::vector<std::size_t> *> groups;
  for (const auto &[name, frames] : members) groups.push_back(&frames);
  std::mt19937_64 random(seed);
  std::shuffle(groups.begin(), groups.end(), random);

  std::vector<bool> chosen(trajectory.size(), false);
  double left = fraction * static_cast<double>(trajectory.size());
  for (const std::vector<std::size_t> *group : groups) {
    // a trajectory that would overshoot by more than it fills is passed over
    const double size = static_cast<double>(group->size());
    if (size > 2.0 * left) continue;
    for (const std::size_t k : *group) chosen[k] = true;
    left -= size;
  }
  return chosen;
}

/// Rank of each of the frames: the largest first, each to the rank with the fewest atoms so far.
std::vector<int> balance(const std::vector<std::size_t> &atoms, int ranks)
{
  std::vector<std::size_t> order(atoms.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return atoms[a] > atoms[b]; });
  std::vector<int> owner(atoms.size());
  std::vector<std::size_t> load(ranks, 0);
  for (const std::size_t k : order) {
    owner[k] = static_cast<int>(std::min_element(load.begin(), load.end()) - load.begin());
    load[owner[k]] += atoms[k];
  }
  return owner;
}

/// "'REF_stress', 'virials'"
std::string listed(const std::set<std::string> &keys)
{
  constexpr std::size_t most = 3;
  std::string out;
  std::size_t count = 0;
  for (const std::string &key : keys)
    if (count++ < most) out += (out.empty() ? "" : ", ") + in_quotes(key);
  return out + (count > most ? ", ..." : "");
}

/// Where a label is missing: what may have been meant.
std::string meant(const std::vector<std::string> &keys)
{
  if (keys.empty()) return {};
  return "; if " + listed({keys.begin(), keys.end()}) + " is meant, give it the name that is read";
}

double median(std::vector<double> values)
{
  if (values.empty()) return 0.0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double root_mean_square(const io::LabeledFrame::Matrix &matrix)
{
  double sum = 0.0;
  for (const auto &row : matrix)
    for (const double v : row) sum += v * v / 9.0;
  return std::sqrt(sum);
}

std::vector<io::LabeledFrame> read_frames(const std::string &path,
                                          const std::vector<std::string> &elements, double cutoff,
                                          StressLabels &stress)
{
  std::vector<io::LabeledFrame> frames;
  std::vector<double> typical, typical_energy;
  std::set<std::string> similar;
  io::ExtendedXYZReader reader(path, elements);
  for (io::LabeledFrame frame; reader.next(frame);) {
    const std::string where =
        path + ": line " + std::to_string(frame.line) + ", frame " + std::to_string(frame.frame);
    if (!frame.energy)
      throw std::runtime_error(where + ": has no energy, which training and testing need" +
                               meant(reader.unread_like({"energy"})));
    if (frame.forces.empty())
      throw std::runtime_error(where + ": has no forces, which training and testing need" +
                               meant(reader.unread_like({"force"})));
    for (const int images : images_needed(frame, cutoff))
      if (images > most_images)
        throw std::runtime_error(where + ": the cell is too thin for the cutoff");
    if (frame.stress) {
      const double size = root_mean_square(*frame.stress);
      typical.push_back(size);
      typical_energy.push_back(size * std::abs(io::volume(frame.cell)) / frame.atoms());
    } else {
      for (const std::string &key : reader.unread_like({"stress", "virial"})) similar.insert(key);
    }
    frames.push_back(std::move(frame));
  }
  stress.frames = static_cast<long>(typical.size());
  stress.typical = median(std::move(typical));
  stress.typical_energy = median(std::move(typical_energy));
  stress.similar_keys = listed(similar);
  return frames;
}

}    // namespace

DataSet read_data_set(const std::string &path, const std::vector<std::string> &elements,
                      double cutoff, double fraction, unsigned seed, MPI_Comm comm)
{
  std::vector<io::LabeledFrame> frames;
  DataSet data;
  std::string failure;
  try {
    frames = read_frames(path, elements, cutoff, data.stress);
  } catch (const std::bad_alloc &) {
    failure = path + ": there is not enough memory for its frames, which every rank reads";
  } catch (const std::exception &e) {
    failure = e.what();
  }
  throw_everywhere(failure, comm);
  std::vector<std::string> trajectory;
  for (const io::LabeledFrame &frame : frames) trajectory.push_back(frame.trajectory);

  const int rank = rank_of(comm), ranks = ranks_of(comm);
  const std::vector<bool> validate = draw_validation(trajectory, fraction, seed);
  data.frames = static_cast<long>(frames.size());
  for (const bool validation : {false, true}) {
    std::vector<std::size_t> atoms, index;
    for (std::size_t k = 0; k < frames.size(); ++k)
      if (validate[k] == validation) {
        index.push_back(k);
        atoms.push_back(frames[k].atoms());
        data.atoms += static_cast<long>(frames[k].atoms());
      }
    if (validation) data.validation_frames = static_cast<long>(index.size());
    const std::vector<int> owner = balance(atoms, ranks);
    for (std::size_t k = 0; k < index.size(); ++k)
      if (owner[k] == rank)
        (validation ? data.validation : data.training)
            .push_back(make_training_frame(std::move(frames[index[k]]), cutoff));
  }
  return data;
}

}    // namespace turing_glass::train
