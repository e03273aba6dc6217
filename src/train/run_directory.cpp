#include <filesystem>
#include <fstream>
#include <sstream>

#include <fovea/base/error.h>
#include <fovea/base/file.h>
#include <fovea/train/run_directory.h>

namespace fovea {
namespace {

constexpr std::int64_t kAll = 1'000'000'000;

/// The first `lines` complete lines of a file; empty when there is no file.
std::string first_lines(const std::string& path, std::int64_t lines) {
  std::ifstream file(path);
  std::string kept;
  std::string line;
  for (std::int64_t i = 0; i < lines && std::getline(file, line) && !file.eof(); ++i) kept += line + "\n";
  return kept;
}

/// @throws SystemError when the file stays.
void remove_file(const std::string& path) {
  std::error_code failure;
  std::filesystem::remove(path, failure);
  if (failure) throw SystemError(path + ": cannot remove it: " + failure.message() + "; choose another output directory");
}

}  // namespace

bool RunDirectory::in_use() const {
  const auto exists = [](const std::string& file) {
    std::error_code unreachable;
    return std::filesystem::exists(file, unreachable);
  };
  return exists(metrics()) || exists(checkpoint()) || exists(model()) || exists(summary());
}

void RunDirectory::clear() const {
  for (const std::string& file : {metrics(), events(), checkpoint(), model(), summary(), curves()}) remove_file(file);
  for (const char* split : {"train", "val", "test"}) {
    for (const std::string& file : {confusion(split), confusion_picture(split), calibration_picture(split)}) {
      remove_file(file);
    }
  }
  remove_stale_temporary_files(path_);
}

void RunDirectory::append_metrics(const Json& line) const {
  const std::string text = first_lines(metrics(), kAll) + line.dump() + "\n";
  write_file_atomically(metrics(), text);
}

std::vector<EpochRecord> RunDirectory::read_metrics() const {
  std::vector<EpochRecord> records;
  std::istringstream text(first_lines(metrics(), kAll));
  for (std::string line; std::getline(text, line);) {
    try {
      records.push_back(read_epoch_record(Json::parse(line, /*callback=*/nullptr, /*allow_exceptions=*/false)));
    } catch (const InputError& error) {
      throw InputError(metrics() + ": line " + std::to_string(records.size() + 1) + ": " + error.what());
    }
  }
  return records;
}

void RunDirectory::truncate_metrics(std::int64_t lines) const {
  write_file_atomically(metrics(), first_lines(metrics(), lines));
}

}  // namespace fovea
