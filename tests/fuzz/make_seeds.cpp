// SPDX-License-Identifier: GPL-2.0-only

// make_seeds FOLDER: small sound files of every format in a folder of its own below FOLDER, one for every branch of the readers, from which the fuzz targets set out.

#include "aenet_file.h"

#include "io/extended_xyz.h"
#include "io/lammps_dump.h"
#include "nnap/aenet.h"
#include "nnap/nnap_json.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using namespace turing_glass;

namespace {

void write(const std::filesystem::path &path, const std::string &content)
{
  std::ofstream file(path, std::ios::binary);
  if (!file.write(content.data(), static_cast<std::streamsize>(content.size()))) {
    std::fprintf(stderr, "cannot write %s\n", path.c_str());
    std::exit(1);
  }
}

std::string numbers(int count)
{
  std::string out = "[";
  for (int k = 0; k < count; ++k) out += (k ? "," : "") + std::to_string(k % 7 - 3) + ".5";
  return out + "]";
}

std::string linear_network(int inputs)
{
  return R"({"output_weight":)" + numbers(inputs) + R"(,"output_bias":0.25})";
}

std::string deep_network(int inputs)
{
  return R"({"type":"feed_forward","input_dim":)" + std::to_string(inputs) +
      R"(,"hidden_dims":[2,1],"hidden_weights":[[)" + numbers(inputs) + "," + numbers(inputs) +
      R"(],[[1,-2]]],"hidden_biases":[[0.5,1],[-1]],"output_weight":[3],"output_bias":-1})";
}

std::string model(const std::string &symbol, const std::string &basis, const std::string &network,
                  const std::string &more = "")
{
  return R"({"symbol":")" + symbol + R"(","ref_eng":-3.5,)" + more + R"("basis":)" + basis +
      R"(,"nn":)" + network + "}";
}

std::string document(const std::string &models, int version = 5)
{
  return R"({"version":)" + std::to_string(version) + R"(,"units":"metal","models":[)" + models +
      "]}";
}

/// Two elements of one basis.
std::string pair_of(const std::string &basis, int inputs, int version = 5)
{
  const std::string norms = R"("norm_mu":)" + numbers(inputs) + R"(,"norm_sigma":)" +
      numbers(inputs) + R"(,"norm_mu_eng":0.5,"norm_sigma_eng":2,)";
  return document(model("Cu", basis, linear_network(inputs), norms) + "," +
                      model("Zr", basis, deep_network(inputs)),
                  version);
}

struct Seed {
  const char *name;
  std::string content;
};

std::vector<Seed> nnap_json_seeds()
{
  const std::string radial = R"({"type":"chebyshev","nmax":0,"rcut":5,"wtype":"none"})";
  const std::string share = R"({"type":"share","share":1})";
  return {
      {"defaults", document(R"({"symbol":"Cu","nn":)" + linear_network(42) + "}")},
      {"none",
       pair_of(R"({"type":"spherical_chebyshev","nmax":1,"lmax":1,"rcut":4.5,"wtype":-1})", 4, 4)},
      {"default", pair_of(R"({"nmax":0,"lmax":2,"l4max":0,"wtype":0})", 6, 6)},
      {"full", pair_of(R"({"type":"chebyshev","nmax":1,"wtype":"full"})", 4)},
      {"exfull", pair_of(R"({"type":"chebyshev","nmax":1,"wtype":3})", 6)},
      {"fuse",
       pair_of(R"({"nmax":0,"lmax":1,"wtype":"fuse","fuse_size":1,"fuse_weight":[[1],[-2]]})", 2)},
      {"fuse_columns", pair_of(R"({"nmax":0,"lmax":1,"wtype":4,"fuse_weight":[[1,2],[3,4]]})", 4)},
      {"exfuse",
       pair_of(R"({"nmax":0,"lmax":1,"wtype":"exfuse","fuse_size":1,"fuse_weight":[1,2]})", 4)},
      {"rfuse",
       pair_of(R"({"nmax":1,"lmax":0,"wtype":"rfuse","rfuse_size":1,"rfuse_scale":0.5,)"
               R"("weight_standardization":true,"rfuse_weight":[1,-2,3,4]})",
               1)},
      {"post_fuse",
       pair_of(R"({"nmax":0,"lmax":1,"wtype":"default","post_fuse":true,"post_fuse_size":1,)"
               R"("post_fuse_scale":0.5,"post_fuse_weight":[1,2]})",
               2)},
      {"l3max", pair_of(R"({"nmax":0,"lmax":1,"l3max":2,"wtype":"none"})", 4)},
      {"merge",
       pair_of(R"({"type":"merge","basis":[)" + radial +
                   R"(,{"nmax":0,"lmax":0,"rcut":3,"wtype":"none"}]})",
               2)},
      {"share",
       document(model("Cu", radial, linear_network(1)) + "," +
                model("Zr", share, deep_network(1)))},
      {"uncertainty",
       document(model("Cu", radial, linear_network(1),
                      R"("uncertainty":{"output_weight":[0.5],"output_bias":0.1},)"))},
      {"off",
       pair_of(
           R"({"nmax":0,"lmax":0,"noradial":false,"layer_norm":false,"l3cross":true,"fuse_style":"limited","wtype":"none"})",
           1)}};
}

std::vector<Seed> aenet_seeds()
{
  using namespace test::aenet;
  const auto file = [](const std::string &element, const std::vector<std::string> &elements,
                       const std::vector<std::int32_t> &hidden) {
    return file_of(contents(element, elements, hidden));
  };
  return {{"one", "1" + file("Cu", {"Cu"}, {2})},
          {"three", "1" + file("Zr", {"Cu", "Zr", "O"}, {3, 2})},
          {"linear", "1" + file("Cu", {"Cu", "Zr"}, {})},
          {"two", "2" + file("Cu", {"Cu", "Zr"}, {2}) + file("Zr", {"Cu", "Zr"}, {2})}};
}

std::vector<Seed> extended_xyz_seeds()
{
  const std::string cell = R"(Lattice="4 0 0 0.5 4 0 0 0 5" )";
  const std::string plain = "2\n" + cell + "energy=-3.5 pbc=\"T F T\"\nCu 0 0 0\nZr 1.5 2 2.5\n";
  const std::string forces = "1\n" + cell +
      R"(Properties=species:S:1:magmoms:R:1:pos:R:3:force:R:3 energy=1e2 stress="1 2 3 4 5 6")"
      " config_type=liquid traj=7 temperature=300\nO 0.5 1 2 3 -1 -2 -3\n";
  const std::string virial = "1\n" + cell + "virial=\"1 0 0 0 2 0 0 0 3\"\nO 1 2 3\n";
  return {{"plain", plain}, {"forces", forces}, {"several", plain + forces + virial + "\n"}};
}

/// The file of exchanges and the dumps of two replicas, separated by zero bytes.
std::vector<Seed> remd_seeds()
{
  const std::string title = "# replica exchange, temperatures 1 2\n# a\n# b\n";
  const std::string log = title +
      "# from step 0: an attempt every 10 steps, hybrid 20 20 from step 0\n"
      "0 1 2 -1 -2 .\n30 2 1 -1 -2 +\n# continued from step 35: an attempt every 5 steps\n"
      "40 2 1 -1e3 -2 -\n";
  const std::string plain = title + "0 1 2 -1 -2 .\n30 2 1 -1 -2 +\n";
  const auto frame = [](int step) {
    return "ITEM: TIMESTEP\n" + std::to_string(step) +
        "\nITEM: NUMBER OF ATOMS\n2\nITEM: BOX BOUNDS pp pp pp\n0 1\n0 1\n0 1\nITEM: ATOMS id q\n1 0\n2 5\n";
  };
  const std::string local =
      "ITEM: UNITS\nlj\nITEM: TIME\n0.5\nITEM: TIMESTEP\n30\nITEM: NUMBER OF BONDS\n0\n"
      "ITEM: BOX BOUNDS pp pp pp\n0 1\n0 1\n0 1\nITEM: BONDS c_1\n";
  const std::string whole = frame(0) + frame(30) + frame(40);
  const std::string back = frame(0) + frame(36) + frame(38) + frame(40) + frame(36) + frame(40);
  const std::string cut =
      frame(0) + frame(30).substr(0, frame(30).size() - 3) + frame(30) + frame(40);
  const std::string zero(1, '\0');
  return {{"plain", plain + zero + whole + zero + whole},
          {"back", log + zero + back + zero + back},
          {"cut", log + zero + whole + zero + cut},
          {"local", plain + zero + local + zero + local}};
}

std::vector<Seed> lammps_dump_seeds()
{
  const std::string head = "ITEM: TIMESTEP\n70\nITEM: NUMBER OF ATOMS\n1\nITEM: BOX BOUNDS ";
  return {
      {"plain", head + "pp pp pp\n0 10\n0 10\n0 10\nITEM: ATOMS id type x y z\n1 1 2 3 4.5\n"},
      {"tilted",
       head + "xy xz yz pp ff pp\n-1 12 -2\n2 16 1\n3 15 3\nITEM: ATOMS id xs ys zs\n7 0 1 0.5\n"}};
}

}    // namespace

int main(int argc, char **argv)
{
  if (argc != 2) return std::fprintf(stderr, "usage: make_seeds FOLDER\n"), 1;
  const std::filesystem::path folder = argv[1];
  for (const char *name : {"nnap_json", "aenet", "extended_xyz", "lammps_dump", "remd"})
    std::filesystem::create_directories(folder / name);
  try {
    // a seed that does not read leads nowhere
    for (const Seed &seed : nnap_json_seeds()) {
      nnap::read_nnap_json(seed.content, seed.name);
      write(folder / "nnap_json" / seed.name, seed.content);
    }
    for (const Seed &seed : aenet_seeds()) {
      const std::string_view bytes = std::string_view(seed.content).substr(1);
      if (seed.content[0] == '1')
        nnap::read_aenet({{seed.name, bytes}});
      else
        nnap::read_aenet({{seed.name, bytes.substr(0, bytes.size() / 2)},
                          {seed.name, bytes.substr(bytes.size() / 2)}});
      write(folder / "aenet" / seed.name, seed.content);
    }
    for (const Seed &seed : extended_xyz_seeds()) {
      write(folder / "extended_xyz" / seed.name, seed.content);
      io::ExtendedXYZReader reader(folder / "extended_xyz" / seed.name, {"Cu", "Zr", "O"});
      for (io::LabeledFrame frame; reader.next(frame);) {}
    }
    for (const Seed &seed : remd_seeds()) write(folder / "remd" / seed.name, seed.content);
    for (const Seed &seed : lammps_dump_seeds()) {
      write(folder / "lammps_dump" / seed.name, seed.content);
      io::read_dump_frame(folder / "lammps_dump" / seed.name);
    }
  } catch (const std::runtime_error &e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
  return 0;
}
