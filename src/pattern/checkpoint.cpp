#include "checkpoint.h"

#include "text.h"

#include <fstream>
#include <stdexcept>

namespace turing_glass::pattern {

namespace {

constexpr char title[] = "TuringGlass pattern checkpoint 1";

[[noreturn]] void fail(const std::string &path, const std::string &what)
{
  throw std::runtime_error(path + ": " + what);
}

std::streamsize bytes(std::size_t values)
{
  return static_cast<std::streamsize>(values * sizeof(double));
}

}    // namespace

void write_checkpoint(const std::string &path, const Checkpoint &checkpoint)
{
  write_file(path, [&](std::ostream &file) {
    file << title << '\n';
    for (const auto &[name, value] : checkpoint.parameters) file << name << ' ' << value << '\n';
    file << "step " << checkpoint.step << "\n\n";
    for (const std::vector<double> *field : {&checkpoint.u, &checkpoint.v})
      file.write(reinterpret_cast<const char *>(field->data()), bytes(field->size()));
  });
}

void read_checkpoint(const std::string &path, std::size_t cells, Checkpoint &checkpoint)
{
  const char *damaged = "is no checkpoint of pattern solve, or is damaged: remove it to start anew";
  std::ifstream file(path, std::ios::binary);
  std::string line;
  if (!std::getline(file, line) || line != title) fail(path, damaged);
  for (const auto &[name, value] : checkpoint.parameters) {
    if (!std::getline(file, line)) fail(path, damaged);
    const std::string head = name + ' ';
    if (line.compare(0, head.size(), head) != 0) fail(path, damaged);
    if (line.substr(head.size()) != value)
      fail(path,
           "the checkpoint has " + line + ", this run has " + head + value +
               ": remove the file to start anew, or give another name");
  }
  std::string word;
  if (!(file >> word >> checkpoint.step) || word != "step" || file.get() != '\n' ||
      file.get() != '\n')
    fail(path, damaged);
  for (std::vector<double> *field : {&checkpoint.u, &checkpoint.v}) {
    field->resize(cells);
    file.read(reinterpret_cast<char *>(field->data()), bytes(cells));
  }
  if (!file || file.get() != std::ifstream::traits_type::eof()) fail(path, damaged);
}

}    // namespace turing_glass::pattern
