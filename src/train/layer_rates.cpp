#include <algorithm>

#include <fovea/base/error.h>
#include <fovea/nn/layer_pattern.h>
#include <fovea/train/layer_rates.h>

namespace fovea {
namespace {

LayerRate read_layer_rate(const ConfigNode& value, const std::string& path) {
  LayerRate rate;
  rate.where = value.origin + ": " + path;
  if (value.kind != ConfigNode::Kind::map)
    throw InputError(rate.where, "{layers: NAME OR PATTERN, multiplier: NUMBER}", value.describe());
  read_fields(rate, value, path);
  for (const char* key : {"layers", "multiplier"}) {
    if (value.find(key) == nullptr) throw InputError(rate.where + "." + key, "a value", "none", "add the key");
  }
  return rate;
}

}  // namespace

void LayerRate::visit_fields(FieldVisitor& fields) {
  fields.text("layers", layers, "name or pattern of modules or parameters; * stands for any characters");
  fields.real("multiplier", multiplier, kPositiveFactor, "learning-rate multiplier");
}

void LayerRatesField::read(const ConfigNode& value, const std::string& path) {
  entries.clear();
  if (value.kind != ConfigNode::Kind::list) {
    entries.push_back(read_layer_rate(value, path));
    return;
  }
  for (std::size_t i = 0; i < value.list.size(); ++i) {
    entries.push_back(read_layer_rate(value.list[i], path + "." + std::to_string(i)));
  }
}

Json LayerRatesField::write() {
  Json list = Json::array();
  for (LayerRate& entry : entries) list.push_back(write_fields(entry));
  return list;
}

std::map<std::string, double> LayerRatesField::multipliers(const torch::nn::Module& network) const {
  const auto parameters = network.named_parameters();
  std::map<std::string, const LayerRate*> last;  // entry that matches a parameter
  for (const LayerRate& entry : entries) {
    for (const std::string& name : parameters_matching(network, entry.layers, entry.where + ".layers")) last[name] = &entry;
  }
  for (const LayerRate& entry : entries) {
    const bool counts = std::any_of(last.begin(), last.end(), [&](const auto& item) {
      return item.second == &entry && parameters[item.first].requires_grad();
    });
    if (counts) continue;
    throw InputError(entry.where + ".layers", "layers that are trained and that no later entry matches",
                     "'" + entry.layers + "'", "remove the entry");
  }
  std::map<std::string, double> multipliers;
  for (const auto& item : parameters)
    multipliers[item.key()] = last.contains(item.key()) ? last.at(item.key())->multiplier : 1;
  return multipliers;
}

}  // namespace fovea
