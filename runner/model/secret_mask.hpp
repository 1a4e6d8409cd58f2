#pragma once

#include <bitset>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace disco::model {

/// Whether a parameter is a secret, or a tree of them: what lies below secrets/. Pure.
[[nodiscard]] bool is_secret_name(std::string_view parameter);

/// Takes secret values out of text that is shown or recorded. It knows a value line by line, without the
/// blanks round each, as output comes in lines and a file may indent them; as it is, and as it is spelt
/// within quotes for a shell and as sys::printable and sys::printable_text show it.
class SecretMask {
public:
    /// Bytes that a line has to have: to mask a shorter one would hide half of every text, and so betray it.
    static constexpr std::size_t shortest = 4;
    static constexpr std::string_view in_place = "***"; ///< of a value

    /// Whether any line of a value is long enough to be masked, and none has a NUL, at which programs end it.
    /// An empty value needs no mask. Pure.
    [[nodiscard]] static bool can_mask(std::string_view value);

    void add(std::string_view value);
    /// From now on no content is shown at all: there are secrets that are not known.
    void hide_all() { hides_all_ = true; }
    [[nodiscard]] bool hides_all() const noexcept { return hides_all_; }
    [[nodiscard]] bool empty() const noexcept { return by_begin_.empty() && !hides_all_; }

    /// Without its secrets.
    [[nodiscard]] std::string masked(std::string_view text) const;
    [[nodiscard]] std::vector<std::string> masked(const std::vector<std::string>& words) const;
    /// The same of what a program printed or a file holds.
    [[nodiscard]] std::string masked_content(std::string_view text) const;
    /// Whether there are more secrets in `other`, another form of a text, than in the text.
    [[nodiscard]] bool hides_more(std::string_view other, std::string_view text) const;
    /// What was added, for another mask.
    [[nodiscard]] const std::set<std::string>& values() const noexcept { return values_; }
    /// Of a unified diff. Where a line with a secret takes the place of others, those that begin like it are
    /// masked, too: they held an older secret, which nobody knows here.
    [[nodiscard]] std::string masked_diff(std::string_view diff) const;
    /// How much of a text, of which more comes, can be masked now: no secret may begin in it and go on
    /// beyond.
    [[nodiscard]] std::size_t settled(std::string_view text) const;

private:
    void add_spelling(std::string_view line);
    [[nodiscard]] std::size_t count(std::string_view text) const;
    [[nodiscard]] bool may_go_on(std::string_view end) const;
    [[nodiscard]] std::string masked_lines(const std::vector<std::string_view>& lines) const;
    [[nodiscard]] std::size_t longest_at(std::string_view at) const;

    std::unordered_map<std::string, std::set<std::string>> by_begin_; ///< first bytes → spellings
    std::bitset<65536> begins_; ///< a look before by_begin_, as nearly every place of a text begins none
    std::size_t longest_ = 0;   ///< bytes of the longest spelling
    bool hides_all_ = false;
    std::set<std::string> values_;
};

} // namespace disco::model
