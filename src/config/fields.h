#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fovea/config/value.h>

namespace fovea {

/// Allowed values of an integer field, both ends included.
struct IntegerRange {
  std::int64_t minimum = std::numeric_limits<std::int64_t>::min();
  std::int64_t maximum = std::numeric_limits<std::int64_t>::max();
};

/// Allowed values of a real field; an open end is excluded. NaN and infinity are never allowed.
struct RealRange {
  double minimum = std::numeric_limits<double>::lowest();
  double maximum = std::numeric_limits<double>::max();
  bool minimum_open = false;
  bool maximum_open = false;
};

inline constexpr IntegerRange kPositiveInteger{1};
inline constexpr IntegerRange kNonNegativeInteger{0};
inline constexpr RealRange kPositive{.minimum = 0.0, .minimum_open = true};
inline constexpr RealRange kNonNegative{.minimum = 0.0};
inline constexpr RealRange kFraction{.minimum = 0.0, .maximum = 1.0};                                ///< [0, 1]
inline constexpr RealRange kFractionBelowOne{.minimum = 0.0, .maximum = 1.0, .maximum_open = true};  ///< [0, 1)

class FieldVisitor;

/// A set of named fields. Each field is named once, in visit_fields(), with its range and one sentence of help; reading,
/// printing and listing are three visitors of the same list, so they cannot drift apart. A field's default is the value
/// the member has after construction.
class Options {
 public:
  virtual ~Options() = default;
  virtual void visit_fields(FieldVisitor& fields) = 0;
};

/// A field with a notation of its own (a name, a map or a list of maps).
class CustomField {
 public:
  virtual ~CustomField() = default;
  /// @param path the key's full name for messages. @throws InputError.
  virtual void read(const Value& value, const std::string& path) = 0;
  virtual Json write() = 0;
};

/// Visits fields by name; the member is both the default (before) and the result (after).
class FieldVisitor {
 public:
  virtual ~FieldVisitor() = default;

  virtual void boolean(const char* name, bool& value, const char* help) = 0;
  virtual void integer(const char* name, std::int64_t& value, IntegerRange range, const char* help) = 0;
  virtual void real(const char* name, double& value, RealRange range, const char* help) = 0;
  virtual void text(const char* name, std::string& value, const char* help) = 0;
  /// `none` or a number.
  virtual void optional_real(const char* name, std::optional<double>& value, RealRange range, const char* help) = 0;
  /// Between `count.minimum` and `count.maximum` numbers; a single scalar is a list of one.
  virtual void integers(const char* name, std::vector<std::int64_t>& value, IntegerRange range, IntegerRange count,
                        const char* help) = 0;
  virtual void reals(const char* name, std::vector<double>& value, RealRange range, IntegerRange count,
                     const char* help) = 0;
  /// Any number of texts; a single one is a list of one.
  virtual void texts(const char* name, std::vector<std::string>& value, const char* help) = 0;
  virtual void group(const char* name, Options& options, const char* help) = 0;
  virtual void custom(const char* name, CustomField& field, const char* help) = 0;

  /// One of a few words, each standing for a value of the enumeration E.
  template <typename E>
  void choice(const char* name, E& value, std::initializer_list<std::pair<const char*, E>> words, const char* help) {
    std::vector<std::string> names;
    std::size_t selected = 0;
    for (const auto& [word, meaning] : words) {
      if (meaning == value) selected = names.size();
      names.emplace_back(word);
    }
    word(name, selected, names, help);
    value = (words.begin() + selected)->second;
  }

 protected:
  /// `selected` is an index into `words`.
  virtual void word(const char* name, std::size_t& selected, const std::vector<std::string>& words, const char* help) = 0;
};

/// Fills `options` from a map (or nothing, which leaves every default).
/// @param path prefix of key names in messages, e.g. "train"; empty at the root.
/// @param also_known keys the caller reads itself from the same map, e.g. {"name"}.
/// @throws InputError `<origin>: <key>: expected ..., got ...`; for an unknown key with the nearest known name.
void read_fields(Options& options, const Value& value, const std::string& path,
                 const std::vector<std::string>& also_known = {});

/// Every field with its present value.
Json write_fields(Options& options);

/// Every field as {name, default, allowed, help}; groups are flattened as "group.name".
Json list_fields(Options& options);

/// The entry of `known` nearest to `name` by edit distance, or "" when none is near.
std::string nearest_name(const std::string& name, const std::vector<std::string>& known);

/// "a, b and c".
std::string join_names(const std::vector<std::string>& names);

/// Which of several things a section stands for: the key `name` of a map, or a bare word.
struct SectionName {
  std::string name;
  std::string where;  ///< `<origin>: <path>.name`, for messages
  bool has_options;   ///< the section is a map, which may hold more than the name
};

/// @throws InputError when the name is missing or no text. @param path the section's full name, e.g. "model".
SectionName section_name(const Value& section, const std::string& path);

}  // namespace fovea
