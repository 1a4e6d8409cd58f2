#include "tests/property/operation.hpp"

#include <cstring>
#include <stdexcept>

namespace disco::property {
namespace {

void put(std::string& out, std::uint64_t number) {
    out.append(reinterpret_cast<const char*>(&number), sizeof number);
}

void put(std::string& out, const std::string& text) {
    put(out, text.size());
    out += text;
}

class Reader {
public:
    explicit Reader(std::string_view bytes) : bytes_{bytes} {}
    [[nodiscard]] bool at_end() const { return bytes_.empty(); }
    std::uint64_t number() {
        std::uint64_t value = 0;
        std::memcpy(&value, take(sizeof value).data(), sizeof value);
        return value;
    }
    std::string text() { return std::string{take(number())}; }

private:
    std::string_view take(std::size_t count) {
        if (count > bytes_.size()) throw std::runtime_error{"a damaged list of operations"};
        const std::string_view taken = bytes_.substr(0, count);
        bytes_.remove_prefix(count);
        return taken;
    }
    std::string_view bytes_;
};

} // namespace

const char* to_string(Act act) {
    switch (act) {
    case Act::create: return "create";
    case Act::overwrite: return "overwrite";
    case Act::write: return "write";
    case Act::append: return "append";
    case Act::open: return "open";
    case Act::truncate: return "truncate";
    case Act::punch: return "punch";
    case Act::make_directory: return "mkdir";
    case Act::remove_directory: return "rmdir";
    case Act::unlink: return "unlink";
    case Act::remove_tree: return "rm -r";
    case Act::rename: return "rename";
    case Act::rename_noreplace: return "rename-noreplace";
    case Act::exchange: return "exchange";
    case Act::link: return "link";
    case Act::symlink: return "symlink";
    case Act::fifo: return "mkfifo";
    case Act::socket: return "socket";
    case Act::device: return "mknod";
    case Act::chmod: return "chmod";
    case Act::chown: return "chown";
    case Act::set_xattr: return "setxattr";
    case Act::remove_xattr: return "removexattr";
    case Act::access_acl: return "access-acl";
    case Act::default_acl: return "default-acl";
    case Act::capability: return "setcap";
    case Act::set_times: return "utimes";
    case Act::set_umask: return "umask";
    case Act::set_flags: return "chattr";
    case Act::replace: return "replace";
    }
    return "?"; // not reached: -Wswitch guards the list
}

std::string serialize(const std::vector<Operation>& operations) {
    std::string out;
    for (const Operation& one : operations) {
        put(out, (std::uint64_t{one.as_user} << 8) | static_cast<std::uint64_t>(one.act));
        for (const std::uint64_t number : one.numbers) put(out, number);
        put(out, one.path);
        put(out, one.other);
        put(out, one.text);
    }
    return out;
}

std::vector<Operation> parse(std::string_view bytes) {
    std::vector<Operation> operations;
    for (Reader reader{bytes}; !reader.at_end();) {
        Operation one;
        const std::uint64_t head = reader.number();
        one.act = static_cast<Act>(head & 0xff);
        one.as_user = (head >> 8) != 0;
        for (std::uint64_t& number : one.numbers) number = reader.number();
        one.path = reader.text();
        one.other = reader.text();
        one.text = reader.text();
        operations.push_back(std::move(one));
    }
    return operations;
}

} // namespace disco::property
