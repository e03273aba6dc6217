#include <filesystem>
#include <system_error>

#include <fovea/base/error.h>
#include <fovea/datasets/internal/data_folder.h>

namespace fovea {

void expect_data_folder(const std::string& root, const std::string& advice) {
  std::error_code ignored;
  if (std::filesystem::is_directory(root, ignored)) return;
  throw InputError(root, "the folder of the data set", std::filesystem::exists(root, ignored) ? "a file" : "no such folder",
                   advice);
}

}  // namespace fovea
