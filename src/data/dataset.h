#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <fovea/base/random.h>
#include <fovea/image/box.h>
#include <fovea/image/decode.h>
#include <fovea/image/image.h>
#include <fovea/image/image_files.h>

namespace fovea {

/// Split of a data set. `validation` is split off `train` by the caller (see split.h), where the data set has none.
enum class Split {
  train,
  validation,
  test,
  all,  ///< every image of the others, for evaluation; no data set is opened with it
};

/// "train", "validation", "test" or "all".
std::string to_string(Split split);

/// One labelled image.
struct Sample {
  Image image;
  std::int64_t label = 0;                 ///< in [0, number of classes)
  std::optional<Box> box = std::nullopt;  ///< bounding box of the labelled object, if the data set has one
};

/// Files of a folder that a data set does not read.
struct SkippedFiles {
  std::string folder;
  FileCounts counts;
};

/// A finite, indexable set of labelled images. Implementations are immutable and may be read from several threads.
class Dataset {
 public:
  virtual ~Dataset() = default;

  virtual std::int64_t size() const = 0;

  /// The sample at `index` in [0, size()). @throws InputError when its bytes cannot be read.
  virtual Sample sample(std::int64_t index) const = 0;

  /// The sample at `index` for training. A data set that generates its images generates a new one for every stream; others
  /// return sample(index).
  virtual Sample training_sample(std::int64_t index, const RandomStream& /*stream*/) const { return sample(index); }

  /// The label at `index`, without decoding the image.
  virtual std::int64_t label(std::int64_t index) const = 0;

  /// Hash of what is known of the sample at `index` without reading a file: its label and name, the size of its file, or
  /// its pixels. Label and name by default.
  virtual std::uint64_t fingerprint(std::int64_t index) const;

  /// True when every sample is read from a file, which may change during a run, and has the same pixels in every epoch.
  virtual bool reads_files() const { return false; }

  /// One name per class; its length is the number of classes.
  virtual const std::vector<std::string>& class_names() const = 0;

  /// Channels of every image: 1 or 3 for the data sets of fovea.
  virtual int channels() const = 0;

  /// Height and width shared by every image; 0 when the images differ in size.
  virtual int height() const = 0;
  virtual int width() const = 0;

  /// Name of the sample at `index` for messages: its file, if it has one.
  virtual std::string name(std::int64_t index) const { return "image " + std::to_string(index); }

  /// Path of the sample's file below the data set's root, with `/` between folders, as a table of results names the image;
  /// None for a data set whose samples have no files of their own.
  virtual std::optional<std::string> path(std::int64_t /*index*/) const { return std::nullopt; }

  /// True when unreadable samples are skipped with a warning; else they are an error.
  virtual bool skips_unreadable() const { return false; }

  /// Decoding of image files; the model file keeps it for photos.
  virtual DecodeOptions decode_options() const { return {}; }

  /// Quick check of the sample at `index`, without decoding it: its file is there, whole, and of a kind that can be read.
  /// Nothing by default. @throws InputError naming the file.
  virtual void expect_readable(std::int64_t /*index*/) const {}

  /// Files beside the images that are not read, e.g. those of other kinds.
  virtual std::vector<SkippedFiles> skipped_files() const { return {}; }
};

}  // namespace fovea
