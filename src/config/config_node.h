#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace fovea {

/// JSON document with its keys in the order of insertion.
using Json = nlohmann::ordered_json;

/// Configuration node: null, a scalar, a list or a map, with its origin. Scalars stay text until a field reads them as a
/// type, so that errors quote what the user wrote.
struct ConfigNode {
  struct Entry;
  enum class Kind { null, scalar, list, map };

  Kind kind = Kind::null;
  std::string scalar;
  std::vector<ConfigNode> list;
  std::vector<Entry> map;        ///< in the order of the file; keys are unique
  bool from_short_form = false;  ///< a map that apply_setting() made of a scalar, which became its `name`
  bool removed = false;          ///< by a setting `KEY=` or `KEY=none`: as if absent, unless `none` is a value of the field
  std::string origin;            ///< "configs/a.yaml:14" or "setting train.epochs=x"

  /// Value of a key of a map; nullptr when there is none.
  const ConfigNode* find(std::string_view key) const;
  ConfigNode* find(std::string_view key);

  /// Description for messages: the scalar, "a list", "a map" or "null".
  std::string describe() const;
};

/// A key of a map and its value.
struct ConfigNode::Entry {
  std::string key;
  ConfigNode value;
};

/// Reads one YAML document (JSON is a subset) of at most 1 MiB. Anchors may be used; duplicate keys, cycles, a second
/// document, and values beyond 64 levels, 100 000 nodes or 64 MiB are errors. Takes at most 300 MiB and some seconds.
/// @param source names the text in messages, e.g. a path. @throws InputError with `source:line`.
ConfigNode parse_yaml(const std::string& text, const std::string& source);

/// parse_yaml() of a file.
ConfigNode read_yaml_file(const std::string& path);

/// The node at a dotted path with list indices; null when there is none.
ConfigNode* find_path(ConfigNode& root, const std::string& path);

/// Applies `KEY=VALUE`: KEY is a dotted path with list indices (`model.attention.0.name=eca`), VALUE is YAML. Keys that a
/// map lacks are added. A scalar on the way is the short form of a map with that `name`: setting
/// `model.attention.reduction_ratio` on `attention: se` gives `attention: {name: se, reduction_ratio: ...}`. An empty VALUE
/// removes the key; `none` does so where it is no value of the field. @throws InputError for a malformed setting, an index
/// outside of its list, or invalid YAML.
void apply_setting(ConfigNode& root, const std::string& setting);

/// The JSON document as indented text. Bytes that are not UTF-8 (a path may contain any) become U+FFFD.
std::string to_json_text(const Json& document);

/// The JSON document as YAML text, nested maps indented, lists of scalars on one line.
std::string to_yaml(const Json& document);

}  // namespace fovea
