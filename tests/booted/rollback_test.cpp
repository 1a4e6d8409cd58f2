// The rollback of a package whose service has written to files of its own since.

#include "tests/support/booted_host.hpp"

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

class BootedRollback : public BootedTest {
protected:
    /// All that starts a service or names a program for another, and links that lead nowhere.
    static std::string links() {
        return answer(
            Machine::disco,
            "find /etc/systemd/system /etc/rc?.d /etc/alternatives /var/lib/systemd/deb-systemd-helper-* "
            "-type l -printf '%p %l\n' | sort; find /etc /usr /var/lib -xdev -path /var/lib/disco -prune -o "
            "-xtype l -print | sort");
    }
    static std::vector<std::vector<std::string>> to_do() {
        std::vector<std::vector<std::string>> commands;
        const nlohmann::json report = last_report();
        for (const auto& notice : report.at("modules").at(0).at("notices"))
            if (notice.at("kind") == "would-execute") commands.push_back(notice.at("argv"));
        return commands;
    }
};

TEST_F(BootedRollback, OfAServiceThatHasWrittenKeepsWhatItWrote) {
    prepare(Machine::disco, "apt-get purge -y 'nginx*' 'libnginx*' && rm -rf /var/lib/nginx /var/log/nginx");
    const std::string links_before = links();
    const std::string files =
        "find /etc /usr /opt -xdev -path /opt/disco -prune -o -printf '%p %y %m %U:%G %s %l\n' | sort";
    const std::string files_before = answer(Machine::disco, files);
    const auto installed =
        exec({"--merge"}, "apt-get install -y nginx-light && update-alternatives --install "
                          "/usr/bin/serves serves /usr/sbin/nginx 10");
    ASSERT_EQ(installed.exit, 0) << installed.output << installed.error;
    const std::string run = last_report().at("run").at("id");
    EXPECT_THAT(changes(),
                AllOf(Contains("created /etc/systemd/system/multi-user.target.wants/nginx.service"),
                      Contains("created /etc/alternatives/serves")));
    prepare(Machine::disco, "systemctl is-active nginx; exec 3<>/dev/tcp/127.0.0.1/80\n"
                            "printf 'GET /asked-for HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3");

    const auto refused = disco({"rollback"});
    EXPECT_EQ(refused.exit, 8) << refused.output << refused.error;
    EXPECT_THAT(refused.output, AllOf(HasSubstr("! conflict: /var/log/nginx/access.log: "),
                                      HasSubstr("! conflict: /var/lib/nginx: ")));
    const std::string remedy =
        "disco rollback " + run + " --keep '/var/lib/nginx/**' --keep '/var/log/nginx/**'";
    EXPECT_THAT(refused.output, HasSubstr("\n  " + remedy + "\n"));
    EXPECT_EQ(answer(Machine::disco, "test -e /usr/sbin/nginx && systemctl is-active nginx"), "active\n");

    const auto done = BootedTest::run(Machine::disco, remedy);
    ASSERT_EQ(done.exit, 0) << done.output << done.error;
    EXPECT_EQ(links(), links_before);
    EXPECT_EQ(answer(Machine::disco, files), files_before);
    EXPECT_THAT(answer(Machine::disco, "cat /var/log/nginx/access.log"), HasSubstr("GET /asked-for"));

    // It runs no commands: those that are left to do are named, and do what is left.
    EXPECT_EQ(answer(Machine::disco, "systemctl is-active nginx"), "active\n");
    EXPECT_THAT(done.output,
                AllOf(HasSubstr("services run on when their files go: systemctl stop nginx.service\n"),
                      HasSubstr("systemctl daemon-reload\n")));
    EXPECT_THAT(to_do(), ElementsAre(ElementsAre("systemctl", "stop", "nginx.service"),
                                     ElementsAre("systemctl", "daemon-reload")));
    prepare(Machine::disco, "systemctl stop nginx.service; systemctl daemon-reload");
    EXPECT_EQ(answer(Machine::disco,
                     "systemctl list-units --all --plain --no-legend 'nginx*'; pgrep nginx || true"),
              "");
    prepare(Machine::disco, "rm -r /var/lib/nginx /var/log/nginx");
}

TEST_F(BootedRollback, OfATemplateNamesItsInstances) {
    module_file("m", "files/etc/systemd/system/instance@.service",
                "[Service]\nExecStart=/bin/sleep infinity\n");
    script("m", "10-start.sh",
           "#!/bin/bash\nset -e\nsystemctl daemon-reload\nsystemctl start instance@one\n");
    const auto merged = dance();
    ASSERT_EQ(merged.exit, 0) << merged.output << merged.error;
    const auto undone = disco({"rollback"});
    ASSERT_EQ(undone.exit, 0) << undone.output << undone.error;
    EXPECT_EQ(answer(Machine::disco, "systemctl is-active instance@one"), "active\n");
    EXPECT_THAT(to_do(), ElementsAre(ElementsAre("systemctl", "stop", "instance@*.service"),
                                     ElementsAre("systemctl", "daemon-reload")));
    prepare(Machine::disco, "systemctl stop 'instance@*.service'; systemctl daemon-reload");
    EXPECT_EQ(answer(Machine::disco, "systemctl is-active instance@one || true"), "inactive\n");
}

} // namespace
} // namespace disco::tests
