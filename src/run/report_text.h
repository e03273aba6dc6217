#pragma once

#include <string>

#include <fovea/run/evaluation_report.h>
#include <fovea/run/training.h>

namespace fovea {

/// Scores of an evaluation in lines of text: top-1 with its interval, those of a glimpse network, and a table of the
/// classes; see class_table().
std::string report_text(const EvaluationReport& report);

/// The same of a finished training: scores on the test split, size and run directory.
std::string report_text(const TrainingReport& report);

}  // namespace fovea
