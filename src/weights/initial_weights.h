#pragma once

#include <string>
#include <vector>

#include <fovea/nn/classifier.h>
#include <fovea/options/fields.h>
#include <fovea/weights/external_checkpoint.h>

namespace fovea {

/// Initialisation of the last layer when a network starts from other weights.
enum class InitialHead {
  replace,  ///< reinitialised: for other classes
  keep,     ///< from the file
};

/// Initialisation of the convolution that reads the image.
enum class InitialInput {
  keep,   ///< from the file
  adapt,  ///< from the file, converted to another number of channels
};

/// Configuration key `train.init`: initial weights from a file.
struct InitialWeightsOptions {
  std::string weights = "none";  ///< a run directory, a safetensors file or a file of torch.save
  std::string key = "none";      ///< of nested dicts in the file, with dots; none: see read_torch_file()
  InitialHead head = InitialHead::replace;
  InitialInput input = InitialInput::keep;
  std::vector<std::string> rename;         ///< "FROM=TO": renames of keys in the file, maybe patterns; see Rename
  std::vector<std::string> reinitialised;  ///< names or patterns of layers that are not loaded; see matches_layer()

  void visit_fields(FieldVisitor& fields);
  /// @throws InputError when an option is set that has no effect without weights.
  void validate() const;
};

/// Loads `weights` into the network, in place, converted to its types. Names and shapes must match, with the exceptions of
/// the options: `reinitialised` layers, and with InitialHead::replace Classifier::head(), may be missing or mismatch in the
/// file; with InitialInput::adapt the weight of Classifier::input_layer() is converted by adapt_input_channels().
/// @param where names the source in messages, e.g. the file's path. @param others networks that advice may name; see
/// weights_advice().
/// @throws InputError for missing or unexpected keys and mismatches (the network is then unchanged), when a tensor holds NaN
/// or infinity in the network's type, or for InitialInput::adapt when the network has no input layer or one of several
/// groups.
void load_initial_weights(Classifier& network, const NamedForNetwork& weights, const InitialWeightsOptions& options,
                          const std::string& where, const VisitNetworks& others = {});

/// A convolution's weight [O, C, ...] for images of another number of channels, [O, channels, ...] in float64. For one
/// channel it is the sum over the C channels, as a grey image has the same value in each; otherwise the C channels are
/// repeated, cut at `channels` and scaled by C / channels, so that the response to an image whose channels are equal keeps
/// its scale. As timm's adapt_input_conv, which allows only C = 3.
torch::Tensor adapt_input_channels(const torch::Tensor& weight, std::int64_t channels);

}  // namespace fovea
