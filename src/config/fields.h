#pragma once

#include <string>
#include <vector>

#include <fovea/config/config_node.h>
#include <fovea/options/fields.h>
#include <fovea/options/names.h>

namespace fovea {

struct NamedFields;

/// A field as `fovea list` shows it.
struct FieldDescription {
  std::string name;  ///< "group.name" for the fields of groups
  Json value;        ///< the current one
  std::string allowed;
  std::string help;
  FieldRole role = FieldRole::defines_result;
  std::vector<NamedFields> implementations;  ///< see CustomField::implementations()
};

/// The fields of something that has a name.
struct NamedFields {
  std::string name;
  std::vector<FieldDescription> fields;
};

/// A field with its own notation (a name, a map or a list of maps).
class CustomField {
 public:
  virtual ~CustomField() = default;
  /// @param path the key's full name for messages. @throws InputError.
  virtual void read(const ConfigNode& value, const std::string& path) = 0;
  virtual Json write() = 0;
  /// Visits its nested fields; it has none by default.
  virtual void visit_fields(FieldVisitor&) {}
  /// True when the word `none` is one of its values.
  virtual bool accepts_none() const { return false; }
  /// Allowed values, for `fovea list`.
  virtual std::string allowed() const { return "see help"; }
  /// Implementations that it selects by name, each with the fields of its own; none by default.
  virtual std::vector<NamedFields> implementations() const { return {}; }
};

/// Reads `options` from a map; null leaves every default.
/// @param path prefix of key names in messages, e.g. "train"; empty at the root.
/// @param also_known keys of the same map that the caller reads, e.g. {"name"}.
/// @throws InputError `<origin>: <key>: expected ..., got ...`; for an unknown key, with the nearest known name, or with the
/// current name of a renamed key.
void read_fields(Options& options, const ConfigNode& value, const std::string& path,
                 const std::vector<std::string>& also_known = {});
template <PlainOptions T>
void read_fields(T& options, const ConfigNode& value, const std::string& path,
                 const std::vector<std::string>& also_known = {}) {
  OptionsView view(options);
  read_fields(static_cast<Options&>(view), value, path, also_known);
}

/// All fields with their current values, as a JSON object.
Json write_fields(Options& options);
template <PlainOptions T>
Json write_fields(T& options) {
  OptionsView view(options);
  return write_fields(static_cast<Options&>(view));
}

/// Every field, with those of groups.
std::vector<FieldDescription> describe_fields(Options& options);
template <PlainOptions T>
std::vector<FieldDescription> describe_fields(T& options) {
  OptionsView view(options);
  return describe_fields(static_cast<Options&>(view));
}

/// {name, default, allowed, help}.
Json to_json(const FieldDescription& field);

/// The role of a field, under its full name.
struct RoleOfField {
  std::string name;  ///< "data.source.root"
  FieldRole role = FieldRole::defines_result;
};

/// Every field with its role, also those of groups and of fields with a notation of their own.
std::vector<RoleOfField> field_roles(Options& options);
template <PlainOptions T>
std::vector<RoleOfField> field_roles(T& options) {
  OptionsView view(options);
  return field_roles(static_cast<Options&>(view));
}

/// Index of the name that a scalar selects. @param path full name of the key.
/// @throws InputError `<origin>: <path>: expected one of <names>, got ...`, with the current name of a renamed one.
std::size_t selected_name(const ConfigNode& given, const std::string& path, const std::vector<std::string>& names);

/// Name of the implementation that a section selects: the key `name` of a map, or a bare word.
struct SectionName {
  std::string name;
  std::string where;  ///< `<origin>: <path>.name`, for messages
  bool has_options;   ///< the section is a map, which may have further keys
};

/// Reads the name of a section. @param path full name of the section, e.g. "model". @throws InputError when the name is
/// missing or not a scalar.
SectionName section_name(const ConfigNode& section, const std::string& path);

}  // namespace fovea
