#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fovea {

/// Number of the class that a user means: by its name in any case, its number, its WordNet ID (of a class of ImageNet), or a
/// part of its name that no other class has; whole words come first, so that "cat" is not "caterpillar".
/// @throws InputError for a part that several classes have, which it lists, and for another text, with the nearest name.
std::int64_t find_class(const std::string& text, const std::vector<std::string>& classes);

/// Names of a data set's classes as a model calls them: a WordNet ID is a class of ImageNet, and Unicode's forms of one name
/// are equal. Other names stay.
std::vector<std::string> named_as_in_model(const std::vector<std::string>& names, const std::vector<std::string>& classes);

}  // namespace fovea
