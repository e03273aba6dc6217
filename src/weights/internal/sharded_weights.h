#pragma once

#include <map>
#include <optional>
#include <string>

namespace fovea {

/// Index of a set of files that together have the weights of one network, as Hugging Face's libraries write it.
struct ShardIndex {
  std::string path;
  std::map<std::string, std::string> files;  ///< path of the file of each tensor, by the tensor's name
};

/// Path of the index of the set that a file belongs to: the file itself when it is named `*.index.json`, or, for
/// `NAME-00001-of-00002.EXTENSION`, a file `NAME.EXTENSION.index.json` beside it; none for any other file.
std::optional<std::string> shard_index_of(const std::string& path);

/// Reads an index of at most 16 MiB. @throws InputError when it is none, or names files outside of its folder.
ShardIndex read_shard_index(const std::string& path);

}  // namespace fovea
