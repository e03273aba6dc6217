#include <fovea/base/xxhash64.h>
#include <fovea/data/dataset.h>

namespace fovea {

std::string to_string(Split split) {
  switch (split) {
    case Split::train:
      return "train";
    case Split::validation:
      return "validation";
    case Split::all:
      return "all";
    case Split::test:
      break;
  }
  return "test";
}

std::uint64_t Dataset::fingerprint(std::int64_t index) const {
  Xxhash64 hash;
  hash.absorb(label(index));
  hash.absorb(std::string_view(name(index)));
  return hash.value();
}

}  // namespace fovea
