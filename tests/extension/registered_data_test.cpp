// Runs on data sets of a program of its own, which may do anything while they are opened.

#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/fovea.h>

#include "file_text.h"
#include "temporary_directory.h"

namespace fovea {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

struct NoOptions {
  void visit_fields(FieldVisitor&) {}
};

/// Grey images of one shade: dark ones and bright ones.
class GreyImages final : public Dataset {
 public:
  std::int64_t size() const override { return 8; }
  Sample sample(std::int64_t index) const override {
    Image image(8, 8, 1);
    for (std::uint8_t& pixel : image.pixels) pixel = label(index) == 0 ? 0 : 255;
    return {image, label(index)};
  }
  std::int64_t label(std::int64_t index) const override { return index % 2; }
  const std::vector<std::string>& class_names() const override { return names_; }
  int channels() const override { return 1; }
  int height() const override { return 8; }
  int width() const override { return 8; }

 private:
  std::vector<std::string> names_{"dark", "bright"};
};

/// @param open_split called for each split that is opened.
Experiment experiment_on(const std::string& name, std::function<std::shared_ptr<const Dataset>(Split)> open_split,
                         const std::string& model = "resnet8") {
  register_dataset(
      {.name = name,
       .make_options = make_options<NoOptions>,
       .statistics =
           [](const Options&) {
             return PixelStatistics{{0.5}, {0.5}};
           },
       .open = [open_split = std::move(open_split)](const Options&, Split split) { return open_split(split); }});
  const std::string yaml = "{data: {name: " + name + ", validation: none}, model: {name: " + model + ", width: 4}, " +
                           "train: {epochs: 1, shards: 1}}";
  return {read_experiment_config(parse_yaml(yaml, "a.yaml")), name};
}

TEST(RegisteredData, ARunThatAnotherProcessFinishesMeanwhileStays) {
  const TemporaryDirectory folder;
  int networks = 0;
  ModelRow row = find_model("resnet8", "test");
  row.name = "resnet8_meanwhile";
  row.build = [&, build = row.build](const Options& options, const InputSpec& input, AttentionFactory& attention) {
    if (++networks == 2) folder.write("run/summary.json", "of another process");  // after the first look at the folder
    return build(options, input, attention);
  };
  register_model(row);
  const Experiment experiment = experiment_on(
      "grey", [](Split) { return std::make_shared<GreyImages>(); }, "resnet8_meanwhile");
  EXPECT_THAT(
      [&] { train(experiment, {.out = folder.path("run"), .threads = 1}); },
      ThrowsMessage<InputError>(HasSubstr("a folder without a run, got summary.json, which this run would replace")));
  EXPECT_EQ(file_text(folder.path("run/summary.json")), "of another process");
}

TEST(RegisteredData, ASplitThatIsMissingNamesTheRow) {
  for (const Split missing : {Split::train, Split::test}) {
    const std::string name = "without_" + to_string(missing);
    const Experiment experiment = experiment_on(name, [missing](Split split) -> std::shared_ptr<const Dataset> {
      return split == missing ? nullptr : std::make_shared<GreyImages>();
    });
    EXPECT_THAT([&] { experiment.data().split(missing); }, ThrowsMessage<InputError>(HasSubstr("'" + name + "'")));
  }
}

}  // namespace
}  // namespace fovea
