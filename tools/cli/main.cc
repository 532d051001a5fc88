// rackphone: the command line.
#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>
#include <iostream>

#include "tools/cli/commands.h"
#include "tools/programs/host_parts.h"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  rp::CliContext context{std::cout, std::cerr};
  context.parts = rp::host_parts();
  winsize size{};
  context.progress = ::isatty(STDOUT_FILENO) == 1;
  if (!context.progress)
    context.columns = 0;
  else if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    context.columns = size.ws_col;
  return rp::run_cli({argv + 1, argv + argc}, context);
}
