#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/base/file.h>
#include <fovea/base/thread_team.h>
#include <fovea/base/torch_compat.h>
#include <fovea/config/fields.h>
#include <fovea/explain/method.h>
#include <fovea/run/image_arguments.h>
#include <fovea/run/photo_overlay.h>
#include <fovea/run/sheet_pages.h>

#include "model_options.h"
#include "program.h"

namespace fovea {
namespace {

struct OverlayArguments {
  ModelArguments model;
  std::vector<std::string> images;
  std::string method = "auto";
  std::vector<std::string> layers;
  std::string target;
  std::string out;
  std::vector<double> range;
  OverlaySettings drawing;
};

constexpr const char* kSheetName = "contact_sheet";

bool has_spatial(const std::vector<LayerMap>& layers) {
  return std::any_of(layers.begin(), layers.end(), [](const LayerMap& layer) { return layer.is_spatial(); });
}

/// A method and the layers it can show.
struct Choice {
  const MethodRow* method;
  std::vector<LayerMap> layers;
};

Choice choice_of(const std::string& method, const OpenedModel& opened) {
  const MethodRow& row = find_method(method, "--method");
  return {&row, list_layers(row, *opened.classifier, opened.description.input)};
}

/// `auto`: the first method that has something to show on a photo.
std::optional<Choice> automatic_choice(const OpenedModel& opened) {
  for (const char* method : {"glimpses", "attention", "gradcam"}) {
    Choice choice = choice_of(method, opened);
    const auto is_on_photo = [](const LayerMap& layer) { return !layer.is_channels(); };
    if (std::any_of(choice.layers.begin(), choice.layers.end(), is_on_photo)) return choice;
  }
  return std::nullopt;
}

Choice choose_method(const std::string& name, const OpenedModel& opened) {
  if (name != "auto") {
    Choice choice = choice_of(name, opened);
    if (!choice.layers.empty()) return choice;
  }
  const std::optional<Choice> automatic = automatic_choice(opened);
  if (name == "auto" && automatic) return *automatic;
  throw InputError("--method " + name, "a network with something that it can show", "one without",
                   automatic ? "use --method " + automatic->method->name : "no method can show this network");
}

/// Names end at dots: layer1 is part of layer1.0, and not of layer10.
bool is_within(const std::string& layer, const std::string& module) {
  return layer == module || (layer.starts_with(module) && layer[module.size()] == '.');
}

/// The layers that arguments ask for: modules with everything below them, or `all`; without any, the last one, spatial if
/// there is such.
std::vector<LayerMap> choose_layers(const Choice& choice, const std::vector<std::string>& wanted) {
  if (wanted.empty()) {
    const auto last = std::find_if(choice.layers.rbegin(), choice.layers.rend(),
                                   [&](const LayerMap& layer) { return layer.is_spatial() || !has_spatial(choice.layers); });
    return {*last};
  }
  std::vector<bool> chosen(choice.layers.size(), false);
  for (const std::string& name : wanted) {
    bool found = false;
    for (std::size_t i = 0; i < choice.layers.size(); ++i) {
      if (name != "all" && !is_within(choice.layers[i].layer, name)) continue;
      chosen[i] = found = true;
    }
    if (found) continue;
    std::vector<std::string> names;
    for (const LayerMap& layer : choice.layers) names.push_back(layer.layer);
    const std::string nearest = nearest_name(name, names);
    throw InputError("--layer", "a layer that " + choice.method->name + " can show", "'" + name + "'",
                     nearest.empty() ? "see --layer list" : "did you mean '" + nearest + "'?");
  }
  std::vector<LayerMap> layers;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    if (chosen[i]) layers.push_back(choice.layers[i]);
  }
  return layers;
}

const char* kind_of(const LayerMap& layer) {
  return layer.is_spatial() ? "spatial" : layer.is_channels() ? "channel" : "glimpses";
}

std::string size_text(const LayerMap& layer) {
  const auto size = [&](std::size_t axis) { return std::to_string(layer.values.sizes()[axis]); };
  if (layer.is_channels()) return size(0) + " channels";
  return layer.is_spatial() ? size(0) + " x " + size(1) + " cells" : size(0) + " glimpses of " + size(1) + " scales";
}

int print_layers(const Choice& choice, const GlobalOptions& global) {
  Json rows = Json::array();
  for (const LayerMap& layer : choice.layers) {
    rows.push_back({{"method", choice.method->name},
                    {"layer", layer.layer},
                    {"kind", kind_of(layer)},
                    {"shape", layer.values.sizes().vec()}});
  }
  if (global.json) {
    print_json(rows);
    return kDone;
  }
  for (const LayerMap& layer : choice.layers) {
    std::printf("%-10s %-32s %s\n", choice.method->name.c_str(), layer.layer.c_str(), size_text(layer).c_str());
  }
  return kDone;
}

/// A class by its name or number.
std::optional<std::int64_t> parse_class(const std::string& text, const std::vector<std::string>& classes) {
  if (text.empty()) return std::nullopt;
  const auto named = std::find(classes.begin(), classes.end(), text);
  if (named != classes.end()) return named - classes.begin();
  if (text.find_first_not_of("0123456789") == std::string::npos && text.size() < 10 &&
      std::stoll(text) < std::ssize(classes)) {
    return std::stoll(text);
  }
  const std::string nearest = nearest_name(text, classes);
  throw InputError("--class", "one of the model's classes, or its number below " + std::to_string(classes.size()),
                   "'" + text + "'", nearest.empty() ? "" : "did you mean '" + nearest + "'?");
}

std::optional<std::pair<double, double>> parse_range(const std::vector<double>& range) {
  if (range.empty()) return std::nullopt;
  if (!(range[0] < range[1]) || !std::isfinite(range[1] - range[0])) {
    throw InputError("--range", "two finite numbers, the lower one first",
                     std::to_string(range[0]) + " and " + std::to_string(range[1]));
  }
  return std::pair(range[0], range[1]);
}

/// Options for maps of colours need such a map.
void expect_colors_used(const OverlaySettings& settings, const std::vector<LayerMap>& layers) {
  if (has_spatial(layers) || (!settings.range && !settings.opacity)) return;
  throw InputError(settings.range ? "--range" : "--opacity", "a layer that lies on the photo as colours",
                   layers.back().layer, "leave it out");
}

void print_entry(const Json& entry) {
  const auto text = [&](const char* key) { return entry[key].get<std::string>(); };
  std::printf("%s  %s %.1f %%  %s\n", text("image").c_str(), text("name").c_str(), 100 * entry["probability"].get<double>(),
              text("layer").c_str());
  for (const char* key : {"output", "panel", "animation"}) {
    if (entry.contains(key)) std::printf("  %s\n", text(key).c_str());
  }
}

/// Draws all images, a few at a time. @return entries of all; what cannot be read is warned about and counted.
std::int64_t draw_all(const PhotoOverlayer& overlayer, const std::vector<ImageArgument>& images, SheetPages& sheet,
                      Json& entries, const GlobalOptions& global) {
  std::int64_t unreadable = 0;
  ThreadTeam team(static_cast<int>(std::min<std::int64_t>(global.threads, std::ssize(images))),
                  compat::use_one_operator_thread);
  for (std::size_t begin = 0; begin < images.size(); begin += static_cast<std::size_t>(team.threads())) {
    const std::size_t count = std::min(images.size() - begin, static_cast<std::size_t>(team.threads()));
    std::vector<PhotoOverlay> drawn(count);
    std::vector<std::string> failures(count);
    team.run(static_cast<std::int64_t>(count), [&](std::int64_t i) {
      const auto index = static_cast<std::size_t>(i);
      try {
        drawn[index] = overlayer(images[begin + index]);
      } catch (const InputError& error) {
        if (images.size() == 1) throw;
        failures[index] = error.what();
      }
    });
    for (std::size_t i = 0; i < count; ++i) {
      if (!failures[i].empty()) {
        print_warning(failures[i]);
        ++unreadable;
        continue;
      }
      sheet.add(std::move(drawn[i].tiles));
      for (Json& entry : drawn[i].entries) {
        if (!global.json) print_entry(entry);
        if (global.json) entries.push_back(std::move(entry));
      }
    }
  }
  return unreadable;
}

/// Where the pictures go: each method has a folder of its own, unless one was named.
std::string output_folder(const OverlayArguments& arguments, const OpenedModel& opened, const MethodRow& method) {
  if (!arguments.out.empty()) return arguments.out;
  return (opened.directory.empty() ? "" : opened.directory + "/") + "overlays/" + method.name;
}

int list_method_layers(const OverlayArguments& arguments, const Choice& choice, const GlobalOptions& global) {
  if (!arguments.images.empty() || arguments.layers.size() > 1) {
    throw InputError("--layer list", "nothing else to do", "images or other layers", "leave them out");
  }
  return print_layers(choice, global);
}

int overlay_photos(const OverlayArguments& arguments, const GlobalOptions& global) {
  const torch::Device device = parse_device(global.device);
  const bool only_list = std::find(arguments.layers.begin(), arguments.layers.end(), "list") != arguments.layers.end();
  if (arguments.images.empty() && !only_list) throw InputError("fovea overlay", "images, or --layer list", "none");
  const OpenedModel opened = open_model(with_seed(arguments.model, global), device);
  expect_settings_used(opened, arguments.model.settings);
  for (torch::Tensor& parameter : opened.classifier->parameters()) parameter.set_requires_grad(false);

  const Choice choice = choose_method(arguments.method, opened);
  if (only_list) return list_method_layers(arguments, choice, global);
  OverlaySettings settings = arguments.drawing;
  settings.folder = output_folder(arguments, opened, *choice.method);
  settings.range = parse_range(arguments.range);
  settings.target = parse_class(arguments.target, opened.description.classes);
  if (settings.target && !choice.method->explains_class) {
    throw InputError("--class", "a method that explains one class", choice.method->name,
                     "the network's own attention is the same for all; use --method gradcam");
  }
  const std::vector<ImageArgument> images = expand_images(arguments.images, settings.folder, kSheetName);
  const std::vector<LayerMap> layers = choose_layers(choice, arguments.layers);
  expect_colors_used(settings, layers);
  make_directories(settings.folder);

  const PhotoOverlayer overlayer(opened, *choice.method, layers, settings, device);
  SheetPages sheet(settings.folder + "/" + kSheetName,
                   choice.method->name + ", " + opened.description.model.find("name")->scalar, overlayer.tiles_per_photo());
  Json entries = Json::array();
  const std::int64_t unreadable = draw_all(overlayer, images, sheet, entries, global);
  const std::vector<std::string> pages = sheet.finish();
  if (global.json) {
    print_json(entries);
  } else {
    for (const std::string& page : pages) std::printf("contact sheet  %s\n", page.c_str());
  }
  expect_all_readable("fovea overlay", images.size(), unreadable);
  return kDone;
}

}  // namespace

Action add_overlay_command(CLI::App& app) {
  auto arguments = std::make_shared<OverlayArguments>();
  CLI::App* command = app.add_subcommand("overlay", "draw on photos what a model attends to");
  add_model_options(*command, arguments->model);
  command->add_option("images", arguments->images, "image files, or folders of them")->type_name("IMAGE");
  std::string methods = "auto";
  for (const MethodRow& row : method_registry()) methods += ", " + row.name;
  command->add_option("--method", arguments->method, methods)->capture_default_str();
  command->add_option("--layer", arguments->layers, "module name, repeatable; all; list shows them (default: the last)")
      ->take_all()
      ->allow_extra_args(false);
  command->add_option("--class", arguments->target, "class to explain, by name or number (default: the predicted one)");
  command->add_option("--out", arguments->out, "folder (default: overlays/METHOD in the run directory, or here)")
      ->type_name("DIR");
  command->add_flag("--maps", arguments->drawing.maps, "also the raw maps: float32 .npy with a .json of their place");
  command->add_option("--range", arguments->range, "values of the first and the last colour (default: each map's own)")
      ->expected(2)
      ->type_name("LOW HIGH");
  command->add_option("--opacity", arguments->drawing.opacity, "of the colours (default: 0.5)")->check(CLI::Range(0.0, 1.0));
  std::map<std::string, ColorMap> color_maps;
  for (const auto& [name, map] : kColorMapNames) color_maps.emplace(name, map);
  command->add_option("--colors", arguments->drawing.color_map, "colour map (default: inferno)")
      ->transform(CLI::Transformer(color_maps).description("inferno, magma, plasma, viridis, cividis, turbo or jet"));
  return [arguments](const GlobalOptions& global) { return overlay_photos(*arguments, global); };
}

}  // namespace fovea
