#pragma once

#include "runner/module/module_contents.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <sys/stat.h>

#include <gtest/gtest.h>

namespace disco::tests {

/// A module's directory, to be filled and read.
class ModuleDirectoryTest : public testing::Test {
protected:
    void put(const std::filesystem::path& name, std::string_view text = "x", mode_t mode = 0644) const {
        std::filesystem::create_directories(path(name).parent_path());
        sys::write_file(path(name), text, 0600);
        ASSERT_EQ(::chmod(path(name).c_str(), mode), 0);
    }
    [[nodiscard]] std::filesystem::path path(const std::filesystem::path& name) const {
        return directory_.path() / name;
    }
    [[nodiscard]] module::ModuleContents read() const { return module::read_module("m", directory_.path()); }
    /// The objections; empty when the module is fine.
    [[nodiscard]] std::string objections() const {
        try {
            (void)read();
        } catch (const sys::BadConfiguration& error) {
            return error.full_text();
        }
        return "";
    }
    [[nodiscard]] static std::vector<std::string> paths(const std::vector<module::Deliverable>& items) {
        std::vector<std::string> found;
        for (const module::Deliverable& item : items) found.push_back(item.path);
        return found;
    }

private:
    sys::OwnedDirectory directory_{std::filesystem::temp_directory_path(), "module-test-"};
};

} // namespace disco::tests
