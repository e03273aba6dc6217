#pragma once

#include <string>
#include <vector>

#include <fovea/config/config_node.h>
#include <fovea/options/fields.h>
#include <fovea/options/names.h>

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
  virtual void read(const ConfigNode& value, const std::string& path) = 0;
  virtual Json write() = 0;
};

/// Fills `options` from a map (or nothing, which leaves every default).
/// @param path prefix of key names in messages, e.g. "train"; empty at the root.
/// @param also_known keys the caller reads itself from the same map, e.g. {"name"}.
/// @throws InputError `<origin>: <key>: expected ..., got ...`; for an unknown key with the nearest known name.
void read_fields(Options& options, const ConfigNode& value, const std::string& path,
                 const std::vector<std::string>& also_known = {});
template <PlainOptions T>
void read_fields(T& options, const ConfigNode& value, const std::string& path,
                 const std::vector<std::string>& also_known = {}) {
  OptionsView view(options);
  read_fields(static_cast<Options&>(view), value, path, also_known);
}

/// Every field with its present value.
Json write_fields(Options& options);
template <PlainOptions T>
Json write_fields(T& options) {
  OptionsView view(options);
  return write_fields(static_cast<Options&>(view));
}

/// Every field as {name, default, allowed, help}; groups are flattened as "group.name".
Json list_fields(Options& options);
template <PlainOptions T>
Json list_fields(T& options) {
  OptionsView view(options);
  return list_fields(static_cast<Options&>(view));
}

/// Which of several things a section stands for: the key `name` of a map, or a bare word.
struct SectionName {
  std::string name;
  std::string where;  ///< `<origin>: <path>.name`, for messages
  bool has_options;   ///< the section is a map, which may hold more than the name
};

/// @throws InputError when the name is missing or no text. @param path the section's full name, e.g. "model".
SectionName section_name(const ConfigNode& section, const std::string& path);

}  // namespace fovea
