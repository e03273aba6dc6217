#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fovea {

/// An image that a command was given.
struct ImageArgument {
  std::string path;
  /// What its results are called: unlike any other's, maybe below folders, and without a dot in its last part, so that what
  /// follows a dot can never make two the same.
  std::string name;
};

/// The images that arguments name: files as they are, folders as the image files in and below them, sorted. Names keep the
/// folders below a folder argument; what would have the name of an earlier image, or one that begins with `reserved`, gets
/// another.
/// @param output_folder results go there; images in it are no input when a folder above it is named. Empty: none.
/// @throws InputError for a folder without images, and when results would lie beside the images they are made from.
std::vector<ImageArgument> expand_images(const std::vector<std::string>& arguments, const std::string& output_folder = "",
                                         const std::string& reserved = "");

/// Ends a command that went on without some of its images. @throws InputError when there were such.
void expect_all_readable(const std::string& command, std::size_t images, std::int64_t unreadable);

}  // namespace fovea
