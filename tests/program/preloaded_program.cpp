#include "preloaded_program.h"

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "program.h"  // of tools

namespace fovea {
namespace {

/// A start and this process' environment, as texts that each end with a zero byte.
std::string request_of(const ProgramStart& start) {
  std::string request;
  const auto add = [&](std::string_view text) { request.append(text).push_back('\0'); };
  add(start.folder);
  add(start.out);
  add(start.error);
  add(std::to_string(start.limits.file_bytes));
  add(std::to_string(start.limits.memory_bytes));
  add(std::to_string(start.arguments.size()));
  for (const std::string& argument : start.arguments) add(argument);
  for (char** variable = environ; *variable != nullptr; ++variable) add(*variable);
  return request;
}

/// The start of a request, whose environment becomes this process' own.
ProgramStart accepted(const std::string& request) {
  std::size_t position = 0;
  const auto next = [&] {
    std::string text = request.c_str() + position;
    position += text.size() + 1;
    return text;
  };
  ProgramStart start;
  start.folder = next();
  start.out = next();
  start.error = next();
  start.limits.file_bytes = std::stoull(next());
  start.limits.memory_bytes = std::stoull(next());
  start.arguments.resize(std::stoull(next()));
  for (std::string& argument : start.arguments) argument = next();
  ::clearenv();
  while (position < request.size()) {
    const std::string variable = next();
    const std::size_t equals = variable.find('=');
    ::setenv(variable.substr(0, equals).c_str(), variable.c_str() + equals + 1, /*overwrite=*/1);
  }
  return start;
}

[[noreturn]] void become_program(const std::string& request) {
  const ProgramStart start = accepted(request);
  std::vector<const char*> words{"fovea"};
  for (const std::string& argument : start.arguments) words.push_back(argument.c_str());
  become(start);
  const int code = run_program(static_cast<int>(words.size()), words.data());
#ifdef __SANITIZE_ADDRESS__
  std::exit(code);  // the search for leaks is at exit
#endif
  std::fflush(nullptr);
  ::_exit(code);  // LibTorch's destructors would touch, and so copy, every page of its registries
}

/// Forks twice: the second fork loses its parent and so becomes a child of the suite's process, which waits for it.
pid_t fork_for_grandparent(int socket, const std::string& request) {
  std::array<int, 2> pipe{};
  if (::pipe(pipe.data()) != 0) return -1;
  const pid_t between = ::fork();
  if (between == 0) {
    const pid_t process = ::fork();
    if (process == 0) {
      for (const int descriptor : {pipe[0], pipe[1], socket}) ::close(descriptor);
      become_program(request);
    }
    [[maybe_unused]] const auto written = ::write(pipe[1], &process, sizeof process);
    ::_exit(0);
  }
  ::close(pipe[1]);
  pid_t process = -1;
  if (::read(pipe[0], &process, sizeof process) != sizeof process) process = -1;
  ::close(pipe[0]);
  ::waitpid(between, nullptr, 0);
  return process;
}

constexpr std::size_t kLongestRequest = 1 << 17;  // of a socket's buffer, 208 KiB

/// Answers requests until the suite's process has ended.
[[noreturn]] void serve(int socket) {
  std::string request(kLongestRequest, '\0');
  for (;;) {
    const auto size = ::recv(socket, request.data(), request.size(), 0);
    if (size <= 0) ::_exit(0);
    const pid_t process = fork_for_grandparent(socket, request.substr(0, static_cast<std::size_t>(size)));
    if (::send(socket, &process, sizeof process, MSG_NOSIGNAL) < 0) ::_exit(0);
  }
}

/// Every Program of the suite starts from one.
class ProgramPreloading : public testing::Environment {
 public:
  void SetUp() override {
    program_ = std::make_unique<PreloadedProgram>();
    set_program_starter([this](const ProgramStart& start) { return program_->start(start); });
  }
  void TearDown() override {
    set_program_starter(execute);
    program_.reset();
  }

 private:
  std::unique_ptr<PreloadedProgram> program_;
};

[[maybe_unused]] const testing::Environment* const kPreloading =
    testing::AddGlobalTestEnvironment(new ProgramPreloading);  // GoogleTest deletes it

}  // namespace

PreloadedProgram::PreloadedProgram() {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  std::array<int, 2> sockets{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets.data()) != 0) throw std::runtime_error("socketpair");
  std::fflush(nullptr);  // what is left in a buffer would be written by the fork too
  process_ = ::fork();
  if (process_ < 0) throw std::runtime_error("fork");
  if (process_ == 0) {
    ::close(sockets[0]);
    serve(sockets[1]);
  }
  ::close(sockets[1]);
  socket_ = sockets[0];
}

PreloadedProgram::~PreloadedProgram() {
  ::close(socket_);
  ::waitpid(process_, nullptr, 0);
}

pid_t PreloadedProgram::start(const ProgramStart& start) const {
  const std::string request = request_of(start);
  if (request.size() > kLongestRequest) throw std::runtime_error("expected a shorter command line");
  pid_t process = -1;
  if (::send(socket_, request.data(), request.size(), MSG_NOSIGNAL) < 0 ||
      ::recv(socket_, &process, sizeof process, 0) != sizeof process || process < 0) {
    throw std::runtime_error("the preloaded program did not start");
  }
  return process;
}

}  // namespace fovea
