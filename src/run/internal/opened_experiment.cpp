#include <utility>

#include <fovea/run/internal/opened_experiment.h>
#include <fovea/weights/model_file.h>

namespace fovea {

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
  return describe_model(config_->model.write(), input_, classes, preprocess);
}

std::shared_ptr<Classifier> OpenedExperiment::build_network() const {
  auto network = build_without_weights(config_->model, input_);
  network->to(device_);
  return network;
}

}  // namespace fovea
