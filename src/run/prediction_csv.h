#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <fovea/eval/scored_image.h>
#include <fovea/run/model.h>
#include <fovea/run/prediction.h>

namespace fovea {

// Predictions as CSV, a line at a time. Names are in quotes where CSV requires it, and otherwise as they are; what is not
// UTF-8 or would control a terminal in them becomes U+FFFD. Probabilities have the digits of float32.

/// Most classes of a table of scored images that has a column for each; one of more classes has the kRankedClasses most
/// probable ones.
inline constexpr std::int64_t kMostClassesOfColumns = 100;
inline constexpr std::int64_t kRankedClasses = 5;

/// First line of a table of scored images: `image,true,predicted,correct` and a column `probability_<class>` for each class,
/// or, of more than kMostClassesOfColumns, `class_1,probability_1,class_2,...`.
std::string scored_images_header(const std::vector<std::string>& classes);

/// The line of an image, which is named by its path below the data set's root, or by its position in the split where it has
/// no file. `correct` is 1 or 0.
std::string csv_row(const ScoredImage& image, const std::vector<std::string>& classes);

/// First line of a table of predictions: `image,class_1,probability_1,class_2,...`. @param ranked classes of each photo.
std::string predictions_header(std::int64_t ranked);

/// The line of a photo. @param image its path.
std::string csv_row(const Prediction& prediction, const std::string& image);

/// Scores a split, and writes a table of its images, which replaces the file when the split is scored.
/// @throws SystemError when the file cannot be written; what Model::evaluate() throws, and then the old file stays.
EvaluationReport evaluate_into(const std::string& file, const Model& model, Split split, EvaluateOptions options);

}  // namespace fovea
