#include <algorithm>
#include <utility>

#include <fovea/weights/map_keys.h>

namespace fovea {
namespace {

std::string joined(const std::string& path, const std::string& name) {
  return path.empty() || name.empty() ? path + name : path + "." + name;
}

/// Name of a tensor or layer in the mapping: by the longest entry that is its name or an enclosing layer.
ExternalKey external_key(const KeyMapping& mapping, const std::string& own) {
  for (std::size_t end = own.size(); end != std::string::npos && end > 0; end = own.rfind('.', end - 1)) {
    const auto found = mapping.keys.find(own.substr(0, end));
    if (found == mapping.keys.end()) continue;
    ExternalKey key = found->second;
    if (end < own.size()) key.name = joined(key.name, own.substr(end + 1));
    return key;
  }
  return {own};
}

/// `path` with another last component.
std::string beside(const std::string& path, const std::string& layer) {
  const std::size_t dot = path.rfind('.');
  return dot == std::string::npos ? layer : path.substr(0, dot + 1) + layer;
}

/// Adds the mapping of the block at `path`, or of the network at "", to those of the enclosing modules.
void add_mapping(std::vector<KeyMapping>& mappings, const std::string& path, const KeyMapping& mapping) {
  auto whole =
      std::find_if(mappings.begin(), mappings.end(), [&](const KeyMapping& other) { return other.name == mapping.name; });
  if (whole == mappings.end()) whole = mappings.insert(whole, {.name = mapping.name});
  std::string there = external_key(*whole, path).name;
  if (!path.empty()) {
    if (!mapping.layer.empty()) there = beside(there, mapping.layer);
    whole->keys[path] = {there};
  }
  for (const auto& [own, external] : mapping.keys) {
    ExternalKey key = external;
    key.name = joined(there, external.name);
    whole->keys[joined(path, own)] = std::move(key);
  }
  for (const auto& [name, shape] : mapping.zeros) whole->zeros[joined(there, name)] = shape;
}

torch::Tensor shifted(const torch::Tensor& values, double added) {
  if (added == 0) return values;
  const auto type = c10::promoteTypes(values.scalar_type(), torch::kFloat32);  // half would round small variances to 0
  return (values.to(torch::kFloat64) + added).to(type);
}

bool is_zero(const torch::Tensor& tensor, const std::vector<std::int64_t>& shape) {
  return tensor.sizes() == torch::IntArrayRef(shape) && tensor.eq(0).all().item<bool>();
}

}  // namespace

std::vector<KeyMapping> key_mappings_of(const torch::nn::Module& network) {
  std::vector<KeyMapping> mappings;
  const auto add_mappings = [&](const std::string& path, const torch::nn::Module& module) {
    const auto* block = dynamic_cast<const HasKeyMappings*>(&module);
    if (block == nullptr) return;
    for (const KeyMapping& mapping : block->key_mappings()) add_mapping(mappings, path, mapping);
  };
  add_mappings("", network);
  for (const auto& item : network.named_modules("", /*include_self=*/false)) add_mappings(item.key(), *item.value());
  return mappings;
}

std::optional<NamedTensors> to_own_names(const KeyMapping& mapping, const NamedTensors& own, NamedTensors external) {
  NamedTensors result;
  for (const auto& [name, tensor] : own) {
    const ExternalKey key = external_key(mapping, name);
    auto found = external.extract(key.name);
    if (found.empty()) continue;
    torch::Tensor& value = found.mapped();
    if (!key.shape.empty() && value.sizes() == torch::IntArrayRef(key.shape)) value = value.reshape(tensor.sizes());
    if (key.swaps_planes && value.dim() > 1) value = value.flip(1);
    result.emplace(name, shifted(value, key.added));
  }
  for (auto& [name, tensor] : external) {
    const auto zero = mapping.zeros.find(name);
    if (zero != mapping.zeros.end() && is_zero(tensor, zero->second)) continue;
    if (!result.emplace(name, tensor).second) return std::nullopt;
  }
  return result;
}

NamedTensors to_external_names(const KeyMapping& mapping, const NamedTensors& own) {
  NamedTensors result;
  for (const auto& [name, tensor] : own) {
    const ExternalKey key = external_key(mapping, name);
    torch::Tensor value = key.swaps_planes ? tensor.flip(1) : tensor;
    if (!key.shape.empty()) value = value.reshape(key.shape);
    result.emplace(key.name, shifted(value, -key.added));
  }
  for (const auto& [name, shape] : mapping.zeros) result.emplace(name, torch::zeros(shape));
  return result;
}

}  // namespace fovea
