#include "runner/run/data_directory.hpp"

#include "runner/sys/own_program.hpp"

namespace disco::run {

std::filesystem::path data_directory() {
    return sys::own_program().parent_path().parent_path() / "lib" / "disco";
}

} // namespace disco::run
