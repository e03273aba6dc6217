#include <cstdio>
#include <memory>

#include <fovea/run/model.h>

#include "image_arguments.h"
#include "model_options.h"
#include "program.h"

namespace fovea {
namespace {

struct PredictArguments {
  ModelArguments model;
  std::vector<std::string> images;
  PredictOptions options;
};

void print_prediction(const std::string& path, const Prediction& prediction) {
  std::printf("%s\n", path.c_str());
  for (const ClassProbability& entry : prediction.classes) {
    std::printf("  %6.2f %%  %s\n", 100 * entry.probability, entry.name.c_str());
  }
}

int predict(const PredictArguments& arguments, const GlobalOptions& global) {
  const std::vector<NamedPhoto> images = expand_images(arguments.images);
  const Model model = open_photo_model(arguments.model, global);
  JsonListPrinter entries;
  std::int64_t unreadable = 0;
  for (const NamedPhoto& image : images) {
    try {
      const Prediction prediction =
          with_photo(image, model, [&](const Image& photo) { return model.predict(photo, arguments.options); });
      if (!global.json) print_prediction(image.path, prediction);
      if (global.json) entries.add(to_json(prediction, image.path));
    } catch (const InputError& error) {
      if (images.size() == 1) throw;
      print_warning(error.what());
      ++unreadable;
    }
  }
  if (global.json) entries.finish();
  expect_all_readable("fovea predict", images.size(), unreadable);
  return kDone;
}

}  // namespace

Action add_predict_command(CLI::App& app) {
  auto arguments = std::make_shared<PredictArguments>();
  CLI::App* command = app.add_subcommand("predict", "classify images");
  add_model_options(*command, arguments->model);
  command->add_option("images", arguments->images, "image files, or folders of them")->required()->type_name("IMAGE");
  command->add_option("--topk", arguments->options.top_k, "classes to show per image")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000));
  return [arguments](const GlobalOptions& global) { return predict(*arguments, global); };
}

}  // namespace fovea
