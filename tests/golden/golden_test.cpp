// Compares our mechanisms with numbers from the peers' own modules. FOVEA_GOLDEN names a folder of cases (safetensors files,
// also in folders below); without it those that ship are read.

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <vector>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/config/config_node.h>
#include <fovea/nn/attention_map.h>
#include <fovea/weights/safetensors.h>
#include <fovea/weights/state_dict.h>

#include "peer_port.h"

namespace fovea {
namespace {

constexpr double kTolerance = 1e-5;          // relative to the largest entry: the files hold float32 of float64 results
constexpr double kZeroGradientLimit = 1e-8;  // entries that are zero but for rounding

const PortBuilder* find_port(const std::string& constructor) {
  for (const auto& ports : {channel_ports, spatial_ports, branch_ports, self_ports, context_ports, warp_ports}) {
    const auto found = ports().find(constructor);
    if (found != ports().end()) return &found->second;
  }
  return nullptr;
}

/// `values` once along dimensions along which they are the same, where a peer has `count` entries and we spread them.
torch::Tensor as_few_as(std::int64_t count, torch::Tensor values) {
  for (std::int64_t dimension = 0; dimension < values.dim() && values.numel() > count; ++dimension) {
    const auto first = values.narrow(dimension, 0, 1);
    if (first.expand_as(values).equal(values)) values = first;
  }
  return values;
}

/// One golden file: the peer's module, called once.
class GoldenCase {
 public:
  explicit GoldenCase(const std::string& path) : file_(path) {}

  /// Whole networks and class-activation maps have suites of their own.
  bool is_of_another_suite() const { return file_.contains("logits") && !file_.contains("output"); }

  void compare() {
    const Json arguments = Json::parse(text("args"));
    std::string constructor = text("constructor");
    if (arguments.contains("attn_type")) constructor += ":" + arguments["attn_type"].get<std::string>();
    build_ = find_port(constructor);
    if (build_ == nullptr) throw InputError(file_.path(), "a constructor we know", "'" + constructor + "'");
    arguments_ = arguments;
    compare_mode(/*training=*/false, "");
    if (file_.metadata().contains("train")) compare_mode(/*training=*/true, "train.");
    for (const std::string& name : file_.names()) {
      const bool given = name.starts_with("state.") || name.starts_with("input") || name == "cotangent";
      EXPECT_TRUE(given || compared_.contains(name)) << file_.path() << ": " << name << " was not compared";
    }
    EXPECT_GE(compared_.size(), 2U) << file_.path() << ": expected at least an output and a gradient";
  }

 private:
  std::string text(const std::string& key) const {
    const auto found = file_.metadata().find(key);
    if (found == file_.metadata().end()) throw InputError(file_.path(), "the metadata '" + key + "'", "none");
    return found->second;
  }

  /// Floating-point tensors as float64; masks may be of any type.
  torch::Tensor expected(const std::string& name) const {
    const auto tensor = file_.tensor(name);
    return tensor.is_floating_point() ? tensor.to(torch::kFloat64) : tensor;
  }

  /// The file's `input` and `input.<name>`.
  NamedTensors inputs() const {
    NamedTensors tensors;
    for (const Json& name : Json::parse(text("inputs"))) {
      const auto key = name.get<std::string>();
      tensors[key] = expected(key == "input" ? key : "input." + key);
    }
    return tensors;
  }

  /// Name of one of our tensors in the file.
  static std::string peer_name(const PeerPort& port, const std::string& ours) {
    for (const auto& [theirs, renamed] : port.renamed) {
      if (ours.starts_with(renamed)) return theirs + ours.substr(renamed.size());
    }
    return ours;
  }

  /// Fills the module with the file's state, converted to our shapes where only those differ.
  void load_state(const PeerPort& port) const {
    NamedTensors theirs = with_prefix_removed(file_.tensors(), "state.");
    NamedTensors converted;
    for (const auto& [name, tensor] : state_dict(*port.module)) {
      const auto found = theirs.find(peer_name(port, name));
      if (found == theirs.end()) continue;  // load_state_dict() says so
      converted[name] = found->second.numel() == tensor.numel() ? found->second.view(tensor.sizes()) : found->second;
      theirs.erase(found);
    }
    converted.merge(theirs);
    load_state_dict(*port.module, converted, file_.path());
  }

  void compare_mode(bool training, const std::string& prefix) {
    NamedTensors given = inputs();
    const PeerPort port = (*build_)(arguments_, given);
    AttentionRecorder recorder(*port.module);
    port.module->to(torch::kFloat64);
    load_state(port);
    port.module->train(training);
    for (auto& [name, tensor] : given) {
      if (file_.contains(name == "input" ? "grad_input" : "grad_input." + name)) tensor.requires_grad_();
    }
    ForwardContext context;
    context.hooks = &recorder;
    const NamedTensors results = port.forward(given, context);
    (results.at("output") * expected("cotangent")).sum().backward();

    for (const auto& [name, result] : results) expect_close(prefix + name, result);
    for (const auto& [name, tensor] : given) {
      const std::string key = name == "input" ? "grad_input" : "grad_input." + name;
      if (file_.contains(prefix + key)) expect_close(prefix + key, gradient(tensor), name);
    }
    for (const auto& item : port.module->named_parameters()) {
      const std::string name = peer_name(port, item.key());
      expect_close(prefix + "grad." + name, gradient(item.value()), name);
    }
    for (const auto& item : port.module->named_buffers()) {
      expect_close(prefix + "state." + peer_name(port, item.key()), item.value());
    }
    for (const auto& [name, index] : port.maps) {
      if (!file_.contains(prefix + name)) continue;
      expect_close(prefix + name, as_few_as(expected(prefix + name).numel(), recorder.maps.at(index).values));
    }
  }

  /// Gradient of a leaf; zero when it has none.
  static torch::Tensor gradient(const torch::Tensor& leaf) {
    return leaf.grad().defined() ? leaf.grad() : torch::zeros_like(leaf);
  }

  /// Compares with the file's tensor of that name, where it has one.
  /// @param leaf of a gradient: what it is of, in the file's words.
  void expect_close(const std::string& name, const torch::Tensor& got, const std::string& leaf = "") {
    if (!file_.contains(name)) return;
    const torch::NoGradGuard no_grad;
    const auto want = expected(name).to(torch::kFloat64).flatten();
    const auto values = got.to(torch::kFloat64).flatten();  // a peer may order singleton dimensions differently
    ASSERT_EQ(values.sizes(), want.sizes()) << file_.path() << ": " << name;
    const double limit = is_zero_gradient(leaf) ? kZeroGradientLimit : kTolerance * want.abs().max().item<double>();
    const double difference = (values - want).abs().max().item<double>();
    EXPECT_LE(difference, limit) << file_.path() << ": " << name;
    compared_.insert(name);
  }

  bool is_zero_gradient(const std::string& leaf) const {
    const auto found = file_.metadata().find("zero_gradient");
    return !leaf.empty() && found != file_.metadata().end() && found->second.find("\"" + leaf + "\"") != std::string::npos;
  }

  SafetensorsFile file_;
  const PortBuilder* build_ = nullptr;
  Json arguments_;
  std::set<std::string> compared_;
};

std::set<std::string> golden_files() {
  const char* chosen = std::getenv("FOVEA_GOLDEN");
  const std::string folder = chosen != nullptr && *chosen != '\0' ? chosen : FOVEA_TEST_DATA "/golden";
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".safetensors") files.insert(entry.path().string());
  }
  return files;
}

TEST(Golden, MechanismsAgreeWithThePeers) {
  const auto failures = [] { return testing::UnitTest::GetInstance()->current_test_info()->result()->total_part_count(); };
  int compared = 0, failed = 0, elsewhere = 0;
  for (const std::string& path : golden_files()) {
    const int failures_before = failures();
    try {
      GoldenCase golden(path);
      if (golden.is_of_another_suite()) {
        ++elsewhere;
        continue;
      }
      golden.compare();
    } catch (const std::exception& error) {
      ADD_FAILURE() << path << ": " << error.what();
    }
    ++compared;
    failed += failures() > failures_before;
  }
  std::printf("golden: %d files compared, %d failed (%d more are of networks and class-activation maps: other suites)\n",
              compared, failed, elsewhere);
  EXPECT_GT(compared, 0) << "no golden file was compared";
}

}  // namespace
}  // namespace fovea
