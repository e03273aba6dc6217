#pragma once

#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/weights/weights_file.h>
#include <fovea/weights/weights_report.h>

namespace fovea {

/// A network that makes a state of another form its own: position embeddings of another grid.
class AdaptsWeights {
 public:
  virtual ~AdaptsWeights() = default;
  /// Changes what it can change; what still does not fit is for others to report. @param weights by the network's own names.
  virtual void adapt_weights(NamedTensors& weights) const = 0;
};

/// A file's tensors under the names of a network, as far as they have a place in it.
struct NamedForNetwork {
  NamedTensors tensors;
  std::string mapping;  ///< whose names the file had; empty: the network's own
};

/// Brings a file's tensors to the network's names: by the renames, and then by the key mapping that the file names, or else
/// by whichever of the network's finds the most names, its own first. AdaptsWeights does the rest; counters of norms'
/// batches that files before 2018 lack are 0.
/// @throws InputError when a rename changes nothing or two tensors would have one name.
NamedForNetwork name_for(const torch::nn::Module& network, const WeightsFile& file, const std::vector<Rename>& renames = {});

/// Copies the tensors into the network, in place. @param where names their source in messages.
/// @throws InputError with every kind of difference, or when a tensor holds NaN or infinity; the network is then unchanged.
void load_named_weights(torch::nn::Module& network, const NamedForNetwork& named, const std::string& where);

}  // namespace fovea
