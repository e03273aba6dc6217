#include <cstdint>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/datasets/internal/table.h>

#include "fuzz.h"
#include "temporary_directory.h"

namespace fovea {
namespace {

TEST(TableTest, MutatedTablesAreReadOrRefusedWithinTimeAndMemory) {
  const FuzzLimits limits;
  const int iterations = fuzz_iterations(3000);
  const std::vector<std::string> tokens{",", ";", "\t", "\"", "\"\"", "\n", "\r\n", "\xEF\xBB\xBF", "\xFF", " ", "label"};
  const TemporaryDirectory folder;
  int read = 0;
  int refused = 0;
  for (int i = 0; i < iterations; ++i) {
    RandomStream random(6, Purpose::test, {static_cast<std::uint64_t>(i)});
    const std::string path = folder.write(
        std::to_string(i) + ".csv",
        mutated_text("path,label,split\n\"a, b.png\",cat,train\nc.png,\"dog \"\"x\"\"\",test\n", tokens, random));
    const CpuTime time;
    try {
      const Table table = read_table(path);
      for (const TableRow& row : table.rows) EXPECT_EQ(row.cells.size(), table.columns.size()) << "mutation " << i;
      ++read;
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), testing::StartsWith(path)) << "mutation " << i;
      ++refused;
    } catch (const std::exception& error) {
      ADD_FAILURE() << "mutation " << i << ": " << error.what();
    }
    EXPECT_LT(time.seconds(), kSecondsOfInput) << "mutation " << i;
    std::filesystem::remove(path);
  }
  EXPECT_GT(read, iterations / 100);
  EXPECT_GT(refused, iterations / 100);
}

}  // namespace
}  // namespace fovea
