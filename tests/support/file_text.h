#pragma once

#include <fstream>
#include <iterator>
#include <string>

namespace fovea {

/// A complete file as text; empty where there is none.
inline std::string file_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace fovea
