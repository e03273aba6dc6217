#pragma once

#include <map>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/config/fields.h>

namespace fovea {

/// A learning rate of its own for some layers.
struct LayerRate {
  std::string layers;  ///< name or pattern of a module or parameter; see matches() in nn/layer_pattern.h
  double factor = 1;   ///< times the learning rate of the others
  std::string where;   ///< for messages

  void visit_fields(FieldVisitor& fields);
};

/// The configuration key `train.layer_rates`: a list of {layers, factor}, or one of them. Where several choose the same
/// parameter, the last one holds.
///
///     layer_rates: [{layers: layer1, factor: 0.1}, {layers: fc, factor: 10}]
class LayerRatesField final : public CustomField {
 public:
  void read(const ConfigNode& value, const std::string& path) override;
  Json write() override;

  /// Every parameter of the network, by its name in state_dict(), with its factor; 1 where no entry matches it.
  /// @throws InputError when an entry matches nothing, or nothing that is trained at its rate: all of it frozen, or chosen
  /// by a later entry.
  std::map<std::string, double> factors(const torch::nn::Module& network) const;

  std::vector<LayerRate> entries;
};

}  // namespace fovea
