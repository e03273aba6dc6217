#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <fovea/config/config_node.h>

namespace fovea {

/// Builder of a tree from a parser's events, within limits: 64 levels, 100 000 values, 64 MiB. Parsers of YAML and JSON
/// alike accept texts that need far more than their own length. Every function throws InputError.
class ConfigNodeBuilder {
 public:
  /// Number that an alias refers to; 0: none refers to the value.
  using Anchor = std::size_t;

  /// @param source names the text in messages.
  explicit ConfigNodeBuilder(std::string source) : source_(std::move(source)) {}

  /// "source:line". @param line from 1; 0 for a text without lines.
  std::string origin(int line) const;

  void add_null(int line, Anchor anchor = 0);
  /// The next value, or the next key of a map.
  void add_scalar(const std::string& text, int line, Anchor anchor = 0);
  /// A copy of the value with this anchor.
  void add_alias(Anchor anchor, int line);
  void begin_list(int line, Anchor anchor = 0);
  void begin_map(int line, Anchor anchor = 0);
  /// Ends the innermost list or map.
  void end();

  /// The tree; null before the first value.
  ConfigNode take();

 private:
  struct OpenNode {
    ConfigNode node;
    Anchor anchor = 0;
    std::set<std::string> keys;
    std::optional<std::string> key;  ///< of a map: waits for its value
    std::string key_origin;
  };

  ConfigNode new_node(ConfigNode::Kind kind, int line) const;
  /// Counts a node and all below it. @param depth of the node.
  void count(const ConfigNode& node, std::size_t depth);
  void count_bytes(std::size_t bytes, const std::string& origin);
  void begin(ConfigNode::Kind kind, int line, Anchor anchor);
  /// Adds a complete value to the innermost list or map.
  void add(ConfigNode node, Anchor anchor);
  void add_key(OpenNode& map, const ConfigNode& key);

  std::string source_;
  ConfigNode root_;
  std::vector<OpenNode> open_;
  std::map<Anchor, ConfigNode> anchors_;
  std::size_t nodes_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace fovea
