#include <fovea/data/dataset.h>

namespace fovea {

std::string to_string(Split split) {
  switch (split) {
    case Split::train:
      return "train";
    case Split::validation:
      return "val";
    case Split::test:
      break;
  }
  return "test";
}

}  // namespace fovea
