// Stands in the place of a command that a strict script may not run: says what would have been executed and
// succeeds. Static and small, because it starts often and on any root.

#include <cerrno>
#include <cstddef>
#include <cstring>

#include <unistd.h>

namespace {

/// One message, written by one write(2) so that lines of several processes do not mix (up to PIPE_BUF).
class Message {
public:
    void add(const char* text) {
        for (; *text != '\0'; ++text) add(*text);
    }
    /// As a shell would read it back: plain, or in $'…' with escapes.
    void add_word(const char* word) {
        if (is_plain(word)) {
            add(word);
            return;
        }
        add("$'");
        for (; *word != '\0'; ++word) add_escaped(static_cast<unsigned char>(*word));
        add('\'');
    }
    void send() {
        add('\n');
        std::size_t sent = 0;
        while (sent < length_) {
            const ssize_t wrote = ::write(2, text_ + sent, length_ - sent);
            if (wrote < 0 && errno == EINTR) continue;
            if (wrote <= 0) return; // nobody listens
            sent += static_cast<std::size_t>(wrote);
        }
    }

private:
    static bool is_plain(const char* word) {
        constexpr const char* safe =
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,+@%^";
        return *word != '\0' && std::strspn(word, safe) == std::strlen(word);
    }
    void add(char c) {
        if (length_ + 1 < sizeof text_) text_[length_++] = c; // room for the newline stays
    }
    void add_escaped(unsigned char c) {
        if (c == '\'' || c == '\\') {
            add('\\');
            add(static_cast<char>(c));
        } else if (c < 0x20 || c == 0x7f) {
            add('\\');
            add(static_cast<char>('0' + (c >> 6)));
            add(static_cast<char>('0' + (c >> 3 & 7)));
            add(static_cast<char>('0' + (c & 7)));
        } else {
            add(static_cast<char>(c));
        }
    }
    char text_[65536];
    std::size_t length_ = 0;
};

Message message; // not on the stack: 64 KiB

} // namespace

int main(int argc, char** argv) {
    message.add("warning: Would execute:");
    for (int i = 0; i < argc; ++i) {
        const char* word = argv[i];
        if (i == 0 && std::strrchr(word, '/') != nullptr) word = std::strrchr(word, '/') + 1;
        message.add(" ");
        message.add_word(word);
    }
    message.send();
    return 0;
}
