#pragma once

#include <map>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/config/fields.h>

namespace fovea {

/// Learning-rate multiplier of some layers.
struct LayerRate {
  std::string layers;     ///< name or pattern of modules or parameters; see matches_layer() in nn/layer_pattern.h
  double multiplier = 1;  ///< learning rate over that of the optimiser
  std::string where;      ///< for messages

  void visit_fields(FieldVisitor& fields);
};

/// Configuration key `train.layer_rates`: a list of {layers, multiplier}, or one of them. The last entry that matches a
/// parameter applies.
///
///     layer_rates: [{layers: layer1, multiplier: 0.1}, {layers: fc, multiplier: 10}]
class LayerRatesField final : public CustomField {
 public:
  void read(const ConfigNode& value, const std::string& path) override;
  Json write() override;
  std::string allowed() const override { return "a list of {layers, multiplier}, or one of them"; }

  /// Multiplier of every parameter of the network, by its name in state_dict(); 1 where no entry matches.
  /// @throws InputError when an entry matches no parameter, or none to which it applies: all are frozen, or matched by a
  /// later entry.
  std::map<std::string, double> multipliers(const torch::nn::Module& network) const;

  std::vector<LayerRate> entries;
};

}  // namespace fovea
