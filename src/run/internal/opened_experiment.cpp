#include <utility>

#include <fovea/base/error.h>
#include <fovea/nn/initialise.h>
#include <fovea/run/internal/network_plan.h>
#include <fovea/run/internal/opened_experiment.h>
#include <fovea/weights/initial_weights.h>
#include <fovea/weights/model_file.h>

namespace fovea {
namespace {

/// A kept head predicts the classes of its file.
void expect_same_classes(const DescribedWeights& weights, const std::vector<std::string>& classes, const std::string& path) {
  if (!weights.description || weights.description->classes == classes) return;
  throw InputError("train.init.head", "replace, as the classes are not those of " + path, "keep", "set head: replace");
}

}  // namespace

OpenedExperiment::OpenedExperiment(std::shared_ptr<ExperimentConfig> config, torch::Device device, Warn warn)
    : config_(std::move(config)),
      device_(device),
      data_(std::make_shared<ExperimentData>(config_, std::vector<std::string>(), std::move(warn))),
      input_(data_->input()) {}

Json OpenedExperiment::description(const std::vector<std::string>& classes) {
  PreprocessOptions preprocess = config_->preprocess;
  const bool keeps_size = preprocess.resize == std::vector<std::int64_t>{0} && preprocess.crop == preprocess.resize;
  if (keeps_size) {  // the data set's images have one size; photos are resized to it
    const bool square = input_.height == input_.width;
    preprocess.resize = square ? std::vector{input_.height} : std::vector{input_.height, input_.width};
    preprocess.crop = preprocess.resize;
  }
  return describe_model(config_->model.write(), input_, classes, preprocess, data_->decode_options());
}

std::shared_ptr<Classifier> OpenedExperiment::build_network() const {
  auto network = build_without_weights(config_->model, input_);
  network->to(device_);
  return network;
}

void OpenedExperiment::initialise_weights(Classifier& network) {
  initialise(network, static_cast<std::uint64_t>(config_->seed));
  const InitialWeightsOptions& init = config_->train.init;
  if (init.weights == "none") return;
  const DescribedWeights weights = read_weights(init.weights);
  if (init.head == InitialHead::keep) expect_same_classes(weights, classes(), init.weights);
  std::vector<Rename> renames;
  for (const std::string& text : init.rename) renames.push_back(parse_rename(text, "train.init.rename"));
  load_initial_weights(network, name_for(network, weights.file, renames).tensors, init, init.weights);
}

}  // namespace fovea
