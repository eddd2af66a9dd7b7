#include "data_set.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <random>
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

}    // namespace

DataSet read_data_set(const std::string &path, const std::vector<std::string> &elements,
                      double cutoff, double fraction, unsigned seed, MPI_Comm comm)
{
  std::vector<io::LabelledFrame> frames;
  std::vector<std::string> trajectory;
  io::ExtendedXYZReader reader(path, elements);
  for (io::LabelledFrame frame; reader.next(frame);) {
    const std::string where =
        path + ": line " + std::to_string(frame.line) + ", frame " + std::to_string(frame.frame);
    if (!frame.energy)
      throw std::runtime_error(where + ": has no energy, which training and testing need");
    if (frame.forces.empty())
      throw std::runtime_error(where + ": has no forces, which training and testing need");
    for (const int images : images_needed(frame, cutoff))
      if (images > most_images)
        throw std::runtime_error(where + ": the cell is too thin for the cutoff");
    trajectory.push_back(frame.trajectory);
    frames.push_back(std::move(frame));
  }

  int rank = 0, ranks = 1;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &ranks);
  const std::vector<bool> validate = draw_validation(trajectory, fraction, seed);
  DataSet data;
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
