#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fovea {

/// A photo, the name of its files, and its caption.
struct NamedPhoto {
  std::string path;
  /// May include subfolders. The last component has no dot: suffixes that begin with a dot keep unique names apart.
  std::string name;
  std::string caption = {};  ///< in pictures, e.g. "holiday/3.jpg"; empty: the name of its file
};

/// The images of arguments: files as they are, folders as the image files in and below them, sorted. Names are unique; they
/// keep the subfolders of a folder argument, and so do captions. A name that is taken, or that begins with one of
/// `reserved`, is changed; a caption that another image has, too, is the whole path.
/// @param output_folder of the results; images in it are skipped when an argument is a folder above it. Empty: none.
/// @throws InputError for a folder without images, and when results would be written beside their images.
std::vector<NamedPhoto> expand_images(const std::vector<std::string>& arguments, const std::string& output_folder = "",
                                      const std::vector<std::string>& reserved = {});

/// Gives images that have the same caption their paths in its place.
void tell_captions_apart(std::vector<NamedPhoto>& images);

/// @throws InputError when pictures that are written to `output_folder` would lie beside the images, where they could
/// replace them or be read as images.
void expect_apart(const std::vector<NamedPhoto>& images, const std::string& output_folder);

/// @throws InputError when `output_folder` is at most two levels above folders of the images, as the root of a data set with
/// a folder per split and class is: folders of pictures in it would be read as splits or classes.
void expect_no_root(const std::vector<NamedPhoto>& images, const std::string& output_folder);

/// @throws InputError when a command skipped some of its images. @param unreadable their number, of `images` in all.
void expect_all_readable(const std::string& command, std::size_t images, std::int64_t unreadable);

}  // namespace fovea
