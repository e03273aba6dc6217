#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <vector>

#include <fovea/base/internal/unicode_tables.h>
#include <fovea/base/unicode_form.h>

namespace fovea {
namespace {

using CodePoint = std::uint32_t;

// Hangul syllables are computed: a leading consonant, a vowel and maybe a trailing consonant.
constexpr CodePoint kSyllables = 0xAC00, kLeading = 0x1100, kVowels = 0x1161, kTrailing = 0x11A7;
constexpr CodePoint kVowelCount = 21, kTrailingCount = 28, kLeadingCount = 19;
constexpr CodePoint kSyllableCount = kLeadingCount * kVowelCount * kTrailingCount;

/// Code points of a UTF-8 text; none when it is not valid.
std::optional<std::vector<CodePoint>> code_points(const std::string& text) {
  std::vector<CodePoint> points;
  for (std::size_t i = 0; i < text.size();) {
    const auto first = static_cast<std::uint8_t>(text[i]);
    const std::size_t length = first < 0x80   ? 1
                               : first < 0xC2 ? 0
                               : first < 0xE0 ? 2
                               : first < 0xF0 ? 3
                               : first < 0xF5 ? 4
                                              : 0;
    if (length == 0 || length > text.size() - i) return std::nullopt;
    CodePoint point = length == 1 ? first : first & (0x7FU >> length);
    for (std::size_t k = 1; k < length; ++k) {
      const auto next = static_cast<std::uint8_t>(text[i + k]);
      if ((next & 0xC0U) != 0x80U) return std::nullopt;
      point = point << 6 | (next & 0x3FU);
    }
    points.push_back(point);
    i += length;
  }
  return points;
}

void append_utf8(std::string& text, CodePoint point) {
  const auto continuation = [&](int shift) { text.push_back(static_cast<char>(0x80U | ((point >> shift) & 0x3FU))); };
  if (point < 0x80) {
    text.push_back(static_cast<char>(point));
  } else if (point < 0x800) {
    text.push_back(static_cast<char>(0xC0U | point >> 6));
    continuation(0);
  } else if (point < 0x10000) {
    text.push_back(static_cast<char>(0xE0U | point >> 12));
    continuation(6);
    continuation(0);
  } else {
    text.push_back(static_cast<char>(0xF0U | point >> 18));
    continuation(12);
    continuation(6);
    continuation(0);
  }
}

std::uint8_t combining_class(CodePoint point) {
  const auto* range = std::upper_bound(std::begin(kCombiningRanges), std::end(kCombiningRanges), point,
                                       [](CodePoint value, const CombiningRange& entry) { return value < entry.begin; });
  if (range == std::begin(kCombiningRanges)) return 0;
  --range;
  return point <= range->last ? range->combining_class : 0;
}

void append_decomposed(std::vector<CodePoint>& points, CodePoint point) {
  if (point >= kSyllables && point < kSyllables + kSyllableCount) {
    const CodePoint index = point - kSyllables;
    points.push_back(kLeading + index / (kVowelCount * kTrailingCount));
    points.push_back(kVowels + index % (kVowelCount * kTrailingCount) / kTrailingCount);
    if (index % kTrailingCount != 0) points.push_back(kTrailing + index % kTrailingCount);
    return;
  }
  const auto* entry = std::lower_bound(std::begin(kDecompositions), std::end(kDecompositions), point,
                                       [](const Decomposition& row, CodePoint value) { return row.composed < value; });
  if (entry == std::end(kDecompositions) || entry->composed != point) {
    points.push_back(point);
    return;
  }
  append_decomposed(points, entry->first);
  if (entry->second != 0) points.push_back(entry->second);
}

/// Sorts each run of combining marks by their class, stably.
void order_marks(std::vector<CodePoint>& points) {
  for (auto begin = points.begin(); begin != points.end();) {
    if (combining_class(*begin) == 0) {
      ++begin;
      continue;
    }
    const auto end = std::find_if(begin, points.end(), [](CodePoint point) { return combining_class(point) == 0; });
    std::stable_sort(begin, end, [](CodePoint a, CodePoint b) { return combining_class(a) < combining_class(b); });
    begin = end;
  }
}

std::optional<CodePoint> composed(CodePoint first, CodePoint second) {
  if (first >= kLeading && first < kLeading + kLeadingCount && second >= kVowels && second < kVowels + kVowelCount) {
    return kSyllables + ((first - kLeading) * kVowelCount + second - kVowels) * kTrailingCount;
  }
  const bool is_open_syllable =
      first >= kSyllables && first < kSyllables + kSyllableCount && (first - kSyllables) % kTrailingCount == 0;
  if (is_open_syllable && second > kTrailing && second < kTrailing + kTrailingCount) return first + second - kTrailing;
  for (const Decomposition& row : kDecompositions) {
    if (row.composes && row.first == first && row.second == second) return row.composed;
  }
  return std::nullopt;
}

/// Composes each mark with the last character before it that no mark of the same or a higher class separates from it.
std::vector<CodePoint> with_marks_composed(const std::vector<CodePoint>& points) {
  std::vector<CodePoint> kept;
  std::optional<std::size_t> starter;
  int last_class = -1;  // of the marks kept after the starter
  for (const CodePoint point : points) {
    const int own_class = combining_class(point);
    if (starter && last_class < own_class) {
      if (const auto both = composed(kept[*starter], point)) {
        kept[*starter] = *both;
        continue;
      }
    }
    if (own_class == 0) starter = kept.size();
    last_class = own_class == 0 ? -1 : own_class;
    kept.push_back(point);
  }
  return kept;
}

}  // namespace

std::string composed_form(const std::string& text) {
  if (std::all_of(text.begin(), text.end(), [](char c) { return static_cast<std::uint8_t>(c) < 0x80; })) return text;
  const auto points = code_points(text);
  if (!points) return text;
  std::vector<CodePoint> decomposed;
  for (const CodePoint point : *points) append_decomposed(decomposed, point);
  order_marks(decomposed);
  std::string form;
  for (const CodePoint point : with_marks_composed(decomposed)) append_utf8(form, point);
  return form;
}

}  // namespace fovea
