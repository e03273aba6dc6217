#include <fovea/base/error.h>
#include <fovea/nn/layer_pattern.h>
#include <fovea/train/layer_rates.h>

namespace fovea {
namespace {

LayerRate read_layer_rate(const Value& value, const std::string& path) {
  LayerRate rate;
  rate.where = value.origin + ": " + path;
  if (value.kind != Value::Kind::map)
    throw InputError(rate.where, "{layers: NAME OR PATTERN, factor: NUMBER}", value.describe());
  for (const char* key : {"layers", "factor"}) {
    if (value.find(key) == nullptr) throw InputError(rate.where + "." + key, "a value", "nothing", "add the key");
  }
  read_fields(rate, value, path);
  return rate;
}

}  // namespace

void LayerRate::visit_fields(FieldVisitor& fields) {
  fields.text("layers", layers, "name or pattern of modules or parameters");
  fields.real("factor", factor, kPositive, "times the learning rate");
}

void LayerRatesField::read(const Value& value, const std::string& path) {
  entries.clear();
  if (value.kind != Value::Kind::list) {
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

std::map<std::string, double> LayerRatesField::factors(const torch::nn::Module& network) const {
  std::map<std::string, double> factors;
  for (const std::string& name : network.named_parameters().keys()) factors[name] = 1;
  for (const LayerRate& entry : entries) {
    for (const std::string& name : parameters_matching(network, entry.layers, entry.where + ".layers"))
      factors[name] = entry.factor;
  }
  return factors;
}

}  // namespace fovea
