#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include <ATen/CPUGeneratorImpl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/nn/initialise.h>
#include <fovea/weights/state_dict.h>

namespace fovea {
namespace {

/// A convolution with bias, a grouped one, a norm and a linear layer; `extra` puts another layer between them.
struct StartingNet : torch::nn::Module {
  explicit StartingNet(bool extra = false) {
    using torch::nn::Conv2dOptions;
    if (extra) register_module("another", torch::nn::Linear(7, 5));
    conv = register_module("conv", torch::nn::Conv2d(Conv2dOptions(64, 128, 3)));
    bn = register_module("bn", torch::nn::BatchNorm2d(128));
    if (extra) register_module("between", torch::nn::Conv2d(Conv2dOptions(2, 2, 1)));
    grouped = register_module("grouped", torch::nn::Conv2d(Conv2dOptions(128, 64, 3).groups(4).bias(false)));
    row = register_module("row", torch::nn::Conv1d(torch::nn::Conv1dOptions(16, 256, 5)));
    fc = register_module("fc", torch::nn::Linear(100, 200));
  }
  torch::nn::Conv2d conv{nullptr}, grouped{nullptr};
  torch::nn::Conv1d row{nullptr};
  torch::nn::BatchNorm2d bn{nullptr};
  torch::nn::Linear fc{nullptr};
};

NamedTensors starting_state(std::uint64_t seed, torch::ScalarType type = torch::kFloat32, bool extra = false) {
  StartingNet net(extra);
  net.to(type);
  initialise(net, seed);
  return copy_state(net);
}

/// Normal values of mean 0: mean, spread and share within one deviation, each within five standard errors. With a fixed seed
/// the result never changes; a normal draw fails 1 of 1.7 million seeds per test.
void expect_normal(const torch::Tensor& tensor, double deviation) {
  const auto values = tensor.detach().to(torch::kFloat64);
  const auto count = static_cast<double>(values.numel());
  EXPECT_NEAR(values.mean().item<double>(), 0.0, 5 * deviation / std::sqrt(count));
  EXPECT_NEAR(values.std().item<double>(), deviation, 5 * deviation / std::sqrt(2 * count));
  const double within = (values.abs() < deviation).to(torch::kFloat64).mean().item<double>();
  EXPECT_NEAR(within, 0.6827, 5 * std::sqrt(0.6827 * 0.3173 / count));  // uniform values would give 0.577
}

/// Uniform values in [-bound, bound): the standard error of a deviation b / sqrt(3) is b sqrt((1/5 - 1/9) / (4 n / 3)).
void expect_uniform(const torch::Tensor& tensor, double bound) {
  const auto values = tensor.detach().to(torch::kFloat64);
  const auto count = static_cast<double>(values.numel());
  EXPECT_LE(values.abs().max().item<double>(), bound * (1 + 1e-7));  // float rounding of the bound itself
  EXPECT_NEAR(values.mean().item<double>(), 0.0, 5 * bound / std::sqrt(3 * count));
  EXPECT_NEAR(values.std().item<double>(), bound / std::sqrt(3.0),
              5 * bound * std::sqrt((1.0 / 5 - 1.0 / 9) * 3 / (4 * count)));
}

TEST(InitialiseTest, TheSameSeedGivesTheSameValues) {
  const NamedTensors first = starting_state(3);
  const NamedTensors again = starting_state(3);
  const NamedTensors other = starting_state(4);
  for (const auto& [name, tensor] : first) {
    EXPECT_TRUE(torch::equal(tensor, again.at(name))) << name;
    EXPECT_EQ(torch::equal(tensor, other.at(name)), name.starts_with("bn.")) << name;  // norms start alike
  }
}

TEST(InitialiseTest, OtherModulesChangeNothing) {
  const NamedTensors plain = starting_state(3);
  const NamedTensors extended = starting_state(3, torch::kFloat32, /*extra=*/true);
  EXPECT_GT(extended.size(), plain.size());
  for (const auto& [name, tensor] : plain) EXPECT_TRUE(torch::equal(tensor, extended.at(name))) << name;
}

TEST(InitialiseTest, ModulesOfOneShapeDiffer) {
  torch::nn::Sequential twins(torch::nn::Linear(50, 40), torch::nn::Linear(50, 40));
  initialise(*twins, 1);
  EXPECT_FALSE(torch::equal(twins->at<torch::nn::LinearImpl>(0).weight, twins->at<torch::nn::LinearImpl>(1).weight));
}

TEST(InitialiseTest, ConvolutionsAreHeNormalByFanOut) {
  const NamedTensors state = starting_state(1);
  {
    SCOPED_TRACE("conv");
    expect_normal(state.at("conv.weight"), std::sqrt(2.0 / (128 * 9)));
  }
  {
    SCOPED_TRACE("grouped");  // torchvision's fan-out does not know groups
    expect_normal(state.at("grouped.weight"), std::sqrt(2.0 / (64 * 9)));
  }
  {
    SCOPED_TRACE("row");
    expect_normal(state.at("row.weight"), std::sqrt(2.0 / (256 * 5)));
  }
}

TEST(InitialiseTest, LinearLayersAndBiasesAreUniformByFanIn) {
  const NamedTensors state = starting_state(1);
  {
    SCOPED_TRACE("fc.weight");
    expect_uniform(state.at("fc.weight"), 1 / std::sqrt(100.0));
  }
  {
    SCOPED_TRACE("fc.bias");
    expect_uniform(state.at("fc.bias"), 1 / std::sqrt(100.0));
  }
  {
    SCOPED_TRACE("conv.bias");
    expect_uniform(state.at("conv.bias"), 1 / std::sqrt(64 * 9.0));
  }
  {
    SCOPED_TRACE("row.bias");
    expect_uniform(state.at("row.bias"), 1 / std::sqrt(16 * 5.0));
  }
}

TEST(InitialiseTest, NormsAreOneAndZero) {
  const NamedTensors state = starting_state(1);
  EXPECT_TRUE(torch::equal(state.at("bn.weight"), torch::ones({128})));
  EXPECT_TRUE(torch::equal(state.at("bn.bias"), torch::zeros({128})));
}

TEST(InitialiseTest, AUsedNetworkStartsAgain) {
  StartingNet net;
  {
    const torch::NoGradGuard no_grad;
    for (torch::Tensor& parameter : net.parameters()) parameter.fill_(5);
  }
  initialise(net, 3);
  const NamedTensors fresh = starting_state(3);
  for (const auto& item : net.named_parameters())
    EXPECT_TRUE(torch::equal(item.value(), fresh.at(item.key()))) << item.key();
}

TEST(InitialiseTest, FloatAndDoubleStartAlike) {
  const NamedTensors single = starting_state(3);
  const NamedTensors wide = starting_state(3, torch::kFloat64);
  for (const auto& [name, tensor] : single) {
    ASSERT_EQ(wide.at(name).scalar_type(), tensor.is_floating_point() ? torch::kFloat64 : torch::kInt64) << name;
    EXPECT_TRUE(torch::equal(wide.at(name).to(tensor.scalar_type()), tensor)) << name;  // rounded once, from the same draw
  }
  EXPECT_FALSE(torch::equal(wide.at("conv.weight"), single.at("conv.weight").to(torch::kFloat64))) << "drawn in float";
}

TEST(InitialiseTest, LibTorchsGeneratorIsNotUsed) {
  const auto state = [] { return at::detail::getDefaultCPUGenerator().get_state().clone(); };
  StartingNet net;
  const auto before = state();
  initialise(net, 1);
  EXPECT_TRUE(torch::equal(state(), before));
  torch::rand({1});
  EXPECT_FALSE(torch::equal(state(), before)) << "the comparison would not notice";
}

TEST(InitialiseTest, ParametersStayLeaves) {
  StartingNet net;
  initialise(net, 1);
  for (const auto& item : net.named_parameters()) {
    EXPECT_TRUE(item.value().is_leaf()) << item.key();
    EXPECT_TRUE(item.value().requires_grad()) << item.key();
  }
}

/// Every type of LibTorch layer with parameters, each some times.
struct EveryLayer : torch::nn::Module {
  EveryLayer() {
    namespace nn = torch::nn;
    register_module("conv3d", nn::Conv3d(nn::Conv3dOptions(4, 6, 3)));
    register_module("transposed1d", nn::ConvTranspose1d(nn::ConvTranspose1dOptions(3, 5, 4)));
    register_module("transposed2d", nn::ConvTranspose2d(nn::ConvTranspose2dOptions(64, 32, 3)));
    register_module("transposed_groups", nn::ConvTranspose2d(nn::ConvTranspose2dOptions(64, 128, 3).groups(4)));
    register_module("transposed3d", nn::ConvTranspose3d(nn::ConvTranspose3dOptions(3, 5, 2)));
    register_module("bilinear", nn::Bilinear(nn::BilinearOptions(50, 40, 60)));
    register_module("embedding", nn::Embedding(nn::EmbeddingOptions(200, 100).padding_idx(3)));
    register_module("bag", nn::EmbeddingBag(nn::EmbeddingBagOptions(200, 100)));
    register_module("rnn", nn::RNN(nn::RNNOptions(20, 100).num_layers(2).bidirectional(true)));
    register_module("lstm", nn::LSTM(nn::LSTMOptions(30, 100)));
    register_module("gru", nn::GRU(nn::GRUOptions(30, 100)));
    register_module("rnn_cell", nn::RNNCell(30, 100));
    register_module("lstm_cell", nn::LSTMCell(30, 100));
    register_module("gru_cell", nn::GRUCell(30, 100));
    const nn::BatchNormOptions batch_norm(4);
    register_module("batch1d", nn::BatchNorm1d(batch_norm));
    register_module("batch2d", nn::BatchNorm2d(batch_norm));
    register_module("batch3d", nn::BatchNorm3d(batch_norm));
    const auto instance_norm = nn::InstanceNormOptions(4).affine(true).track_running_stats(true);
    register_module("instance1d", nn::InstanceNorm1d(instance_norm));
    register_module("instance2d", nn::InstanceNorm2d(instance_norm));
    register_module("instance3d", nn::InstanceNorm3d(instance_norm));
    register_module("group", nn::GroupNorm(nn::GroupNormOptions(2, 4)));
    register_module("layer", nn::LayerNorm(nn::LayerNormOptions({4})));
    register_module("prelu", nn::PReLU(nn::PReLUOptions().num_parameters(4).init(0.125)));
    register_module("attention", nn::MultiheadAttention(nn::MultiheadAttentionOptions(64, 4).add_bias_kv(true)));
    register_module("cross", nn::MultiheadAttention(nn::MultiheadAttentionOptions(64, 4).kdim(48).vdim(80)));
    register_module("transformer", nn::Transformer(nn::TransformerOptions(16, 2, 1, 1)));
  }
};

NamedTensors every_layers_state(std::uint64_t seed) {
  EveryLayer layers;
  {
    const torch::NoGradGuard no_grad;
    for (auto& [name, tensor] : state_dict(layers)) {
      torch::Tensor shared = tensor;
      if (shared.is_floating_point()) shared.fill_(std::nan(""));
    }
  }
  initialise(layers, seed);
  return copy_state(layers);
}

TEST(InitialiseTest, NoParameterOfAnyLayerIsLeft) {
  const NamedTensors first = every_layers_state(1), again = every_layers_state(1), other = every_layers_state(2);
  EXPECT_GT(first.size(), 100U);
  for (const auto& [name, tensor] : first) {
    if (!tensor.is_floating_point()) continue;
    EXPECT_TRUE(torch::isfinite(tensor).all().item<bool>()) << name;
    EXPECT_TRUE(torch::equal(tensor, again.at(name))) << name;
    const bool is_constant = tensor.min().equal(tensor.max());
    EXPECT_EQ(torch::equal(tensor, other.at(name)), is_constant) << name;
  }
}

TEST(InitialiseTest, OtherLayersStartAsLibTorchStartsThem) {
  const NamedTensors state = every_layers_state(1);
  const auto expect_start = [&](const std::string& name, auto expectation, double scale) {
    SCOPED_TRACE(name);
    expectation(state.at(name), scale);
  };
  for (const char* name : {"rnn.weight_ih_l0", "rnn.weight_hh_l1_reverse", "lstm.weight_ih_l0", "gru.weight_hh_l0",
                           "rnn_cell.weight_hh", "lstm_cell.weight_ih", "gru_cell.weight_ih", "lstm.bias_ih_l0"}) {
    expect_start(name, expect_uniform, 0.1);  // 100 hidden features
  }
  expect_start("bilinear.weight", expect_uniform, 1 / std::sqrt(50.0));
  expect_start("bag.weight", expect_normal, 1);
  expect_start("transposed2d.weight", expect_normal, std::sqrt(2.0 / (32 * 9)));
  expect_start("transposed_groups.weight", expect_normal, std::sqrt(2.0 / (128 * 9)));
  expect_start("transposed2d.bias", expect_uniform, 1 / std::sqrt(32 * 9.0));
  expect_start("attention.in_proj_weight", expect_uniform, std::sqrt(6.0 / (4 * 64)));
  expect_start("cross.k_proj_weight", expect_uniform, std::sqrt(6.0 / (64 + 48)));
  expect_start("attention.bias_k", expect_normal, std::sqrt(2.0 / (2 * 64)));
  const torch::Tensor embedding = state.at("embedding.weight");
  EXPECT_EQ(embedding[3].abs().max().item<float>(), 0.0F) << "the padding's vector";
  expect_normal(torch::cat({embedding.slice(0, 0, 3), embedding.slice(0, 4)}), 1);
  EXPECT_TRUE(torch::equal(state.at("prelu.weight"), torch::full({4}, 0.125)));
  for (const char* norm : {"batch1d", "batch2d", "batch3d", "instance1d", "instance2d", "instance3d", "group", "layer"}) {
    EXPECT_TRUE(torch::equal(state.at(std::string(norm) + ".weight"), torch::ones({4}))) << norm;
    EXPECT_TRUE(torch::equal(state.at(std::string(norm) + ".bias"), torch::zeros({4}))) << norm;
  }
  for (const char* bias : {"attention.in_proj_bias", "attention.out_proj.bias", "cross.out_proj.bias"}) {
    EXPECT_EQ(state.at(bias).abs().max().item<float>(), 0.0F) << bias;
  }
}

TEST(InitialiseTest, AParameterWithoutARuleIsNamed) {
  struct Bare : torch::nn::Module {
    Bare() : torch::nn::Module("Bare") { scale = register_parameter("scale", torch::ones({2})); }
    torch::Tensor scale;
  };
  torch::nn::Sequential network(torch::nn::Linear(2, 2), torch::nn::Linear(2, 2));
  network->at<torch::nn::LinearImpl>(0).register_module("inner", std::make_shared<Bare>());
  EXPECT_THAT([&] { initialise(*network, 1); },
              testing::ThrowsMessage<Error>(
                  testing::AllOf(testing::HasSubstr("'0.inner.scale'"), testing::HasSubstr("SelfInitialising"))));
}

/// Writes its name into a log, and what its linear layer holds by then.
struct SelfMade : torch::nn::Module, SelfInitialising {
  SelfMade(const std::string& own_name, std::vector<std::string>& own_log) : name(own_name), log(own_log) {
    scale = register_parameter("scale", torch::zeros({4}));
    fc = register_module("fc", torch::nn::Linear(3, 2));
  }
  void initialise(const RandomStream& stream) override {
    log.push_back(name);
    seen = fc->weight.detach().clone();
    fill_uniform(scale, stream.child("scale"), 2, 3);
  }
  std::string name;
  std::vector<std::string>& log;
  torch::Tensor scale, seen;
  torch::nn::Linear fc{nullptr};
};

TEST(InitialiseTest, SelfInitialisingModulesComeAfterTheirChildren) {
  std::vector<std::string> log;
  const auto build = [&] {
    auto parent = std::make_shared<SelfMade>("parent", log);
    parent->register_module("child", std::make_shared<SelfMade>("child", log));
    return parent;
  };
  const auto first = build();
  const auto second = build();  // LibTorch starts it with other weights
  ASSERT_FALSE(torch::equal(first->fc->weight, second->fc->weight));
  initialise(*first, 1);
  EXPECT_THAT(log, testing::ElementsAre("child", "parent"));
  EXPECT_TRUE(torch::equal(first->seen, first->fc->weight)) << "the linear layer came later";

  initialise(*second, 1);
  EXPECT_TRUE(torch::equal(second->seen, first->seen));
  EXPECT_TRUE(torch::equal(second->scale, first->scale));
  EXPECT_GE(first->scale.min().item<float>(), 2.0F);
  const auto& child = dynamic_cast<const SelfMade&>(*first->named_children()["child"]);
  EXPECT_FALSE(torch::equal(first->scale, child.scale)) << "two modules share a stream";
}

TEST(InitialiseTest, WeightsAreNotDrawnWhereTheyAreReplaced) {
  torch::manual_seed(8);
  const torch::Tensor next = torch::rand({3});
  torch::manual_seed(8);
  {
    const SkipDraws skip;
    const SkipDraws nested;
    torch::Tensor zeros = torch::zeros({5});
    EXPECT_TRUE(zeros.uniform_(1, 2).eq(0).all().item<bool>());
    EXPECT_TRUE(zeros.normal_(3, 1).eq(0).all().item<bool>());
    const torch::nn::Linear linear(3, 4);
    EXPECT_EQ(linear->weight.sizes(), torch::IntArrayRef({4, 3}));
    EXPECT_TRUE(linear->weight.requires_grad());
    EXPECT_TRUE(torch::nn::BatchNorm2d(3)->weight.eq(1).all().item<bool>());
  }
  EXPECT_TRUE(torch::equal(torch::rand({3}), next)) << "a draw was made";
  EXPECT_TRUE(torch::zeros({5}).uniform_(1, 2).ge(1).all().item<bool>()) << "nothing is drawn any more";
}

TEST(InitialiseTest, FillingReachesViewsOfAnyType) {
  auto matrix = torch::zeros({6, 4}, torch::kFloat16);
  fill_uniform(matrix.t().slice(0, 1, 3), RandomStream(1, Purpose::test), 1, 2);  // columns 1 and 2
  EXPECT_TRUE(torch::equal(matrix.select(1, 0), torch::zeros({6}, torch::kFloat16)));
  EXPECT_TRUE(torch::equal(matrix.select(1, 3), torch::zeros({6}, torch::kFloat16)));
  EXPECT_GE(matrix.slice(1, 1, 3).to(torch::kFloat32).min().item<float>(), 1.0F);

  auto wide = torch::zeros({40000}, torch::kFloat64);
  fill_normal(wide, RandomStream(1, Purpose::test), 3.0);
  expect_normal(wide, 3.0);
}

}  // namespace
}  // namespace fovea
