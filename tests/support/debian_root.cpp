#include "tests/support/debian_root.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/program.hpp"
#include "runner/sys/sha256.hpp"
#include "tests/support/throw_away.hpp"

#include <algorithm>
#include <sstream>

#include <sys/stat.h>

#include <fmt/format.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;

void must_run(std::vector<std::string> words) {
    const auto result =
        sys::run_program({.argv = words,
                          .environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"},
                          .input = {},
                          .timeout = std::chrono::minutes{1}});
    if (!result.succeeded()) throw sys::Error{fmt::format("{}: {}", words.front(), result.error)};
}

/// The compiled modules that the package's own script has made for this one; else the first program to load
/// it would write them.
void add_compiled(const std::string& object, std::vector<std::string>& objects) {
    const fs::path source = fs::path{"/"} / object;
    const fs::path directory = source.parent_path() / "__pycache__";
    if (!object.ends_with(".py") || !fs::is_directory(directory)) return;
    objects.push_back(directory.relative_path());
    for (const auto& entry : fs::directory_iterator{directory})
        if (entry.path().filename().string().starts_with(source.stem().string() + ".cpython-"))
            objects.push_back(entry.path().relative_path());
}

void write_dpkg_database(const InstalledPackages& installed, const std::set<std::string>& names,
                         const fs::path& root) {
    const fs::path database = root / "var/lib/dpkg";
    fs::create_directories(database / "info");
    std::string status;
    for (const std::string& name : names) {
        status += installed.text(name) + "\n";
        for (const auto& [kind, file] : installed.info(name))
            fs::copy_file(file, database / "info" / file.filename());
    }
    put(database / "status", status);
    put(database / "info/format", "1\n");
    for (const char* name : {"available", "diversions", "statoverride"}) put(database / name, "");
}

/// The choices of update-alternatives(8) whose programs have been copied.
void copy_alternatives(const fs::path& root) {
    for (const auto& entry : fs::directory_iterator{"/var/lib/dpkg/alternatives"}) {
        const std::string name = entry.path().filename();
        const fs::path choice = fs::path{"etc/alternatives"} / name;
        std::error_code none;
        const fs::path program = fs::read_symlink("/" / choice, none);
        if (none || !fs::exists(root / program.relative_path())) continue;
        std::istringstream lines{sys::read_file(entry.path())};
        std::string mode, link;
        std::getline(lines, mode);
        std::getline(lines, link);
        fs::create_directories(root / "etc/alternatives");
        // Slaves of a choice are manual pages, which are not here.
        put(root / "var/lib/dpkg/alternatives" / name,
            fmt::format("auto\n{}\n\n{}\n10\n\n", link, program.string()));
        fs::create_symlink(program, root / choice);
        if (const fs::path at = root / fs::path{link}.relative_path(); !fs::exists(fs::symlink_status(at)))
            fs::create_symlink("/" / choice, at);
    }
}

/// What the maintainers' scripts of a fresh system write.
void write_settings(const fs::path& root, const std::string& apt_source) {
    const fs::path etc = root / "etc";
    const std::string masters = "/usr/share/base-passwd/";
    put(etc / "passwd", sys::read_file(masters + "passwd.master"));
    put(etc / "group", sys::read_file(masters + "group.master"));
    put(etc / "nsswitch.conf",
        "passwd: files\ngroup: files\nshadow: files\ngshadow: files\nhosts: files dns\n");
    must_run({"pwconv", "--root", root});
    must_run({"grpconv", "--root", root});
    put(etc / "hostname", "throw-away\n");
    put(etc / "hosts", "127.0.0.1\tlocalhost\n127.0.1.1\tthrow-away\n");
    put(etc / "resolv.conf", "");
    put(etc / "fstab", "# none\n");
    put(etc / "pam.d/common-auth", "auth required pam_unix.so nullok\n");
    put(etc / "pam.d/common-account", "account required pam_unix.so\n");
    put(etc / "pam.d/common-password", "password required pam_unix.so obscure yescrypt\n");
    put(etc / "pam.d/common-session", "session required pam_unix.so\n");
    put(etc / "pam.d/common-session-noninteractive", "session required pam_unix.so\n");
    fs::remove_all(etc / "apt/sources.list.d");
    fs::create_directories(etc / "apt/sources.list.d");
    put(etc / "apt/sources.list", apt_source + "\n");
    // Not the translations that a fresh system does not have either.
    put(etc / "apt/apt.conf.d/90test", "Acquire::Languages \"none\";\n");
    for (const char* name : {"dpkg.log", "alternatives.log"}) put(root / "var/log" / name, "");
    put(root / "usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0755);
    // To be asked for after a merge.
    put(root / "usr/bin/systemctl", "#!/bin/sh\nexit 0\n", 0755);
    for (const char* name : {"boot", "dev", "home", "proc", "run", "srv", "sys", "tmp", "usr/local/bin",
                             "usr/local/lib", "usr/local/sbin", "usr/local/share", "var/tmp"})
        fs::create_directories(root / name);
    for (const char* name : {"bashrc", "profile"})
        fs::copy_file(root / "usr/share/base-files" / fmt::format("dot.{}", name),
                      root / "root" / fmt::format(".{}", name));
    must_run({"ldconfig", "-r", root});
}

/// The package's own fields: not what dpkg noted about this machine.
std::string control(const std::string& text) {
    std::string kept;
    bool keep = true;
    std::istringstream lines{text};
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with(' ')) keep = !line.starts_with("Status:") && !line.starts_with("Conffiles:");
        if (keep) kept += line + "\n";
    }
    return kept;
}

} // namespace

std::set<std::string> make_debian_root(const InstalledPackages& installed, const fs::path& root,
                                       const std::string& apt_source) {
    std::set<std::string> names = installed.essential();
    names.insert({"adduser", "apt", "passwd", "procps", "python3-minimal", "tzdata"});
    names = installed.with_dependencies(names);
    for (const char* name : {"bin", "sbin", "lib", "lib32", "lib64", "libx32"}) {
        if (!fs::is_symlink(fs::path{"/"} / name)) continue;
        fs::create_directories(root / "usr" / name);
        fs::create_directory_symlink(fs::path{"usr"} / name, root / name);
    }
    std::vector<std::string> objects;
    for (const std::string& name : names)
        for (const std::string& object : installed.objects(name)) {
            objects.push_back(object);
            add_compiled(object, objects);
        }
    std::sort(objects.begin(), objects.end());
    objects.erase(std::unique(objects.begin(), objects.end()), objects.end());
    copy_objects(objects, root);
    write_dpkg_database(installed, names, root);
    copy_alternatives(root);
    write_settings(root, apt_source);
    return names;
}

void make_package_repository(const InstalledPackages& installed, const std::set<std::string>& names,
                             const fs::path& directory) {
    std::string index;
    for (const std::string& name : names) {
        const fs::path tree = directory / "tree";
        fs::create_directories(tree / "DEBIAN");
        copy_objects(installed.objects(name), tree);
        for (const auto& [kind, file] : installed.info(name))
            if (kind != "list") fs::copy_file(file, tree / "DEBIAN" / kind);
        const std::string fields = control(installed.text(name));
        put(tree / "DEBIAN/control", fields);
        const std::string file = name + ".deb";
        must_run({"dpkg-deb", "--build", "-Znone", tree, directory / file});
        fs::remove_all(tree);
        const std::string bytes = sys::read_file(directory / file);
        index += fmt::format("{}Filename: {}\nSize: {}\nSHA256: {}\n\n", fields, file, bytes.size(),
                             sys::hex(sys::sha256(bytes)));
    }
    put(directory / "Packages", index);
    put(directory / "Release", fmt::format("Date: Thu, 01 Jan 2026 00:00:00 UTC\nSHA256:\n {} {} Packages\n",
                                           sys::hex(sys::sha256(index)), index.size()));
}

} // namespace disco::tests
