#pragma once

#include <string>
#include <vector>

#include <fovea/nn/classifier.h>
#include <fovea/options/fields.h>
#include <fovea/weights/safetensors.h>

namespace fovea {

/// What becomes of the layer that makes the logits when a network starts from other weights.
enum class InitialHead {
  replace,  ///< it stays as it is initialised: for other classes
  keep,     ///< it starts from the file too
};

/// What becomes of the convolution that reads the image.
enum class InitialInput {
  keep,   ///< the file's, which has to fit
  adapt,  ///< the file's, made to fit another number of channels
};

/// The configuration key `train.init`: weights to start from instead of random ones.
struct InitialWeightsOptions {
  std::string weights = "none";  ///< a run directory, a safetensors file or one of torch.save
  InitialHead head = InitialHead::replace;
  InitialInput input = InitialInput::keep;
  std::vector<std::string> rename;  ///< "FROM=TO": changes of the names in the file; see Rename
  std::vector<std::string> fresh;   ///< patterns of layers that stay as they are initialised; see matches()

  void visit_fields(FieldVisitor& fields);
};

/// Copies `weights` into the network, in place, converted to its types. Names and shapes have to agree except for what the
/// options allow: with InitialHead::replace the file may have another Classifier::head() or none; the same goes for `fresh`
/// layers; with InitialInput::adapt the weight of Classifier::input_layer() goes through adapt_input_channels().
/// @param where names the source in messages, e.g. the file's path.
/// @throws InputError when they do not fit (the network is then unchanged), when a tensor holds NaN or infinity in the
/// network's type, or for InitialInput::adapt when the network has no input layer or one of several groups.
void load_initial_weights(Classifier& network, NamedTensors weights, const InitialWeightsOptions& options,
                          const std::string& where);

/// A convolution's weight [O, C, ...] for images of another number of channels, [O, channels, ...] in float64. For one
/// channel it is the sum over the C channels, as a grey image has the same value in each; otherwise the C channels are
/// repeated, cut at `channels` and scaled by C / channels, so that the response to an image whose channels are equal keeps
/// its scale. As timm's adapt_input_conv, which allows only C = 3.
torch::Tensor adapt_input_channels(const torch::Tensor& weight, std::int64_t channels);

}  // namespace fovea
