#include <algorithm>
#include <cstdio>
#include <memory>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/config/config_node.h>
#include <fovea/run/image_arguments.h>
#include <fovea/run/prepared_photo.h>

#include "model_options.h"
#include "program.h"

namespace fovea {
namespace {

struct PredictArguments {
  ModelArguments model;
  std::vector<std::string> images;
  std::int64_t top_k = 5;
};

Json predict_image(const OpenedModel& opened, const Preprocess& preprocess, const std::string& path, std::int64_t top_k,
                   torch::Device device) {
  const PreparedPhoto prepared = prepare_photo(path, preprocess, static_cast<int>(opened.description.input.channels));
  const Batch batch = prepared.batch.to(device);
  ForwardContext context;
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
  const std::vector<ImageArgument> images = expand_images(arguments.images);
  const OpenedModel opened = open_model(with_seed(arguments.model, global), device);
  expect_settings_used(opened, arguments.model.settings);
  const Preprocess preprocess(opened.description.preprocess);
  const torch::NoGradGuard no_grad;
  Json predictions = Json::array();
  std::int64_t unreadable = 0;
  for (const ImageArgument& image : images) {
    try {
      Json prediction = predict_image(opened, preprocess, image.path, arguments.top_k, device);
      if (!global.json) print_prediction(prediction);
      if (global.json) predictions.push_back(std::move(prediction));
    } catch (const InputError& error) {
      if (images.size() == 1) throw;
      print_warning(error.what());
      ++unreadable;
    }
  }
  if (global.json) print_json(predictions);
  expect_all_readable("fovea predict", images.size(), unreadable);
  return kDone;
}

}  // namespace

Action add_predict_command(CLI::App& app) {
  auto arguments = std::make_shared<PredictArguments>();
  CLI::App* command = app.add_subcommand("predict", "classify images");
  add_model_options(*command, arguments->model);
  command->add_option("images", arguments->images, "image files, or folders of them")->required()->type_name("IMAGE");
  command->add_option("--topk", arguments->top_k, "classes to show per image")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000));
  return [arguments](const GlobalOptions& global) { return predict(*arguments, global); };
}

}  // namespace fovea
