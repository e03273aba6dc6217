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

/// Resizing and cropping by torchvision's transforms.
std::string python_steps(const Json& preprocess) {
  const auto sides = [](const Json& value) {
    const bool is_one = value.is_number();
    if (is_one || value.size() == 1) return (is_one ? value : value.at(0)).dump();
    return value.dump();
  };
  std::string steps;
  if (const std::string resize = sides(preprocess.at("resize")); resize != "0") {
    const auto interpolation = preprocess.at("interpolation").get<std::string>();
    std::string mode = interpolation;
    for (char& letter : mode) letter = static_cast<char>(letter >= 'a' && letter <= 'z' ? letter - 'a' + 'A' : letter);
    steps += "transforms.Resize(" + resize + ", transforms.InterpolationMode." + mode + "), ";
  }
  if (const std::string crop = sides(preprocess.at("crop")); crop != "0") steps += "transforms.CenterCrop(" + crop + "), ";
  return steps;
}

bool is_bgr(const Json& preprocess) {  // files of earlier versions do not say
  return preprocess.value("channel_order", "rgb") == "bgr";
}

/// JSON text as a Python value: a list of numbers or texts is both.
std::string python_value(const Json& value) {
  return value.dump(-1, ' ', /*ensure_ascii=*/true);
}

const ModelRow& expect_python(const ModelRow& row, const Json& model) {
  if (!row.python) {
    std::vector<std::string> known;
    for (const ModelRow& other : model_registry()) {
      if (other.python) known.push_back(other.name);
    }
    throw InputError("python: " + row.name, "a network that has a Python form: " + join_names(known), row.name);
  }
  if (model.at("attention") != "none") {
    throw InputError("python: " + row.name, "a network without attention", "attention " + model.at("attention").dump(),
                     "fovea's attention has no Python form");
  }
  return row;
}

}  // namespace

std::string python_module(const Json& description, const std::string& weights, const std::string& module) {
  namespace fs = std::filesystem;
  const Json& model = description.at("model");
  ModelField field;
  field.read(parse_yaml(model.dump(), "model"), "model");
  const ModelRow& row = expect_python(*field.row, model);
  const Json &size = description.at("input"), &preprocess = description.at("preprocess");
  const InputSpec input{size.at("channels").get<std::int64_t>(), size.at("height").get<std::int64_t>(),
                        size.at("width").get<std::int64_t>(), std::ssize(description.at("classes"))};
  const fs::path folder = fs::absolute(module).parent_path();
  const std::string relative =
      fs::absolute(weights).lexically_normal().lexically_proximate(folder.lexically_normal()).string();
  return with_values(kModule, {{"network", row.python(*field.options, input)},
                               {"name", row.name},
                               {"steps", python_steps(preprocess)},
                               {"order", is_bgr(preprocess) ? ", lambda tensor: tensor.flip(0)" : ""},
                               {"mode", input.channels == 1 ? "L" : "RGB"},
                               {"channels", std::to_string(input.channels)},
                               {"height", std::to_string(input.height)},
                               {"width", std::to_string(input.width)},
                               {"mean", python_value(preprocess.at("mean"))},
                               {"std", python_value(preprocess.at("std"))},
                               {"weights", python_value(relative)},
                               {"classes", python_value(description.at("classes"))}});
}

}  // namespace fovea
