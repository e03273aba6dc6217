// Weights of torchvision's networks in fovea's and the other way round, beside torchvision itself.

#include <algorithm>
#include <cmath>
#include <memory>
#include <ostream>
#include <set>
#include <string>
#include <temporary_directory.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/nn/initialise.h>
#include <fovea/weights/external_checkpoint.h>
#include <fovea/weights/map_keys.h>
#include <fovea/weights/safetensors.h>
#include <fovea/weights/state_dict.h>

#include "built_network.h"
#include "living_network.h"
#include "python_peer.h"

namespace fovea {
namespace {

constexpr std::int64_t kClasses = 10;

/// One of torchvision's networks and the same of fovea.
struct Pair {
  std::string test;
  std::string theirs;
  std::string ours;  ///< the section `model`
  std::int64_t height;
  std::int64_t width;
  std::string form;  ///< how their weights are saved
};

void PrintTo(const Pair& pair, std::ostream* out) {
  *out << pair.test;
}

std::vector<Pair> pairs() {
  return {{"resnet18", "resnet18", "resnet18", 64, 96, "zip"},
          {"resnet50", "resnet50", "resnet50", 64, 96, "legacy"},
          {"resnext50_32x4d", "resnext50_32x4d", "resnext50_32x4d", 64, 96, "zip"},
          {"vgg11_bn", "vgg11_bn", "vgg11_bn", 224, 224, "zip"},
          {"mobilenet_v2", "mobilenet_v2", "mobilenet_v2", 64, 96, "checkpoint"},
          {"mobilenet_v3_small", "mobilenet_v3_small", "mobilenet_v3_small", 64, 96, "float16"},
          {"mobilenet_v3_large", "mobilenet_v3_large", "mobilenet_v3_large", 64, 96, "bfloat16"},
          {"mobilenet_v3_small_with_timms_names", "mobilenet_v3_small", "mobilenetv3_small_100", 64, 96, "zip"},
          {"vit_b_16", "vit_b_16", "vit_b_16", 224, 224, "zip"},
          // The same names and shapes with another choice of what has no parameters.
          {"resnet50_of_caffe", "resnet50_of_caffe",
           "{name: resnet50, stem_pool: ceil, bottleneck_stride: conv1, norm_epsilon: 0.001}", 70, 93, "zip"},
          {"mobilenet_v2_with_relu", "mobilenet_v2_with_relu", "{name: mobilenet_v2, activation: relu, norm_epsilon: 0.001}",
           64, 96, "zip"},
          {"vit_with_tanh", "vit_with_tanh",
           "{name: vit, patch_size: 8, embed_dim: 48, depth: 2, heads: 3, activation: gelu_tanh, norm_epsilon: 0.001}", 32,
           32, "zip"},
          {"vit_with_quick_gelu", "vit_with_quick_gelu",
           "{name: vit, patch_size: 8, embed_dim: 48, depth: 2, heads: 3, activation: quick_gelu}", 32, 32, "zip"}};
}

std::shared_ptr<Classifier> our_network(const Pair& pair) {
  auto network = built(pair.ours, {3, pair.height, pair.width, kClasses});
  network->eval();
  return network;
}

torch::Tensor our_logits(Classifier& network, const torch::Tensor& images) {
  const torch::NoGradGuard no_grad;
  return logits_for(network, images);
}

/// The network's tensors as torchvision calls them.
NamedTensors under_torchvisions_names(const Classifier& network) {
  const NamedTensors own = state_dict(network);
  for (const KeyMapping& mapping : key_mappings_of(network)) {
    if (mapping.name == "torchvision") return to_external_names(mapping, own);
  }
  return own;
}

class RoundTrip : public testing::TestWithParam<Pair> {
 protected:
  /// Starts Python here, not once for the suite, so that every test fails where it or a package is missing.
  void SetUp() override {
    if (!peer_) peer_ = std::make_unique<PythonPeer>();
  }
  static void TearDownTestSuite() {
    peer_.reset();
    const testing::UnitTest& all = *testing::UnitTest::GetInstance();
    if (all.test_to_run_count() < all.total_test_count()) return;  // with a filter
    EXPECT_THAT(given_, testing::IsSupersetOf({"resnet18", "resnet50", "vgg11_bn", "mobilenet_v2", "mobilenet_v3_small"}));
    EXPECT_EQ(given_, taken_);
  }

  /// Within what float32 is rounded to in other kernels; another value in any one tensor shows more.
  static void expect_same_logits(const torch::Tensor& ours, const torch::Tensor& theirs) {
    ASSERT_EQ(ours.sizes(), (std::vector<std::int64_t>{2, kClasses}));
    ASSERT_EQ(theirs.sizes(), ours.sizes());
    const double largest = theirs.abs().max().item<double>();
    EXPECT_GT((theirs[0] - theirs[1]).abs().max().item<double>(), 1e-2 * largest) << "the images hardly matter";
    EXPECT_LE((ours - theirs).abs().max().item<double>(), 1e-4 * largest) << ours << "\n" << theirs;
  }

  static std::unique_ptr<PythonPeer> peer_;
  static std::set<std::string> given_, taken_;  ///< the networks whose logits were compared

  TemporaryDirectory folder_;
};

std::unique_ptr<PythonPeer> RoundTrip::peer_;
std::set<std::string> RoundTrip::given_, RoundTrip::taken_;

TEST_P(RoundTrip, TheirWeightsGiveTheirLogitsHere) {
  const std::string weights = folder_.path("weights.pth"), answer = folder_.path("answer.safetensors");
  peer_->ask({{"do", "save"},
              {"model", GetParam().theirs},
              {"form", GetParam().form},
              {"height", GetParam().height},
              {"width", GetParam().width},
              {"seed", 1},
              {"weights", weights},
              {"answer", answer}});
  const auto network = our_network(GetParam());
  load_named_weights(*network, name_for(*network, read_weights_file(weights)), weights);
  const SafetensorsFile theirs(answer);
  expect_same_logits(our_logits(*network, theirs.tensor("images")), theirs.tensor("logits"));
  given_.insert(GetParam().test);
}

TEST_P(RoundTrip, OurWeightsGiveOurLogitsThere) {
  const std::string weights = folder_.path("weights.safetensors"), images = folder_.path("images.safetensors"),
                    answer = folder_.path("answer.safetensors");
  const auto network = our_network(GetParam());
  give_life(*network);
  write_safetensors(weights, under_torchvisions_names(*network), {{"format", "pt"}});
  auto pixels = torch::empty({2, 3, GetParam().height, GetParam().width});
  fill_normal(pixels, RandomStream(3, Purpose::test), 1.0);
  write_safetensors(images, {{"images", pixels}}, {});
  peer_->ask({{"do", "load"}, {"model", GetParam().theirs}, {"weights", weights}, {"images", images}, {"answer", answer}});
  expect_same_logits(our_logits(*network, pixels), SafetensorsFile(answer).tensor("logits"));
  taken_.insert(GetParam().test);
}

INSTANTIATE_TEST_SUITE_P(Torchvision, RoundTrip, testing::ValuesIn(pairs()),
                         [](const auto& test) { return test.param.test; });

}  // namespace
}  // namespace fovea
