#include <fovea/options/find_row.h>
#include <fovea/options/names.h>

namespace fovea {

void throw_unknown_row(const std::string& name, const std::vector<std::string>& names, const std::string& origin,
                       const std::string& what, const std::string& listing) {
  constexpr std::size_t kFew = 24;
  const std::string suggested = suggested_name(name, names);
  const std::string all = names.size() > kFew ? "" : " (" + join_names(names) + ")";
  throw InputError(origin, what + all, "'" + name + "'",
                   suggested.empty() ? "see fovea list " + listing : "did you mean '" + suggested + "'?");
}

void expect_functions(std::initializer_list<bool> functions, const std::string& name, const std::string& where) {
  for (const bool is_there : functions) {
    if (!is_there) throw InputError(where + ": " + name, "every required function", "an empty one");
  }
}

}  // namespace fovea
