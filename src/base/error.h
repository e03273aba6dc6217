#pragma once

#include <stdexcept>
#include <string>

namespace fovea {

/// Base of all exceptions of fovea. The message is one line that a user can act on:
/// `<where>: expected ..., got ...; <what to do>`.
class Error : public std::runtime_error {
 public:
  /// Control characters, which names in files may contain, are replaced, and a long text is truncated.
  explicit Error(const std::string& message);
};

/// An error that the user must fix: an argument, a configuration, an input file. The program exits with 2.
class InputError : public Error {
 public:
  using Error::Error;
  /// Builds `<where>: expected <expected>, got <got>; <advice>`. An empty advice is omitted.
  InputError(const std::string& where, const std::string& expected, const std::string& got, const std::string& advice = "");
};

/// Tensors of wrong shapes. The message gives both shapes, e.g.
/// `SqueezeExcitation: expected [N, 64, H, W], got [2, 32, 8, 8]`.
class ShapeError : public InputError {
 public:
  using InputError::InputError;
};

/// Failure of the system: a full disk, a file that cannot be written, memory. The program exits with 1.
class SystemError : public Error {
 public:
  using Error::Error;
};

/// Failure of the arithmetic: a loss that is NaN. The program exits with 1.
class NumericError : public Error {
 public:
  using Error::Error;
};

/// Stop on request of the user. The program exits with 130.
class Interrupted : public Error {
 public:
  using Error::Error;
};

/// Message of a failed system call: strerror(error_number).
std::string system_message(int error_number);

}  // namespace fovea
