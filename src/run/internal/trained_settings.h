#pragma once

#include <string>
#include <vector>

namespace fovea {

/// @throws InputError for a setting of a trained model, whose network, preprocessing and split are fixed.
[[noreturn]] void throw_fixed(const std::string& setting);

/// Only `data.*` may be set for a trained model. @throws InputError for the first other key.
void expect_data_settings(const std::vector<std::string>& settings);

}  // namespace fovea
