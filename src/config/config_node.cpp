#include <charconv>
#include <system_error>
#include <utility>

#include <yaml-cpp/yaml.h>

#include <fovea/base/error.h>
#include <fovea/base/utf8.h>
#include <fovea/config/config_node.h>

namespace fovea {
namespace {

constexpr std::size_t kOriginBytes = 200;  // every value below keeps its origin

/// Position in a list that a part of a dotted path names; None when there is none.
std::optional<std::size_t> position_in(const std::vector<ConfigNode>& list, const std::string& part) {
  std::size_t position = 0;
  const char* end = part.data() + part.size();
  const auto [rest, error] = std::from_chars(part.data(), end, position);
  if (error != std::errc() || rest != end || position >= list.size()) return std::nullopt;
  return position;
}

/// Child of `parent` for one part of a dotted path; created in a map that lacks it.
ConfigNode& descend(ConfigNode& parent, const std::string& part, const std::string& origin) {
  if (parent.kind == ConfigNode::Kind::scalar) {  // the short form: `cbam` is `{name: cbam}`
    ConfigNode name = parent;
    parent.kind = ConfigNode::Kind::map;
    parent.scalar.clear();
    parent.from_short_form = true;
    parent.map.push_back({"name", std::move(name)});
  }
  if (parent.kind == ConfigNode::Kind::list) {
    if (const auto position = position_in(parent.list, part)) return parent.list[*position];
    throw InputError(origin, "an index below " + std::to_string(parent.list.size()) + " in a list", "'" + part + "'");
  }
  parent.kind = ConfigNode::Kind::map;
  if (ConfigNode* child = parent.find(part)) return *child;
  parent.map.push_back({part, {}});
  parent.map.back().value.origin = origin;
  return parent.map.back().value;
}

bool is_flat(const Json& list) {
  for (const Json& item : list) {
    if (item.is_structured()) return false;
  }
  return true;
}

/// True when YAML reads the plain word as a number, a boolean or null.
bool reads_as_another_type(const std::string& text) {
  const YAML::Node node(text);
  bool boolean = false;
  double real = 0;
  long long integer = 0;
  return text.empty() || YAML::IsNullString(text) || YAML::convert<bool>::decode(node, boolean) ||
         YAML::convert<double>::decode(node, real) || YAML::convert<long long>::decode(node, integer);
}

void emit_text(YAML::Emitter& yaml, const std::string& text) {
  if (reads_as_another_type(text)) yaml << YAML::DoubleQuoted;
  yaml << text;
}

void emit_yaml(YAML::Emitter& yaml, const Json& node) {
  if (node.is_object()) {
    yaml << YAML::BeginMap;
    for (const auto& [key, value] : node.items()) {
      yaml << YAML::Key;
      emit_text(yaml, key);
      yaml << YAML::Value;
      emit_yaml(yaml, value);
    }
    yaml << YAML::EndMap;
  } else if (node.is_array()) {
    if (is_flat(node)) yaml << YAML::Flow;
    yaml << YAML::BeginSeq;
    for (const Json& item : node) emit_yaml(yaml, item);
    yaml << YAML::EndSeq;
  } else if (node.is_string()) {
    emit_text(yaml, node.get<std::string>());
  } else if (node.is_null()) {
    yaml << YAML::Null;
  } else {
    yaml << node.dump();  // numbers and booleans as JSON writes them: the shortest text that reads back to the same value
  }
}

}  // namespace

const ConfigNode* ConfigNode::find(std::string_view key) const {
  for (const auto& [name, value] : map) {
    if (name == key) return &value;
  }
  return nullptr;
}

ConfigNode* ConfigNode::find(std::string_view key) {
  return const_cast<ConfigNode*>(std::as_const(*this).find(key));
}

std::string ConfigNode::describe() const {
  switch (kind) {
    case Kind::scalar:
      return "'" + scalar + "'";
    case Kind::list:
      return "a list";
    case Kind::map:
      return "a map";
    case Kind::null:
      break;
  }
  return "null";
}

ConfigNode* find_path(ConfigNode& root, const std::string& path) {
  ConfigNode* node = &root;
  for (std::size_t begin = 0, end = 0; node != nullptr && end != std::string::npos; begin = end + 1) {
    end = path.find('.', begin);
    const std::string part = path.substr(begin, end - begin);
    if (node->kind == ConfigNode::Kind::list) {
      const auto position = position_in(node->list, part);
      node = position ? &node->list[*position] : nullptr;
    } else {
      node = node->find(part);
    }
  }
  return node;
}

void apply_setting(ConfigNode& root, const std::string& setting) {
  const bool is_long = setting.size() > kOriginBytes;
  const std::string origin = "setting " + std::string(truncated_utf8(setting, kOriginBytes)) + (is_long ? "..." : "");
  const auto equals = setting.find('=');
  if (equals == std::string::npos || equals == 0) throw InputError(origin, "KEY=VALUE", "'" + setting + "'");

  const std::string key = setting.substr(0, equals);
  ConfigNode* target = &root;
  for (std::size_t begin = 0, end = 0; end != std::string::npos; begin = end + 1) {
    end = key.find('.', begin);
    const std::string part = key.substr(begin, end - begin);
    if (part.empty()) throw InputError(origin, "a dotted KEY without empty parts", "'" + key + "'");
    target = &descend(*target, part, origin);
  }
  *target = parse_yaml(setting.substr(equals + 1), origin);
  target->origin = origin;
  target->removed = target->kind == ConfigNode::Kind::null || target->scalar == "none";
}

std::string to_json_text(const Json& document) {
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string to_yaml(const Json& document) {
  YAML::Emitter yaml;
  emit_yaml(yaml, document);
  return std::string(yaml.c_str()) + "\n";
}

}  // namespace fovea
