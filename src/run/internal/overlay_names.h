#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fovea {

/// A class as a part of a file's name: its number, which keeps names apart on every file system, and its name in letters,
/// digits, '-' and '_': "5-golden_retriever".
std::string class_file_part(std::int64_t label, const std::string& name);

/// The parts of a selection as a part of a file's name, "layer3+layer4"; a long text is cut and ends in a hash of it all.
std::string joined_file_part(const std::vector<std::string>& parts);

}  // namespace fovea
