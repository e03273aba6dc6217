#include "score_text.h"

#include <cstdio>
#include <string>

namespace fovea {
namespace {

std::string four_digits(std::optional<double> number) {
  if (!number) return "-";
  char text[32];
  std::snprintf(text, sizeof text, "%.4f", *number);
  return text;
}

template <typename Numbers>
std::string four_digits_each(const Numbers& numbers) {
  std::string text;
  for (const auto& number : numbers) text += (text.empty() ? "" : " ") + four_digits(number);
  return text;
}

void print_line(const char* label, const std::string& text) {
  std::printf("%-14s %s\n", label, text.c_str());
}

}  // namespace

void print_glimpse_scores(const GlimpseScores& scores) {
  print_line("glimpses", std::to_string(scores.glimpses) + ", of each image " + four_digits(scores.pixels_read_fraction) +
                             " of the pixels read, " + four_digits(scores.pixels_touched_fraction) + " of the area touched");
  print_line("", "top-1 after each: " + four_digits_each(scores.top1_per_step));
  print_line("", "spread over images: " + four_digits_each(scores.location_spread));
  print_line("controls", "top-1 " + four_digits(scores.controls.random) + " at random locations, " +
                             four_digits(scores.controls.centre) + " at the centre, " +
                             four_digits(scores.controls.swapped) + " at another image's");
  if (!scores.boxes) return;
  print_line("in the box", four_digits(scores.boxes->glimpses) + " of glimpses, " + four_digits(scores.boxes->random) +
                               " at random; " + four_digits(scores.boxes->never) +
                               " of images never, others first at step " + four_digits(scores.boxes->first_step));
  print_line("", "at each: " + four_digits_each(scores.boxes->per_step));
}

}  // namespace fovea
