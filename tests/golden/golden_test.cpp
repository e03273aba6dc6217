// Compares our mechanisms with numbers from the peers' own modules. FOVEA_GOLDEN names a folder of cases (safetensors files,
// also in folders below); without it the few that ship are read.

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <variant>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/registry.h>
#include <fovea/base/error.h>
#include <fovea/nn/attention_map.h>
#include <fovea/nn/safetensors.h>
#include <fovea/nn/state_dict.h>

#include "peer_arguments.h"

namespace fovea {
namespace {

constexpr double kTolerance = 1e-5;          // relative to the largest entry: the files hold float32 of float64 results
constexpr double kZeroGradientLimit = 1e-8;  // entries that are zero but for rounding

/// One golden file: the peer's module, called once.
class GoldenCase {
 public:
  explicit GoldenCase(const std::string& path) : file_(path) {}

  /// @return false when we have no such mechanism.
  bool compare() {
    const auto call = translate_peer_call(text("constructor"), Json::parse(text("args")));
    if (!call) return false;
    call_ = *call;
    compare_mode(/*training=*/false, "");
    if (file_.metadata().contains("train")) compare_mode(/*training=*/true, "train.");
    for (const std::string& name : file_.names()) {
      const bool given = name.starts_with("state.") || name.starts_with("input") || name == "cotangent";
      EXPECT_TRUE(given || compared_.contains(name)) << file_.path() << ": " << name << " was not compared";
    }
    return true;
  }

 private:
  std::string text(const std::string& key) const {
    const auto found = file_.metadata().find(key);
    if (found == file_.metadata().end()) throw InputError(file_.path(), "the metadata '" + key + "'", "none");
    return found->second;
  }

  torch::Tensor expected(const std::string& name) const { return file_.tensor(name).to(torch::kFloat64); }

  std::shared_ptr<Gate> build() const {
    const MechanismRow& row = find_mechanism(call_.mechanism, file_.path());
    const auto options = row.make_options();
    read_fields(*options, parse_yaml(call_.options.dump(), file_.path()), call_.mechanism);
    const Site site{Slot::block, 1, {call_.channels, 1, 1}, call_.channels, 1, "golden", {}};
    auto gate = std::get<GateBuilder>(row.build)(*options, site);
    gate->to(torch::kFloat64);
    load_state_dict(*gate, with_prefix_removed(file_.tensors(), "state."), file_.path());
    return gate;
  }

  void compare_mode(bool training, const std::string& prefix) {
    const auto gate = build();
    gate->train(training);
    const auto input = expected("input").requires_grad_();
    AttentionRecorder recorder(*gate);
    ForwardContext context;
    context.probe = &recorder;
    const auto output = gate->forward(input, context);
    (output * expected("cotangent")).sum().backward();

    expect_close(prefix + "output", output);
    expect_close(prefix + "grad_input", input.grad());
    for (const auto& item : gate->named_parameters()) expect_close(prefix + "grad." + item.key(), item.value().grad());
    for (const auto& item : gate->named_buffers()) expect_close(prefix + "state." + item.key(), item.value());
    for (const AttentionMap& map : recorder.maps) {
      expect_close(prefix + "tap." + (map.site.empty() ? "" : map.site + ".") + "gate.0", map.values);
    }
  }

  /// Compares with the file's tensor of that name, where it has one.
  void expect_close(const std::string& name, const torch::Tensor& got) {
    if (!file_.contains(name)) return;
    const torch::NoGradGuard no_grad;
    const auto want = expected(name).flatten();
    const auto values = got.to(torch::kFloat64).flatten();  // a peer may order singleton dimensions differently
    ASSERT_EQ(values.sizes(), want.sizes()) << file_.path() << ": " << name;
    const double limit = is_zero_gradient(name) ? kZeroGradientLimit : kTolerance * want.abs().max().item<double>();
    EXPECT_LE((values - want).abs().max().item<double>(), limit) << file_.path() << ": " << name;
    compared_.insert(name);
  }

  bool is_zero_gradient(const std::string& name) const {
    const auto found = file_.metadata().find("zero_gradient");
    return found != file_.metadata().end() && found->second.find("\"" + name + "\"") != std::string::npos;
  }

 public:
  std::size_t compared() const { return compared_.size(); }

 private:
  SafetensorsFile file_;
  PeerCall call_;
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
  int compared = 0, unsupported = 0, failed = 0;
  for (const std::string& path : golden_files()) {
    const int failures_before = testing::UnitTest::GetInstance()->current_test_info()->result()->total_part_count();
    try {
      GoldenCase golden(path);
      if (!golden.compare()) {
        ++unsupported;
        continue;
      }
      EXPECT_GE(golden.compared(), 3U) << path << ": expected at least output and two gradients";
      ++compared;
    } catch (const std::exception& error) {
      ADD_FAILURE() << path << ": " << error.what();
    }
    failed += testing::UnitTest::GetInstance()->current_test_info()->result()->total_part_count() > failures_before;
  }
  std::printf("golden: %d files compared, %d not supported, %d failed\n", compared, unsupported, failed);
  EXPECT_GT(compared, 0) << "no golden file was compared";
}

}  // namespace
}  // namespace fovea
