#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace fovea {

/// `path` when that file exists, else `path` + ".gz". @throws InputError naming both when neither exists.
std::string find_plain_or_gzip(const std::string& path);

/// Contents of a file, inflated when the bytes are gzip, independent of the name.
/// @param max_bytes limit of the file's size and of its inflated size.
/// @throws InputError naming the file when it is missing, damaged, truncated or too long.
std::vector<std::uint8_t> read_plain_or_gzip(const std::string& path, std::size_t max_bytes);

/// The first bytes of a file, inflated likewise; fewer when it is shorter. @throws InputError as above.
std::vector<std::uint8_t> read_start_of_plain_or_gzip(const std::string& path, std::size_t count);

/// Inflates gzip data of one or several members. They may inflate to 64 MiB, and beyond that to 100 bytes for each
/// compressed one: images take far less. Memory grows with the inflated data alone.
/// @param where names the data in messages.
/// @throws InputError with the offset when the data are damaged, truncated, followed by anything else, or inflate to more
/// than that or `max_bytes`.
std::vector<std::uint8_t> inflate_gzip(std::span<const std::uint8_t> compressed, std::size_t max_bytes,
                                       const std::string& where);

}  // namespace fovea
