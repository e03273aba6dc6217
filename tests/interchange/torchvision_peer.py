"""torchvision's side of the round trip: answers requests, one JSON object in each line, until its input ends."""

import importlib.util
import json
import math
import mmap
import sys
import traceback

import torch
import torchvision
from PIL import Image

CLASSES = 10
GAIN = 1.4  # of a layer's variance: with 1 small networks' images end alike, with 2 deep ones' biases no longer count
TYPES = {"F32": torch.float32, "I64": torch.int64}


def read_safetensors(path):
    """The safetensors format by hand: Debian has no package for it."""
    with open(path, "rb") as file:
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    begin = 8 + int.from_bytes(content[:8], "little")
    tensors = {}
    for name, entry in json.loads(content[8:begin]).items():
        if name != "__metadata__":
            kind = TYPES[entry["dtype"]]
            first, last = entry["data_offsets"]
            count = (last - first) // torch.empty((), dtype=kind).element_size()
            values = torch.frombuffer(content, dtype=kind, count=count, offset=begin + first)
            tensors[name] = values.reshape(entry["shape"])
    return tensors


def write_safetensors(path, tensors):
    """Writes tensors of float32."""
    header = {}
    data = b""
    for name, tensor in tensors.items():
        values = tensor.numpy().tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + data)


class QuickGelu(torch.nn.Module):
    def forward(self, x):
        return x * torch.sigmoid(1.702 * x)


def change_modules(model, kind, replacement):
    for name, child in model.named_children():
        if isinstance(child, kind):
            setattr(model, name, replacement())
        else:
            change_modules(child, kind, replacement)


def set_epsilon(model, epsilon):
    for layer in model.modules():
        if isinstance(layer, (torch.nn.BatchNorm2d, torch.nn.LayerNorm)):
            layer.eps = epsilon


def resnet50_of_caffe():
    """Strides in the first convolution of a bottleneck, a stem's pool that rounds up."""
    model = torchvision.models.resnet50(num_classes=CLASSES)
    for block in (model.layer2[0], model.layer3[0], model.layer4[0]):
        block.conv1.stride, block.conv2.stride = (2, 2), (1, 1)
    model.maxpool = torch.nn.MaxPool2d(3, 2, ceil_mode=True)
    set_epsilon(model, 1e-3)
    return model


def mobilenet_v2_with_relu():
    model = torchvision.models.mobilenet_v2(num_classes=CLASSES)
    change_modules(model, torch.nn.ReLU6, torch.nn.ReLU)
    set_epsilon(model, 1e-3)
    return model


def small_vit(activation):
    model = torchvision.models.VisionTransformer(image_size=32, patch_size=8, num_layers=2, num_heads=3, hidden_dim=48,
                                                 mlp_dim=192, num_classes=CLASSES)
    change_modules(model, torch.nn.GELU, activation)
    return model


def vit_with_tanh():
    model = small_vit(lambda: torch.nn.GELU(approximate="tanh"))
    set_epsilon(model, 1e-3)
    return model


def vit_with_quick_gelu():
    return small_vit(QuickGelu)


CHANGED = {changed.__name__: changed
           for changed in (resnet50_of_caffe, mobilenet_v2_with_relu, vit_with_tanh, vit_with_quick_gelu)}


def network(name):
    model = CHANGED[name]() if name in CHANGED else getattr(torchvision.models, name)(num_classes=CLASSES)
    return model.eval()


def give_life(model):
    """Random values everywhere, also in norms, statistics and biases, so that no tensor can be missed or mistaken; scaled so
    that neither signal nor differences between images die out on the way."""
    for name, value in model.state_dict().items():
        if not value.is_floating_point():
            value.fill_(1234)
        elif name.endswith("running_var"):
            value.uniform_(0.5, 1.5)
        elif name.endswith("weight") and value.dim() > 1:
            value.normal_(0, math.sqrt(GAIN * len(value) / value.numel()))
        else:
            value.normal_(float(name.endswith("weight")), 0.3)


def save(request):
    """A file of torch.save as somebody may publish it, and what the network says about random images."""
    torch.manual_seed(request["seed"])
    model = network(request["model"])
    give_life(model)
    state = model.state_dict()
    form = request["form"]
    if form in ("float16", "bfloat16"):
        kind = getattr(torch, form)
        state = {name: value.to(kind) if value.is_floating_point() else value for name, value in state.items()}
        model.load_state_dict(state)
    if form == "checkpoint":
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        wrapped = {"module." + name: value for name, value in state.items()}
        state = {"epoch": 3, "arch": request["model"], "state_dict": wrapped, "optimizer": optimizer.state_dict()}
    torch.save(state, request["weights"], _use_new_zipfile_serialization=form != "legacy")
    images = torch.randn(2, 3, request["height"], request["width"])
    with torch.no_grad():
        write_safetensors(request["answer"], {"images": images, "logits": model(images)})


def load(request):
    """What torchvision's network says with weights that fovea wrote."""
    model = network(request["model"])
    model.load_state_dict(read_safetensors(request["weights"]), strict=True)
    images = read_safetensors(request["images"])["images"]
    with torch.no_grad():
        write_safetensors(request["answer"], {"logits": model(images)})


def module(request):
    """What a network says that fovea wrote as a Python module."""
    specification = importlib.util.spec_from_file_location("network", request["module"])
    written = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(written)
    if written.CLASSES != request["classes"]:
        raise ValueError(f"other classes: {written.CLASSES}")
    images = read_safetensors(request["images"])["images"]
    photo = Image.new("RGB", (200, 100), (255, 128, 0))
    with torch.no_grad():
        write_safetensors(
            request["answer"], {"input": written.preprocess(photo), "logits": written.load()(images)})


def main():
    answer = {"torch": torch.__version__, "torchvision": torchvision.__version__}
    print(json.dumps(answer), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        answer = {}
        try:
            {"save": save, "load": load, "module": module}[request["do"]](request)
        except Exception as error:
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
