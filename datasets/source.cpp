#include <filesystem>
#include <system_error>

#include <fovea/base/error.h>
#include <fovea/datasets/source.h>

namespace fovea {

void require_data_folder(const std::string& root, const std::string& advice) {
  std::error_code ignored;
  if (std::filesystem::is_directory(root, ignored)) return;
  throw InputError(root, "the folder of the data set", std::filesystem::exists(root, ignored) ? "a file" : "nothing there",
                   advice);
}

bool is_training_split(Split split) {
  if (split == Split::validation) {
    throw InputError("data set", "the train or test split", to_string(split), "split validation images off train");
  }
  return split == Split::train;
}

}  // namespace fovea
