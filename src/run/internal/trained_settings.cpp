#include <fovea/base/error.h>
#include <fovea/run/internal/trained_settings.h>

namespace fovea {

void throw_fixed(const std::string& setting) {
  throw InputError("setting " + setting, "a data.* key that leaves the training split alone", "another",
                   "network, preprocessing, seed and split of a trained model are fixed");
}

void expect_data_settings(const std::vector<std::string>& settings) {
  for (const std::string& setting : settings) {
    if (!setting.starts_with("data.")) throw_fixed(setting);
  }
}

}  // namespace fovea
