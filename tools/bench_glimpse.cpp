#include "bench_glimpse.h"

#include <algorithm>
#include <cstdio>

#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/base/number_text.h>
#include <fovea/base/torch_compat.h>
#include <fovea/config/config_node.h>
#include <fovea/models/glimpse/ram.h>
#include <fovea/models/model_field.h>
#include <fovea/nn/evaluation_mode.h>
#include <fovea/nn/initialise.h>
#include <fovea/nn/multiply_adds.h>
#include <fovea/policy/reinforce.h>
#include <fovea/train/glimpse_objective.h>
#include <fovea/train/optimizer.h>
#include <fovea/train/shards.h>

#include "timing.h"

namespace fovea {
namespace {

constexpr std::int64_t kClasses = 10;

ModelField read_network(const GlimpseBench& bench) {
  ConfigNode root = parse_yaml("model: {name: ram}", "fovea bench glimpse");
  for (const std::string& setting : bench.settings) {
    if (!setting.starts_with("model.") && !setting.starts_with("model=")) {
      throw InputError("--set " + setting, "a key of model, e.g. model.core=lstm", "another");
    }
    apply_setting(root, setting);
  }
  ModelField model;
  model.read(*root.find("model"), "model");
  if (model.row->name != "ram") {
    throw InputError("fovea bench glimpse --set model.name", "ram", model.row->name);
  }
  return model;
}

std::shared_ptr<RamImpl> build_ram(const ModelField& model, const InputSpec& input, bool fused) {
  auto network = std::dynamic_pointer_cast<RamImpl>(build_classifier(model, input));
  network->set_fused(fused);
  return network;
}

Batch noise(std::int64_t images, std::int64_t side, std::uint64_t seed) {
  RandomStream stream(seed, Purpose::test);
  Batch batch;
  batch.images = torch::empty({images, 1, side, side}, torch::kUInt8);
  auto* pixel = batch.images.data_ptr<std::uint8_t>();
  for (std::int64_t i = 0; i < batch.images.numel(); ++i) pixel[i] = static_cast<std::uint8_t>(stream.below(256));
  batch.labels = torch::empty({images}, torch::kInt64);
  auto* label = batch.labels.data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < images; ++i) label[i] = static_cast<std::int64_t>(stream.below(kClasses));
  batch.normalization = std::make_shared<const Normalization>(Normalization{{0.0}, {1.0}});
  return batch;
}

/// A network in training, and what it takes to make an update.
class Training {
 public:
  Training(const ModelField& model, const InputSpec& input, bool fused, const GlimpseBench& bench)
      : network_(build_ram(model, input, fused)),
        shards_(
            network_,
            [&, fused] {
              auto replica = build_ram(model, input, fused);
              replica->train();
              return replica;
            },
            bench.shards, bench.threads),
        optimizer_(optimizer_options_, trained_parameters()),
        seed_(bench.seed) {
    initialise(*network_, bench.seed);
    network_->train();
  }

  void update(const Batch& batch) {
    constexpr std::int64_t kMany = 1 << 20;  // past the warm-up, before the policy settles
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
  GlimpseObjective objective_{ClassLoss(0), StepLoss::rising, policy_};
  std::uint64_t seed_;
  std::int64_t updates_ = 0;
};

/// How many threads have work: one for each part of the batch.
std::int64_t training_threads(const GlimpseBench& bench) {
  constexpr std::int64_t kSmallestShard = 32;  // of Shards
  const std::int64_t parts = std::clamp<std::int64_t>(bench.batch / kSmallestShard, 1, bench.shards);
  return std::min<std::int64_t>(bench.threads, parts);
}

Json images_per_second(const Timing& milliseconds, std::int64_t images) {
  const auto rate = [&](double ms) { return 1e3 * static_cast<double>(images) / ms; };
  return {{"median", rate(milliseconds.median)}, {"p10", rate(milliseconds.p90)}, {"p90", rate(milliseconds.p10)}};
}

Json fused_and_composed(const std::function<void()>& fused, const std::function<void()>& composed, std::int64_t images,
                        double seconds) {
  const auto timings = time_alternately({fused, composed}, seconds);
  return {{"fused", images_per_second(timings[0], images)}, {"composed", images_per_second(timings[1], images)}};
}

Json measure_training(const ModelField& model, const InputSpec& input, const GlimpseBench& bench) {
  const Batch batch = noise(bench.batch, bench.size, bench.seed);
  Training fused(model, input, true, bench), composed(model, input, false, bench);
  return fused_and_composed([&] { fused.update(batch); }, [&] { composed.update(batch); }, bench.batch, bench.seconds);
}

Json measure_inference(const ModelField& model, const InputSpec& input, const GlimpseBench& bench) {
  const torch::NoGradGuard no_grad;
  const Batch batch = noise(bench.batch, bench.size, bench.seed);
  const auto network = build_ram(model, input, true);
  initialise(*network, bench.seed);
  const EvaluationMode mode(*network);
  const auto pass = [&](bool fused) {
    network->set_fused(fused);
    ForwardContext context;
    network->forward(batch, context);
  };
  return fused_and_composed([&] { pass(true); }, [&] { pass(false); }, bench.batch, bench.seconds);
}

/// The sensor in images of one size: cut out of the same noise for every size, so that each reads from as much memory.
class SensorRun {
 public:
  static constexpr std::int64_t kGlimpses = 4096;  // of a run

  SensorRun(const RamOptions& options, const Batch& pixels, std::int64_t side)
      : options_(options), places_(torch::empty({kAtOnce, 2})) {
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
    auto* place = places_.data_ptr<float>();
    for (const Retina& retina : retinas_) {
      for (std::int64_t i = 0; i < places_.numel(); ++i) {
        place[i] = static_cast<float>(stream.uniform(-options_.range, options_.range));
      }
      retina.look(places_, values_);
    }
  }

 private:
  static constexpr std::int64_t kParts = 16;
  static constexpr std::int64_t kAtOnce = kGlimpses / kParts;

  const RamOptions& options_;
  torch::Tensor places_, values_;
  std::vector<Retina> retinas_;
};

Json measure_sensor(const RamOptions& options, const GlimpseBench& bench) {
  const std::vector<std::int64_t> sides{64, 256, 1024, 4096};
  const Batch images = noise(1, sides.back(), bench.seed);
  RandomStream stream(bench.seed, Purpose::test);
  std::vector<SensorRun> runs;
  for (const std::int64_t side : sides) runs.emplace_back(options, images, side);
  std::vector<std::function<void()>> looks;
  for (SensorRun& run : runs) looks.emplace_back([&] { run.look(stream); });
  const auto timings = time_alternately(looks, bench.seconds);
  Json sizes = Json::array();
  for (std::size_t i = 0; i < sides.size(); ++i) {
    Json glimpse = to_json(timings[i]);
    for (auto& [name, milliseconds] : glimpse.items()) milliseconds = milliseconds.get<double>() / SensorRun::kGlimpses;
    sizes.push_back({{"size", sides[i]}, {"glimpse_ms", glimpse}});
  }
  const auto [fastest, slowest] = std::minmax_element(timings.begin(), timings.end(),
                                                      [](const Timing& a, const Timing& b) { return a.median < b.median; });
  return {{"sizes", sizes}, {"growth", slowest->median / fastest->median}};
}

}  // namespace

Json bench_glimpse(const GlimpseBench& bench) {
  ModelField model = read_network(bench);
  const InputSpec input{1, bench.size, bench.size, kClasses};
  const auto network = build_ram(model, input, true);
  initialise(*network, bench.seed);
  Json measured = {{"network", model.write()},
                   {"parameters", count_parameters(*network)},
                   {"macs", count_multiply_adds(*network, input)},
                   {"size", bench.size},
                   {"batch", bench.batch},
                   {"shards", bench.shards},
                   {"threads", training_threads(bench)}};
  measured["training"] = measure_training(model, input, bench);
  compat::use_one_operator_thread();
  measured["inference"] = measure_inference(model, input, bench);
  measured["sensor"] = measure_sensor(options_cast<RamOptions>(*model.options), bench);
  return measured;
}

void print_glimpse_bench(const Json& measured, const GlimpseBench& bench) {
  std::printf("ram, %lld images of %lld x %lld at once, %s parameters, %s multiply-adds per image\n\n",
              static_cast<long long>(bench.batch), static_cast<long long>(bench.size), static_cast<long long>(bench.size),
              grouped(measured["parameters"].get<std::int64_t>()).c_str(),
              grouped(measured["macs"].get<std::int64_t>()).c_str());
  std::printf("%-34s %10s  %s\n", "images per second", "median", "p10..p90");
  const auto print_rates = [&](const char* what, const char* kind, const std::string& how) {
    const Json& rate = measured[what][kind];
    std::printf("%-34s %10.0f  %.0f..%.0f\n", (std::string(what) + ", " + kind + how).c_str(), rate["median"].get<double>(),
                rate["p10"].get<double>(), rate["p90"].get<double>());
  };
  const auto threads = measured["threads"].get<std::int64_t>();
  const std::string on_threads = " (" + std::to_string(threads) + (threads == 1 ? " thread)" : " threads)");
  for (const char* kind : {"fused", "composed"}) print_rates("training", kind, on_threads);
  for (const char* kind : {"fused", "composed"}) print_rates("inference", kind, " (1 thread)");
  std::printf("\n%-34s %10s  %s\n", "microseconds per glimpse", "median", "p10..p90");
  for (const Json& row : measured["sensor"]["sizes"]) {
    const auto microseconds = [&](const char* key) { return 1e3 * row["glimpse_ms"][key].get<double>(); };
    const std::string side = row["size"].dump();
    std::printf("%-34s %10.2f  %.2f..%.2f\n", (side + " x " + side + " pixels").c_str(), microseconds("median"),
                microseconds("p10"), microseconds("p90"));
  }
  std::printf("%-34s %10.2f\n", "slowest / fastest", measured["sensor"]["growth"].get<double>());
}

}  // namespace fovea
