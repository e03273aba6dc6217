#pragma once

#include <string>

namespace fovea {

/// Rename of keys. Without `*`, `from` is one or more whole components of a dotted name, and becomes `to` wherever it
/// occurs; an empty `to` removes them, and a tensor without a remaining name is skipped. With `*`, which stands for any
/// characters, dots included, `from` is a pattern of whole names: the n-th `*` of `to` is what the n-th of `from` stands
/// for, as few characters as possible, and an empty `to` skips the tensors. "encoder_q.*=*" and "encoder_k.*=" read the
/// query encoder of MoCo alone.
struct Rename {
  std::string from;
  std::string to;

  bool is_pattern() const { return from.find('*') != std::string::npos; }
};

/// Parses "linear=fc". @param where names the option in messages, e.g. "train.init.rename". @throws InputError.
Rename parse_rename(const std::string& text, const std::string& where);

/// "linear=fc".
std::string rename_text(const Rename& rename);

/// The new name, which is the old one where the rename does not match; empty: the tensor is skipped.
/// @param prefix that a pattern need not have: "module." of a wrapper, or empty.
std::string renamed_key(const std::string& name, const Rename& rename, const std::string& prefix = "");

}  // namespace fovea
