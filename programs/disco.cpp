#include "runner/cli/commands.hpp"

int main(int argc, char** argv) { return disco::cli::run(argc, argv); }
