#include "runner/dance/fetched.hpp"

#include "policy/walls.hpp"
#include "runner/fetch/known_secrets.hpp"
#include "runner/fetch/parameter_store.hpp"
#include "runner/fetch/rsync_failure.hpp"
#include "runner/fetch/universe.hpp"
#include "runner/model/parameter_name.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/objections.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>
#include <variant>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace disco::dance {
namespace {

class Fetch {
public:
    Fetch(const DanceOptions& options, const run::Run& run)
        : options_{options},
          state_{run.state},
          scratch_{run.scratch},
          result_{run.result},
          decryption_{run.decryption},
          known_secrets_{run.known_secrets},
          node_{run.result.run.node} {}

    Fetched run() {
        const fetch::ParameterStore local{state_.path(), node_};
        run::ClientSettings settings = settings_to_fetch(local);
        if (!options_.server.empty()) settings.server = options_.server;
        fetch::Universe universe{{.server = fetch::parse_server_uri(settings.server),
                                  .rsync = settings.rsync,
                                  .timeout = settings.fetch_timeout,
                                  .limit = settings.fetch_limit,
                                  .offline = options_.offline},
                                 state_.path(),
                                 scratch_.path()};
        const KeepMetrics keep{universe, result_.run};

        std::vector<fetch::ParameterLayer> layers = parameters_of_node(universe);
        layers.push_back(local.local());
        const fetch::ParameterTree of_node = fetch::merge_layers(layers);
        std::set<std::string> wanted = options_.modules;
        if (wanted.empty())
            for (std::string& name : fetch::parameter_members(of_node, "modules"))
                wanted.insert(std::move(name));
        for (const std::string& name : wanted) model::check_component_name(name, "module");
        if (wanted.empty())
            spdlog::warn(
                "node '{}' wants no modules, so there is nothing to do: on the server, an empty file "
                "parameters/{}/modules/NAME asks for one",
                node_, node_);

        Fetched fetched;
        fetched.table = universe.fetch_metadata(wanted);
        fetched.order = ordered(wanted, fetched.table);
        universe.fetch_modules(fetched.order);
        fetched.settings = run::client_settings(layers.back().tree, of_node);
        warn_of_uncounted(layers.back().tree, of_node);
        result_.settings = fetched.settings;
        sys::Objections objections; // all that is wrong is reported at once, before the first module runs
        std::vector<fetch::ParameterLayer> all;
        for (const std::string& name : fetched.order)
            objections.noting([&] { all.push_back(universe.defaults_of(name)); });
        std::move(layers.begin(), layers.end(), std::back_inserter(all));
        objections.noting([&] {
            fetched.parameters = fetch::merge_layers(all);
            decryption_.decrypt_secrets(fetched.parameters);
        });
        read_modules(universe, fetched, objections);
        objections.throw_all();
        keep_out_secrets(fetched.parameters);
        fetch::keep_former_secrets(state_.path(), known_secrets_, fetch::secrets_of(all));
        return fetched;
    }

private:
    /// The settings to fetch with. The last copy of the server's may have a mistake that has been mended
    /// there since, and would keep the mended one from being fetched.
    [[nodiscard]] run::ClientSettings settings_to_fetch(const fetch::ParameterStore& local) const {
        try {
            return run::settings_of(local);
        } catch (const sys::BadConfiguration& error) {
            if (options_.offline) throw;
            const fetch::ParameterTree machines = local.local().tree;
            run::ClientSettings own = run::client_settings(machines, machines);
            spdlog::warn("{}; that was in the last copy of the server's parameters, which is fetched again "
                         "with this machine's own settings",
                         error.full_text());
            return own;
        }
    }

    /// Those of the last fetch as well, as files that are going to change hold them.
    void keep_out_secrets(const fetch::ParameterTree& parameters) {
        model::SecretMask mask = result_.mask.hides_all() ? model::SecretMask{} : result_.mask;
        fetch::add_secrets(mask, parameters);
        result_.unknown_secrets.clear();
        result_.keep_out(std::move(mask));
        options_.progress->knows_secrets(result_.mask);
    }

    /// A module that is named is tried before any node wants it, too.
    [[nodiscard]] std::vector<fetch::ParameterLayer> parameters_of_node(fetch::Universe& universe) const {
        try {
            return universe.fetch_parameters(node_);
        } catch (const fetch::AbsentOnServer&) {
            if (options_.modules.empty()) throw;
            spdlog::warn("the server has no parameters of node '{}': --module goes on with the modules' "
                         "defaults and what is set on this machine",
                         node_);
            return {};
        }
    }

    static void warn_of_uncounted(const fetch::ParameterTree& own, const fetch::ParameterTree& of_node) {
        for (const std::string& name : run::uncounted_settings(own, of_node))
            spdlog::warn("parameter {} comes from the server and does not count: it is set on this machine, "
                         "with `disco param set {}`",
                         name, name);
    }

    /// What the fetches took goes into the report also when one of them fails.
    class KeepMetrics {
    public:
        KeepMetrics(const fetch::Universe& universe, model::RunReport& run)
            : universe_{universe}, run_{run} {}
        KeepMetrics(const KeepMetrics&) = delete;
        KeepMetrics& operator=(const KeepMetrics&) = delete;
        ~KeepMetrics() { run_.metrics = universe_.steps(); }

    private:
        const fetch::Universe& universe_;
        model::RunReport& run_;
    };

    [[nodiscard]] std::vector<std::string> ordered(const std::set<std::string>& wanted,
                                                   const model::RequirementTable& table) const {
        auto verdict = model::order_modules(wanted, table);
        if (const auto* cycle = std::get_if<model::Cycle>(&verdict))
            throw sys::BadConfiguration{model::describe(*cycle)};
        if (const auto* missing = std::get_if<model::MissingModule>(&verdict))
            throw sys::BadConfiguration{
                model::describe(*missing, options_.modules.empty() ? "the node wants" : "--module asks for")};
        return std::get<model::RunOrder>(std::move(verdict)).modules;
    }

    void read_modules(const fetch::Universe& universe, Fetched& fetched, sys::Objections& objections) const {
        const model::Network most = options_.network.value_or(fetched.settings.most_network);
        for (const std::string& name : fetched.order)
            objections.noting([&] {
                const auto& [at, read] =
                    *fetched.modules.emplace(name, module::read_module(name, universe.module_directory(name)))
                         .first;
                for (const module::Remark& unused : read.unused)
                    spdlog::warn("{}", module::in_words(unused, name));
                refuse_network_beyond(most, read);
            });
    }

    static void refuse_network_beyond(model::Network most, const module::ModuleContents& module) {
        if (module.sandbox.network.value_or(most) <= most ||
            !policy::wall_stands(policy::Wall::network_bound))
            return;
        const char* wanted = model::to_string(*module.sandbox.network);
        throw sys::BadConfiguration{
            fmt::format("modules/{}/sandbox asks for `network {}`, but this machine gives modules `{}` at "
                        "most: --network {} "
                        "gives it for one run, `disco param set disco/client/network {}` for all",
                        module.name, wanted, model::to_string(most), wanted, wanted)};
    }

    const DanceOptions& options_;
    const run::StateDirectory& state_;
    run::Scratch& scratch_;
    run::Result& result_;
    fetch::Decryption& decryption_;
    const fetch::StoredSecrets& known_secrets_;
    const std::string& node_;
};

} // namespace

Fetched fetch_all(const DanceOptions& options, const run::Run& run) { return Fetch{options, run}.run(); }

} // namespace disco::dance
