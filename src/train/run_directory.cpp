#include <filesystem>
#include <fstream>
#include <sstream>

#include <fovea/base/error.h>
#include <fovea/base/file.h>
#include <fovea/train/run_directory.h>

namespace fovea {
namespace {

/// The lines of a file, less an incomplete last one; empty when there is no file.
std::string complete_lines(const std::string& path) {
  std::ifstream file(path);
  std::string kept;
  for (std::string line; std::getline(file, line) && !file.eof();) kept += line + "\n";
  return kept;
}

/// A discarded document for a line that is not JSON.
Json parse_line(const std::string& line) {
  return Json::parse(line, /*callback=*/nullptr, /*allow_exceptions=*/false);
}

bool exists(const std::string& path) {
  std::error_code unreachable;
  return std::filesystem::exists(std::filesystem::symlink_status(path, unreachable));
}

}  // namespace

bool RunDirectory::has_checkpoint() const {
  return exists(checkpoint());
}

std::vector<std::string> RunDirectory::existing_files() const {
  std::vector<std::string> files{checkpoint(), model(), metrics(), summary(), config(), events(), curves()};
  for (const char* split : {"train", "validation", "test"}) {
    for (const std::string& file : {confusion(split), confusion_picture(split), calibration_picture(split)}) {
      files.push_back(file);
    }
  }
  std::erase_if(files, [](const std::string& file) { return !exists(file); });
  for (std::string& file : files) file = std::filesystem::path(file).filename().string();
  return files;
}

void RunDirectory::append_metrics(const Json& line) const {
  const std::string text = complete_lines(metrics()) + line.dump() + "\n";
  write_file_atomically(metrics(), text);
}

std::vector<EpochRecord> RunDirectory::read_metrics() const {
  std::vector<EpochRecord> records;
  std::istringstream text(complete_lines(metrics()));
  for (std::string line; std::getline(text, line);) {
    try {
      records.push_back(read_epoch_record(parse_line(line)));
    } catch (const InputError& error) {
      throw InputError(metrics() + ": line " + std::to_string(records.size() + 1) + ": " + error.what());
    }
  }
  return records;
}

std::int64_t RunDirectory::truncate_metrics(std::int64_t epochs) const {
  std::string kept;
  std::int64_t next = 1;
  std::int64_t missing = 0;
  std::istringstream text(complete_lines(metrics()));
  for (std::string line; next <= epochs && std::getline(text, line);) {
    try {
      const std::int64_t epoch = read_epoch_record(parse_line(line)).epoch;
      if (epoch < next || epoch > epochs) continue;
      missing += epoch - next;
      next = epoch + 1;
      kept += line + "\n";
    } catch (const InputError&) {  // counted by the next epoch that is there
    }
  }
  write_file_atomically(metrics(), kept);
  return missing + epochs + 1 - next;
}

}  // namespace fovea
