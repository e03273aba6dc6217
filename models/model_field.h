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

  const ModelRow* row = nullptr;
  std::unique_ptr<Options> options;
  AttentionField attention;
};

/// A fresh network with uninitialised weights. @throws InputError when options, attention and input do not fit.
std::shared_ptr<Classifier> build_classifier(const ModelField& model, const InputSpec& input);

/// build_classifier() for a description that came in a file of `file_bytes`: an honest one needs what the file holds.
/// @throws InputError, before much is allocated, when it asks for far more.
std::shared_ptr<Classifier> build_described(const ModelField& model, const InputSpec& input, std::int64_t file_bytes,
                                            const std::string& path);

/// A network from a model file, with what is needed to feed it.
struct LoadedModel {
  std::shared_ptr<Classifier> classifier;
  ModelDescription description;
};

/// Reads a file that fovea wrote; the network is in evaluation mode. The description is checked against the weights before
/// much is allocated. @throws InputError naming the file and what is wrong.
LoadedModel load_model_file(const std::string& path);

}  // namespace fovea
