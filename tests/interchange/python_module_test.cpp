// Networks in Python that convert_weights() writes, run by Python beside the same networks here.

#include <array>
#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/data/preprocess.h>
#include <fovea/image/decode.h>
#include <fovea/run/conversion.h>
#include <fovea/weights/model_file.h>
#include <fovea/weights/state_dict.h>

#include "built_network.h"
#include "living_network.h"
#include "python_peer.h"
#include "temporary_directory.h"

namespace fovea {
namespace {

constexpr std::int64_t kClassesOfBgr = 5;  ///< of the networks whose input is BGR

struct PlainNetwork {
  std::string test;
  std::string section;  ///< `model`
  InputSpec input;
};

void PrintTo(const PlainNetwork& network, std::ostream* out) {
  *out << network.test;
}

std::vector<PlainNetwork> plain_networks() {
  const InputSpec small{3, 32, 32, 10}, large{3, 70, 93, kClassesOfBgr};
  return {{"resnet20", "{name: resnet20}", small},
          {"resnet20_padded_on_both_sides", "{name: resnet20, shortcut: pad_both, width: 10}", {1, 17, 12, 4}},
          {"resnet20_with_projections", "{name: resnet20, shortcut: conv}", small},
          {"resnet18", "{name: resnet18}", large},
          {"resnet50_of_caffe",
           "{name: resnet50, stem_pool: ceil, bottleneck_stride: conv1, norm_epsilon: 0.001, channels: [16, 24, 32, 40]}",
           large},
          {"resnext50_dilated",
           "{name: resnext50_32x4d, output_stride: 8, layers: [1, 2, 2, 1], channels: [32, 32, 64, 64]}", large},
          {"resnet18d", "{name: resnet18d, channels: [8, 16, 24, 32]}", large},
          {"resnet18d_dilated", "{name: resnet18d, output_stride: 16, channels: [8, 16, 24, 32], stem: deep_tiered}", large},
          {"vgg11_bn", "{name: vgg11_bn, layers: [8, 0, 12, 0, 16], hidden: 24, mlp_ratio: 0.5}", {3, 45, 60, 7}},
          {"vgg11", "{name: vgg11_bn, norm: none, layers: [8, 0, 12, 0], hidden: 24}", {3, 32, 32, 7}}};
}

class PythonModule : public testing::TestWithParam<PlainNetwork> {
 protected:
  void SetUp() override {
    if (!peer_) peer_ = std::make_unique<PythonPeer>();
  }
  static void TearDownTestSuite() { peer_.reset(); }

  static inline std::unique_ptr<PythonPeer> peer_;
  TemporaryDirectory folder_;
};

TEST_P(PythonModule, HasTheInputAndTheLogitsOfTheNetworkHere) {
  const InputSpec& input = GetParam().input;
  ModelField model = model_of(GetParam().section);
  const auto network = build_without_weights(model, input);
  give_life(*network);
  network->eval();
  PreprocessOptions preprocess;
  preprocess.resize = {input.height, input.width};
  preprocess.mean = {0.5, 0.4, 0.3};
  preprocess.standard_deviation = {0.25, 0.2, 0.15};
  preprocess.mean.resize(static_cast<std::size_t>(input.channels));
  preprocess.standard_deviation.resize(static_cast<std::size_t>(input.channels));
  if (input.num_classes == kClassesOfBgr) preprocess.channel_order = ChannelOrder::bgr;
  std::vector<std::string> classes;
  for (std::int64_t i = 0; i < input.num_classes; ++i)
    classes.push_back("class \"" + std::to_string(i) + "\" @name@ \u00e4");
  const std::string file = folder_.path("model.safetensors");
  write_model_file(file, state_dict(*network), describe_model(model.write(), input, classes, preprocess));

  const std::string module = folder_.path("network.py"), images = folder_.path("images.safetensors"),
                    answer = folder_.path("answer.safetensors");
  const Conversion conversion = convert_weights(file, {.python = module});
  EXPECT_EQ(conversion.python, module);
  auto pixels = torch::empty({2, input.channels, input.height, input.width});
  fill_normal(pixels, RandomStream(3, Purpose::test), 1.0);
  write_safetensors(images, {{"images", pixels}}, {});
  peer_->ask({{"do", "module"}, {"module", module}, {"images", images}, {"classes", classes}, {"answer", answer}});
  const SafetensorsFile answers(answer);
  Image photo(100, 200, 3);  // the same as there
  for (std::size_t i = 0; i < photo.pixels.size(); ++i) photo.pixels[i] = std::array<std::uint8_t, 3>{255, 128, 0}[i % 3];
  const Preprocess prepare(preprocess);
  const Image prepared = prepare(to_channels(photo, static_cast<int>(input.channels)));
  EXPECT_TRUE(
      torch::allclose(answers.tensor("input"), collate_images({prepared}, {}, prepare.normalization()).input(), 0, 1e-5));

  const torch::NoGradGuard no_grad;
  const auto ours = logits_for(*network, pixels), theirs = answers.tensor("logits");
  ASSERT_EQ(theirs.sizes(), ours.sizes());
  const double largest = ours.abs().max().item<double>();
  EXPECT_GT((ours[0] - ours[1]).abs().max().item<double>(), 1e-2 * largest) << "the images hardly matter";
  EXPECT_LE((ours - theirs).abs().max().item<double>(), 1e-4 * largest) << "within what float32 is rounded to";
}

INSTANTIATE_TEST_SUITE_P(Torch, PythonModule, testing::ValuesIn(plain_networks()),
                         [](const auto& test) { return test.param.test; });

}  // namespace
}  // namespace fovea
