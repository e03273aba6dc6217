#include <filesystem>
#include <fstream>
#include <sstream>

#include <fovea/base/file.h>
#include <fovea/train/run_directory.h>

namespace fovea {
namespace {

/// The first `lines` complete lines of a file; nothing when there is no file.
std::string first_lines(const std::string& path, std::int64_t lines) {
  std::ifstream file(path);
  std::string kept;
  std::string line;
  for (std::int64_t i = 0; i < lines && std::getline(file, line) && !file.eof(); ++i) kept += line + "\n";
  return kept;
}

}  // namespace

bool RunDirectory::in_use() const {
  const auto exists = [](const std::string& file) { return std::filesystem::exists(file); };
  return exists(metrics()) || exists(checkpoint()) || exists(model()) || exists(summary());
}

void RunDirectory::clear() const {
  for (const std::string& file : {metrics(), checkpoint(), model(), summary(), confusion("test")}) {
    std::filesystem::remove(file);
  }
  remove_stale_temporary_files(path_);
}

void RunDirectory::append_metrics(const Json& line) const {
  constexpr std::int64_t kAll = 1'000'000'000;
  const std::string text = first_lines(metrics(), kAll) + line.dump() + "\n";
  write_file_atomically(metrics(), text);
}

void RunDirectory::keep_metrics(std::int64_t lines) const {
  write_file_atomically(metrics(), first_lines(metrics(), lines));
}

}  // namespace fovea
