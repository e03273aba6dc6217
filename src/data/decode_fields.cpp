#include <fovea/base/error.h>
#include <fovea/data/decode_fields.h>
#include <fovea/options/check.h>

namespace fovea {

DecodeFields::DecodeFields(const DecodeOptions& options) : alpha(options.alpha) {
  if (options.levels) levels = {options.levels->low, options.levels->high};
}

void DecodeFields::visit_fields(FieldVisitor& fields) {
  fields.choice("alpha", alpha, {{"drop", Alpha::drop}, {"white", Alpha::white}, {"black", Alpha::black}},
                "transparent pixels: drop alpha and keep their colours, or blend them with white or black");
  fields.integers("levels", levels, {0, 65535}, {0, 2},
                  "values of 16-bit files that become black and white, e.g. [0, 4095] for 12 bits; [] = all 16 bits");
}

DecodeOptions DecodeFields::options(const std::string& where) const {
  expect_in_range(*this, where);
  DecodeOptions options{.alpha = alpha};
  if (levels.empty()) return options;
  if (levels.size() == 1 || levels[0] >= levels[1]) {
    throw InputError(
        where + ".levels", "two values, the lower one first, or []",
        levels.size() == 1 ? std::to_string(levels[0]) : std::to_string(levels[0]) + " and " + std::to_string(levels[1]));
  }
  options.levels = Levels{static_cast<int>(levels[0]), static_cast<int>(levels[1])};
  return options;
}

}  // namespace fovea
