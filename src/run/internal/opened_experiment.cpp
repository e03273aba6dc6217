#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <fovea/base/error.h>
#include <fovea/base/home_path.h>
#include <fovea/nn/initialise.h>
#include <fovea/run/assumptions.h>
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

/// @throws InputError, naming the key, when there is no such file or folder.
void expect_weights_exist(const std::string& path) {
  std::error_code unreachable;
  if (std::filesystem::exists(expand_home(path), unreachable)) return;
  throw InputError("train.init.weights", "a run directory, safetensors or PyTorch file",
                   "'" + path + "', which does not exist",
                   "download it first, e.g. with tools/download.sh, or check the path");
}

/// A side for both directions when they are equal.
std::vector<std::int64_t> sides(std::int64_t height, std::int64_t width) {
  return height == width ? std::vector{height} : std::vector{height, width};
}

/// Preprocessing of photos of any size for a network that was trained on images of one size: what the options leave as it is
/// becomes that size first, and the result is always the network's input.
/// @param size {height, width} of the data set's images.
PreprocessOptions for_photos(PreprocessOptions options, std::pair<int, int> size, const InputSpec& input) {
  const auto given = [](const std::vector<std::int64_t>& values) {
    return std::any_of(values.begin(), values.end(), [](std::int64_t side) { return side > 0; });
  };
  if (!given(options.resize)) {
    options.resize = sides(size.first, size.second);
  } else if (options.resize.size() == 2) {
    const auto side = [](std::int64_t wanted, int own) { return wanted > 0 ? wanted : std::int64_t{own}; };
    options.resize = {side(options.resize[0], size.first), side(options.resize[1], size.second)};
  }
  if (!given(options.crop) || options.crop.size() == 2) options.crop = sides(input.height, input.width);
  return options;
}

}  // namespace

OpenedExperiment::OpenedExperiment(std::shared_ptr<ExperimentConfig> config, torch::Device device, Warn warn, Use use)
    : config_(std::move(config)),
      device_(device),
      warn_(std::move(warn)),
      data_(std::make_shared<ExperimentData>(config_, std::vector<std::string>(), warn_)),
      described_by_(use == Use::train ? Split::train : data_->any_split()),
      input_(data_->input(described_by_)) {}

Json OpenedExperiment::description(const std::vector<std::string>& classes) {
  PreprocessOptions preprocess = config_->preprocess;
  if (const auto size = data_->image_size(described_by_)) preprocess = for_photos(std::move(preprocess), *size, input_);
  return describe_model(config_->model.write(), input_, classes, preprocess, data_->decode_options(described_by_));
}

std::shared_ptr<Classifier> OpenedExperiment::build_network() const {
  auto network = build_without_weights(config_->model, input_);
  network->to(device_);
  return network;
}

std::string OpenedExperiment::initialise_weights(Classifier& network) {
  initialise(network, static_cast<std::uint64_t>(config_->seed));
  const InitialWeightsOptions& init = config_->train.init;
  if (init.weights == "none") return "";
  expect_weights_exist(init.weights);
  const DescribedWeights weights = read_weights(init.weights, init.key == "none" ? "" : init.key, warn_);
  if (init.head == InitialHead::keep) expect_same_classes(weights, classes(), init.weights);
  std::vector<Rename> renames;
  for (const std::string& text : init.rename) renames.push_back(parse_rename(text, "train.init.rename"));
  const VisitNetworks others = [this](const auto& visit) { visit_registered_networks(config_->model, input_, visit); };
  load_initial_weights(network, name_for(network, weights.file, renames), init, init.weights, others);
  if (weights.description) return "";
  const ModelRow& row = *config_->model.row;
  return assumption_note(init.weights, row.name, assumed_choices(row.parameter_free, config_->model.write()));
}

}  // namespace fovea
