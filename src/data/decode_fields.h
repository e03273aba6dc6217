#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <fovea/image/decode.h>
#include <fovea/options/fields.h>

namespace fovea {

/// DecodeOptions as keys of a section.
struct DecodeFields {
  Alpha alpha = Alpha::drop;
  std::vector<std::int64_t> levels = {};  ///< low and high; empty: the format's whole range

  DecodeFields() = default;
  explicit DecodeFields(const DecodeOptions& options);

  void visit_fields(FieldVisitor& fields);

  /// @param where name of the section in messages. @throws InputError for values out of their range.
  DecodeOptions options(const std::string& where) const;
};

}  // namespace fovea
