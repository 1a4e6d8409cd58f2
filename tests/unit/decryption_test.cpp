#include "runner/fetch/decryption.hpp"
#include "runner/run/settings.hpp"
#include "runner/sys/error.hpp"

#include <csignal>

#include <gmock/gmock.h>

namespace disco::fetch {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* age_message = "-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n";

/// A command that has nothing to do with ciphers.
Decryption by(std::vector<std::string> words) {
    return Decryption{[words = std::move(words)] { return DecryptCommands{.age = words, .gpg = words}; }};
}

std::string error_of(Decryption decryption) {
    std::signal(SIGPIPE, SIG_IGN); // as the program does: who fails may not have read the message
    try {
        (void)decryption.plain("secrets/x", age_message);
        return "none";
    } catch (const sys::BadConfiguration& error) {
        return error.full_text();
    }
}

TEST(Decryption, KnowsMessagesByHowTheyBegin) {
    EXPECT_EQ(cipher_of(age_message), Cipher::age);
    EXPECT_EQ(cipher_of("\n  -----BEGIN AGE ENCRYPTED FILE-----\n"), Cipher::age);
    EXPECT_EQ(cipher_of("age-encryption.org/v1\n-> X25519"), Cipher::age);
    EXPECT_EQ(cipher_of("-----BEGIN PGP MESSAGE-----\n\n"), Cipher::openpgp);
    EXPECT_EQ(cipher_of("-----BEGIN PGP PUBLIC KEY BLOCK-----\n"), Cipher::none);
    EXPECT_EQ(cipher_of("age"), Cipher::none);
    EXPECT_EQ(cipher_of(""), Cipher::none);
}

TEST(Decryption, PassesTheMessageOnStandardInput) {
    EXPECT_EQ(by({"cat"}).plain("secrets/x", age_message), age_message);
    EXPECT_EQ(by({"/nowhere"}).plain("secrets/x", "no message"), "no message") << "nothing is run for it";
}

TEST(Decryption, DecryptsAMessageOnce) {
    int asked = 0;
    Decryption decryption{[&] {
        ++asked;
        return DecryptCommands{.age = {"sh", "-c", "cat >/dev/null; echo $$"}, .gpg = {}};
    }};
    const std::string first = decryption.plain("secrets/x", age_message);
    EXPECT_EQ(decryption.plain("secrets/y", age_message), first);
    EXPECT_EQ(asked, 1);
}

TEST(Decryption, SaysWhatFailedAndWhatToDo) {
    EXPECT_THAT(error_of(by({"sh", "-c", "printf 'no\\n\\n key\\033[2J' >&2; exit 1", "two words"})),
                AllOf(HasSubstr("cannot decrypt parameter secrets/x: `sh -c "),
                      HasSubstr("'two words'` failed: "),
                      HasSubstr("no; key\\033[2J; encrypt it for a key of this machine")));
    EXPECT_THAT(error_of(by({"sh", "-c", "exit 3"})), HasSubstr("failed: exit code 3; "));
    EXPECT_THAT(error_of(by({"sh", "-c", "kill -9 $$"})), HasSubstr("failed: signal 9; "));
    EXPECT_THAT(error_of(by({"/nowhere/age"})),
                HasSubstr("install the package age, or set the command in disco/client/cmds/age"));
    EXPECT_THAT(error_of(by({"head", "-c", "17M", "/dev/zero"})),
                HasSubstr("parameter secrets/x has more than 16 MiB when it is decrypted"));
}

TEST(Decryption, ReplacesSecretsAloneAndObjectsToAllAtOnce) {
    ParameterTree tree = {
        {"site/message", age_message}, {"secrets", std::nullopt}, {"secrets/a", age_message}};
    by({"sh", "-c", "cat >/dev/null; echo plain"}).decrypt_secrets(tree);
    EXPECT_EQ(tree.at("secrets/a"), "plain\n");
    EXPECT_EQ(tree.at("site/message"), age_message);
    tree = {{"secrets/a", age_message}, {"secrets/b", "abc"}, {"secrets/c", ""}};
    try {
        by({"false"}).decrypt_secrets(tree);
        FAIL();
    } catch (const sys::BadConfiguration& error) {
        EXPECT_THAT(error.full_text(), AllOf(HasSubstr("decrypt parameter secrets/a"),
                                             HasSubstr("\nparameter secrets/b: no line of it has 4 ")));
    }
}

TEST(Decryption, IsDoneByWhatTheMachineSays) {
    const run::ClientSettings settings = run::client_settings(
        {{"disco/client/cmds/age", "age -d -i '/my key'"}}, {{"disco/client/cmds/gpg", "rm -rf /"}});
    EXPECT_THAT(settings.decrypt.age, ElementsAre("age", "-d", "-i", "/my key"));
    EXPECT_EQ(settings.decrypt.gpg, DecryptCommands{}.gpg) << "the server has no say in what is run as root";
    EXPECT_THROW((void)run::decrypt_commands({{"disco/client/cmds/gpg", ""}}), sys::BadConfiguration);
}

} // namespace
} // namespace disco::fetch
