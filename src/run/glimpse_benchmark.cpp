#include <algorithm>

#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/base/torch_compat.h>
#include <fovea/config/config_node.h>
#include <fovea/models/glimpse/ram.h>
#include <fovea/models/model_field.h>
#include <fovea/nn/evaluation_mode.h>
#include <fovea/nn/initialise.h>
#include <fovea/nn/multiply_adds.h>
#include <fovea/options/check.h>
#include <fovea/policy/reinforce.h>
#include <fovea/run/glimpse_benchmark.h>
#include <fovea/train/glimpse_objective.h>
#include <fovea/train/optimizer.h>
#include <fovea/train/shards.h>

namespace fovea {
namespace {

constexpr std::int64_t kNoiseClasses = 10;

ModelField read_network(const GlimpseBenchmarkOptions& options) {
  ConfigNode root = parse_yaml("model: {name: ram}", "glimpse benchmark");
  for (const std::string& setting : options.settings) {
    if (!setting.starts_with("model.") && !setting.starts_with("model=")) {
      throw InputError("setting " + setting, "a key of model, e.g. model.core=lstm", "another");
    }
    apply_setting(root, setting);
  }
  ModelField model;
  model.read(*root.find("model"), "model");
  if (model.row->name != "ram") {
    throw InputError("model.name", "ram, the network that is measured", "'" + model.row->name + "'");
  }
  return model;
}

std::shared_ptr<RamImpl> build_ram(const ModelField& model, const InputSpec& input, bool fused) {
  auto network = std::dynamic_pointer_cast<RamImpl>(build_without_weights(model, input));
  network->set_fused(fused);
  return network;
}

Batch noise(std::int64_t images, std::int64_t side, std::uint64_t seed) {
  RandomStream stream(seed, Purpose::benchmark);
  Batch batch;
  batch.images = torch::empty({images, 1, side, side}, torch::kUInt8);
  auto* pixel = batch.images.data_ptr<std::uint8_t>();
  for (std::int64_t i = 0; i < batch.images.numel(); ++i) pixel[i] = static_cast<std::uint8_t>(stream.below(256));
  batch.labels = torch::empty({images}, torch::kInt64);
  auto* label = batch.labels.data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < images; ++i) label[i] = static_cast<std::int64_t>(stream.below(kNoiseClasses));
  batch.normalization = std::make_shared<const Normalization>(Normalization{{0.0}, {1.0}});
  return batch;
}

/// A network in training, with its objective and optimiser.
class Training {
 public:
  Training(const ModelField& model, const InputSpec& input, bool fused, const GlimpseBenchmarkOptions& options)
      : network_(build_ram(model, input, fused)),
        shards_(
            network_,
            [&, fused] {
              auto replica = build_ram(model, input, fused);
              replica->train();
              return replica;
            },
            options.shards, options.threads),
        optimizer_(optimizer_options_, trained_parameters()),
        seed_(options.seed) {
    initialise(*network_, options.seed);
    network_->train();
  }

  void update(const Batch& batch) {
    constexpr std::int64_t kMany = 1 << 20;  // past the warm-up, before the final phase
    const TrainingPosition position{kMany / 2 + updates_, 1, kMany, {}};
    shards_.zero_gradient();
    shards_.add_gradient(batch, 1.0, objective_, position,
                         RandomStream(seed_, Purpose::forward, {static_cast<std::uint64_t>(updates_)}));
    shards_.run_alone([&] {
      constexpr double kClipNorm = 5;
      torch::nn::utils::clip_grad_norm_(network_->parameters(), kClipNorm);
      optimizer_.step(1.0);
    });
    ++updates_;
  }

 private:
  std::vector<TrainedParameter> trained_parameters() const {
    std::vector<TrainedParameter> trained;
    for (const auto& item : network_->named_parameters()) trained.push_back({item.key(), item.value()});
    return trained;
  }

  std::shared_ptr<RamImpl> network_;
  Shards shards_;
  AdamwOptions optimizer_options_ = [] {
    AdamwOptions options;
    options.learning_rate = 1e-4;
    return options;
  }();
  Optimizer optimizer_;
  Reinforce policy_;
  GlimpseObjective objective_{ClassLoss(0), StepLoss::linear, policy_};
  std::uint64_t seed_;
  std::int64_t updates_ = 0;
};

/// Number of threads with work: one for each shard of the batch.
std::int64_t training_threads(const GlimpseBenchmarkOptions& options) {
  return std::min<std::int64_t>(options.threads, shards_of_batch(options.batch, options.shards));
}

Quantiles images_per_second(const Quantiles& milliseconds, std::int64_t images) {
  const auto rate = [&](double ms) { return 1e3 * static_cast<double>(images) / ms; };
  return {rate(milliseconds.median), rate(milliseconds.p90), rate(milliseconds.p10)};
}

GlimpseBenchmark::Rates fused_and_composed(const std::function<void()>& fused, const std::function<void()>& composed,
                                           std::int64_t images, double seconds) {
  const auto timings = time_alternately({fused, composed}, seconds);
  return {images_per_second(timings[0], images), images_per_second(timings[1], images)};
}

GlimpseBenchmark::Rates measure_training(const ModelField& model, const InputSpec& input,
                                         const GlimpseBenchmarkOptions& options) {
  const Batch batch = noise(options.batch, options.size, options.seed);
  Training fused(model, input, true, options), composed(model, input, false, options);
  return fused_and_composed([&] { fused.update(batch); }, [&] { composed.update(batch); }, options.batch, options.seconds);
}

GlimpseBenchmark::Rates measure_inference(const ModelField& model, const InputSpec& input,
                                          const GlimpseBenchmarkOptions& options) {
  const torch::NoGradGuard no_grad;
  const Batch batch = noise(options.batch, options.size, options.seed);
  const auto network = build_ram(model, input, true);
  initialise(*network, options.seed);
  const EvaluationMode mode(*network);
  const auto pass = [&](bool fused) {
    network->set_fused(fused);
    ForwardContext context;
    network->classify(batch, context);
  };
  return fused_and_composed([&] { pass(true); }, [&] { pass(false); }, options.batch, options.seconds);
}

/// The sensor in images of one size. Images of every size are views of the same noise, so that each reads from as much
/// memory.
class SensorRun {
 public:
  static constexpr std::int64_t kGlimpses = 4096;  // of a run

  SensorRun(const RamOptions& options, const Batch& pixels, std::int64_t side)
      : options_(options), locations_(torch::empty({kAtOnce, 2})) {
    const RetinaShape shape{options.patch, options.scales};
    values_ = torch::empty({kAtOnce, shape.values(1)});
    const torch::Tensor images = pixels.images.view({-1, 1, side, side});
    const std::int64_t at_once = std::max<std::int64_t>(1, images.size(0) / kParts);
    for (std::int64_t part = 0; part < kParts; ++part) {
      Batch batch;
      batch.images = images.narrow(0, part * images.size(0) / kParts, at_once);
      batch.normalization = pixels.normalization;
      retinas_.emplace_back(shape, batch, kAtOnce / at_once, torch::kFloat32);
    }
  }

  void look(RandomStream& stream) {
    auto* location = locations_.data_ptr<float>();
    for (const Retina& retina : retinas_) {
      for (std::int64_t i = 0; i < locations_.numel(); ++i) {
        location[i] = static_cast<float>(stream.uniform(-options_.range, options_.range));
      }
      retina.look(locations_, values_);
    }
  }

 private:
  static constexpr std::int64_t kParts = 16;
  static constexpr std::int64_t kAtOnce = kGlimpses / kParts;

  const RamOptions& options_;
  torch::Tensor locations_, values_;
  std::vector<Retina> retinas_;
};

void measure_sensor(const RamOptions& network, const GlimpseBenchmarkOptions& options, GlimpseBenchmark& result) {
  const std::vector<std::int64_t> sides{64, 256, 1024, 4096};
  const Batch images = noise(1, sides.back(), options.seed);
  RandomStream stream(options.seed, Purpose::benchmark);
  std::vector<SensorRun> runs;
  for (const std::int64_t side : sides) runs.emplace_back(network, images, side);
  std::vector<std::function<void()>> looks;
  for (SensorRun& run : runs) looks.emplace_back([&] { run.look(stream); });
  const auto timings = time_alternately(looks, options.seconds);
  for (std::size_t i = 0; i < sides.size(); ++i) {
    const auto of_one = [](double milliseconds) { return milliseconds / SensorRun::kGlimpses; };
    result.sensors.push_back({sides[i], {of_one(timings[i].median), of_one(timings[i].p10), of_one(timings[i].p90)}});
  }
  const auto [fastest, slowest] = std::minmax_element(
      timings.begin(), timings.end(), [](const Quantiles& a, const Quantiles& b) { return a.median < b.median; });
  result.growth = slowest->median / fastest->median;
}

}  // namespace

GlimpseBenchmark benchmark_glimpse(const GlimpseBenchmarkOptions& options) {
  for (const auto& [name, value] : {std::pair("size", options.size),
                                    {"batch", options.batch},
                                    {"shards", options.shards},
                                    {"threads", options.threads}}) {
    expect_positive(value, std::string("glimpse benchmark: ") + name);
  }
  ModelField model = read_network(options);
  const InputSpec input{1, options.size, options.size, kNoiseClasses};
  const auto network = build_ram(model, input, true);
  initialise(*network, options.seed);
  GlimpseBenchmark result;
  result.network = model.write();
  result.parameters = count_parameters(*network);
  result.macs = count_multiply_adds(*network, input);
  result.size = options.size;
  result.batch = options.batch;
  result.shards = options.shards;
  result.threads = training_threads(options);
  result.training = measure_training(model, input, options);
  const compat::OneOperatorThread one_thread;
  result.inference = measure_inference(model, input, options);
  measure_sensor(options_cast<RamOptions>(*model.options), options, result);
  return result;
}

Json to_json(const GlimpseBenchmark& benchmark) {
  const auto rates = [](const GlimpseBenchmark::Rates& pair) {
    return Json{{"fused", to_json(pair.fused)}, {"composed", to_json(pair.composed)}};
  };
  Json sizes = Json::array();
  for (const auto& sensor : benchmark.sensors) {
    sizes.push_back({{"size", sensor.size}, {"glimpse_ms", to_json(sensor.glimpse_ms)}});
  }
  return {{"network", benchmark.network},
          {"parameters", benchmark.parameters},
          {"macs", benchmark.macs},
          {"size", benchmark.size},
          {"batch", benchmark.batch},
          {"shards", benchmark.shards},
          {"threads", benchmark.threads},
          {"training", rates(benchmark.training)},
          {"inference", rates(benchmark.inference)},
          {"sensor", {{"sizes", sizes}, {"growth", benchmark.growth}}}};
}

}  // namespace fovea
