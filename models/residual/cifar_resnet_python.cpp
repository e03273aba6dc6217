#include <fovea/base/text_template.h>
#include <fovea/models/residual/internal/python_source.h>

namespace fovea {
namespace {

constexpr const char* kCifarResnetSource = R"python(class Block(nn.Module):
    def __init__(self, channels, planes, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, planes, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.stride, self.added = stride, planes - channels
@convolution@
    def shortcut(self, x):
        if self.stride == 1 and self.added == 0:
            return x
        @shortcut@

    def forward(self, x):
        branch = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(branch + self.shortcut(x))


class Network(nn.Module):
    """ResNet with @depth@ layers for small images, "Deep Residual Learning for Image Recognition", section 4.2."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(@in_channels@, @width@, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(@width@)
        self.layer1 = self.stage(@width@, @width@, 1)
        self.layer2 = self.stage(@width@, @width2@, 2)
        self.layer3 = self.stage(@width2@, @width4@, 2)
        self.fc = nn.Linear(@width4@, len(CLASSES))

    @staticmethod
    def stage(channels, planes, stride):
        return nn.Sequential(Block(channels, planes, stride), *(Block(planes, planes, 1) for _ in range(@others@)))

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.fc(x.mean((2, 3)))
)python";

constexpr const char* kCifarResnetProjection = R"python(        if stride != 1 or channels != planes:
            self.downsample = nn.Sequential(nn.Conv2d(channels, planes, 1, stride, bias=False), nn.BatchNorm2d(planes))
)python";

std::string cifar_shortcut_source(Shortcut shortcut) {
  if (shortcut == Shortcut::conv) return "return self.downsample(x)";
  const std::string before = shortcut == Shortcut::pad_both ? "self.added // 2" : "0";
  return "before = " + before +
         "  # of the channels that are added as zeros\n"
         "        return F.pad(x[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, before, self.added - before))";
}

}  // namespace

std::string cifar_resnet_python(const CifarResnetOptions& options, const InputSpec& input) {
  const auto number = [](std::int64_t value) { return std::to_string(value); };
  return with_values(kCifarResnetSource, {{"convolution", options.shortcut == Shortcut::conv ? kCifarResnetProjection : ""},
                                          {"shortcut", cifar_shortcut_source(options.shortcut)},
                                          {"depth", number(options.depth)},
                                          {"in_channels", number(input.channels)},
                                          {"width", number(options.width)},
                                          {"width2", number(2 * options.width)},
                                          {"width4", number(4 * options.width)},
                                          {"others", number((options.depth - 2) / 6 - 1)}});
}

}  // namespace fovea
