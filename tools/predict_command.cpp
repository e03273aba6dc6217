#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/image/decode.h>

#include "experiment.h"
#include "program.h"

namespace fovea {
namespace {

struct PredictArguments {
  std::string model;
  std::vector<std::string> images;
  std::string weights;
  std::vector<std::string> settings;
  std::int64_t top_k = 5;
};

bool has_image_extension(const std::filesystem::path& path) {
  constexpr const char* kExtensions[] = {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"};
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char letter) { return std::tolower(letter); });
  return std::find(std::begin(kExtensions), std::end(kExtensions), extension) != std::end(kExtensions);
}

/// The files that arguments name: files as they are, folders as the images in and below them, sorted.
std::vector<std::string> expand_images(const std::vector<std::string>& arguments) {
  namespace fs = std::filesystem;
  std::vector<std::string> files;
  for (const std::string& argument : arguments) {
    if (!fs::is_directory(argument)) {
      files.push_back(argument);
      continue;
    }
    std::vector<std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(argument, fs::directory_options::skip_permission_denied)) {
      if (entry.is_regular_file() && has_image_extension(entry.path())) found.push_back(entry.path().string());
    }
    if (found.empty()) throw InputError(argument, "a folder with images (JPEG, PNG, BMP, WebP, TIFF)", "none in it");
    std::sort(found.begin(), found.end());
    files.insert(files.end(), found.begin(), found.end());
  }
  return files;
}

Json predict_image(const OpenedModel& opened, const Preprocess& preprocess, const std::string& path, std::int64_t top_k,
                   torch::Device device) {
  const int channels = static_cast<int>(opened.description.input.channels);
  const Image image = preprocess(to_channels(decode_image_file(path), channels));
  ForwardContext context;
  const Batch batch = collate({image}, {}, preprocess.normalization()).to(device);
  const auto logits = opened.classifier->forward(batch, context).logits;
  const auto probabilities = torch::softmax(logits.to(torch::kCPU, torch::kFloat64), 1).squeeze(0);
  const auto [values, classes] = probabilities.topk(std::min(top_k, probabilities.size(0)));

  Json ranking = Json::array();
  for (std::int64_t i = 0; i < values.size(0); ++i) {
    const auto index = classes[i].item<std::int64_t>();
    ranking.push_back({{"class", index},
                       {"name", opened.description.classes[static_cast<std::size_t>(index)]},
                       {"probability", values[i].item<double>()}});
  }
  return {{"image", path}, {"topk", ranking}};
}

void print_prediction(const Json& prediction) {
  std::printf("%s\n", prediction["image"].get<std::string>().c_str());
  for (const Json& entry : prediction["topk"]) {
    std::printf("  %6.2f %%  %s\n", 100 * entry["probability"].get<double>(), entry["name"].get<std::string>().c_str());
  }
}

int predict(const PredictArguments& arguments, const GlobalOptions& global) {
  const torch::Device device = parse_device(global.device);
  const std::vector<std::string> files = expand_images(arguments.images);
  const OpenedModel opened = open_model(arguments.model, arguments.weights, global.with_seed(arguments.settings), device);
  if (opened.config.kind == Value::Kind::null && !arguments.settings.empty()) {
    throw InputError("--set " + arguments.settings.front(), "none for a trained model", "one",
                     "it keeps its network and preprocessing");
  }
  const Preprocess preprocess(opened.description.preprocess);
  const torch::NoGradGuard no_grad;
  Json predictions = Json::array();
  for (const std::string& file : files) {
    Json prediction = predict_image(opened, preprocess, file, arguments.top_k, device);
    if (global.json) {
      predictions.push_back(std::move(prediction));
    } else {
      print_prediction(prediction);
    }
  }
  if (global.json) print_json(predictions);
  return kDone;
}

}  // namespace

Action add_predict_command(CLI::App& app) {
  auto arguments = std::make_shared<PredictArguments>();
  CLI::App* command = app.add_subcommand("predict", "classify images");
  command->add_option("model", arguments->model, "run directory, model file, or config or model name with --weights")
      ->required()
      ->type_name("MODEL");
  command->add_option("images", arguments->images, "image files, or folders of them")->required()->type_name("IMAGE");
  command->add_option("--topk", arguments->top_k, "classes to show per image")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000));
  command->add_option("--weights", arguments->weights, "safetensors file, when MODEL is a config or a name")
      ->type_name("FILE");
  command->add_option("--set", arguments->settings, "override a key of the configuration")
      ->type_name("KEY=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  return [arguments](const GlobalOptions& global) { return predict(*arguments, global); };
}

}  // namespace fovea
