#include "program_process.h"

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include <fovea/base/random.h>

#include "byte_builders.h"
#include "file_text.h"

namespace fovea {
namespace {

std::string temporary_file() {
  std::string name = (std::filesystem::temp_directory_path() / "fovea-output-XXXXXX").string();
  const int descriptor = ::mkstemp(name.data());
  if (descriptor < 0) throw std::runtime_error("mkstemp");
  ::close(descriptor);
  return name;
}

void write_bytes(const std::string& path, const ByteVector& bytes) {
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), std::ssize(bytes));
}

void write_tiny_split(const std::string& folder, const std::string& prefix, std::uint32_t images, std::uint64_t seed) {
  constexpr int kSide = 8;
  ByteVector pixels, labels;
  RandomStream stream(seed, Purpose::test);
  for (std::uint32_t i = 0; i < images; ++i) {
    const int label = static_cast<int>(stream.below(10));
    labels.push_back(static_cast<std::uint8_t>(label));
    for (int y = 0; y < kSide; ++y) {
      for (int x = 0; x < kSide; ++x) {
        const bool block = y / 2 == label / 4 && x / 2 == label % 4;
        pixels.push_back(static_cast<std::uint8_t>((block ? 160 : 0) + stream.below(80)));
      }
    }
  }
  write_bytes(folder + "/" + prefix + "-images-idx3-ubyte", idx_bytes(kIdxImages, {images, kSide, kSide}, pixels));
  write_bytes(folder + "/" + prefix + "-labels-idx1-ubyte", idx_bytes(kIdxLabels, {images}, labels));
}

/// Of this process. It is safe after fork.
void set_limit(__rlimit_resource_t resource, std::size_t bytes) {
  if (bytes == 0) return;
  const rlimit limit{bytes, bytes};
  ::setrlimit(resource, &limit);
}

ProgramStarter& program_starter() {
  static ProgramStarter starter = execute;
  return starter;
}

}  // namespace

ProgramStarter set_program_starter(ProgramStarter starter) {
  return std::exchange(program_starter(), std::move(starter));
}

void become(const ProgramStart& start) {
  ::dup2(::open(start.out.c_str(), O_WRONLY), STDOUT_FILENO);
  ::dup2(::open(start.error.c_str(), O_WRONLY), STDERR_FILENO);
  set_limit(RLIMIT_FSIZE, start.limits.file_bytes);
  set_limit(RLIMIT_AS, start.limits.memory_bytes);
  if (::chdir(start.folder.c_str()) != 0) ::_exit(127);
}

pid_t execute(const ProgramStart& start) {
  std::vector<std::string> words{FOVEA_PROGRAM};
  words.insert(words.end(), start.arguments.begin(), start.arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const pid_t process = ::fork();
  if (process < 0) throw std::runtime_error("fork");
  if (process > 0) return process;
  become(start);
  ::execv(pointers[0], pointers.data());
  ::_exit(127);
}

Program::Program(const std::string& folder, const std::vector<std::string>& arguments, const Limits& limits)
    : start_{folder, arguments, temporary_file(), temporary_file(), limits}, process_(program_starter()(start_)) {}

Program::~Program() {
  if (process_ > 0) {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  std::filesystem::remove(start_.out);
  std::filesystem::remove(start_.error);
}

void Program::send(int signal) const {
  ::kill(process_, signal);
}

std::string Program::messages() const {
  return file_text(start_.error);
}

Finished Program::wait() {
  int status = 0;
  rusage usage{};
  ::wait4(process_, &status, 0, &usage);
  process_ = 0;
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), file_text(start_.out), file_text(start_.error),
          usage.ru_maxrss};
}

Finished run_fovea(const std::string& folder, const std::vector<std::string>& arguments, const Limits& limits) {
  return Program(folder, arguments, limits).wait();
}

void write_tiny_mnist(const std::string& folder, std::uint32_t images) {
  std::filesystem::create_directories(folder);
  write_tiny_split(folder, "train", images, 1);
  write_tiny_split(folder, "t10k", images, 2);
}

std::string tiny_config(const std::string& data_folder, const std::string& more) {
  return "data: {name: mnist, root: '" + data_folder +
         "', validation: 0.2}\n"
         "model: {name: resnet8, width: 4, attention: cbam}\n"
         "train: {epochs: 3, batch_size: 64, optimizer: {name: sgd, learning_rate: 0.2}}\n" +
         more;
}

}  // namespace fovea
