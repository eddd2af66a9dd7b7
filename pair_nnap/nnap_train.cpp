// SPDX-License-Identifier: GPL-2.0-only

// The parts of the nnap command that need labeled data: train and test.

#include "nnap_command.h"

#include "elements.h"
#include "potential_files.h"

#include "collective.h"
#include "io/extended_xyz.h"
#include "nnap/nnap_json.h"
#include "nnap/weight_tensor.h"
#include "text.h"
#include "train/data_set.h"
#include "train/fit.h"
#include "train/trainer.h"
#include "train/uncertainty.h"

#include "comm.h"
#include "platform.h"
#include "utils.h"

#include <mpi.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <stdexcept>
#include <system_error>

using namespace LAMMPS_NS;
using namespace turing_glass::lammps;
namespace nnap = turing_glass::nnap;
namespace tg = turing_glass;

namespace {

constexpr double milli = 1e3;          // eV to meV
constexpr double gpa = 160.2176634;    // GPa per eV/A^3

/// The content of a file; nothing where there is none.
std::optional<std::string> read_if_there(const std::string &path)
{
  std::error_code unknown;
  if (!std::filesystem::exists(path, unknown)) return {};
  std::ifstream file(path, std::ios::binary);
  std::string content(std::istreambuf_iterator<char>(file), {});
  if (!file) throw std::runtime_error(path + ": cannot be read");
  return content;
}

struct TrainCommand {
  std::string data, out;
  std::string start;    // potential to go on from, instead of a shape
  tg::train::ModelShape shape;
  double cutoff = 0.0;    // of all bases
  tg::train::TrainingOptions options;
  double validation = 0.1;
  bool stress_given = false;    // its weight
  bool resume = true;
};

TrainCommand parse_train(const Messages &say, int narg, char **arg)
{
  constexpr double huge = 1e9;
  constexpr int most = 100000000;
  Words words(say, narg, arg);
  TrainCommand command;
  command.data = words.word("the file of labeled frames");
  command.out = json_file(say, words, "second");
  nnap::Basis basis, radial;
  radial.kind = nnap::Basis::Kind::chebyshev;
  radial.lmax = 0;
  bool has_radial = false;
  std::string shape_keyword;    // one that was given
  basis.nmax = 4;
  basis.lmax = 8;
  basis.rcut = 7.0;
  tg::train::TrainingOptions &o = command.options;

  while (!words.done()) {
    const std::string key = words.keyword(
        {"elements", "nmax",    "lmax",   "l3max",    "rcut",  "wtype",  "radial",     "hidden",
         "epochs",   "batch",   "rate",   "energy",   "force", "stress", "soften",     "huber",
         "l2",       "average", "memory", "patience", "seed",  "start",  "validation", "resume"});
    for (const char *shape :
         {"elements", "nmax", "lmax", "l3max", "rcut", "wtype", "radial", "hidden"})
      if (key == shape) shape_keyword = key;
    if (key == "elements") {
      std::vector<std::string> &elements = command.shape.elements;
      do {
        elements.push_back(element(words, say, "an element"));
        if (std::count(elements.begin(), elements.end(), elements.back()) > 1)
          say.stop(FLERR, "element {} is given twice", elements.back());
      } while (looks_like_element(words.peek()));
    } else if (key == "nmax")
      basis.nmax = words.small_integer("nmax", 0, nnap::Basis::largest_nmax);
    else if (key == "lmax")
      basis.lmax = words.small_integer("lmax", 0, nnap::Basis::largest_lmax);
    else if (key == "l3max")
      basis.l3max = words.small_integer("l3max", 0, nnap::Basis::largest_l3max);
    else if (key == "rcut")
      basis.rcut = words.number("rcut", from_to(1.0, 100.0));
    else if (key == "radial") {
      radial.nmax = words.small_integer("the order of radial", 0, nnap::Basis::largest_nmax);
      radial.rcut = words.number("the cutoff of radial", from_to(1.0, 100.0));
      has_radial = true;
    } else if (key == "wtype") {
      const std::string word =
          words.choice("wtype", {"none", "default", "full", "exfull", "fuse", "exfuse", "rfuse"});
      using nnap::WeightType;
      for (const WeightType type :
           {WeightType::none, WeightType::standard, WeightType::full, WeightType::exfull,
            WeightType::fuse, WeightType::exfuse, WeightType::rfuse})
        if (word == name(type)) basis.wtype = type;
      basis.fuse_size = basis.rfuse_size = 0;
      const auto size = [&] {
        return words.small_integer("the number after wtype", 1, nnap::Basis::largest_fuse);
      };
      if (basis.wtype == WeightType::rfuse)
        basis.rfuse_size = size();
      else if (basis.wtype == WeightType::fuse || basis.wtype == WeightType::exfuse)
        basis.fuse_size = size();
    } else if (key == "hidden") {
      command.shape.hidden.clear();
      do
        command.shape.hidden.push_back(
            words.small_integer("hidden", 1, nnap::ElementModel::largest_width));
      while (words.next_is_number());
    } else if (key == "epochs")
      o.epochs = words.small_integer("epochs", 1, most);
    else if (key == "batch")
      o.batch = words.small_integer("batch", 1, 1000000);
    else if (key == "rate") {
      o.rate = words.number("rate", from_to(0.0, 1.0));
      o.final_rate = words.number("the final rate", from_to(0.0, 1.0));
    } else if (key == "energy") {
      o.energy = words.number("energy", from_to(0.0, huge));
      o.final_energy = words.number("the final energy weight", from_to(0.0, huge));
    } else if (key == "force")
      o.force = words.number("force", from_to(0.0, huge));
    else if (key == "stress") {
      command.stress_given = true;
      o.stress = words.number("stress", from_to(0.0, huge));
    } else if (key == "soften")
      o.soften = words.number("soften", from_to(1e-3, huge));
    else if (key == "huber") {
      o.huber = words.number("huber", from_to(1e-3, huge));
      if (words.next_is_number())
        o.huber_energy = words.number("huber of energies", from_to(1e-4, huge));
    } else if (key == "l2")
      o.l2 = words.number("l2", from_to(0.0, huge));
    else if (key == "average")
      o.average = words.number("average", from_to(0.0, 0.999999));
    else if (key == "memory")
      o.memory = 1e9 * words.number("memory", from_to(0.0, huge));
    else if (key == "patience")
      o.patience = words.small_integer("patience", 0, most);
    else if (key == "seed")
      o.seed = static_cast<unsigned>(words.small_integer("seed", 1));
    else if (key == "start")
      command.start = words.word("the potential to start from");
    else if (key == "validation")
      command.validation = words.number("validation", from_to(0.0, 0.9));
    else
      command.resume = words.logical("resume");
  }
  if (!command.start.empty()) {
    if (!shape_keyword.empty())
      say.stop(FLERR, "elements and shape are those of {} (keyword 'start'): leave out '{}'",
               command.start, shape_keyword);
    return command;
  }
  if (command.shape.elements.empty())
    say.stop(FLERR, "the keyword 'elements' with the elements of the potential is missing");
  command.shape.bases = {basis};
  if (has_radial) {
    radial.wtype = basis.wtype;
    radial.fuse_size = basis.fuse_size;
    radial.rfuse_size = basis.rfuse_size;
    command.shape.bases.push_back(radial);
  }
  const int ntypes = static_cast<int>(command.shape.elements.size());
  for (const nnap::Basis &part : command.shape.bases) {
    command.cutoff = std::max(command.cutoff, part.rcut);
    if (command.options.memory > 0.0 && nnap::trainable_weights(part, ntypes).count() > 0)
      say.stop(FLERR,
               "'memory' keeps descriptors, and random type weights would stay as they are: "
               "train without it first, then go on from that potential with 'start' and 'memory'");
  }
  return command;
}

/// What is to be said of the stress of the frames, where its weight counts.
void report_stress(const Messages &say, const tg::train::DataSet &data, const std::string &file,
                   bool weight_given)
{
  const tg::train::StressLabels &stress = data.stress;
  constexpr const char *remedy =
      "the keys that are read are stress (eV/A^3, tension positive) and virial (eV)";
  if (!stress.similar_keys.empty())
    say.warn(FLERR, "{}: {} of {} frames have a stress; others have {}, which is not read: {}",
             file, stress.frames, data.frames, stress.similar_keys, remedy);
  else if (stress.frames == 0 && weight_given)
    say.warn(FLERR, "{}: a weight of the stress is given, but no frame has a stress: {}", file,
             remedy);
  if (stress.in_other_units())
    say.warn(
        FLERR,
        "{}: the stress of half of the frames is above {:.3g} eV/A^3 ({:.3g} GPa), times the volume of an atom more than "
        "{} eV; is it in GPa, kbar or bar? {}",
        file, stress.typical, gpa * stress.typical, stress.largest_plausible, remedy);
}

bool output_is_there(const std::string &path, MPI_Comm world)
{
  int found = 0;
  tg::on_first_rank(world, [&] { found = std::filesystem::exists(path); });
  MPI_Bcast(&found, 1, MPI_INT, 0, world);
  return found != 0;
}

/// Goes on from the checkpoint; false where there is none. One that is there must be sound. Collective.
bool restore(tg::train::Trainer &trainer, const std::string &checkpoint, MPI_Comm world)
{
  std::string saved;
  int found = 0;
  tg::on_first_rank(world, [&] {
    if (auto content = read_if_there(checkpoint)) saved = std::move(*content), found = 1;
  });
  MPI_Bcast(&found, 1, MPI_INT, 0, world);
  if (!found) return false;
  tg::broadcast(saved, world);
  try {
    trainer.restore(saved);
  } catch (const tg::io::StateError &e) {
    throw tg::io::StateError(
        checkpoint + " " + e.what() +
        ": give the command that wrote it, or remove it (or say 'resume no') to start anew");
  }
  return true;
}

/// Stops where a frame has an element without a model.
void require_models(const Messages &say, const nnap::Potential &potential,
                    const std::vector<tg::train::TrainingFrame> &frames, const std::string &file)
{
  for (const tg::train::TrainingFrame &frame : frames)
    for (const int t : frame.data.types)
      if (!potential.models[t])
        say.stop_one(
            FLERR, "frame {} of {} has {} atoms, for which the potential files given hold no model",
            frame.data.frame, file, potential.elements[t]);
}

}    // namespace

/* ----------------------------------------------------------------------
   nnap train DATA OUT.json elements A B ... [keywords]
------------------------------------------------------------------------- */

void NNAP::train(int narg, char **arg)
{
  const Messages say(lmp, "nnap train");
  TrainCommand command = parse_train(say, narg, arg);
  command.options.threads = comm->nthreads;
  const bool talks = comm->me == 0;
  const std::string checkpoint = command.out + ".checkpoint", curve = command.out + ".csv";
  const double start = platform::walltime();

  say.guard(FLERR, [&] {
    nnap::Potential initial;
    if (!command.start.empty()) {
      initial = read_potential_files(say, {command.start});
      nnap::write_nnap_json(initial);    // or it says what cannot be written
      command.shape.elements = initial.elements;
      command.cutoff = initial.cutoff();
    }
    tg::train::DataSet data =
        tg::train::read_data_set(command.data, command.shape.elements, command.cutoff,
                                 command.validation, command.options.seed, world);
    if (talks)
      utils::logmesg(lmp,
                     "nnap train: {} frames with {} atoms from {}, {} of them for validation\n",
                     data.frames, data.atoms, command.data, data.validation_frames);
    if (data.validation_frames == 0)
      say.stop(
          FLERR,
          "no frame is left for validation: give frames of more trajectories, or another 'validation' fraction");
    if (command.options.stress > 0.0) report_stress(say, data, command.data, command.stress_given);

    const int ntypes = static_cast<int>(command.shape.elements.size());
    const std::vector<double> reference =
        tg::train::reference_energies(data.training, ntypes, world);
    for (const tg::train::Outlier &o :
         tg::train::find_outliers(data.training, data.validation, reference, world))
      say.warn(
          FLERR,
          "{}: line {}, frame {}: energy is {:.3f} eV/atom from what its composition suggests, {:.0f} times the "
          "spread of the other frames; is its label right?",
          command.data, o.line, o.frame, o.residual, std::abs(o.residual) / o.sigma);
    if (command.start.empty())
      initial = tg::train::initial_potential(command.shape, data.training, reference,
                                             command.options.seed, world);
    tg::train::Trainer trainer(initial, std::move(data.training), std::move(data.validation),
                               command.options, world);

    if (talks && trainer.kept_frames() > 0)
      utils::logmesg(lmp, "nnap train: descriptors and derivatives of {} frames are kept\n",
                     trainer.kept_frames());

    if (command.resume && restore(trainer, checkpoint, world)) {
      if (talks) utils::logmesg(lmp, "nnap train: going on from {}\n", checkpoint);
      if (trainer.complete() && trainer.finished() && output_is_there(command.out, world)) {
        if (talks)
          utils::logmesg(lmp, "nnap train: the training had come to its end, {} is left as it is\n",
                         command.out);
        return;
      }
    } else {
      tg::on_first_rank(world, [&] {
        tg::write_file(
            curve,
            "epoch,training_loss,validation_loss,E_mae,E_rmse,F_mae,F_rmse,S_mae,rate,seconds\n");
      });
    }

    if (talks)
      utils::logmesg(
          lmp,
          "  epoch  loss: training validation  E MAE   RMSE (meV/atom)  F MAE   RMSE (eV/A)  rate   s/epoch  time left\n");
    int first = -1;
    const double begin = platform::walltime();
    while (!trainer.finished()) {
      const tg::train::EpochReport r = trainer.run_epoch();
      if (first < 0) first = r.epoch - 1;
      const tg::train::ErrorSums &v = r.validation;
      const std::string state = trainer.checkpoint();
      tg::on_first_rank(world, [&] {
        const double now = platform::walltime(), each = (now - begin) / (r.epoch - first);
        utils::logmesg(
            lmp,
            "{:7d}  {:14.6f} {:10.6f}  {:6.2f} {:6.2f}            {:6.4f} {:6.4f}       {:6.4f} {:8.1f}  {:8.0f} s{}\n",
            r.epoch, r.training_loss, v.loss / v.frames, milli * v.energy_mae(),
            milli * v.energy_rmse(), v.force_mae(), v.force_rmse(), r.rate, each,
            each * (command.options.epochs - r.epoch), r.best ? " *" : "");
        for (FILE *stream : {screen, logfile})
          if (stream) fflush(stream);
        std::ofstream(curve, std::ios::app) << fmt::format(
            "{},{:.8g},{:.8g},{:.8g},{:.8g},{:.8g},{:.8g},{:.8g},{:.6g},{:.1f}\n", r.epoch,
            r.training_loss, v.loss / v.frames, v.energy_mae(), v.energy_rmse(), v.force_mae(),
            v.force_rmse(), v.stress_mae(), r.rate, now - start);
        if (r.best) tg::write_file(command.out, nnap::write_nnap_json(trainer.potential()));
        tg::write_file(checkpoint, state);
      });
    }
    if (talks) utils::logmesg(lmp, "nnap train: learning how large the errors are\n");
    nnap::Potential trained = trainer.potential();
    tg::train::fit_uncertainty(trained, trainer.training(), trainer.validation(),
                               command.options.seed, command.options.threads, world);
    trainer.set_complete();
    const std::string state = trainer.checkpoint();
    tg::on_first_rank(world, [&] {
      tg::write_file(command.out, nnap::write_nnap_json(trained));
      tg::write_file(checkpoint, state);
    });
    if (talks)
      utils::logmesg(lmp, "nnap train: {} holds the potential with the lowest validation loss\n",
                     command.out);
  });
}

/* ----------------------------------------------------------------------
   nnap uncertainty DATA OUT.json FILE [FILE ...] [validation F] [seed N]
------------------------------------------------------------------------- */

void NNAP::uncertainty(int narg, char **arg)
{
  const Messages say(lmp, "nnap uncertainty");
  Words words(say, narg, arg);
  const std::string data = words.word("the file of labeled frames"),
                    out = json_file(say, words, "second");
  std::vector<std::string> files = {words.word("a potential file")};
  while (!words.done() && !words.next_is("validation") && !words.next_is("seed"))
    files.push_back(words.word("a potential file"));
  double validation = 0.1;
  int seed = 1;
  while (!words.done()) {
    if (words.keyword({"validation", "seed"}) == "seed")
      seed = words.small_integer("seed", 1);
    else
      validation = words.number("validation", from_to(0.0, 0.9));
  }
  nnap::Potential potential = read_potential_files(say, files);

  say.guard(FLERR, [&] {
    const tg::train::DataSet set =
        tg::train::read_data_set(data, potential.elements, potential.cutoff(), validation,
                                 static_cast<unsigned>(seed), world);
    require_models(say, potential, set.training, data);
    require_models(say, potential, set.validation, data);
    tg::train::fit_uncertainty(potential, set.training, set.validation, static_cast<unsigned>(seed),
                               comm->nthreads, world);
    tg::on_first_rank(world, [&] { tg::write_file(out, nnap::write_nnap_json(potential)); });
    if (comm->me == 0)
      utils::logmesg(lmp, "nnap uncertainty: {} knows its errors from {} frames with {} atoms\n",
                     out, set.frames, set.atoms);
  });
}

/* ----------------------------------------------------------------------
   nnap test DATA FILE [FILE ...] [parity PREFIX]
------------------------------------------------------------------------- */

void NNAP::test(int narg, char **arg)
{
  const Messages say(lmp, "nnap test");
  Words words(say, narg, arg);
  const std::string data = words.word("the file of labeled frames");
  std::vector<std::string> files = {words.word("a potential file")};
  while (!words.done() && !words.next_is("parity")) files.push_back(words.word("a potential file"));
  std::string parity;
  if (!words.done()) {
    words.keyword({"parity"});
    parity = words.word("parity");
    words.finish();
  }
  const nnap::Potential potential = read_potential_files(say, files);

  say.guard(FLERR, [&] {
    const nnap::Evaluator evaluator(potential);
    const tg::train::DataSet set =
        tg::train::read_data_set(data, potential.elements, evaluator.cutoff(), 0.0, 1, world);
    require_models(say, potential, set.training, data);
    report_stress(say, set, data, false);

    // errors by config_type; every rank writes its own rows of the parity files
    tg::train::ErrorSums total;
    std::map<std::string, tg::train::ErrorSums> sums;
    std::string energies, forces, atoms;
    tg::train::measure(
        evaluator, set.training, {},
        [&](const tg::train::TrainingFrame &frame, const tg::train::FrameErrors &errors) {
          const tg::io::LabeledFrame &label = frame.data;
          total.add(errors, label.stress.has_value());
          std::string type = label.config_type;
          std::replace(type.begin(), type.end(), ',', ';');    // the parity file is comma-separated
          if (!type.empty()) sums[type].add(errors, label.stress.has_value());
          if (parity.empty()) return;
          const double e = *label.energy / frame.atoms();
          energies += fmt::format("{},{},{},{:.8g},{:.8g}\n", label.frame, type, frame.atoms(), e,
                                  e + errors.energy);
          const std::vector<double> likely = tg::train::force_uncertainties(evaluator, frame);
          for (std::size_t i = 0; i < likely.size(); ++i)
            atoms += fmt::format("{},{},{},{:.4g},{:.4g}\n", label.frame, type,
                                 potential.elements[label.types[i]],
                                 std::hypot(errors.forces[3 * i], errors.forces[3 * i + 1],
                                            errors.forces[3 * i + 2]),
                                 likely[i]);
          for (std::size_t k = 0; k < label.forces.size(); ++k)
            forces +=
                fmt::format("{:.6g},{:.6g}\n", label.forces[k], label.forces[k] + errors.forces[k]);
        });

    std::string names;
    for (const auto &[name, errors] : sums) names += name + "\n";
    for (const std::string &name : utils::split_lines(tg::gather_all(names, world))) sums[name];
    const std::string all_energies = tg::gather_all(energies, world),
                      all_forces = tg::gather_all(forces, world),
                      all_atoms = tg::gather_all(atoms, world);
    std::string table =
        fmt::format("{:24} {:>7} {:>8} {:>8} {:>8} {:>8} {:>9}\n{:24} {:>7} {:>17} {:>17} {:>9}\n",
                    "nnap test", "frames", "E MAE", "RMSE", "F MAE", "RMSE", "S MAE", "", "",
                    "(meV/atom)", "(eV/A)", "(GPa)");
    const auto add_row = [&](const std::string &name, tg::train::ErrorSums &errors) {
      errors.sum_over_ranks(world);
      const std::string stress =
          errors.stresses > 0.0 ? fmt::format("{:9.3f}", gpa * errors.stress_mae()) : "        -";
      table += fmt::format("{:24} {:7.0f} {:8.2f} {:8.2f} {:8.4f} {:8.4f} {}\n", name,
                           errors.frames, milli * errors.energy_mae(), milli * errors.energy_rmse(),
                           errors.force_mae(), errors.force_rmse(), stress);
    };
    add_row("all frames", total);
    for (auto &[name, errors] : sums) add_row(name, errors);
    if (comm->me == 0) utils::logmesg(lmp, table);
    if (!parity.empty())
      tg::on_first_rank(world, [&] {
        tg::write_file(parity + ".energy.csv",
                       "frame,config_type,atoms,label,prediction\n" + all_energies);
        tg::write_file(parity + ".force.csv", "label,prediction\n" + all_forces);
        if (evaluator.knows_uncertainty())
          tg::write_file(parity + ".uncertainty.csv",
                         "frame,config_type,element,error,uncertainty\n" + all_atoms);
      });
  });
}
