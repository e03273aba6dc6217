// The main function of every suite. `--file=train_test.cpp` runs the tests of that file alone.

#include <filesystem>
#include <iostream>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

/// Visits each test of the executable, with the name of the file that it stands in.
template <typename Visit>
void for_each_test(Visit visit) {
  const testing::UnitTest& program = *testing::UnitTest::GetInstance();
  for (int s = 0; s < program.total_test_suite_count(); ++s) {
    const testing::TestSuite& suite = *program.GetTestSuite(s);
    for (int t = 0; t < suite.total_test_count(); ++t) {
      const testing::TestInfo& test = *suite.GetTestInfo(t);
      visit(test, std::filesystem::path(test.file()).filename().string());
    }
  }
}

/// The file of the argument --file; empty without one.
std::string file_argument(int argc, char** argv) {
  constexpr std::string_view kOption = "--file=";
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument.starts_with(kOption)) return std::string(argument.substr(kOption.size()));
  }
  return "";
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  const std::string file = file_argument(argc, argv);
  std::string filter;
  bool misplaced = false;
  for_each_test([&](const testing::TestInfo& test, const std::string& name) {
    if (!name.ends_with("_test.cpp")) {  // ctest's entries are made from these files: another one would be in none
      std::cerr << test.file() << ":" << test.line() << ": expected tests only in files *_test.cpp\n";
      misplaced = true;
    }
    if (name == file) filter += std::string(filter.empty() ? "" : ":") + test.test_suite_name() + "." + test.name();
  });
  if (misplaced) return 1;
  if (!file.empty()) {
    if (filter.empty()) {
      std::cerr << "expected a file with tests, got --file=" << file << "\n";
      return 1;
    }
    GTEST_FLAG_SET(filter, filter);
  }
  return RUN_ALL_TESTS();
}
