#pragma once

#include <string>

#include <fovea/eval/interval.h>
#include <fovea/run/evaluation_report.h>
#include <fovea/run/glimpse_scores.h>

namespace fovea {

/// Prints a line of a report: a label, and what it says.
void print_line(const char* label, const std::string& text);

/// Prints the top-1 with its 95 % interval.
void print_top1(const char* label, double top1, const Interval& interval);

/// Prints the scores of an evaluation, and those of each class.
void print_scores(const EvaluationReport& report);

/// Prints the scores of a glimpse network, a line or two each.
void print_glimpse_scores(const GlimpseScores& scores);

}  // namespace fovea
