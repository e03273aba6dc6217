#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/base/number_text.h>
#include <fovea/config/fields.h>
#include <fovea/data/augment.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

/// Section of one row: a map of its options, or a number for the first option.
class AugmentationField final : public CustomField {
 public:
  explicit AugmentationField(Augmentation& augmentation) : augmentation_(augmentation) {}

  void read(const ConfigNode& value, const std::string& path) override {
    where_ = value.origin + ": " + path;
    read_fields(augmentation_, spelled_out(value), path);
    augmentation_.expect_consistent(where_);
  }

  Json write() override { return write_fields(augmentation_); }
  void visit_fields(FieldVisitor& fields) override { augmentation_.visit_fields(fields); }
  std::string allowed() const override {
    return "a number, its " + describe_fields(augmentation_).at(0).name + ", or a map of its options";
  }

  /// `<origin>: <path>` of the section, or "".
  const std::string& where() const { return where_; }

 private:
  /// The section as a map. A bare number is the first option, also after apply_setting() has made it the `name` of a map,
  /// unless the map has that option.
  ConfigNode spelled_out(const ConfigNode& value) {
    const std::string first = describe_fields(augmentation_).at(0).name;
    ConfigNode map = value;
    if (value.kind == ConfigNode::Kind::scalar) {
      map.kind = ConfigNode::Kind::map;
      map.map = {{first, value}};
    } else if (value.from_short_form) {
      const bool is_set = map.find(first) != nullptr;
      if (is_set) std::erase_if(map.map, [](const ConfigNode::Entry& entry) { return entry.key == "name"; });
      for (ConfigNode::Entry& entry : map.map) {
        if (entry.key == "name") entry.key = first;
      }
    }
    return map;
  }

  Augmentation& augmentation_;
  std::string where_;
};

}  // namespace

AugmentOptions::AugmentOptions() {
  for (const AugmentationRow& row : augmentation_registry()) parts_.emplace_back(&row, row.make());
}

AugmentOptions::AugmentOptions(const AugmentOptions& other) : Options(other) {
  for (const auto& [row, augmentation] : other.parts_) parts_.emplace_back(row, row->copy(*augmentation));
}

AugmentOptions& AugmentOptions::operator=(const AugmentOptions& other) {
  AugmentOptions copy(other);
  parts_.swap(copy.parts_);
  return *this;
}

void AugmentOptions::visit_fields(FieldVisitor& fields) {
  std::string where;
  for (const auto& [row, augmentation] : parts_) {
    AugmentationField field(*augmentation);
    fields.custom(row->name.c_str(), field, row->help.c_str());
    if (augmentation->mix_probability() > 0 && !field.where().empty()) where = field.where();
  }
  if (!where.empty()) expect_at_most_one_mixing(where);
}

void AugmentOptions::expect_valid(const std::string& where) {
  for (const auto& [row, augmentation] : parts_) {
    expect_in_range(*augmentation, where + ": " + row->name);
    augmentation->expect_consistent(where + ": " + row->name);
  }
  expect_at_most_one_mixing(where);
}

void AugmentOptions::expect_at_most_one_mixing(const std::string& where) const {
  std::vector<std::string> mixing;
  std::vector<std::string> probabilities;
  double sum = 0;
  for (const auto& [row, augmentation] : parts_) {
    if (augmentation->mix_probability() == 0) continue;
    mixing.push_back(row->name);
    probabilities.push_back(number_text(augmentation->mix_probability()));
    sum += augmentation->mix_probability();
  }
  if (sum <= 1) return;
  const std::string names = join_names(mixing);
  throw InputError(where, "probabilities of " + names + " that sum to at most 1", join_names(probabilities),
                   names + " exclude each other");
}

std::optional<Window> AugmentOptions::window(int height, int width, const RandomStream& stream) const {
  for (const auto& [row, augmentation] : parts_) {
    if (!augmentation->active()) continue;
    RandomStream draws = stream.child(row->name);
    if (const auto window = augmentation->window(height, width, draws)) return window;
  }
  return std::nullopt;
}

void AugmentOptions::apply(Image& image, const RandomStream& stream, const PixelValue& mean) const {
  for (const auto& [row, augmentation] : parts_) {
    if (!augmentation->active()) continue;
    RandomStream draws = stream.child(row->name);
    augmentation->apply(image, draws, mean);
  }
}

PixelValue mean_pixel(const Normalization& normalization) {
  PixelValue pixel;
  pixel.reserve(normalization.mean.size());
  for (const double value : normalization.mean)
    pixel.push_back(static_cast<std::uint8_t>(std::lrint(std::clamp(value, 0.0, 1.0) * 255)));
  if (normalization.order == ChannelOrder::bgr) std::reverse(pixel.begin(), pixel.end());
  return pixel;
}

}  // namespace fovea
