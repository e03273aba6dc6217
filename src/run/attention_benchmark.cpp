#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/base/random.h>
#include <fovea/base/torch_compat.h>
#include <fovea/config/number_or_null.h>
#include <fovea/nn/initialise.h>
#include <fovea/options/check.h>
#include <fovea/run/attention_benchmark.h>

namespace fovea {
namespace {

BuiltMechanism build_started(const MechanismRow& row, const AttentionBenchmarkOptions& options, std::uint64_t seed) {
  BuiltMechanism block = build_block(row, options.shape, seed);
  auto* gate = dynamic_cast<Gate*>(block.module.get());
  if (options.identity && gate != nullptr) gate->start_as_identity();
  return block;
}

torch::Tensor forward(const BuiltMechanism& block, const torch::Tensor& features) {
  ForwardContext context;
  return block.forward(features, context);
}

/// Mean gain of freshly initialised gates.
double mean_gain(const MechanismRow& row, const AttentionBenchmarkOptions& options, const torch::Tensor& features) {
  constexpr std::uint64_t kStarts = 8;
  const auto energy = features.square().sum();
  double sum = 0;
  for (std::uint64_t start = 0; start < kStarts; ++start) {
    const BuiltMechanism block = build_started(row, options, options.seed + start);
    block.module->eval();
    sum += ((forward(block, features) * features).sum() / energy).item<double>();
  }
  return sum / kStarts;
}

AttentionBenchmark::Measured measure(const MechanismRow& row, const AttentionBenchmarkOptions& options) {
  AttentionBenchmark::Measured measured;
  measured.profile = profile_block(row, options.shape);
  const BuiltMechanism block = build_started(row, options, options.seed);
  const FeatureShape& in = measured.profile.in;
  auto features = torch::empty({options.batch, in.channels, in.height, in.width});
  fill_normal(features, RandomStream(options.seed, Purpose::benchmark), 1.0);
  block.module->eval();
  {
    const torch::NoGradGuard no_grad;
    if (std::holds_alternative<GateBuilder>(row.build)) measured.gain = mean_gain(row, options, features);
    measured.forward_ms = time_repeatedly([&] { forward(block, features); }, options.seconds);
  }
  block.module->train();
  auto input = features.clone().requires_grad_();
  measured.training_ms = time_repeatedly(
      [&] {
        block.module->zero_grad();
        input.mutable_grad() = torch::Tensor();
        forward(block, input).sum().backward();
      },
      options.seconds);
  return measured;
}

}  // namespace

std::vector<AttentionBenchmark> benchmark_attention(const AttentionBenchmarkOptions& options) {
  std::vector<const MechanismRow*> chosen;
  for (const std::string& name : options.names) chosen.push_back(&find_mechanism(name, "attention benchmark"));
  if (chosen.empty()) {
    for (const MechanismRow& row : mechanism_registry()) chosen.push_back(&row);
  }
  expect_positive(options.batch, "attention benchmark: batch");
  const compat::OneOperatorThread one_thread;
  std::vector<AttentionBenchmark> rows;
  for (const MechanismRow* row : chosen) {
    if (options.progress) options.progress(row->name);
    AttentionBenchmark result{row->name, row->kind(), std::nullopt};
    try {
      result.measured = measure(*row, options);
    } catch (const InputError& error) {
      if (!options.names.empty()) throw;
      result.mismatch = error.what();
    }
    rows.push_back(std::move(result));
  }
  return rows;
}

Json to_json(const AttentionBenchmark& row) {
  if (!row.measured) return {{"name", row.name}, {"kind", row.kind}, {"mismatch", row.mismatch}};
  const BlockProfile& profile = row.measured->profile;
  return {{"name", row.name},
          {"kind", row.kind},
          {"features", {profile.in.channels, profile.in.height, profile.in.width}},
          {"gain", number_or_null(row.measured->gain)},
          {"parameters", profile.parameters},
          {"macs", profile.macs},
          {"forward_ms", to_json(row.measured->forward_ms)},
          {"training_ms", to_json(row.measured->training_ms)}};
}

}  // namespace fovea
