#include <array>
#include <cstddef>

#include <fovea/attention/traits.h>

namespace fovea {
namespace {

template <std::size_t Count, typename E>
const char* name_of(const std::array<const char*, Count>& names, E value) {
  return names.at(static_cast<std::size_t>(value));
}

}  // namespace

const char* to_string(Where where) {
  return name_of<2>({"location", "item"}, where);
}

const char* to_string(Selects selects) {
  return name_of<2>({"soft", "hard"}, selects);
}

const char* to_string(Query query) {
  return name_of<2>({"self", "context"}, query);
}

const char* to_string(Axis axis) {
  return name_of<5>({"channel", "spatial", "branch", "token", "region"}, axis);
}

}  // namespace fovea
