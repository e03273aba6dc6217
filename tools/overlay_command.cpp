#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/base/file.h>
#include <fovea/base/thread_team.h>
#include <fovea/base/torch_compat.h>
#include <fovea/base/utf8.h>
#include <fovea/explain/method.h>
#include <fovea/run/overlay_files.h>
#include <fovea/run/overlayer.h>

#include "image_arguments.h"
#include "model_options.h"
#include "option_checks.h"
#include "program.h"
#include "sheet_pages.h"

namespace fovea {
namespace {

struct OverlayArguments {
  ModelArguments model;
  std::vector<std::string> images;
  std::string out;
  std::vector<double> range;
  bool maps = false;
  OverlayOptions options;
};

constexpr const char* kSheetName = "contact_sheet";

std::string size_text(const LayerMap& layer) {
  const auto size = [&](std::size_t axis) { return std::to_string(layer.values.sizes()[axis]); };
  if (layer.is_channels()) return size(0) + " channels";
  return layer.is_spatial() ? size(0) + " x " + size(1) + " positions" : size(0) + " glimpses of " + size(1) + " scales";
}

int print_layers(const MethodLayers& found, const GlobalOptions& global) {
  if (global.json) {
    print_json(to_json(found));
    return kDone;
  }
  const std::string& method = found.method->name;
  for (const LayerMap& layer : found.layers) {
    std::printf("%-10s %-32s %s\n", method.c_str(), layer.layer.c_str(), size_text(layer).c_str());
  }
  return kDone;
}

/// Prints the classes that the model tells apart, with their numbers.
int print_classes(const Model& model, const GlobalOptions& global) {
  Json rows = Json::array();
  for (std::size_t i = 0; i < model.classes().size(); ++i) {
    if (global.json) rows.push_back({{"class", i}, {"name", model.classes()[i]}});
    if (!global.json) std::printf("%4zu  %s\n", i, displayable_utf8(model.classes()[i]).c_str());
  }
  if (global.json) print_json(rows);
  return kDone;
}

void print_files(const OverlayFiles& files) {
  std::printf("%s  %s %.1f %%  %s\n", files.image.c_str(), files.explained.name.c_str(), 100 * files.explained.probability,
              files.layer.c_str());
  for (const auto& file : {std::optional(files.output), files.panel, files.animation}) {
    if (file) std::printf("  %s\n", file->c_str());
  }
}

/// Draws photos, a few at a time.
class PhotoSeries {
 public:
  PhotoSeries(const Overlayer& overlayer, std::string folder, std::string title, const OverlayArguments& arguments,
              const GlobalOptions& global)
      : overlayer_(overlayer),
        folder_(std::move(folder)),
        arguments_(arguments),
        global_(global),
        sheet_(folder_ + "/" + kSheetName, std::move(title), overlayer.tiles_per_photo()) {}

  /// Warns about unreadable photos and counts them.
  void draw(const std::vector<NamedPhoto>& images) {
    ThreadTeam team(static_cast<int>(std::min<std::int64_t>(global_.threads, std::ssize(images))),
                    compat::use_one_operator_thread);
    for (std::size_t begin = 0; begin < images.size(); begin += static_cast<std::size_t>(team.threads())) {
      const std::size_t count = std::min(images.size() - begin, static_cast<std::size_t>(team.threads()));
      std::vector<Drawn> drawn(count);
      team.run(static_cast<std::int64_t>(count), [&](std::int64_t i) {
        const auto index = static_cast<std::size_t>(i);
        try {
          drawn[index] = draw_photo(images[begin + index]);
        } catch (const InputError& error) {
          if (images.size() == 1) throw;
          drawn[index].failure = error.what();
        }
      });
      for (Drawn& photo : drawn) collect(std::move(photo));
    }
  }

  /// Writes the last page and ends the output. @return photos that could not be read.
  std::int64_t finish() {
    const std::vector<std::string> pages = sheet_.finish();
    if (global_.json) {
      entries_.finish();
    } else {
      for (const std::string& page : pages) std::printf("contact sheet  %s\n", page.c_str());
    }
    return unreadable_;
  }

 private:
  struct Drawn {
    std::vector<OverlayFiles> files;
    std::vector<Tile> tiles;
    std::string failure;  ///< empty when there is none
  };

  Drawn draw_photo(const NamedPhoto& image) const {
    return with_photo(image, overlayer_.model(), [&](Image photo) {
      const Overlay overlay = overlayer_(std::move(photo), std::filesystem::path(image.path).filename().string());
      return Drawn{write_overlay(overlay, image, folder_, arguments_.maps), overlay.tiles(), ""};
    });
  }

  void collect(Drawn photo) {
    if (!photo.failure.empty()) {
      print_warning(photo.failure);
      ++unreadable_;
      return;
    }
    sheet_.add(std::move(photo.tiles));
    for (const OverlayFiles& files : photo.files) global_.json ? entries_.add(to_json(files)) : print_files(files);
  }

  const Overlayer& overlayer_;
  std::string folder_;
  const OverlayArguments& arguments_;
  const GlobalOptions& global_;
  SheetPages sheet_;
  JsonListPrinter entries_;
  std::int64_t unreadable_ = 0;
};

/// The folder of --out; by default each method has a folder of its own.
std::string output_folder(const OverlayArguments& arguments, const Model& model, const MethodRow& method) {
  if (!arguments.out.empty()) return arguments.out;
  const std::string& run = model.source().directory;
  return (run.empty() ? "" : run + "/") + "overlays/" + method.name;
}

/// What to print in place of drawing.
enum class Listing { none, layers, classes };

Listing requested_listing(const OverlayArguments& arguments) {
  const std::vector<std::string>& layers = arguments.options.layers;
  const bool lists_layers = std::find(layers.begin(), layers.end(), "list") != layers.end();
  const bool lists_classes = arguments.options.target_class == "list";
  if (!lists_layers && !lists_classes) {
    if (arguments.images.empty()) throw InputError("fovea overlay", "images, --layer list or --class list", "none");
    return Listing::none;
  }
  if (lists_layers && (!arguments.images.empty() || layers.size() > 1)) {
    throw InputError("--layer list", "no images and no other layer", "some", "remove them");
  }
  if (lists_classes && (!arguments.images.empty() || !layers.empty())) {
    throw InputError("--class list", "no images and no layers", "some", "remove them");
  }
  return lists_layers ? Listing::layers : Listing::classes;
}

int overlay_photos(const OverlayArguments& arguments, const GlobalOptions& global) {
  const Listing listing = requested_listing(arguments);
  const Model model = open_photo_model(arguments.model, global);
  if (listing == Listing::classes) return print_classes(model, global);
  if (listing == Listing::layers) return print_layers(list_overlay_layers(model, arguments.options.method), global);
  OverlayOptions options = arguments.options;
  if (!arguments.range.empty()) options.range = std::pair(arguments.range[0], arguments.range[1]);
  const Overlayer overlayer(model, options);
  const std::string folder = output_folder(arguments, model, overlayer.method());
  const std::vector<NamedPhoto> images = expand_images(arguments.images, folder, kSheetName);
  make_directories(folder);
  PhotoSeries series(overlayer, folder, overlayer.method().name + ", " + model.name(), arguments, global);
  series.draw(images);
  expect_all_readable("fovea overlay", images.size(), series.finish());
  return kDone;
}

}  // namespace

Action add_overlay_command(CLI::App& app) {
  auto arguments = std::make_shared<OverlayArguments>();
  OverlayOptions& options = arguments->options;
  CLI::App* command = app.add_subcommand("overlay", "draw a model's attention or explanations on photos");
  add_model_options(*command, arguments->model);
  command->add_option("images", arguments->images, "image files, or folders of them")->type_name("IMAGE");
  std::string methods = "auto";
  for (const MethodRow& row : method_registry()) methods += ", " + row.name;
  command->add_option("--method", options.method, methods)->capture_default_str();
  command->add_option("--layer", options.layers, "module name, repeatable; all; list: print the names (default: the last)")
      ->take_all()
      ->allow_extra_args(false);
  command->add_option("--class", options.target_class,
                      "class to explain: its name or a unique part of it, its number or WordNet ID; list: print them "
                      "(default: the predicted one)");
  command
      ->add_option("--out", arguments->out,
                   "output folder (default: overlays/METHOD in the run directory, or in the working directory)")
      ->type_name("DIR");
  command->add_flag("--maps", arguments->maps,
                    "also write the raw maps: float32 .npy, with their position on the photo in .json");
  command
      ->add_option("--range", arguments->range,
                   "values of the first and the last colour (default: each map's minimum and maximum)")
      ->expected(2)
      ->type_name("LOW HIGH")
      ->check(number_in({}));
  command->add_option("--opacity", options.opacity, "opacity of the colours (default: 0.5)")->check(number_in(kFraction));
  std::vector<std::string> color_maps;
  for (const auto& [name, map] : kColorMapNames) color_maps.emplace_back(name);
  const auto choose_colors = [&options](const std::string& chosen) {
    for (const auto& [name, map] : kColorMapNames) {
      if (chosen == name) options.color_map = map;
    }
  };
  command->add_option_function<std::string>("--colors", choose_colors, "colour map (default: inferno)")
      ->type_name("NAME")
      ->check(one_of(color_maps));
  return [arguments](const GlobalOptions& global) { return overlay_photos(*arguments, global); };
}

}  // namespace fovea
