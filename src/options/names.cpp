#include <algorithm>
#include <numeric>
#include <utility>

#include <fovea/base/utf8.h>
#include <fovea/options/names.h>

namespace fovea {
namespace {

/// Insertions, deletions, substitutions and swaps of neighbours that make one word from the other.
std::size_t edit_distance(const std::string& left, const std::string& right) {
  std::vector<std::size_t> before_last(right.size() + 1), last(right.size() + 1), row(right.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= left.size(); ++i) {
    before_last = std::exchange(last, row);
    row[0] = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const std::size_t substitution = last[j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, substitution});
      const bool swapped = i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
  }
  return row.back();
}

/// "lr" for "learning_rate": the first letters of the parts, of which there are several.
std::string initials(const std::string& name) {
  std::string letters;
  for (std::size_t begin = 0; begin < name.size(); begin = std::min(name.find('_', begin), name.size() - 1) + 1)
    letters += name[begin];
  return letters.size() > 1 ? letters : "";
}

}  // namespace

std::string nearest_name(const std::string& name, const std::vector<std::string>& known) {
  std::string nearest;
  std::size_t best = 1 + std::max<std::size_t>(2, name.size() / 3);  // further away it is another word, not a typing error
  for (const std::string& candidate : known) {
    const auto [shorter, longer] = std::minmax({name.size(), candidate.size()});  // a list: values, not references
    if (longer - shorter >= best) continue;                                       // at least so many letters differ
    const std::size_t distance = edit_distance(lower_case(name), lower_case(candidate));
    if (distance < best && distance < std::max(name.size(), candidate.size())) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

std::string suggested_name(const std::string& name, const std::vector<std::string>& names) {
  constexpr std::size_t kFewLetters = 2;  // begin too many names
  const std::string given = lower_case(name);
  const auto first_where = [&](const auto& fits) {
    const auto found =
        std::find_if(names.begin(), names.end(), [&](const std::string& known) { return fits(lower_case(known)); });
    return found == names.end() ? "" : *found;
  };
  std::string longer;
  if (given.size() > kFewLetters) longer = first_where([&](const std::string& known) { return known.starts_with(given); });
  if (!longer.empty()) return longer;
  const std::string abbreviated = first_where([&](const std::string& known) { return initials(known) == given; });
  return abbreviated.empty() ? nearest_name(name, names) : abbreviated;
}

std::string join_names(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " and " : ", ";
    text += names[i];
  }
  return text;
}

}  // namespace fovea
