"""Golden cases of CIFAR ResNets with each shortcut.

    /usr/bin/python3 cifar_resnet_cases.py DIR     # writes DIR/cifar_resnet_<shortcut>.safetensors

The networks are written again here from "Deep Residual Learning for Image Recognition", section 4.2. `pad_both` is the padding
of akamaster's pytorch_resnet_cifar10, F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, planes // 4, planes // 4)).
"""

import json
import os
import sys

import torch
import torch.nn.functional as F
from torch import nn

from attention_cases import give_values, write_safetensors

CLASSES = 10


class Block(nn.Module):
    def __init__(self, channels, planes, stride, shortcut):
        super().__init__()
        self.planes, self.stride, self.shortcut = planes, stride, shortcut
        self.conv1 = nn.Conv2d(channels, planes, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        if shortcut == "conv" and stride != 1:
            self.downsample = nn.Sequential(nn.Conv2d(channels, planes, 1, stride, bias=False), nn.BatchNorm2d(planes))

    def carried(self, x):
        if self.stride == 1:
            return x
        if self.shortcut == "conv":
            return self.downsample(x)
        if self.shortcut == "pad_both":
            return F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.planes // 4, self.planes // 4))
        return F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 0, self.planes - x.size(1)))

    def forward(self, x):
        branch = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(branch + self.carried(x))


class CifarResNet(nn.Module):
    def __init__(self, depth, width, shortcut):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        channels = width
        for stage in range(3):
            blocks = []
            for index in range((depth - 2) // 6):
                planes = width * 2**stage
                blocks.append(Block(channels, planes, 2 if stage > 0 and index == 0 else 1, shortcut))
                channels = planes
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
        self.fc = nn.Linear(channels, CLASSES)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.fc(x.mean((2, 3)))


def main(folder):
    os.makedirs(folder, exist_ok=True)
    for seed, shortcut in enumerate(["pad", "pad_both", "conv"], 1):
        arguments = {"depth": 8, "width": 4, "shortcut": shortcut}
        torch.manual_seed(seed)
        network = CifarResNet(**arguments)
        give_values(network)
        with torch.no_grad():
            for name, value in network.named_buffers():
                if name.endswith("running_var"):
                    value.abs_().add_(0.5)
        network = network.double().eval()
        images = torch.randn(2, 3, 17, 12).double().requires_grad_()
        logits = network(images)
        cotangent = torch.randn(logits.shape).double()
        (logits * cotangent).sum().backward()
        tensors = {"state." + name: value for name, value in network.state_dict().items()}
        tensors.update(input=images, logits=logits, cotangent=cotangent, grad_input=images.grad)
        parameters = sum(parameter.numel() for parameter in network.parameters())
        metadata = {"kind": "model", "constructor": "independent.CifarResNet", "args": json.dumps(arguments),
                    "parameters": str(parameters), "seed": str(seed), "source": "tests/golden/cifar_resnet_cases.py",
                    "torch": torch.__version__}
        write_safetensors(os.path.join(folder, f"cifar_resnet_{shortcut}.safetensors"), tensors, metadata)


if __name__ == "__main__":
    main(sys.argv[1])
