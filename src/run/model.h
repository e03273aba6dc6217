#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/config/config_node.h>
#include <fovea/image/image.h>
#include <fovea/nn/classifier.h>
#include <fovea/run/environment.h>
#include <fovea/run/evaluation_report.h>
#include <fovea/run/experiment_data.h>
#include <fovea/run/overlay.h>
#include <fovea/run/prediction.h>
#include <fovea/weights/model_file.h>
#include <fovea/weights/weights_file.h>

namespace fovea {

/// How load_model() finds weights and classes. The program's options of the same names.
struct LoadOptions {
  std::string weights = {};  ///< a run directory, a safetensors file or one of torch.save, for a model without
  std::vector<std::string> settings =
      {};                                 ///< `KEY=VALUE` for a configuration or a registry name; see also Model::evaluate()
  std::vector<Rename> renames = {};       ///< of the names in `weights`
  std::vector<std::string> classes = {};  ///< names of the classes of `weights`; empty: those that are known
  std::string device = "auto";            ///< auto, cpu, cuda or cuda:<index>
};

struct PredictOptions {
  std::int64_t top_k = 5;  ///< classes to name; all, when there are fewer
};

struct EvaluateOptions {
  int threads = available_threads();          ///< each scores whole batches; never changes a score
  Warn warn = {};                             ///< is told of images that cannot be read, and of doubtful results
  std::function<bool()> stop_requested = {};  ///< asked now and then; true ends the evaluation with Interrupted
};

/// Where a model came from.
struct ModelSource {
  std::string name = {};                   ///< what it was opened by
  ConfigNode config = {};                  ///< it was built from; null for a trained model, which brings its weights
  std::string directory = {};              ///< the run directory; empty when it is none
  std::string config_file = {};            ///< that may be of the run it came from; empty when there is none
  std::vector<std::string> settings = {};  ///< it was opened with
};

/// A network ready to classify photos, wherever it came from. Copies share it.
class Model {
 public:
  Model(std::shared_ptr<Classifier> network, ModelDescription description, torch::Device device, ModelSource source = {});

  /// In evaluation mode, on the device; its parameters need no gradients.
  Classifier& network() const { return *network_; }
  const ModelDescription& description() const { return *description_; }
  const std::shared_ptr<const ModelDescription>& shared_description() const { return description_; }
  const std::vector<std::string>& classes() const { return description_->classes; }
  /// "resnet20".
  const std::string& name() const { return description_->model.find("name")->scalar; }
  torch::Device device() const { return device_; }
  const ModelSource& source() const { return source_; }
  /// Whether it brought weights of its own: a run directory or a model file.
  bool is_trained() const { return source_.config.kind == ConfigNode::Kind::null; }

  /// The most probable classes of a photo of any size. May be called from several threads.
  /// @throws InputError when the photo is smaller than the network's crop.
  Prediction predict(const Image& photo, const PredictOptions& options = {}) const;

  /// What the network looked at in a photo; see Overlayer for many photos. @throws InputError.
  Overlay overlay(const Image& photo, const OverlayOptions& options = {}) const;

  /// The data set the model was trained on, or that its settings name, seen through the model's own preprocessing. Of a
  /// trained model, settings may change `data.*` as long as no image of `split` can be one it was trained on.
  /// @throws InputError when there is no data set, or the settings do not fit.
  ExperimentData data(Split split = Split::test, const Warn& warn = {}) const;

  /// Scores a split of data(). @throws InputError; Interrupted.
  EvaluationReport evaluate(Split split, const EvaluateOptions& options = {}) const;
  /// Scores any split with the model's classes. @throws InputError when it has no readable images; Interrupted.
  EvaluationReport evaluate(const DataSplit& data, const EvaluateOptions& options = {}) const;

 private:
  std::shared_ptr<Classifier> network_;
  std::shared_ptr<const ModelDescription> description_;
  torch::Device device_;
  ModelSource source_;
};

/// Opens a run directory, a model file, or (with weights) a configuration or a registry name.
/// @throws InputError when there is no such model, or the weights do not fit it.
Model load_model(const std::string& model, const LoadOptions& options = {});

/// Of uses that change nothing but the network. @throws InputError when the model was opened with settings that have no
/// configuration to change.
void expect_settings_used(const Model& model);

/// Reads `FROM=TO`s. @throws InputError.
std::vector<Rename> parse_renames(const std::vector<std::string>& texts);

/// The names in a file, one in each line; none for "". @throws InputError.
std::vector<std::string> read_class_names(const std::string& path);

/// `auto`, `cpu`, `cuda` or `cuda:<index>`. @throws InputError when LibTorch has no such device.
torch::Device parse_device(const std::string& name);

}  // namespace fovea
