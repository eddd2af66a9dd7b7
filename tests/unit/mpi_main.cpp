// SPDX-License-Identifier: GPL-2.0-only

// main() of the unit tests that need MPI

#include <gtest/gtest.h>

#include <mpi.h>

#if defined(__SANITIZE_ADDRESS__)
// Open MPI leaks; leaks of our own are looked for in the tests that do without it
extern "C" __attribute__((visibility("default"))) const char *__asan_default_options()
{
  return "detect_leaks=0";
}
#endif

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  ::testing::InitGoogleTest(&argc, argv);
  const int result = RUN_ALL_TESTS();
  MPI_Finalize();
  return result;
}
