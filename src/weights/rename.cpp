#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <fovea/base/error.h>
#include <fovea/weights/rename.h>

namespace fovea {
namespace {

/// `name` with every occurrence of `from` as whole components replaced.
std::string with_parts_replaced(const std::string& name, const Rename& rename) {
  const std::string dotted = "." + name + ".";
  const std::string from = "." + rename.from + ".";
  const std::string to = rename.to.empty() ? "." : "." + rename.to + ".";
  std::string replaced;
  std::size_t position = 0;
  for (std::size_t found; (found = dotted.find(from, position)) != std::string::npos;) {
    replaced += dotted.substr(position, found - position) + to.substr(0, to.size() - 1);
    position = found + from.size() - 1;  // its last dot may be the next one's first
  }
  replaced += dotted.substr(position);
  return replaced.size() < 3 ? "" : replaced.substr(1, replaced.size() - 2);
}

/// Text that each `*` of the pattern stands for; none when the name does not match. Takes steps of at most the product of
/// both lengths, as only the last `*` is ever extended.
std::optional<std::vector<std::string_view>> matched_stars(std::string_view name, std::string_view pattern) {
  std::vector<std::string_view> stars;
  std::size_t at = 0;                    // in the name
  std::size_t in_pattern = 0;            // in the pattern
  std::size_t star_begin = 0;            // where the last star's text begins
  std::size_t star = std::string::npos;  // of the last star in the pattern
  while (at < name.size() || in_pattern < pattern.size()) {
    if (in_pattern < pattern.size() && pattern[in_pattern] == '*') {
      star = in_pattern++;
      star_begin = at;
      stars.push_back(name.substr(at, 0));
    } else if (in_pattern < pattern.size() && at < name.size() && pattern[in_pattern] == name[at]) {
      ++in_pattern;
      ++at;
    } else {
      if (star == std::string::npos || star_begin + stars.back().size() >= name.size()) return std::nullopt;
      stars.back() = name.substr(star_begin, stars.back().size() + 1);
      at = star_begin + stars.back().size();
      in_pattern = star + 1;
    }
  }
  return stars;
}

std::string with_stars_filled(const std::string& to, const std::vector<std::string_view>& stars) {
  std::string filled;
  std::size_t next = 0;
  for (const char letter : to) {
    if (letter == '*') {
      filled += stars[next++];
    } else {
      filled += letter;
    }
  }
  return filled;
}

std::string trimmed(std::string name) {
  while (name.starts_with('.')) name.erase(0, 1);
  while (name.ends_with('.')) name.pop_back();
  return name;
}

}  // namespace

Rename parse_rename(const std::string& text, const std::string& where) {
  const std::size_t equals = text.find('=');
  Rename rename;
  if (equals != std::string::npos) rename = {trimmed(text.substr(0, equals)), trimmed(text.substr(equals + 1))};
  if (rename.from.empty() || text.find('=', equals + 1) != std::string::npos) {
    throw InputError(where, "FROM=TO, parts of tensors' names", "'" + text + "'", "e.g. linear=fc");
  }
  const auto stars = [](const std::string& side) { return std::count(side.begin(), side.end(), '*'); };
  if (stars(rename.to) > stars(rename.from)) {
    throw InputError(where, "at most as many * in TO as in FROM", "'" + text + "'", "e.g. encoder.*=*");
  }
  return rename;
}

std::string rename_text(const Rename& rename) {
  return rename.from + "=" + rename.to;
}

std::string renamed_key(const std::string& name, const Rename& rename, const std::string& prefix) {
  if (!rename.is_pattern()) {
    const std::string replaced = with_parts_replaced(name, rename);
    return replaced + "." == prefix ? "" : replaced;  // nothing but the wrapper's prefix remains
  }
  if (!prefix.empty() && name.starts_with(prefix)) {
    if (const auto stars = matched_stars(std::string_view(name).substr(prefix.size()), rename.from)) {
      const std::string filled = trimmed(with_stars_filled(rename.to, *stars));
      return filled.empty() ? "" : prefix + filled;
    }
  }
  const auto stars = matched_stars(name, rename.from);
  return stars ? trimmed(with_stars_filled(rename.to, *stars)) : name;
}

}  // namespace fovea
