// One call of the library gives the same bytes and documents as a command of the program.

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/directory_lock.h>
#include <fovea/base/error.h>
#include <fovea/config/config_node.h>
#include <fovea/datasets/imagenet_classes.h>
#include <fovea/fovea.h>
#include <fovea/weights/map_keys.h>
#include <fovea/weights/safetensors.h>
#include <fovea/weights/state_dict.h>

#include "program_fixture.h"
#include "torch_file_builders.h"

namespace fovea {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr const char* kPhoto = FOVEA_TEST_DATA "/fashion_mnist/ankle_boot.png";

/// A run that the program trained: `program`, of `tiny.yaml`.
class RunLibrary : public ProgramTest {
 protected:
  static void SetUpTestSuite() {
    torch::set_num_threads(1);  // as --threads 1 has it
    ProgramTest::SetUpTestSuite();
    write_tiny_experiment();
    const Finished trained = run({"train", "tiny.yaml", "--out", "program", "--quiet"});
    ASSERT_EQ(trained.code, 0) << trained.error;
  }

  static Finished run(const std::vector<std::string>& arguments) { return ProgramTest::run(on_one_thread(arguments)); }
  static Json json(const std::vector<std::string>& arguments) { return ProgramTest::json(on_one_thread(arguments)); }
  static std::vector<std::string> on_one_thread(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--threads", "1"});
    return arguments;
  }
  /// A document as a reader gets it, without what differs from run to run.
  static Json without(const Json& document, const std::vector<std::string>& keys) {
    Json rest = Json::parse(to_json_text(document));
    for (const std::string& key : keys) rest.erase(key);
    return rest;
  }
  static Experiment experiment() { return read_experiment(path("tiny.yaml")); }
  static void expect_trained_alike(const std::string& name) {
    EXPECT_EQ(model_bytes(name), model_bytes("program"));
    EXPECT_EQ(text(name + "/config.yaml"), text("program/config.yaml"));
    const std::vector<std::string> changing = {"run", "seconds", "images_per_second"};
    EXPECT_EQ(without(Json::parse(text(name + "/summary.json")), changing),
              without(Json::parse(text("program/summary.json")), changing));
  }
};

TEST_F(RunLibrary, TrainsAsTheProgramDoes) {
  const TrainingReport report = train(experiment(), {.out = path("library"), .threads = 1});
  EXPECT_FALSE(report.interrupted);
  EXPECT_EQ(report.epochs, 3);
  expect_trained_alike("library");
  EXPECT_EQ(Json::parse(text("library/summary.json")), Json::parse(to_json_text(to_json(report))));
  EXPECT_EQ(report.data().test().loader.images(), 240);
  EXPECT_THAT([] { train(experiment(), {.out = path("library"), .threads = 1}); },
              ThrowsMessage<InputError>(HasSubstr("one that contains a run")));
}

TEST_F(RunLibrary, ResumesWhereItWasStopped) {
  int updates = 0;
  const TrainingReport stopped =
      train(experiment(), {.out = path("stopped"), .threads = 1, .stop_requested = [&] { return ++updates == 4; }});
  EXPECT_TRUE(stopped.interrupted);
  EXPECT_FALSE(std::filesystem::exists(path("stopped/summary.json")));
  const TrainingReport resumed = train(experiment(), {.out = path("stopped"), .resume = true, .threads = 1});
  EXPECT_FALSE(resumed.interrupted);
  expect_trained_alike("stopped");
}

TEST_F(RunLibrary, LocksTheRunDirectory) {
  std::filesystem::create_directory(path("locked"));
  const DirectoryLock lock(path("locked"));
  EXPECT_THROW(train(experiment(), {.out = path("locked"), .threads = 1}), InputError);
  const DirectoryLock finished(path("program"));  // locked before it is looked into: what is there may change
  EXPECT_THAT([] { train(experiment(), {.out = path("program"), .threads = 1}); },
              ThrowsMessage<InputError>(HasSubstr("that another process holds")));
  EXPECT_THAT([] { train(experiment(), {.out = "", .threads = 1}); },
              ThrowsMessage<InputError>(HasSubstr("out: expected a run directory, got an empty path")));
}

TEST_F(RunLibrary, ClassifiesAPhoto) {
  const Prediction prediction = load_model(path("program")).predict(read_image(kPhoto), {.top_k = 4});
  ASSERT_EQ(prediction.classes.size(), 4U);
  EXPECT_EQ(Json::parse(to_json_text(to_json(prediction))), json({"predict", "program", kPhoto, "--topk", "4"})[0]["topk"]);
}

TEST_F(RunLibrary, DrawsWhatTheNetworkAttendsTo) {
  const Model model = load_model(path("program"));
  const Image photo = read_image(kPhoto);
  const Json drawn = json({"overlay", "program", kPhoto, "--method", "gradcam", "--class", "3", "--out", "gradcam"});
  const Overlay overlay = model.overlay(photo, {.method = "gradcam", .classes = {"3"}});
  EXPECT_EQ(overlay.title(), "program · resnet8 · cbam · gradcam");
  EXPECT_EQ(overlay.selection(), "gradcam.3-3");
  EXPECT_EQ(overlay.explained().label, 3);
  EXPECT_EQ(overlay.explained().probability, drawn[0]["probability"].get<double>());
  write_png(path("gradcam.png"), overlay.picture());
  EXPECT_EQ(text("gradcam.png"), text(drawn[0]["output"]));

  const Json attention =
      json({"overlay", "program", kPhoto, "--method", "attention", "--layer", "all", "--out", "attention"});
  const Overlay all = Overlayer(model, {.method = "attention", .layers = {"all"}})(photo, {"ankle_boot.png"});
  const std::vector<OverlayFiles> files = write_overlay(all, {kPhoto, "ankle_boot"}, path("own"));
  ASSERT_EQ(files.size(), attention.size());
  for (std::size_t i = 0; i < files.size(); ++i) {
    EXPECT_EQ(text(files[i].output), text(attention[i]["output"])) << files[i].layer;
  }
  EXPECT_THAT([&] { model.overlay(photo, {.method = "attention", .classes = {"3"}}); },
              ThrowsMessage<InputError>(HasSubstr("a method that explains one class")));
}

TEST_F(RunLibrary, DrawsAFolderOfPhotosAndASplit) {
  const Model model = load_model(path("program"));
  const Overlayer overlayer(model, {.method = "attention", .least_side = 32});
  std::vector<std::string> drawn;
  const auto on_photo = [&](const std::vector<OverlayFiles>& maps) {
    drawn.push_back(std::filesystem::path(maps.at(0).output).filename().string());
    EXPECT_EQ(maps[0].sheet, path("series/contact_sheet.attention.png"));
  };
  OverlaySeries series(overlayer, {.folder = path("series"), .threads = 2, .on_photo = on_photo});
  EXPECT_EQ(series.draw({{kPhoto, "boot"}, {path("missing.png"), "missing"}}), 1) << "one is missing";
  SplitImages images(model, Split::test, {.limit = 3, .threads = 2});
  EXPECT_EQ(images.name(), "split_test");
  EXPECT_EQ(series.draw(images), 3);
  EXPECT_EQ(drawn, (std::vector<std::string>{"boot.attention.png", "00000.attention.png", "00001.attention.png",
                                             "00002.attention.png"}));
  EXPECT_EQ(series.finish(), std::vector<std::string>{path("series/contact_sheet.attention.png")});
  const Image enlarged =
      read_image(path("series/split_test/00002.attention.png"));  // 8 x 8 pixels, each four times as large
  EXPECT_EQ(std::pair(enlarged.height, enlarged.width), std::pair(32, 32));

  EXPECT_THAT([&] { SplitImages(model, Split::test, {.limit = 0}); }, ThrowsMessage<InputError>(HasSubstr("limit")));
}

TEST_F(RunLibrary, DrawsAFolderOfPhotosAsTheProgramDoes) {
  const std::string photos = FOVEA_TEST_DATA "/fashion_mnist";
  const Json entries = json({"overlay", "program", photos, "--method", "attention", "--out", "by_program"});
  const Model model = load_model(path("program"));
  const Overlayer overlayer(model, {.method = "attention"});
  std::vector<std::string> own;
  OverlaySeries series(
      overlayer, {.folder = path("by_library"), .on_photo = [&](const auto& maps) { own.push_back(maps.at(0).output); }});
  EXPECT_EQ(series.draw(expand_images({photos}, path("by_library"), reserved_overlay_names())), 0) << "all are readable";
  ASSERT_EQ(own.size(), entries.size());
  ASSERT_GT(own.size(), 1U);
  for (std::size_t i = 0; i < own.size(); ++i) EXPECT_EQ(text(own[i]), text(entries[i]["output"])) << own[i];
  EXPECT_EQ(text(series.finish().at(0)), text("by_program/contact_sheet.attention.png"));
}

/// A model of the classes that does not need to be trained.
Model model_of(const std::vector<std::string>& classes) {
  const auto count = static_cast<std::int64_t>(classes.size());
  const auto network =
      create_model("resnet8", {.num_classes = count, .options = {{"width", 4}}, .in_channels = 1, .height = 8, .width = 8});
  ModelDescription description;
  description.model = parse_yaml("name: resnet8", "description");
  description.input = {1, 8, 8, count};
  description.classes = classes;
  description.preprocess.resize = {8};
  description.preprocess.mean = {0.5};
  description.preprocess.standard_deviation = {0.5};
  return {network, description, torch::kCPU};
}

TEST_F(RunLibrary, AMapThatExplainsNothingIsSaidAndHasNoColors) {
  const Model model = model_of({"cat", "dog"});
  {
    const torch::NoGradGuard no_grad;
    model.network().named_parameters()["fc.weight"].zero_();  // the scores are the biases
  }
  const Image photo = read_image(kPhoto);
  const std::string sentence = "no position of layer3 raises the score of 'dog' for this photo";
  const Overlay overlay = model.overlay(photo, {.method = "gradcam", .classes = {"dog"}});
  EXPECT_EQ(overlay.note(0), sentence);
  EXPECT_EQ(overlay.picture().pixels, overlay.photo().pixels);
  EXPECT_EQ(overlay.tiles().at(1).scale, std::nullopt);
  const std::vector<OverlayFiles> files = write_overlay(overlay, {kPhoto, "boot"}, path("flat"), true);
  EXPECT_EQ(to_json(files.at(0))["note"], sentence);
  EXPECT_EQ(Json::parse(text(path("flat/boot.gradcam.layer3.1-dog.json")))["note"], sentence);

  const Overlay on_a_scale = model.overlay(photo, {.method = "gradcam", .classes = {"dog"}, .range = std::pair(0.0, 1.0)});
  EXPECT_EQ(on_a_scale.note(0), sentence);
  EXPECT_NE(on_a_scale.picture().pixels, overlay.photo().pixels) << "the range says what the colour means";
}

TEST_F(RunLibrary, FindsTheClassThatIsMeant) {
  const Image photo = read_image(kPhoto);
  const Model model = model_of(imagenet_classes());
  const auto label_of = [&](const std::string& text) {
    return model.overlay(photo, {.method = "gradcam", .classes = {text}}).explained().label;
  };
  EXPECT_EQ(label_of("tench"), 0);
  EXPECT_EQ(label_of("Great White Shark"), 2);
  EXPECT_EQ(label_of("great_white_shark"), 2);
  EXPECT_EQ(label_of("white shark"), 2);
  EXPECT_EQ(label_of("n01440764"), 0);
  EXPECT_EQ(label_of("n02123045"), 281);
  EXPECT_EQ(label_of("281"), 281);
  EXPECT_EQ(label_of("persian"), 283);
  EXPECT_THAT([&] { label_of("cat"); }, ThrowsMessage<InputError>(HasSubstr(
                                            "class: expected one class, got 'cat', which is a part of 5: 'tiger cat' (282), "
                                            "'Persian cat' (283), 'Siamese cat' (284), 'Egyptian cat' (285) and "
                                            "'Madagascar cat' (383); ")));
  EXPECT_THAT([&] { label_of("terrier"); }, ThrowsMessage<InputError>(HasSubstr(" more; choose one of them")));
  EXPECT_THAT([&] { label_of("goldfihs"); }, ThrowsMessage<InputError>(HasSubstr("did you mean 'goldfish'?")));
  EXPECT_THAT([&] { label_of("zzzzzzzz"); }, ThrowsMessage<InputError>(HasSubstr("--class list shows")));
  EXPECT_THAT([&] { label_of("1000"); }, ThrowsMessage<InputError>(HasSubstr("its number below 1000")));
  EXPECT_EQ(
      model_of({"n01440764", "n02123045"}).overlay(photo, {.method = "gradcam", .classes = {"tabby"}}).explained().label, 1);
}

TEST_F(RunLibrary, ScoresASplit) {
  const std::vector<std::string> changing = {"images_per_second", "latency_ms"};
  const Model model = load_model(path("program"));
  for (const Split split : {Split::test, Split::validation}) {
    const Json scores = json({"eval", "program", "--split", to_string(split)});
    EXPECT_EQ(without(to_json(model.evaluate(split, {.threads = 1})), changing), without(scores, changing));
    EXPECT_EQ(without(to_json(model.evaluate(experiment().data().split(split))), changing), without(scores, changing));
  }
  EXPECT_THAT([] { load_model(path("program"), {.settings = {"data.validation=0.5"}}).evaluate(Split::validation); },
              ThrowsMessage<InputError>(HasSubstr("leaves the training split alone")));
}

/// A file of torch.save with these tensors.
std::string torch_file_of(const NamedTensors& tensors) {
  std::vector<std::pair<std::string, std::string>> values, storages;
  for (const auto& [name, tensor] : tensors) {
    const torch::Tensor whole = tensor.contiguous();
    const std::string key = std::to_string(values.size());
    const char* type = whole.scalar_type() == torch::kInt64 ? "LongStorage" : "FloatStorage";
    values.emplace_back(name,
                        pickled::tensor(pickled::storage(type, key, whole.numel()), 0, pickled::numbers(whole.sizes().vec()),
                                        pickled::numbers(whole.strides().vec())));
    storages.emplace_back(key, std::string(static_cast<const char*>(whole.data_ptr()), whole.nbytes()));
  }
  return torch_zip(pickled::dict(values), storages);
}

TEST_F(RunLibrary, OpensARegistryNameWithWeightsOfAnotherLibrary) {
  const auto network = create_model("mobilenet_v3_small", {.seed = 3});
  const NamedTensors own = state_dict(*network);  // with torchvision's names
  const std::vector<KeyMapping> mappings = key_mappings_of(*network);
  const auto timm =
      std::find_if(mappings.begin(), mappings.end(), [](const KeyMapping& mapping) { return mapping.name == "timm"; });
  ASSERT_NE(timm, mappings.end());
  const NamedTensors external = to_external_names(*timm, own);
  ASSERT_TRUE(external.contains("conv_stem.weight"));
  write_safetensors(path("timm.safetensors"), external, {{"format", "pt"}});
  write("torchvision.pth", torch_file_of(own));
  Json first;
  for (const char* weights : {"timm.safetensors", "torchvision.pth"}) {
    const Model model = load_model("mobilenet_v3_small", {.weights = path(weights)});
    const Json predicted = Json::parse(to_json_text(to_json(model.predict(read_image(kPhoto)))));
    EXPECT_EQ(predicted, json({"predict", "mobilenet_v3_small", "--weights", weights, kPhoto})[0]["topk"]) << weights;
    if (first.is_null()) first = predicted;
    EXPECT_EQ(predicted, first) << weights;
  }
}

TEST_F(RunLibrary, DryRunsAndPreviews) {
  const DryRunReport report = dry_run(experiment(), {.threads = 1});
  EXPECT_EQ(report.images.train + report.images.validation, 240);
  EXPECT_GT(report.images_per_second, 0);
  ASSERT_EQ(run({"train", "tiny.yaml", "--preview", "preview.png"}).code, 0);
  write_png(path("own_preview.png"), preview(experiment()));
  EXPECT_EQ(text("own_preview.png"), text("preview.png"));
}

}  // namespace
}  // namespace fovea
