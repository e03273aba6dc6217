#include <algorithm>
#include <functional>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/nn/layer_pattern.h>
#include <fovea/nn/shape_text.h>
#include <fovea/options/names.h>
#include <fovea/weights/initial_weights.h>
#include <fovea/weights/internal/new_layers.h>
#include <fovea/weights/state_dict.h>
#include <fovea/weights/weights_advice.h>
#include <fovea/weights/weights_report.h>

namespace fovea {
namespace {

bool is_below(const std::string& name, const std::string& module) {
  return !module.empty() && name.starts_with(module + ".");
}

/// `weights` with those of `own` in place of the tensors whose names are `chosen`.
NamedTensors with_own_tensors(NamedTensors weights, const NamedTensors& own,
                              const std::function<bool(const std::string&)>& chosen) {
  std::erase_if(weights, [&](const auto& item) { return chosen(item.first); });
  for (const auto& [name, tensor] : own) {
    if (chosen(name)) weights[name] = tensor;
  }
  return weights;
}

/// "fc.bias [10] and fc.weight [10, 64]".
std::string layer_text(const NamedTensors& tensors, const std::string& module) {
  std::vector<std::string> parts;
  for (const auto& [name, tensor] : tensors) {
    if (!is_below(name, module)) continue;
    parts.push_back(name + " " + shape_text(tensor));
  }
  return parts.empty() ? "none" : join_names(parts);
}

void adapt_input_layer(const Classifier& network, NamedTensors& weights, const std::string& where) {
  const std::string path = network.input_layer();
  const auto modules = network.named_modules("", /*include_self=*/false);
  const auto* layer = modules.find(path);
  const auto* convolution = layer == nullptr ? nullptr : (*layer)->as<torch::nn::Conv2d>();
  if (convolution == nullptr || convolution->options.groups() != 1) {
    throw InputError(where, "a network that reads images with a convolution of one group, for input: adapt",
                     convolution == nullptr ? "one without" : std::to_string(convolution->options.groups()) + " groups",
                     "set input: keep");
  }
  const auto found = weights.find(path + ".weight");
  if (found == weights.end()) return;  // reported as a missing key later
  torch::Tensor& weight = found->second;
  const std::int64_t channels = convolution->weight.size(1);
  const bool fits = weight.dim() != 4 || weight.numel() == 0 || !weight.is_floating_point() || weight.size(1) == channels;
  if (!fits) weight = adapt_input_channels(weight, channels);
}

/// True when two convolution weights [O, C, H, W] differ in C only.
bool differ_in_channels(const torch::Tensor& own, const torch::Tensor& given) {
  if (own.dim() != 4 || given.dim() != 4 || own.size(1) == given.size(1)) return false;
  return own.size(0) == given.size(0) && own.size(2) == given.size(2) && own.size(3) == given.size(3);
}

/// @throws InputError when layers were added to the network of the file, such as attention: all that the file lacks is of
/// one kind. @param expected tensors of the file, and those of the network that need not be in it.
void expect_no_new_layers(const NamedTensors& own, const NamedTensors& expected, const std::string& where) {
  const WeightsReport report = compare_without_suggestions(own, expected);
  if (report.missing.empty() || !report.unexpected.empty() || !report.shape_mismatch.empty()) return;
  std::vector<std::string> present;
  for (const auto& [name, tensor] : expected) present.push_back(name);
  const std::string pattern = pattern_of_new_layers(report.missing, present);
  if (pattern.empty()) return;
  const std::string more = report.missing.size() > 1 ? " and " + std::to_string(report.missing.size() - 1) + " more" : "";
  throw InputError(
      where, "every layer of the network", "no " + report.missing.front() + more,
      "the file is of this network without these layers: reinitialised: [\"" + pattern + "\"] begins with new ones");
}

/// Check of load_state_dict(), with advice where an option helps. @param advice called when another architecture is likely.
void expect_weights_fit(const Classifier& network, const NamedTensors& weights, const std::string& where,
                        const std::function<std::string()>& advice) {
  const NamedTensors own = state_dict(network);
  const std::string head = network.head();
  const std::string input = network.input_layer() + ".weight";
  const bool other_channels =
      own.contains(input) && weights.contains(input) && differ_in_channels(own.at(input), weights.at(input));
  NamedTensors expected = with_own_tensors(weights, own, [&](const std::string& name) { return is_below(name, head); });
  if (other_channels) expected[input] = own.at(input);
  expect_no_new_layers(own, expected, where);
  const WeightsReport report = compare_weights(own, expected);
  if (!report.fits()) {
    throw InputError(where, "the weights of this " + std::to_string(own.size()) + "-tensor network", report.summary(),
                     advice());
  }
  if (other_channels) {
    throw InputError(where, layer_text(own, network.input_layer()), layer_text(weights, network.input_layer()),
                     "set input: adapt to convert it");
  }
  if (layer_text(own, head) != layer_text(weights, head)) {
    throw InputError(where, layer_text(own, head), layer_text(weights, head), "set head: replace to start with a new head");
  }
}

void expect_finite(const NamedTensors& weights, const NamedTensors& own, const std::string& where) {
  for (const auto& [name, tensor] : weights) {
    if (tensor.is_same(own.at(name))) continue;  // a reinitialised tensor
    if (torch::isfinite(tensor.to(own.at(name).scalar_type())).all().item<bool>()) continue;
    throw InputError(where + ": " + name, "finite values", "NaN or infinity", "start from other weights");
  }
}

}  // namespace

void InitialWeightsOptions::visit_fields(FieldVisitor& fields) {
  fields.text("weights", weights, "run directory, safetensors or PyTorch file (.pth) to start from, or none");
  fields.text("key", key, "key of a nested dict in a PyTorch file, e.g. teacher, with dots between keys; or none");
  fields.choice("head", head, {{"replace", InitialHead::replace}, {"keep", InitialHead::keep}},
                "the last layer: reinitialised for other classes, or loaded from the file");
  fields.choice("input", input, {{"keep", InitialInput::keep}, {"adapt", InitialInput::adapt}},
                "the first convolution: loaded from the file, or converted to another number of image channels");
  fields.texts("rename", rename,
               "renames of keys in the file, each FROM=TO, maybe patterns with *; without TO they are skipped");
  fields.texts("reinitialised", reinitialised,
               "names or patterns of layers that are initialised at random instead of loaded from the file");
}

void InitialWeightsOptions::validate() const {
  if (weights != "none") return;
  for (const auto& [name, given] : {std::pair("key", key != "none"),
                                    {"head", head != InitialHead::replace},
                                    {"input", input != InitialInput::keep},
                                    {"rename", !rename.empty()},
                                    {"reinitialised", !reinitialised.empty()}}) {
    if (!given) continue;
    throw InputError("train.init", std::string("weights, because ") + name + " is set", "none", "set train.init.weights");
  }
}

void load_initial_weights(Classifier& network, const NamedForNetwork& named, const InitialWeightsOptions& options,
                          const std::string& where, const VisitNetworks& others) {
  NamedTensors weights = named.tensors;
  const NamedTensors own = state_dict(network);
  if (options.head == InitialHead::replace && network.head().empty()) {
    throw InputError(where, "a network whose logits come from one layer, for head: replace", "one without",
                     "set head: keep");
  }
  if (options.input == InitialInput::adapt) adapt_input_layer(network, weights, where);
  for (const std::string& pattern : options.reinitialised) parameters_matching(network, pattern, where + ": reinitialised");
  const auto stays = [&](const std::string& name) {
    if (options.head == InitialHead::replace && is_below(name, network.head())) return true;
    return std::any_of(options.reinitialised.begin(), options.reinitialised.end(),
                       [&](const std::string& pattern) { return matches_layer(pattern, name); });
  };
  weights = with_own_tensors(std::move(weights), own, stays);
  expect_weights_fit(network, weights, where, [&] { return weights_advice(network, named, others, stays); });
  expect_finite(weights, own, where);
  load_state_dict(network, weights, where);
}

torch::Tensor adapt_input_channels(const torch::Tensor& weight, std::int64_t channels) {
  const torch::NoGradGuard no_grad;
  const auto wide = weight.to(torch::kFloat64);
  if (channels == 1) return wide.sum(1, /*keepdim=*/true);
  const std::int64_t given = weight.size(1);
  std::vector<torch::Tensor> repeated(static_cast<std::size_t>((channels + given - 1) / given), wide);
  const double scale = static_cast<double>(given) / static_cast<double>(channels);
  return torch::cat(repeated, 1).slice(1, 0, channels) * scale;
}

}  // namespace fovea
