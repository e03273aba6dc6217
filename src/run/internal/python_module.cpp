#include <filesystem>
#include <vector>

#include <fovea/base/error.h>
#include <fovea/base/text_template.h>
#include <fovea/models/model_field.h>
#include <fovea/options/names.h>
#include <fovea/run/internal/python_module.h>

namespace fovea {
namespace {

constexpr const char* kModule = R"python("""@name@ in PyTorch, written by fovea. load() returns the network with its weights:

    network = load()
    probabilities = network(preprocess(PIL.Image.open("photo.jpg"))).softmax(1)
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

WEIGHTS = Path(__file__).parent / @weights@
CLASSES = @classes@
MEAN, STD = @mean@, @std@  # of values from 0 to 1
HEIGHT, WIDTH = @height@, @width@  # of the network's input


@network@

def read_safetensors(path):
    """Tensors of a safetensors file by name; safetensors.torch.load_file() does the same."""
    content = bytearray(Path(path).read_bytes())
    begin = 8 + int.from_bytes(content[:8], "little")
    types = {"F32": torch.float32, "F64": torch.float64, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64}
    tensors = {}
    for name, entry in json.loads(content[8:begin].decode()).items():
        if name == "__metadata__":
            continue
        first, last = entry["data_offsets"]
        values = torch.frombuffer(content[begin + first:begin + last], dtype=types[entry["dtype"]])
        tensors[name] = values.reshape(entry["shape"])
    return tensors


def load(path=WEIGHTS):
    """The network in evaluation mode, with the weights of a file."""
    network = Network()
    network.load_state_dict(read_safetensors(path))
    return network.eval()


def preprocess(image):
    """A PIL image as the network's input [1, @channels@, @height@, @width@]."""
    from torchvision import transforms

    steps = transforms.Compose([@steps@transforms.ToTensor(), transforms.Normalize(MEAN, STD)@order@])
    return steps(image.convert("@mode@")).unsqueeze(0)
)python";

/// A member of torchvision's InterpolationMode.
const char* python_interpolation(Interpolation interpolation) {
  switch (interpolation) {
    case Interpolation::bilinear:
      return "BILINEAR";
    case Interpolation::bicubic:
      return "BICUBIC";
    case Interpolation::area:
      return "BOX";
  }
  return "";
}

/// "256" or "[24, 32]"; empty for no resizing or cropping.
std::string python_sides(const std::vector<std::int64_t>& sides) {
  if (sides.size() > 1) return Json(sides).dump();
  return sides.front() == 0 ? "" : std::to_string(sides.front());
}

/// Resizing and cropping by torchvision's transforms.
std::string python_steps(const PreprocessOptions& preprocess) {
  std::string steps;
  if (const std::string resize = python_sides(preprocess.resize); !resize.empty()) {
    steps += "transforms.Resize(" + resize + ", transforms.InterpolationMode." +
             python_interpolation(preprocess.interpolation) + "), ";
  }
  if (const std::string crop = python_sides(preprocess.crop); !crop.empty()) {
    steps += "transforms.CenterCrop(" + crop + "), ";
  }
  return steps;
}

/// JSON text as a Python value: a list of numbers or texts is both.
std::string python_value(const Json& value) {
  return value.dump(-1, ' ', /*ensure_ascii=*/true);
}

const ModelRow& expect_python(const ModelField& model) {
  const ModelRow& row = *model.row;
  if (!row.python) {
    std::vector<std::string> known;
    for (const ModelRow& other : model_registry()) {
      if (other.python) known.push_back(other.name);
    }
    throw InputError("python: " + row.name, "a network that has a Python form: " + join_names(known), row.name);
  }
  if (const auto& attention = model.attention.entries; !attention.empty()) {
    throw InputError("python: " + row.name, "a network without attention", "attention " + attention.front().row->name,
                     "fovea's attention has no Python form");
  }
  return row;
}

}  // namespace

std::string python_module(const ModelDescription& description, const std::string& weights, const std::string& module) {
  namespace fs = std::filesystem;
  ModelField model;
  model.read(description.model, "model");
  const ModelRow& row = expect_python(model);
  const InputSpec& input = description.input;
  const PreprocessOptions& preprocess = description.preprocess;
  const fs::path folder = fs::absolute(module).parent_path();
  const std::string relative =
      fs::absolute(weights).lexically_normal().lexically_proximate(folder.lexically_normal()).string();
  return with_values(kModule,
                     {{"network", row.python(*model.options, input)},
                      {"name", row.name},
                      {"steps", python_steps(preprocess)},
                      {"order", preprocess.channel_order == ChannelOrder::bgr ? ", lambda tensor: tensor.flip(0)" : ""},
                      {"mode", input.channels == 1 ? "L" : "RGB"},
                      {"channels", std::to_string(input.channels)},
                      {"height", std::to_string(input.height)},
                      {"width", std::to_string(input.width)},
                      {"mean", python_value(preprocess.mean)},
                      {"std", python_value(preprocess.standard_deviation)},
                      {"weights", python_value(relative)},
                      {"classes", python_value(description.classes)}});
}

}  // namespace fovea
