#include <algorithm>
#include <cstdio>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/base/printable.h>
#include <fovea/explain/method.h>
#include <fovea/run/overlay_files.h>
#include <fovea/run/overlay_series.h>
#include <fovea/run/overlay_text.h>
#include <fovea/run/overlayer.h>
#include <fovea/run/photo_files.h>
#include <fovea/run/split_images.h>

#include "model_options.h"
#include "option_checks.h"
#include "program.h"

namespace fovea {
namespace {

struct OverlayArguments {
  ModelArguments model;
  std::vector<std::string> images;
  std::string split;
  bool wrong = false;
  std::optional<std::int64_t> limit;
  std::string out;
  std::vector<double> range;
  bool maps = false;
  OverlayOptions options;
};

/// Longer side to which images of a data set are enlarged: most are too small to see anything in.
constexpr int kSplitPictureSide = 224;

int print_layers(const std::vector<MethodLayers>& methods, const GlobalOptions& global) {
  Json rows = Json::array();
  for (const MethodLayers& found : methods) {
    for (const Json& row : to_json(found)) rows.push_back(row);
  }
  global.json ? print_json(rows) : void(std::cout << layers_text(methods));
  return kDone;
}

/// Prints the model's classes with their numbers.
int print_classes(const Model& model, const GlobalOptions& global) {
  Json rows = Json::array();
  for (std::size_t i = 0; i < model.classes().size(); ++i) {
    if (global.json) rows.push_back({{"class", i}, {"name", model.classes()[i]}});
    if (!global.json) std::printf("%4zu  %s\n", i, printable(model.classes()[i]).c_str());
  }
  if (global.json) print_json(rows);
  return kDone;
}

/// The folder of --out; by default each method has a folder of its own.
std::string output_folder(const OverlayArguments& arguments, const Model& model, const MethodRow& method) {
  if (!arguments.out.empty()) return arguments.out;
  const std::string& run = model.source().directory;
  return (run.empty() ? "" : run + "/") + "overlays/" + method.name;
}

/// What to print in place of drawing. Images are not needed, and not read if they are given: a list is what one asks for
/// before the last option of a command is known.
enum class Listing { none, layers, classes };

Listing requested_listing(const OverlayArguments& arguments) {
  const std::vector<std::string>& layers = arguments.options.layers;
  const std::vector<std::string>& classes = arguments.options.classes;
  const bool lists_layers = std::find(layers.begin(), layers.end(), "list") != layers.end();
  const bool lists_classes = std::find(classes.begin(), classes.end(), "list") != classes.end();
  if (!lists_layers && !lists_classes) {
    if (arguments.images.empty() && arguments.split.empty()) {
      throw InputError("fovea overlay", "images, --split, --layer list or --class list", "none");
    }
    return Listing::none;
  }
  if (lists_layers && layers.size() > 1) throw InputError("--layer list", "no other layer", "some", "remove them");
  if (lists_classes && (!layers.empty() || classes.size() > 1)) {
    throw InputError("--class list", "no layers and no other class", "some", "remove them");
  }
  return lists_layers ? Listing::layers : Listing::classes;
}

/// @throws InputError for options that need a split, or images beside one.
void expect_one_source(const OverlayArguments& arguments) {
  if (!arguments.split.empty()) {
    if (arguments.images.empty()) return;
    throw InputError("--split", "no image files beside it", "'" + arguments.images.front() + "'",
                     "remove the files, or --split");
  }
  for (const auto& [option, given] : {std::pair("--wrong", arguments.wrong), {"--limit", arguments.limit.has_value()}}) {
    if (given) throw InputError(option, "--split, whose images it chooses from", "none", "add e.g. --split test");
  }
}

/// Prints the entries of a series, as they come, and its contact sheets.
class SeriesPrinter {
 public:
  /// @param about keys of a split's entries beside those of every entry.
  SeriesPrinter(const OverlayArguments& arguments, const GlobalOptions& global, std::string folder,
                std::function<Json()> about = {})
      : arguments_(arguments), global_(global), folder_(std::move(folder)), about_(std::move(about)) {}

  OverlaySeriesOptions options() {
    return {.folder = folder_,
            .maps = arguments_.maps,
            .threads = global_.threads,
            .on_photo =
                [this](const std::vector<OverlayFiles>& maps) {
                  global_.json ? add(maps) : void(std::cout << overlay_text(maps));
                },
            .warn = print_warning};
  }

  void finish(OverlaySeries& series) {
    const std::vector<std::string> pages = series.finish();
    if (global_.json) {
      entries_.finish();
    } else {
      for (const std::string& page : pages) std::printf("contact sheet  %s\n", printable(page).c_str());
    }
  }

 private:
  void add(const std::vector<OverlayFiles>& maps) {
    for (const OverlayFiles& files : maps) {
      Json entry = to_json(files);
      if (about_) entry.update(about_());
      entries_.add(entry);
    }
  }

  const OverlayArguments& arguments_;
  const GlobalOptions& global_;
  std::string folder_;
  std::function<Json()> about_;
  JsonListPrinter entries_;
};

void overlay_files(const OverlayArguments& arguments, const Overlayer& overlayer, const std::string& folder,
                   const GlobalOptions& global) {
  const std::vector<NamedPhoto> images = expand_images(arguments.images, folder, reserved_overlay_names());
  SeriesPrinter printer(arguments, global, folder);
  OverlaySeries series(overlayer, printer.options());
  const std::int64_t unreadable = series.draw(images);
  printer.finish(series);
  expect_all_readable("fovea overlay", images.size(), unreadable);
}

/// {split, split_images}, and split_wrong where only wrong images are drawn.
Json about_split(SplitImages& images) {
  Json about = {{"split", to_string(images.split())}, {"split_images", images.images()}};
  if (images.only_wrong()) about["split_wrong"] = images.wrong();
  return about;
}

/// Says how many images are wrong in all, or that there is none to draw.
void print_split(SplitImages& images, std::int64_t drawn, const GlobalOptions& global) {
  const std::string split = to_string(images.split()) + " images";
  const std::string all = std::to_string(images.images()) + " " + split;
  if (drawn == 0) {
    if (global.quiet) return;
    print_note(images.only_wrong() ? "none of the " + all + " is wrong" : "there are no " + split + " to draw");
  } else if (images.only_wrong() && !global.json) {
    std::printf("%s of %s are wrong; %s drawn\n", std::to_string(images.wrong()).c_str(), all.c_str(),
                std::to_string(drawn).c_str());
  }
}

void overlay_split(const OverlayArguments& arguments, const Overlayer& overlayer, const std::string& folder,
                   const GlobalOptions& global) {
  SplitImagesOptions options{.only_wrong = arguments.wrong,
                             .threads = global.threads,
                             .warn = print_warning,
                             .note = global.quiet ? Warn() : print_note};
  if (arguments.limit) options.limit = *arguments.limit;
  SplitImages images(overlayer.model(), parse_split(arguments.split), options);
  images.expect_apart_from(folder);
  if (arguments.wrong && !global.quiet) {
    print_note("classifying all " + std::to_string(images.images()) + " " + arguments.split +
               " images to find the wrong ones");
  }
  SeriesPrinter printer(arguments, global, folder, [&images] { return about_split(images); });
  OverlaySeriesOptions series_options = printer.options();
  series_options.name = images.name();
  series_options.title = images.title();
  OverlaySeries series(overlayer, series_options);
  const std::int64_t drawn = series.draw(images);
  printer.finish(series);
  print_split(images, drawn, global);
}

int overlay(const OverlayArguments& arguments, const GlobalOptions& global) {
  const Listing listing = requested_listing(arguments);
  expect_one_source(arguments);
  const bool is_split = !arguments.split.empty();
  const Model model = is_split ? open_model(arguments.model, global) : open_photo_model(arguments.model, global);
  if (listing == Listing::classes) return print_classes(model, global);
  if (listing == Listing::layers) return print_layers(list_overlay_layers(model, arguments.options.method), global);
  OverlayOptions options = arguments.options;
  if (!arguments.range.empty()) options.range = std::pair(arguments.range[0], arguments.range[1]);
  if (is_split) options.least_side = kSplitPictureSide;
  const Overlayer overlayer(model, options);
  if (!overlayer.reason().empty() && !global.quiet) print_note(overlayer.reason());
  const std::string folder = output_folder(arguments, model, overlayer.method());
  is_split ? overlay_split(arguments, overlayer, folder, global) : overlay_files(arguments, overlayer, folder, global);
  return kDone;
}

void add_image_options(CLI::App& command, OverlayArguments& arguments) {
  command.add_option("images", arguments.images, "image files, or folders of them")->type_name("IMAGE");
  command.add_option("--split", arguments.split,
                     "in place of IMAGE, images of the data set, small ones enlarged: train, validation, test or all");
  command.add_flag("--wrong", arguments.wrong,
                   "only those of --split that the model classifies wrongly, which are counted in the whole split");
  command.add_option("--limit", arguments.limit, "most images of --split (default: 36)")
      ->type_name("N")
      ->check(integer_in({1, 1'000'000'000}));
}

void add_color_options(CLI::App& command, OverlayArguments& arguments) {
  OverlayOptions& options = arguments.options;
  command
      .add_option("--range", arguments.range,
                  "values of the first and the last colour (default: each map's minimum and maximum)")
      ->expected(2)
      ->type_name("LOW HIGH")
      ->check(number_in({}));
  command.add_option("--opacity", options.opacity, "opacity of the colours (default: 0.5)")->check(number_in(kFraction));
  std::vector<std::string> color_maps;
  for (const auto& [name, map] : kColorMapNames) color_maps.emplace_back(name);
  const auto choose_colors = [&options](const std::string& chosen) {
    for (const auto& [name, map] : kColorMapNames) {
      if (chosen == name) options.color_map = map;
    }
  };
  command.add_option_function<std::string>("--colors", choose_colors, "colour map (default: inferno)")
      ->type_name("NAME")
      ->check(one_of(color_maps));
}

}  // namespace

Action add_overlay_command(CLI::App& app) {
  auto arguments = std::make_shared<OverlayArguments>();
  OverlayOptions& options = arguments->options;
  CLI::App* command = app.add_subcommand("overlay", "draw a model's attention or explanations on photos");
  add_model_options(*command, arguments->model);
  add_image_options(*command, *arguments);
  std::string methods = "explanation method: auto (the first with a map on the photo, of the class and layers)";
  for (const MethodRow& row : method_registry()) methods += ", " + row.name;
  command->add_option("--method", options.method, methods)->capture_default_str();
  command
      ->add_option(
          "--layer", options.layers,
          "module name, for gradcam of any depth, repeatable; all; list: print those of each method (default: the last)")
      ->take_all()
      ->allow_extra_args(false);
  command
      ->add_option("--class", options.classes,
                   "class to explain, repeatable, side by side: its name or a unique part of it, its number or WordNet ID; "
                   "list: print them (default: the predicted one)")
      ->take_all()
      ->allow_extra_args(false);
  command
      ->add_option("--out", arguments->out,
                   "output folder (default: overlays/METHOD in the run directory, or in the working directory)")
      ->type_name("DIR");
  command->add_flag("--maps", arguments->maps,
                    "also write the raw maps: float32 .npy, with their position on the photo in .json");
  add_color_options(*command, *arguments);
  return [arguments](const GlobalOptions& global) { return overlay(*arguments, global); };
}

}  // namespace fovea
