#include "python_peer.h"

#include <array>
#include <cstdlib>
#include <spawn.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fovea/config/config_node.h>

namespace fovea {
namespace {

const std::string kScript = FOVEA_SOURCE_DIR "/tests/interchange/torchvision_peer.py";

std::string python() {
  const char* given = std::getenv("FOVEA_PYTHON");
  return given != nullptr ? given : "/usr/bin/python3";
}

}  // namespace

PythonPeer::PythonPeer() {
  std::array<int, 2> sockets{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()) != 0) throw std::runtime_error("socketpair");
  socket_ = sockets[0];
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, sockets[1], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, sockets[1], STDOUT_FILENO);
  std::string interpreter = python();
  std::string script = kScript;
  const std::array<char*, 3> words{interpreter.data(), script.data(), nullptr};
  const int error = ::posix_spawn(&process_, words[0], &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(sockets[1]);
  if (error == 0 && !read_line().empty()) return;
  stop();
  throw std::runtime_error(interpreter +
                           " with torch and torchvision does not start: install Debian's python3-torchvision, "
                           "or name another interpreter in FOVEA_PYTHON");
}

PythonPeer::~PythonPeer() {
  stop();
}

void PythonPeer::stop() {
  ::close(socket_);
  if (process_ > 0) ::waitpid(process_, nullptr, 0);
}

void PythonPeer::ask(const Json& request) {
  const std::string line = request.dump() + "\n";
  if (::send(socket_, line.data(), line.size(), MSG_NOSIGNAL) != std::ssize(line))
    throw std::runtime_error("Python has ended");
  const std::string answer = read_line();
  if (answer.empty()) throw std::runtime_error("Python ended at " + line);
  const Json parsed = Json::parse(answer);
  if (parsed.contains("error")) throw std::runtime_error("Python: " + parsed["error"].get<std::string>());
}

std::string PythonPeer::read_line() {
  std::string line;
  for (char letter = 0; ::read(socket_, &letter, 1) == 1 && letter != '\n';) line += letter;
  return line;
}

}  // namespace fovea
