// Names of classes, files and folders may contain anything, and a terminal must not act on it.

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "photo_program.h"

namespace fovea {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

using PrintedNames = FreshProgramTest;

/// Expects names in the output in a form that no terminal acts on.
void expect_escaped(const Finished& finished, int code, const std::vector<std::string>& names) {
  EXPECT_EQ(finished.code, code) << finished.error;
  const std::string printed = finished.out + finished.error;
  EXPECT_THAT(printed, AllOf(Not(HasSubstr("\x1b")), Not(HasSubstr("\xe2\x80\xae")), Not(HasSubstr("\xc2\x9b"))));
  for (const std::string& name : names) EXPECT_THAT(printed, HasSubstr(name));
}

TEST_F(PrintedNames, OfTrainingAreEscaped) {
  const std::string right_to_left = "\xe2\x80\xae";
  for (const std::string split : {"train", "test"}) {
    for (int i = 0; i < 8; ++i) {
      const std::string file = "/" + std::to_string(i) + ".ppm";
      write("odd/" + split + "/cat" + right_to_left + file, square_photo(16, 16, 0, static_cast<std::uint64_t>(i)));
      write("odd/" + split + "/dog" + file, square_photo(16, 16, 1, static_cast<std::uint64_t>(i)));
    }
  }
  write("odd.yaml",
        "data: {name: image_folder, root: odd, validation: 0.25}\npreprocess: {resize: 16, crop: 16}\n"
        "model: {name: resnet8, width: 4}\ntrain: {epochs: 1, batch_size: 4}\n");
  const std::string odd_run = "run\x1b[31m";
  expect_escaped(run({"train", "odd.yaml", "--out", odd_run}), 0, {"cat\\u202e", "run\\x1b[31m"});
  expect_escaped(run({"train", "odd.yaml", "--out", odd_run, "--resume"}), 0, {"run\\x1b[31m is trained already"});
  expect_escaped(run({"train", "odd.yaml", "--out", odd_run}), 2, {"run\\x1b[31m"});
  expect_escaped(run({"train", "odd.yaml", "--dry-run"}), 0, {"cat\\u202e"});
  expect_escaped(run({"train", "odd.yaml", "--preview", "odd\x1b[1m.png"}), 0, {"odd\\x1b[1m.png"});
  expect_escaped(run({"eval", odd_run}), 0, {"cat\\u202e"});
  const std::string photo = "odd/test/cat" + right_to_left + "/0.ppm";
  expect_escaped(run({"predict", odd_run, photo}), 0, {"cat\\u202e/0.ppm", "cat\\u202e\n"});
  expect_escaped(run({"predict", odd_run, photo, "--csv"}), 0, {"cat\\u202e/0.ppm,"});
  expect_escaped(run({"overlay", odd_run, "--class", "list"}), 0, {"cat\\u202e"});
  expect_escaped(run({"overlay", odd_run, photo, "--class", "cat" + right_to_left, "--out", "drawn"}), 0,
                 {"cat\\u202e/0.ppm", "0-cat_.png"});
}

TEST_F(PrintedNames, OfWrongCommandLinesAreEscaped) {
  expect_escaped(run({"tr\x1b[31m"}), 2, {"tr\\x1b[31m"});
  expect_escaped(run({"list", "models", "res\xe2\x80\xae"}), 2, {"res\\u202e"});
  expect_escaped(run({"list", "--\x1b[31m"}), 2, {"--\\x1b[31m"});
  expect_escaped(run({"bench", "attention", "se\x1b[31m"}), 2, {"se\\x1b[31m"});
  expect_escaped(run({"train", "a\nb.yaml"}), 2, {"a\\nb.yaml"});
  expect_escaped(run({"list", "--threads", "\x1b[31m"}), 2, {"\\x1b[31m"});
}

}  // namespace
}  // namespace fovea
