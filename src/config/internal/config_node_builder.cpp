#include <utility>

#include <fovea/base/error.h>
#include <fovea/config/internal/config_node_builder.h>

namespace fovea {
namespace {

constexpr std::size_t kMaximumDepth = 64;
constexpr std::size_t kMaximumNodes = 100'000;
constexpr std::size_t kMaximumBytes = std::size_t{64} << 20;

}  // namespace

std::string ConfigNodeBuilder::origin(int line) const {
  return line < 1 ? source_ : source_ + ":" + std::to_string(line);
}

void ConfigNodeBuilder::add_null(int line, Anchor anchor) {
  const ConfigNode node = new_node(ConfigNode::Kind::null, line);
  count(node, open_.size());
  add(node, anchor);
}

void ConfigNodeBuilder::add_scalar(const std::string& text, int line, Anchor anchor) {
  ConfigNode node = new_node(ConfigNode::Kind::scalar, line);
  node.scalar = text;
  const bool is_key = !open_.empty() && open_.back().node.kind == ConfigNode::Kind::map && !open_.back().key;
  is_key ? count_bytes(2 * text.size(), node.origin) : count(node, open_.size());
  add(std::move(node), anchor);
}

void ConfigNodeBuilder::add_alias(Anchor anchor, int line) {
  const auto found = anchors_.find(anchor);
  if (found == anchors_.end()) {
    throw InputError(origin(line), "at most 64 nested levels", "more (or an anchor inside itself)");
  }
  count(found->second, open_.size());
  add(found->second, 0);
}

void ConfigNodeBuilder::begin_list(int line, Anchor anchor) {
  begin(ConfigNode::Kind::list, line, anchor);
}

void ConfigNodeBuilder::begin_map(int line, Anchor anchor) {
  begin(ConfigNode::Kind::map, line, anchor);
}

void ConfigNodeBuilder::begin(ConfigNode::Kind kind, int line, Anchor anchor) {
  ConfigNode node = new_node(kind, line);
  count(node, open_.size());
  OpenNode& open = open_.emplace_back();
  open.node = std::move(node);
  open.anchor = anchor;
}

void ConfigNodeBuilder::end() {
  OpenNode closed = std::move(open_.back());
  open_.pop_back();
  add(std::move(closed.node), closed.anchor);
}

ConfigNode ConfigNodeBuilder::take() {
  if (root_.origin.empty()) root_.origin = source_;
  return std::move(root_);
}

ConfigNode ConfigNodeBuilder::new_node(ConfigNode::Kind kind, int line) const {
  ConfigNode node;
  node.kind = kind;
  node.origin = origin(line);
  return node;
}

void ConfigNodeBuilder::count(const ConfigNode& node, std::size_t depth) {
  if (depth > kMaximumDepth) throw InputError(node.origin, "at most 64 nested levels", "more (or an anchor inside itself)");
  if (++nodes_ > kMaximumNodes) throw InputError(node.origin, "at most 100000 values", "more");
  count_bytes(sizeof(ConfigNode::Entry) + node.scalar.size() + node.origin.size(), node.origin);
  for (const ConfigNode& item : node.list) count(item, depth + 1);
  for (const ConfigNode::Entry& entry : node.map) {
    count_bytes(entry.key.size(), node.origin);
    count(entry.value, depth + 1);
  }
}

void ConfigNodeBuilder::count_bytes(std::size_t bytes, const std::string& origin) {
  bytes_ += bytes;
  if (bytes_ > kMaximumBytes) throw InputError(origin, "at most 64 MiB of values", "more");
}

void ConfigNodeBuilder::add(ConfigNode node, Anchor anchor) {
  if (anchor != 0) {
    const std::size_t nodes = std::exchange(nodes_, 0);  // the copy takes memory, but is no value of the tree
    count(node, 0);
    nodes_ = nodes;
    anchors_[anchor] = node;
  }
  if (open_.empty()) {
    root_ = std::move(node);
    return;
  }
  OpenNode& parent = open_.back();
  if (parent.node.kind == ConfigNode::Kind::list) {
    parent.node.list.push_back(std::move(node));
  } else if (!parent.key) {
    add_key(parent, node);
  } else {
    node.origin = parent.key_origin;  // an error about a value points at the line of its key
    parent.node.map.push_back({*std::exchange(parent.key, std::nullopt), std::move(node)});
  }
}

void ConfigNodeBuilder::add_key(OpenNode& map, const ConfigNode& key) {
  if (key.kind != ConfigNode::Kind::scalar) {
    const bool null = key.kind == ConfigNode::Kind::null;
    throw InputError(key.origin, "a word as key", null ? "null" : "a list or a map");
  }
  if (!map.keys.insert(key.scalar).second) throw InputError(key.origin, "every key once", "'" + key.scalar + "' again");
  map.key = key.scalar;
  map.key_origin = key.origin;
}

}  // namespace fovea
