#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fovea/data/dataset.h>
#include <fovea/datasets/on_error.h>
#include <fovea/image/decode.h>

namespace fovea {

/// An image file with its label.
struct LabelledFile {
  std::int64_t label = 0;
  std::string path;           ///< below the data set's folder
  std::size_t key_begin = 0;  ///< where the part of the path begins that decides about its split
  std::int64_t row = 0;       ///< of the table that lists it

  std::string_view key() const { return std::string_view(path).substr(key_begin); }
};

/// Reading of image files.
struct FileReading {
  int channels = 3;
  OnError on_error = OnError::fail;
  DecodeOptions decode = {};
};

/// Image files of any size, decoded on demand.
class FileDataset : public Dataset {
 public:
  /// @param folder where the paths begin. @param subfolder the part of `folder` below the data set's root; empty when it is
  /// the root. @param skipped files beside the images.
  FileDataset(std::string folder, std::string subfolder, std::vector<std::string> class_names,
              std::vector<LabelledFile> files, FileReading reading, std::vector<SkippedFiles> skipped);

  std::int64_t size() const override { return std::ssize(files_); }
  Sample sample(std::int64_t index) const override;
  std::int64_t label(std::int64_t index) const override { return file(index).label; }
  const std::vector<std::string>& class_names() const override { return class_names_; }
  int channels() const override { return reading_.channels; }
  int height() const override { return 0; }
  int width() const override { return 0; }
  std::string name(std::int64_t index) const override;
  std::optional<std::string> path(std::int64_t index) const override;
  bool skips_unreadable() const override { return reading_.on_error == OnError::skip; }
  DecodeOptions decode_options() const override { return reading_.decode; }
  std::uint64_t fingerprint(std::int64_t index) const override;
  bool reads_files() const override { return true; }
  void expect_readable(std::int64_t index) const override;
  std::vector<SkippedFiles> skipped_files() const override { return skipped_; }

 protected:
  /// @throws InputError for an index out of range.
  const LabelledFile& file(std::int64_t index) const;

 private:
  std::string folder_;
  std::string subfolder_;
  std::vector<std::string> class_names_;
  std::vector<LabelledFile> files_;
  FileReading reading_;
  std::vector<SkippedFiles> skipped_;
};

/// A file of each class in turn, so that the first N contain every class. @param classes files of each class.
std::vector<LabelledFile> interleaved(std::vector<std::vector<LabelledFile>> classes);

/// Split of files without one: a fraction of each class for the test.
struct SeededSplit {
  double test = 0.2;
  std::int64_t seed = 0;
};

/// Training or test files of a class. Each file has its own random number, and the lowest numbers are for testing: the split
/// of a class does not depend on other classes, and an added or removed file moves at most one other.
std::vector<LabelledFile> chosen_by_seed(std::vector<LabelledFile> files, const std::string& class_name,
                                         const SeededSplit& split, bool training);

/// @throws InputError when the fraction of the test selects no image of any class.
void expect_selected(const std::vector<LabelledFile>& files, const SeededSplit& split);

}  // namespace fovea
