#pragma once

#include <memory>
#include <string>

#include <fovea/models/attention_field.h>
#include <fovea/models/registry.h>
#include <fovea/weights/model_file.h>

namespace fovea {

/// The configuration section `model`: a name, the network's own options, and `attention`.
class ModelField final : public CustomField {
 public:
  void read(const ConfigNode& value, const std::string& path) override;
  Json write() override;
  std::vector<NamedFields> implementations() const override;

  const ModelRow* row = nullptr;
  std::unique_ptr<Options> options;
  AttentionField attention;
};

/// Network with the weights of its constructor; see initialise_constructed(). @throws InputError when options, attention and
/// input do not fit.
std::shared_ptr<Classifier> build_classifier(const ModelField& model, const InputSpec& input);

/// build_classifier() without the cost of initialising, for a caller that sets the weights; see SkipInitialisation.
std::shared_ptr<Classifier> build_without_weights(const ModelField& model, const InputSpec& input);

/// The same for a caller that replaces every tensor, or looks at names and shapes alone; see SkipDraws.
std::shared_ptr<Classifier> build_without_draws(const ModelField& model, const InputSpec& input);

/// Size of the weights in a file.
struct WeightsSize {
  std::int64_t tensors = 0;
  std::int64_t bytes = 0;
};

/// build_without_draws() for the weights of a file, of a network of about that size. @throws InputError, before much
/// memory is allocated, when the network has far more bytes or tensors. @param path for the message. @param advice end of
/// the message: what to do about a network that is too large.
std::shared_ptr<Classifier> build_for_weights(const ModelField& model, const InputSpec& input, const WeightsSize& size,
                                              const std::string& path, const std::string& advice);

/// Network from a model file, with its input, classes and preprocessing.
struct LoadedModel {
  std::shared_ptr<Classifier> classifier;
  ModelDescription description;
};

/// Reads a model file; the network is in evaluation mode. The description is checked against the file's size before much
/// memory is allocated. @throws InputError naming the file and the error.
LoadedModel load_model_file(const std::string& path);

}  // namespace fovea
