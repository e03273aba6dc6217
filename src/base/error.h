#pragma once

#include <stdexcept>
#include <string>

namespace fovea {

/// What every fovea function throws. The message is one line that a user can act on:
/// `<where>: expected ..., got ...; <what to do>`.
class Error : public std::runtime_error {
 public:
  /// Control characters, which names in foreign files may hold, are replaced, and an endless text is cut.
  explicit Error(const std::string& message);
};

/// Something the user must mend: an argument, a configuration, an input file. The program exits with 2.
class InputError : public Error {
 public:
  using Error::Error;
  /// Builds `<where>: expected <expected>, got <got>; <advice>`. An empty advice is left out.
  InputError(const std::string& where, const std::string& expected, const std::string& got, const std::string& advice = "");
};

/// Tensors whose shapes do not fit. The message gives both shapes, e.g.
/// `SqueezeExcitation: expected [N, 64, H, W], got [2, 32, 8, 8]`.
class ShapeError : public InputError {
 public:
  using InputError::InputError;
};

/// The machine refused: a full disk, a file that cannot be written, memory. The program exits with 1.
class SystemError : public Error {
 public:
  using Error::Error;
};

/// The arithmetic failed: a loss that is not a number. The program exits with 1.
class NumericError : public Error {
 public:
  using Error::Error;
};

/// The user asked to stop. The program exits with 130.
class Interrupted : public Error {
 public:
  using Error::Error;
};

/// The text of a failed system call: strerror(error_number).
std::string system_message(int error_number);

}  // namespace fovea
