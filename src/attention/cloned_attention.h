#pragma once

#include <memory>
#include <string>

#include <torch/torch.h>

#include <fovea/attention/attention_factory.h>

namespace fovea {

/// Factory that clones the attention layers of a network, for the network's rebuilt(): each insertion point gets a clone of
/// the layer that is registered at its path, or nullptr where the network has no layer of that kind.
class ClonedAttention final : public AttentionFactory {
 public:
  /// @param network must outlive this object. @param path of `network` in the paths of the insertion points, for a block
  /// inside a network: e.g. "layer1.0"; empty for a whole network.
  explicit ClonedAttention(const torch::nn::Module& network, std::string path = "");

  /// @throws Error, all four, when the layer cannot be cloned.
  std::shared_ptr<Gate> gate(const InsertionPoint& point) override;
  std::shared_ptr<Mixer> mixer(const InsertionPoint& point) override;
  std::shared_ptr<Pool> pool(const InsertionPoint& point) override;
  std::shared_ptr<Warp> warp(const InsertionPoint& point) override;

  /// True when the network has a pool at the path `pool`, where backbones register it.
  bool has_pool() const override;

 private:
  template <typename Layer>
  std::shared_ptr<Layer> clone_at(const InsertionPoint& point) const;

  const torch::nn::Module& network_;
  std::string path_;
};

}  // namespace fovea
