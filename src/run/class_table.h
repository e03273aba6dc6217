#pragma once

#include <cstdint>
#include <string>

#include <fovea/run/evaluation_report.h>

namespace fovea {

/// Most classes of a printed table; of more, those with the lowest F1 are listed, as what a reader looks for.
inline constexpr std::int64_t kMostListedClasses = 100;
inline constexpr std::int64_t kWeakestListedClasses = 20;

/// Lines of text with images, precision, recall and F1 of each class, and their macro average (see macro_average()) as the
/// last one; `-` where a score is none. At most 80 columns wide.
std::string class_table(const EvaluationReport& report);

}  // namespace fovea
