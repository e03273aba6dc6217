#include <fovea/base/error.h>
#include <fovea/config/named_options.h>

namespace fovea {

void throw_unknown_name(const ConfigNode& value, const std::string& path, const std::vector<std::string>& names) {
  throw InputError(value.origin + ": " + path, "one of " + join_names(names), value.describe());
}

}  // namespace fovea
