#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <vector>

#include <fovea/base/random.h>

#include "memory_limit.h"

namespace fovea {

/// Number of mutated inputs of a test: `usual`, or that of the variable FOVEA_FUZZ_ITERATIONS.
inline int fuzz_iterations(int usual) {
  const char* given = std::getenv("FOVEA_FUZZ_ITERATIONS");
  const int iterations = given != nullptr ? std::atoi(given) : usual;
  if (iterations < 1) throw std::invalid_argument("FOVEA_FUZZ_ITERATIONS: expected an integer >= 1");
  return iterations;
}

/// Limits of a test with mutated inputs, while it lives: a GiB of memory for a reader that takes what it can get, and ten
/// minutes, in place of the test's patience, for one that never ends; SIGALRM then ends the process.
class FuzzLimits {
 public:
  FuzzLimits() { ::alarm(600); }
  ~FuzzLimits() { ::alarm(0); }
  FuzzLimits(const FuzzLimits&) = delete;
  FuzzLimits& operator=(const FuzzLimits&) = delete;

 private:
  static constexpr rlim_t kBytes = MemoryLimit::is_possible() ? rlim_t{1} << 30 : rlim_t{1} << 60;
  MemoryLimit memory_{kBytes};
};

/// CPU time of this process since its construction: what one mutated input may take, on a machine of any load.
class CpuTime {
 public:
  double seconds() const { return static_cast<double>(std::clock() - begin_) / CLOCKS_PER_SEC; }

 private:
  std::clock_t begin_ = std::clock();
};

/// CPU seconds within which a reader deals with one small input.
inline constexpr double kSecondsOfInput = 5;

/// Parts of JSON, and of YAML, that mutated_text() inserts.
inline const std::vector<std::string> kJsonTokens{"0",
                                                  "1",
                                                  "-1",
                                                  "8",
                                                  "18446744073709551615",
                                                  "9223372036854775807",
                                                  "1e9",
                                                  "null",
                                                  "[]",
                                                  "{}",
                                                  "\"\"",
                                                  "[",
                                                  "]",
                                                  "{",
                                                  "}",
                                                  ",",
                                                  ":",
                                                  "\"F64\"",
                                                  "\"BOOL\"",
                                                  "\"x\"",
                                                  "\"shape\"",
                                                  "\\u0000",
                                                  "\\n",
                                                  " ",
                                                  std::string(1, '\0')};
inline const std::vector<std::string> kYamlTokens{",",   "[",   "]",    "{",  "}", ":",  ": ", "- ", "? ",
                                                  "#",   "&a ", "*a",   "!",  "|", ">",  "'",  "\"", "%",
                                                  "---", "...", "\n  ", "\t", "~", "<<", "\n", " "};

/// Numbers of binary formats at their ends.
inline const std::vector<std::string> kBinaryTokens{
    std::string(1, '\0'),        std::string(4, '\0'), "\xFF", "\xFF\xFF\xFF\xFF",
    "\x7F\xFF\xFF\xFF",          "\xFF\xFF\xFF\x7F",   "\x80", "\x01",
    std::string("\x01\0\0\0", 4)};

/// Changes some bytes, mostly in ways that keep a text nearly right.
inline std::string mutated_text(std::string bytes, const std::vector<std::string>& tokens, RandomStream& random) {
  const std::uint64_t changes = 1 + random.below(3);
  for (std::uint64_t change = 0; change < changes; ++change) {
    const auto position = static_cast<std::size_t>(random.below(bytes.size() + 1));
    const auto length = static_cast<std::size_t>(random.below(9));
    const std::string& token = tokens[static_cast<std::size_t>(random.below(tokens.size()))];
    switch (random.below(8)) {
      case 0:
        if (position < bytes.size()) bytes[position] = static_cast<char>(bytes[position] ^ (1 << random.below(8)));
        break;
      case 1:
        if (position < bytes.size()) bytes[position] = static_cast<char>(random.below(256));
        break;
      case 2:
        bytes.erase(position, length);
        break;
      case 3:
        bytes.insert(position, bytes.substr(position, length));
        break;
      case 4:
        bytes.insert(position, token);
        break;
      case 5:
        bytes.replace(position, std::min(token.size(), bytes.size() - position), token);
        break;
      case 6: {  // another digit: sizes and offsets that nearly fit
        const std::size_t digit = bytes.find_first_of("0123456789", position);
        if (digit != std::string::npos) bytes[digit] = static_cast<char>('0' + random.below(10));
        break;
      }
      default:
        bytes.resize(position);
    }
    if (bytes.empty()) break;
  }
  return bytes;
}

}  // namespace fovea
