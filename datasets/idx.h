#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <fovea/datasets/array_dataset.h>

namespace fovea {

/// IDX, the format of MNIST and its relatives: a magic number (two zero bytes, the type of a value, the number of
/// dimensions), the dimensions and the values, all numbers big-endian. Read here: 8-bit values in three dimensions
/// (images, 0x00000803) and in one (labels, 0x00000801). A file must have exactly the size that its header declares.

/// @param bytes the whole file, less than 2 GiB.
/// @param where names the data in messages; offsets in messages count inflated bytes.
/// @return grey images [N, H, W, 1], N, H, W >= 1. @throws InputError.
ImageArray parse_idx_images(std::vector<std::uint8_t> bytes, const std::string& where);

/// @return N >= 1 labels, which are not checked against a number of classes. @throws InputError.
std::vector<std::uint8_t> parse_idx_labels(std::vector<std::uint8_t> bytes, const std::string& where);

/// Reads a file, plain or gzip, of at most 1 GiB when inflated. @throws InputError naming the file and what is wrong with
/// it.
ImageArray read_idx_images(const std::string& path);
std::vector<std::uint8_t> read_idx_labels(const std::string& path);

/// Height and width that a file of images declares. @throws InputError naming the file when it declares none.
std::pair<std::uint32_t, std::uint32_t> read_idx_image_size(const std::string& path);

/// Offset of the first label in an IDX file.
inline constexpr std::size_t kIdxLabelsOffset = 8;

}  // namespace fovea
