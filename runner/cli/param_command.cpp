#include "runner/cli/param_command.hpp"

#include "runner/fetch/decryption.hpp"
#include "runner/fetch/parameter_store.hpp"
#include "runner/model/secret_mask.hpp"
#include "runner/run/run_record.hpp"
#include "runner/run/settings.hpp"
#include "runner/run/state_place.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <unistd.h>

#include <fmt/format.h>

namespace disco::cli {
namespace {

std::string standard_input() { return sys::read_all(STDIN_FILENO, "standard input"); }

void set(fetch::ParameterStore& store, const ParamOptions& param) {
    if (param.key == "-") {
        if (param.has_value)
            throw sys::UsageError{"'set -' takes no value: it reads KEY=VALUE lines from standard input"};
        store.set_lines(standard_input());
    } else if (param.has_value && param.value == "{}") {
        store.set_tree(param.key);
    } else {
        store.set(param.key, param.has_value ? param.value : standard_input());
    }
}

fetch::Decryption decryption_by(const fetch::ParameterStore& store) {
    return fetch::Decryption{[&] { return run::decrypt_commands(store.local().tree); }};
}

/// A program may read what is printed: a mask in the place of the value would be a wrong one.
void refuse_to_show(const std::string& key) {
    throw sys::UsageError{
        fmt::format("parameter {} is a secret, and is not shown: --show-secrets prints it", key)};
}

void print_value(const fetch::ParameterStore& store, const std::string& key, bool show_secrets) {
    const auto value = store.get(key);
    if (!value)
        throw sys::BadConfiguration{
            fmt::format("there is no parameter '{}' ('disco param keys' lists them)", key)};
    const bool secret = model::is_secret_name(key);
    if (secret && !show_secrets) refuse_to_show(key);
    const std::string plain = secret ? decryption_by(store).plain(key, *value) : *value;
    write_to(STDOUT_FILENO, plain.ends_with('\n') ? plain : plain + "\n");
}

void dump(const fetch::ParameterStore& store, const ParamOptions& param) {
    fetch::ParameterTree tree = store.part(param.key);
    if (param.show_secrets) decryption_by(store).decrypt_secrets(tree);
    write_to(STDOUT_FILENO, fetch::dump_parameters(tree, param.show_secrets ? fetch::Secrets::plain
                                                                            : fetch::Secrets::masked));
}

} // namespace

int run_param(const ParamOptions& asked, const run::CommonOptions& common) {
    ParamOptions param = asked;
    if (param.verb == "set") run::require_state_place(common.state_dir);
    fetch::ParameterStore store{common.state_dir, run::node_name(common)};
    param.key = store.without_node(asked.key);
    if (param.verb == "has") return store.has(param.key) ? 0 : 1;
    if (param.verb == "get")
        print_value(store, param.key, param.show_secrets);
    else if (param.verb == "set")
        set(store, param);
    else if (param.verb == "keys") {
        for (const std::string& name : store.keys(param.key)) write_to(STDOUT_FILENO, name + "\n");
    } else if (param.verb == "dump")
        dump(store, param);
    else if (param.verb == "delete")
        store.erase(param.key, param.recursive ? fetch::Erase::with_all_below : fetch::Erase::one);
    else
        write_to(STDOUT_FILENO, store.explain(param.key, param.show_secrets ? fetch::Secrets::plain
                                                                            : fetch::Secrets::masked));
    return 0;
}

} // namespace disco::cli
