#include <fovea/base/error.h>
#include <fovea/base/number_text.h>
#include <fovea/base/text_template.h>
#include <fovea/models/internal/python_text.h>
#include <fovea/models/vgg/internal/python_source.h>

namespace fovea {
namespace {

constexpr const char* kVggSource = R"python(class Network(nn.Module):
    """VGG, "Very Deep Convolutional Networks for Large-Scale Image Recognition"@with_norm@."""

    def __init__(self):
        super().__init__()
        layers, channels = [], @in_channels@
        for planes in @layers@:  # 0: a max pool
            if planes == 0:
                layers.append(nn.MaxPool2d(2))
                continue
            layers += [nn.Conv2d(channels, planes, 3, 1, 1), @norm@nn.ReLU()]
            channels = planes
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            nn.Linear(7 * 7 * channels, @first@), nn.ReLU(), nn.Dropout(@dropout@),
            nn.Linear(@first@, @hidden@), nn.ReLU(), nn.Dropout(@dropout@), nn.Linear(@hidden@, len(CLASSES)))

    def forward(self, x):
        x = F.adaptive_avg_pool2d(self.features(x), 7)
        return self.classifier(x.flatten(1))
)python";

}  // namespace

std::string vgg_python(const VggOptions& options, const InputSpec& input) {
  if (options.variant != VggVariant::torchvision) {
    throw InputError("model.variant", "torchvision for a network in Python", "timm", "choose variant: torchvision");
  }
  const bool has_norm = options.norm == VggNorm::batch;
  const auto first = static_cast<std::int64_t>(static_cast<double>(options.hidden) * options.mlp_ratio);
  return with_values(kVggSource, {{"with_norm", has_norm ? " with batch norm" : ""},
                                  {"in_channels", std::to_string(input.channels)},
                                  {"layers", python_list(options.layers)},
                                  {"norm", has_norm ? "nn.BatchNorm2d(planes), " : ""},
                                  {"first", std::to_string(first)},
                                  {"hidden", std::to_string(options.hidden)},
                                  {"dropout", number_text(options.dropout)}});
}

}  // namespace fovea
