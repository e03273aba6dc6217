#pragma once

#include <string>
#include <vector>

#include <fovea/config/config_node.h>
#include <fovea/options/fields.h>
#include <fovea/options/names.h>

namespace fovea {

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
