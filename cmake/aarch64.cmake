# Builds for arm64 on a Debian of another architecture; CONTRIBUTING.md says with which packages.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
# pkg-config would find the libraries of the machine that builds.
set(ENV{PKG_CONFIG_LIBDIR} /usr/lib/aarch64-linux-gnu/pkgconfig)
# disco-compile-profiles is run while building, and compiles for the architecture that it was built for.
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64-static)
