#include <algorithm>
#include <utility>

#include <fovea/nn/key_scheme.h>

namespace fovea {
namespace {

std::string joined(const std::string& path, const std::string& name) {
  return path.empty() || name.empty() ? path + name : path + "." + name;
}

/// The tensor's or layer's name in the scheme: by the longest entry that is its name or a layer around it.
ForeignKey foreign_key(const KeyScheme& scheme, const std::string& own) {
  for (std::size_t end = own.size(); end != std::string::npos && end > 0; end = own.rfind('.', end - 1)) {
    const auto found = scheme.keys.find(own.substr(0, end));
    if (found == scheme.keys.end()) continue;
    ForeignKey key = found->second;
    if (end < own.size()) key.name = joined(key.name, own.substr(end + 1));
    return key;
  }
  return {own};
}

/// `path` with another last part.
std::string beside(const std::string& path, const std::string& layer) {
  const std::size_t dot = path.rfind('.');
  return dot == std::string::npos ? layer : path.substr(0, dot + 1) + layer;
}

/// Adds the scheme of the block at `path`, or of the network at "", to those of what is around it.
void add_scheme(std::vector<KeyScheme>& schemes, const std::string& path, const KeyScheme& scheme) {
  auto whole =
      std::find_if(schemes.begin(), schemes.end(), [&](const KeyScheme& other) { return other.name == scheme.name; });
  if (whole == schemes.end()) whole = schemes.insert(whole, {.name = scheme.name});
  std::string there = foreign_key(*whole, path).name;
  if (!path.empty()) {
    if (!scheme.layer.empty()) there = beside(there, scheme.layer);
    whole->keys[path] = {there};
  }
  for (const auto& [own, foreign] : scheme.keys) {
    ForeignKey key = foreign;
    key.name = joined(there, foreign.name);
    whole->keys[joined(path, own)] = std::move(key);
  }
  for (const auto& [name, shape] : scheme.zeros) whole->zeros[joined(there, name)] = shape;
}

torch::Tensor shifted(const torch::Tensor& values, double added) {
  if (added == 0) return values;
  const auto type = c10::promoteTypes(values.scalar_type(), torch::kFloat32);  // half would round small variances away
  return (values.to(torch::kFloat64) + added).to(type);
}

bool is_zero(const torch::Tensor& tensor, const std::vector<std::int64_t>& shape) {
  return tensor.sizes() == torch::IntArrayRef(shape) && tensor.eq(0).all().item<bool>();
}

}  // namespace

std::vector<KeyScheme> key_schemes_of(const torch::nn::Module& network) {
  std::vector<KeyScheme> schemes;
  const auto add_schemes = [&](const std::string& path, const torch::nn::Module& module) {
    const auto* block = dynamic_cast<const HasKeySchemes*>(&module);
    if (block == nullptr) return;
    for (const KeyScheme& scheme : block->key_schemes()) add_scheme(schemes, path, scheme);
  };
  add_schemes("", network);
  for (const auto& item : network.named_modules("", /*include_self=*/false)) add_schemes(item.key(), *item.value());
  return schemes;
}

std::optional<NamedTensors> to_own_names(const KeyScheme& scheme, const NamedTensors& own, NamedTensors foreign) {
  NamedTensors result;
  for (const auto& [name, tensor] : own) {
    const ForeignKey key = foreign_key(scheme, name);
    auto found = foreign.extract(key.name);
    if (found.empty()) continue;
    torch::Tensor& value = found.mapped();
    if (!key.shape.empty() && value.sizes() == torch::IntArrayRef(key.shape)) value = value.reshape(tensor.sizes());
    if (key.swaps_planes && value.dim() > 1) value = value.flip(1);
    result.emplace(name, shifted(value, key.added));
  }
  for (auto& [name, tensor] : foreign) {
    const auto zero = scheme.zeros.find(name);
    if (zero != scheme.zeros.end() && is_zero(tensor, zero->second)) continue;
    if (!result.emplace(name, tensor).second) return std::nullopt;
  }
  return result;
}

NamedTensors to_foreign_names(const KeyScheme& scheme, const NamedTensors& own) {
  NamedTensors result;
  for (const auto& [name, tensor] : own) {
    const ForeignKey key = foreign_key(scheme, name);
    torch::Tensor value = key.swaps_planes ? tensor.flip(1) : tensor;
    if (!key.shape.empty()) value = value.reshape(key.shape);
    result.emplace(key.name, shifted(value, -key.added));
  }
  for (const auto& [name, shape] : scheme.zeros) result.emplace(name, torch::zeros(shape));
  return result;
}

}  // namespace fovea
