#include <fovea/base/number_text.h>
#include <fovea/base/text_template.h>
#include <fovea/models/internal/python_text.h>
#include <fovea/models/residual/internal/python_source.h>

namespace fovea {
namespace {

constexpr const char* kResnetSource = R"python(def norm(channels):
    return nn.BatchNorm2d(channels, eps=@epsilon@)


def convolution(channels, planes, kernel, stride=1, dilation=1, groups=1):
    return nn.Conv2d(channels, planes, kernel, stride, dilation * (kernel // 2), dilation, groups, bias=False)

@block@

class Network(nn.Module):
    """ResNet, "Deep Residual Learning for Image Recognition", with stages of @layers@ blocks."""

    def __init__(self):
        super().__init__()
@stem@
        channels, reached, dilation = stem_channels, 4, 1  # reached: pixels per position
        for number, (planes, blocks) in enumerate(zip(@channels@, @layers@), 1):
            stride = 1 if number == 1 else 2
            first_dilation = dilation
            if reached >= @output_stride@:  # later stages dilate instead of striding
                dilation *= stride
                stride = 1
            reached *= stride
            stage = [Block(channels, planes, stride, first_dilation, dilation)]
            channels = planes * Block.expansion
            stage += [Block(channels, planes, 1, dilation, dilation) for _ in range(blocks - 1)]
            setattr(self, f"layer{number}", nn.Sequential(*stage))
        self.fc = nn.Linear(channels, len(CLASSES))

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = F.max_pool2d(x, 3, 2, @stem_pool@)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean((2, 3)))
)python";

constexpr const char* kResnetShortcut = R"python(
def shortcut(channels, planes, stride, dilation):
    layers = []
@pool@
    return nn.Sequential(*layers, convolution(channels, planes, 1, stride), norm(planes))

)python";

constexpr const char* kResnetMeanPool = R"python(    if stride > 1:
        layers = [nn.AvgPool2d(2, stride, ceil_mode=True, count_include_pad=False)]
    elif dilation > 1:
        layers = [nn.Sequential(nn.ZeroPad2d((0, 1, 0, 1)), nn.AvgPool2d(2, 1))]
    else:
        layers = [nn.Identity()]
    stride = 1)python";

constexpr const char* kResnetBasic = R"python(
class Block(nn.Module):
    expansion = 1

    def __init__(self, channels, planes, stride, first_dilation, dilation):
        super().__init__()
        self.conv1, self.bn1 = convolution(channels, planes, 3, stride, first_dilation), norm(planes)
        self.conv2, self.bn2 = convolution(planes, planes, 3, 1, dilation), norm(planes)
        if stride != 1 or channels != planes:
            self.downsample = shortcut(channels, planes, stride, dilation)

    def forward(self, x):
        branch = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(branch + (self.downsample(x) if hasattr(self, "downsample") else x))
)python";

constexpr const char* kResnetBottleneck = R"python(
class Block(nn.Module):
    expansion = 4

    def __init__(self, channels, planes, stride, first_dilation, dilation):
        super().__init__()
        width = planes * @base_width@ // 64 * @cardinality@
        strides = @strides@  # of conv1 and conv2
        self.conv1, self.bn1 = convolution(channels, width, 1, strides[0]), norm(width)
        self.conv2, self.bn2 = convolution(width, width, 3, strides[1], first_dilation, @cardinality@), norm(width)
        self.conv3, self.bn3 = convolution(width, 4 * planes, 1), norm(4 * planes)
        if stride != 1 or channels != 4 * planes:
            self.downsample = shortcut(channels, 4 * planes, stride, dilation)

    def forward(self, x):
        branch = F.relu(self.bn1(self.conv1(x)))
        branch = self.bn3(self.conv3(F.relu(self.bn2(self.conv2(branch)))))
        return F.relu(branch + (self.downsample(x) if hasattr(self, "downsample") else x))
)python";

constexpr const char* kResnetPlainStem = R"python(        stem_channels = 64
        self.conv1 = nn.Conv2d(@in_channels@, 64, 7, 2, 3, bias=False)
        self.bn1 = norm(64))python";

constexpr const char* kResnetDeepStem = R"python(        stem_channels = @stem_out@
        self.conv1 = nn.Sequential(
            convolution(@in_channels@, @stem_first@, 3, 2), norm(@stem_first@), nn.ReLU(),
            convolution(@stem_first@, @stem_width@, 3), norm(@stem_width@), nn.ReLU(),
            convolution(@stem_width@, @stem_out@, 3))
        self.bn1 = norm(@stem_out@))python";

}  // namespace

std::string resnet_python(const ResnetOptions& options, const InputSpec& input) {
  const auto number = [](std::int64_t value) { return std::to_string(value); };
  const bool is_basic = options.block == ResnetBlockKind::basic, is_plain = options.stem == ResnetStem::plain;
  const std::int64_t width = options.stem_width;
  const std::int64_t first = options.stem == ResnetStem::deep_tiered ? 3 * (width / 4) : width;
  const bool conv1_strides = options.bottleneck_stride == BottleneckStride::conv1;
  const std::string blocks = std::string(kResnetShortcut) + (is_basic ? kResnetBasic : kResnetBottleneck);
  const std::string source =
      with_values(kResnetSource, {{"block", blocks}, {"stem", is_plain ? kResnetPlainStem : kResnetDeepStem}});
  return with_values(source, {{"pool", options.avg_down ? kResnetMeanPool : "    # a strided convolution"},
                              {"layers", python_list(options.layers)},
                              {"channels", python_list(options.channels)},
                              {"epsilon", number_text(options.norm_epsilon)},
                              {"stem_pool", options.stem_pool == StemPool::ceil ? "ceil_mode=True" : "1"},
                              {"strides", conv1_strides ? "(stride, 1)" : "(1, stride)"},
                              {"output_stride", number(options.output_stride)},
                              {"base_width", number(options.base_width)},
                              {"cardinality", number(options.cardinality)},
                              {"in_channels", number(input.channels)},
                              {"stem_first", number(first)},
                              {"stem_width", number(width)},
                              {"stem_out", number(2 * width)}});
}

}  // namespace fovea
