#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <memory>

#include <fovea/base/error.h>
#include <fovea/base/number_text.h>
#include <fovea/base/printable.h>
#include <fovea/run/model.h>
#include <fovea/run/photo_files.h>
#include <fovea/run/prediction_csv.h>

#include "model_options.h"
#include "option_checks.h"
#include "program.h"

namespace fovea {
namespace {

struct PredictArguments {
  ModelArguments model;
  std::vector<std::string> images;
  PredictOptions options;
  bool csv = false;
};

void print_prediction(const std::string& path, const Prediction& prediction) {
  std::printf("%s\n", printable(path).c_str());
  for (const ClassProbability& entry : prediction.classes) {
    std::printf("  %8s  %s\n", percent_text(entry.probability, 2).c_str(), printable(entry.name).c_str());
  }
}

/// Prints predictions one by one, in the form that the user asked for.
class PredictionPrinter {
 public:
  PredictionPrinter(bool json, bool csv) : json_(json), csv_(csv) {}

  /// @param ranked classes of each photo.
  void begin(std::int64_t ranked) {
    if (csv_) std::cout << predictions_header(ranked);
  }
  void add(const std::string& path, const Prediction& prediction) {
    if (json_) return entries_.add(to_json(prediction, path));
    csv_ ? void(std::cout << csv_row(prediction, path)) : print_prediction(path, prediction);
  }
  void finish() {
    if (json_) entries_.finish();
  }

 private:
  bool json_, csv_;
  JsonListPrinter entries_;
};

int predict(const PredictArguments& arguments, const GlobalOptions& global) {
  if (arguments.csv && global.json) throw InputError("--csv", "one form of output", "--json beside it", "choose one");
  const std::vector<NamedPhoto> images = expand_images(arguments.images);
  const Model model = open_photo_model(arguments.model, global);
  PredictionPrinter printer(global.json, arguments.csv);
  printer.begin(std::min(arguments.options.top_k, std::ssize(model.classes())));
  std::int64_t unreadable = 0;
  for (const NamedPhoto& image : images) {
    try {
      printer.add(image.path,
                  with_photo(image, model, [&](const Image& photo) { return model.predict(photo, arguments.options); }));
    } catch (const InputError& error) {
      if (images.size() == 1) throw;
      print_warning(error.what());
      ++unreadable;
    }
  }
  printer.finish();
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
      ->check(integer_in({1, 1'000'000}));
  command->add_flag("--csv", arguments->csv, "print CSV: image, class_1, probability_1, and so on to the last of --topk");
  return [arguments](const GlobalOptions& global) { return predict(*arguments, global); };
}

}  // namespace fovea
