// Benchmarks of the library, from a program that continues after them.

#include <omp.h>

#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/fovea.h>

namespace fovea {
namespace {

TEST(Benchmarks, LeaveTheCallersThreads) {
  omp_set_num_threads(3);
  benchmark_attention({.names = {"se"}, .shape = {8, 4, 4}, .batch = 1, .seconds = 0});
  EXPECT_EQ(omp_get_max_threads(), 3);
  benchmark_glimpse({.size = 16, .batch = 2, .seconds = 0, .threads = 1});
  EXPECT_EQ(omp_get_max_threads(), 3);
  EXPECT_THROW(benchmark_attention({.names = {"se"}, .shape = {-1, 4, 4}, .seconds = 0}), InputError);
  EXPECT_EQ(omp_get_max_threads(), 3);
}

TEST(Benchmarks, NeedSomethingToMeasure) {
  EXPECT_THROW(benchmark_attention({.names = {"se"}, .batch = 0}), InputError);
  EXPECT_THROW(benchmark_glimpse({.batch = 0}), InputError);
  EXPECT_THROW(benchmark_glimpse({.shards = 0}), InputError);
}

}  // namespace
}  // namespace fovea
