#pragma once

#include <functional>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/weights/weights_file.h>
#include <fovea/weights/weights_report.h>

namespace fovea {

/// A network that converts weights of another form: position embeddings of another grid.
class AdaptsWeights {
 public:
  virtual ~AdaptsWeights() = default;
  /// Converts `weights` in place, as far as possible; mismatches that remain are reported later. @param weights by the
  /// network's names.
  virtual void adapt_weights(NamedTensors& weights) const = 0;
};

/// Tensors of an external checkpoint by the names of a network.
struct NamedForNetwork {
  NamedTensors tensors;
  std::string mapping = "";  ///< key mapping of the file; empty: the network's own names
  /// Origin of the tensors, for advice when they do not fit; empty: unknown.
  WeightsFile file = {};
  std::vector<Rename> renames = {};
};

/// Maps the keys of a file to the names of the network: applies the renames, and then the key mapping that the file names,
/// or else the one of the network's that finds the most keys (its own names first). AdaptsWeights then converts the tensors.
/// Batch counters of norms, which files before 2018 lack, are 0.
/// @throws InputError when a rename matches no key or two tensors would have the same name.
NamedForNetwork name_for(const torch::nn::Module& network, const WeightsFile& file, const std::vector<Rename>& renames = {});

/// Shows other networks that weights may belong to, one after the other, each with its name.
using VisitNetworks =
    std::function<void(const std::function<void(const std::string& name, const torch::nn::Module& network)>& visit)>;

/// Loads the tensors into the network, in place. @param where names their source in messages. @param others networks that
/// the advice may name when the tensors do not fit; see weights_advice().
/// @throws InputError that lists missing and unexpected keys and mismatches, or when a tensor holds NaN or infinity; the
/// network is then unchanged.
void load_named_weights(torch::nn::Module& network, const NamedForNetwork& named, const std::string& where,
                        const VisitNetworks& others = {});

}  // namespace fovea
