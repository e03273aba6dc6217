#include <csignal>

#include "program.h"

int main(int argc, char** argv) {
  std::signal(SIGXFSZ, SIG_IGN);  // a file beyond the limit of sizes is a failed write, with a message
  return fovea::run_program(argc, argv);
}
