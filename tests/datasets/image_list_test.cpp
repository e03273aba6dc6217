#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/config/fields.h>
#include <fovea/datasets/image_list.h>

#include "image_bytes.h"
#include "labels_in.h"
#include "temporary_directory.h"

namespace fovea {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// A folder with the images 1.pgm to 9.pgm, 2 x 3, and a table.
class ImageListTest : public testing::Test {
 protected:
  ImageListTest() {
    for (int i = 1; i <= 9; ++i) {
      Image image(2, 3, 1);
      image.pixels.assign(image.pixels.size(), static_cast<std::uint8_t>(i));
      folder_.write(std::to_string(i) + ".pgm", encoded::pnm(image));
    }
  }

  /// Options of a table with this text. @param more further options.
  ImageListOptions options_of(const std::string& table, const std::string& more = "",
                              const std::string& name = "labels.csv") {
    ImageListOptions options;
    read_fields(options, parse_yaml("{file: '" + folder_.write(name, table) + "', " + more + "}", "a.yaml"), "data");
    return options;
  }
  std::shared_ptr<const Dataset> open(const std::string& table, Split split, const std::string& more = "") {
    return open_image_list(options_of(table, more), split);
  }
  /// Message of opening a table, after the path of the table.
  std::string refusal(const std::string& table, const std::string& more = "", Split split = Split::train) {
    const ImageListOptions options = options_of(table, more);
    try {
      open_image_list(options, split);
    } catch (const InputError& error) {
      const std::string message = error.what();
      EXPECT_THAT(message, StartsWith(options.file));
      return message.substr(options.file.size());
    }
    return "opened";
  }

  TemporaryDirectory folder_;
};

/// The values of the images, which are their numbers.
std::vector<int> numbers_in(const Dataset& dataset) {
  std::vector<int> numbers;
  for (std::int64_t i = 0; i < dataset.size(); ++i) numbers.push_back(dataset.sample(i).image.at(0, 0, 0));
  return numbers;
}

TEST_F(ImageListTest, NamesEachImageByItsPathInTheTable) {
  const auto images = open("path,label\n1,dog\n./2,cat\n", Split::train, "extension: .pgm, test: 0.1");
  ASSERT_EQ(images->size(), 2);
  EXPECT_EQ(images->path(0), "./2.pgm");
  EXPECT_EQ(images->path(1), "1.pgm");
}

TEST_F(ImageListTest, ReadsPathsLabelsAndSplits) {
  const std::string table =
      "path,label,split\n1.pgm,dog,train\n2.pgm,\"cat, small\",train\n3.pgm,dog,Training\n4.pgm,dog,val\n5.pgm,dog,test\n";
  const auto train = open(table, Split::train);
  EXPECT_THAT(train->class_names(), ElementsAre("cat, small", "dog"));
  EXPECT_THAT(numbers_in(*train), ElementsAre(2, 1, 3));  // a file of each class in turn
  EXPECT_THAT(labels_in(*train), ElementsAre(0, 1, 1));
  EXPECT_THAT(train->name(0), EndsWith("/2.pgm"));
  EXPECT_EQ(train->channels(), 3);
  EXPECT_THAT(numbers_in(*open(table, Split::validation)), ElementsAre(4));
  EXPECT_THAT(numbers_in(*open(table, Split::test)), ElementsAre(5));
  EXPECT_THAT(image_list_splits(options_of(table)), ElementsAre(Split::train, Split::validation, Split::test));
}

TEST_F(ImageListTest, ReadsWhatSpreadsheetsWrite) {
  for (const auto& [name, table] :
       {std::pair<std::string, std::string>(
            "excel.csv", "\xEF\xBB\xBFPath;Label;Note\r\n1.pgm;dog;\"a \"\"b\"\"; c\"\r\n\r\n2.pgm;cat;\r\n"),
        {"tabs.tsv", "label\tpath\ndog\t1.pgm\ncat\t2.pgm"},
        {"spaces.csv", "path, label\n1.pgm , dog\n2.pgm, \"cat\" \n"}}) {
    SCOPED_TRACE(name);
    const auto train = open_image_list(options_of(table, "test: 0.5", name), Split::train);
    EXPECT_THAT(train->class_names(), ElementsAre("cat", "dog"));
    EXPECT_THAT(numbers_in(*train), ElementsAre(2, 1));
  }
}

TEST_F(ImageListTest, ReadsATableOfIdsInAnotherFolder) {
  const auto train =
      open_image_list(options_of("id,breed\n1,pug\n2,boxer\n",
                                 "root: '" + folder_.path() + "', path_column: id, label_column: breed, extension: .pgm",
                                 "tables/labels.csv"),
                      Split::train);
  EXPECT_THAT(train->class_names(), ElementsAre("boxer", "pug"));
  EXPECT_THAT(numbers_in(*train), ElementsAre(2, 1));
}

TEST_F(ImageListTest, SplitsEachClassWhereTheTableDoesNot) {
  std::string table = "path,label\n";
  for (int i = 1; i <= 9; ++i) table += std::to_string(i) + ".pgm," + (i <= 5 ? "cat" : "dog") + "\n";
  std::vector<int> all = numbers_in(*open(table, Split::train, "test: 0.4"));
  const std::vector<int> test = numbers_in(*open(table, Split::test, "test: 0.4"));
  EXPECT_EQ(test.size(), 4U);
  all.insert(all.end(), test.begin(), test.end());
  EXPECT_THAT(all, testing::UnorderedElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9));
  EXPECT_EQ(open(table, Split::validation), nullptr);
  EXPECT_THAT(image_list_splits(options_of(table)), ElementsAre(Split::train, Split::test));
}

TEST_F(ImageListTest, ValidationStandsForTests) {
  const std::string table = "path,label,split\n1.pgm,a,train\n2.pgm,b,train\n3.pgm,a,valid\n";
  EXPECT_THAT(numbers_in(*open(table, Split::test)), ElementsAre(3));
  EXPECT_EQ(open(table, Split::validation), nullptr);
  EXPECT_THAT(image_list_splits(options_of(table)), ElementsAre(Split::train, Split::test));
  const std::string only = "path,label,split\n3.pgm,a,valid\n";
  EXPECT_THAT(numbers_in(*open(only, Split::test)), ElementsAre(3));
  EXPECT_THAT(refusal(only), HasSubstr("expected images of the split train, got none"));
}

TEST_F(ImageListTest, NumbersAreClassesInTheirOrder) {
  EXPECT_THAT(open("path,label\n1.pgm,10\n2.pgm,9\n3.pgm,0\n", Split::train)->class_names(), ElementsAre("0", "9", "10"));
  EXPECT_THAT(open("path,label\n1.pgm,10\n2.pgm,9\n3.pgm,x\n", Split::train)->class_names(), ElementsAre("10", "9", "x"));
}

TEST_F(ImageListTest, BoxesReachTheSamples) {
  const std::string table =
      "path,label,left,top,right,bottom,split\n1.pgm,a,0,0.5,3,2,train\n2.pgm,b,,,,,train\n3.pgm,b,0,0,4,2,train\n";
  const auto train = open(table, Split::train);
  const auto box = train->sample(0).box;
  ASSERT_TRUE(box.has_value());
  EXPECT_EQ(box->top, 0.5);
  EXPECT_EQ(box->right, 3);
  EXPECT_FALSE(train->sample(1).box.has_value());
  EXPECT_THAT([&] { train->sample(2); },
              testing::ThrowsMessage<InputError>(HasSubstr("labels.csv:4: expected a box within the image of 2 x 3")));
  EXPECT_THAT(
      refusal("path,label,left,top,right,bottom\n1.pgm,a,2,0,1,2\n"),
      StartsWith(":2: expected a box with 0 <= left < right and 0 <= top < bottom in pixels, got '2', '0', '1' and '2'"));
  EXPECT_THAT(refusal("path,label,left,top,right,bottom\n1.pgm,a,0,0,1,\n"), StartsWith(":2: expected a box"));
}

TEST_F(ImageListTest, NamesTheLineOfAMistake) {
  EXPECT_THAT(refusal("path,label\n1.pgm,a\n2.pgm\n"), StartsWith(":3: expected 2 cells, one for each column, got 1"));
  EXPECT_THAT(refusal("path,label\n1.pgm,a\n,b\n"), StartsWith(":3: expected a path, got an empty cell"));
  EXPECT_THAT(refusal("path,label\n1.pgm,\n"), StartsWith(":2: expected a label, got an empty cell"));
  EXPECT_THAT(refusal("path,label\n1.pgm,a\n\n2.pgm,b\n./1.pgm,b\n"),
              StartsWith(":5: expected an image that is listed once, got './1.pgm', which is in line 2"));
  EXPECT_THAT(refusal("path,label,split\n1.pgm,a,train\n2.pgm,b,holdout\n"),
              StartsWith(":3: expected a split: train, validation or test, got 'holdout'"));
  EXPECT_THAT(refusal("path,label\n1.pgm,a\n10.pgm,b\n"), AllOf(StartsWith(":3: expected an image file, got '"),
                                                                HasSubstr("10.pgm', which does not exist; see data.root")));
  EXPECT_THAT(refusal("path,label,split\n1.pgm,a,train\n2.pgm,b,train\n3.pgm,c,test\n", "", Split::test),
              StartsWith(":4: expected one of the 2 classes of training, got 'c'"));
  EXPECT_THAT(refusal("path,label\n1.pgm,\"a\n"), StartsWith(":2: expected a closing quote"));
  EXPECT_THAT(refusal("path,label\n1.pgm,\"a\"b\n"), StartsWith(":2: expected the end of a cell after its quotes, got 'b'"));
  EXPECT_THAT(refusal("path,label\n1.pgm,caf\xE9\n"), StartsWith(":2: expected a label in UTF-8"));
}

TEST_F(ImageListTest, NamesTheColumnsThatItDoesNotFind) {
  EXPECT_THAT(refusal("id,breed\n1,pug\n"),
              StartsWith(":1: expected a column 'path', got id and breed; name the columns in the first line, or set "
                         "data.path_column to one of them"));
  EXPECT_THAT(refusal("path,label\n1.pgm,a\n", "split_column: fold"), StartsWith(":1: expected a column 'fold'"));
  EXPECT_THAT(refusal(""), HasSubstr("expected a first line with the names of the columns, got an empty file"));
  EXPECT_THAT(refusal("path,label\n"), HasSubstr("expected images after the first line, got none"));
  EXPECT_THAT(refusal(std::string("p\0a", 3)), HasSubstr("expected a table as text in UTF-8, got zero bytes"));
}

TEST_F(ImageListTest, OneClassIsAnErrorUnlessItIsMeant) {
  const std::string table = "path,label\n1.pgm,a\n2.pgm,a\n";
  EXPECT_THAT(refusal(table), HasSubstr("expected labels of at least two classes, got one, 'a'"));
  EXPECT_EQ(refusal(table, "allow_single_class: true"), "opened");
}

TEST_F(ImageListTest, MissingFilesMayBeSkipped) {
  const auto train = open("path,label,split\n1.pgm,a,train\n10.pgm,b,train\n", Split::train, "on_error: skip");
  EXPECT_TRUE(train->skips_unreadable());
  EXPECT_NO_THROW(train->expect_readable(0));
  EXPECT_THROW(train->expect_readable(1), InputError);
}

}  // namespace
}  // namespace fovea
