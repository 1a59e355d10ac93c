// What explains resolutions: why-not, why over requests, matrix.

#include "advice_commands.hpp"

#include <CLI/CLI.hpp>

#include <functional>
#include <memory>

#include "app.hpp"
#include "catalog/internal/try.hpp"
#include "catalog/json/read.hpp"
#include "catalog/library/resolution.hpp"
#include "catalog/resolve/compatibility_matrix.hpp"
#include "catalog/resolve/sat_resolver.hpp"
#include "catalog/resolve/why.hpp"
#include "text.hpp"

namespace catalog::cli {

namespace {

/// Gives a piece of work the packages of the library, which are handed to resolvers only.
class ProviderTask final : public resolve::Resolver {
public:
    using Work = std::function<Result<resolve::Solution>(
        const resolve::Request&, resolve::DependencyProvider&, const CallContext&)>;
    explicit ProviderTask(Work work) : work_(std::move(work)) {}

    [[nodiscard]] Result<resolve::Solution> resolve(const resolve::Request& request,
                                                    resolve::DependencyProvider& provider,
                                                    const CallContext& context) override {
        return work_(request, provider, context);
    }

private:
    Work work_;
};

void print_explanation(Session& session, const resolve::Explanation& explanation) {
    session.print(printable(explanation.message) + "\n");
    for (std::size_t i = 0; i < explanation.steps.size(); ++i)
        session.print("  " + std::to_string(i + 1) + ". " + printable(explanation.steps[i].text) +
                      "\n");
    if (explanation.repairs.empty()) return;
    session.print("what would help:\n");
    for (const resolve::Repair& repair : explanation.repairs)
        session.print("  " + printable(repair.to_string()) + "\n");
}

struct MatrixCommand {
    std::vector<std::string> names;
    std::size_t versions = 20;
    bool svg = false;
    bool prereleases = false;
};

/// Prints which versions of packages stand together.
Result<ExitCode> matrix(Session& session, const MatrixCommand& command) {
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kRead));
    resolve::CompatibilityMatrix answer;
    ProviderTask task([&](const resolve::Request& asked, resolve::DependencyProvider& provider,
                          const CallContext& context) -> Result<resolve::Solution> {
        resolve::SatResolver resolver(library->environment().clock);
        resolve::MatrixOptions options;
        options.versions_max = command.versions;
        options.include_prereleases = command.prereleases;
        options.base = asked;
        CATALOG_TRY(answer, resolve::CompatibilityMatrix::compute(command.names, provider, resolver,
                                                                  context, options));
        return resolve::Solution();
    });
    CATALOG_TRY_VOID(library->resolve(task, resolve::Request(), session.context()));
    if (!session.json()) {
        session.print(command.svg ? answer.to_svg() : answer.to_text());
        return ExitCode::kOk;
    }
    json::Array pairs;
    const auto& axes = answer.axes();
    for (std::size_t a = 0; a < axes.size(); ++a) {
        for (std::size_t b = a + 1; b < axes.size(); ++b) {
            json::Array together;
            for (std::size_t i = 0; i < axes[a].versions.size(); ++i)
                for (std::size_t j = 0; j < axes[b].versions.size(); ++j)
                    if (answer.at(a, i, b, j) == resolve::CompatibilityMatrix::Cell::kYes)
                        together.emplace_back(json::Array{axes[a].versions[i].to_string(),
                                                          axes[b].versions[j].to_string()});
            pairs.emplace_back(json::Object{{"packages", json::Array{axes[a].name, axes[b].name}},
                                            {"together", std::move(together)}});
        }
    }
    session.print_json(json::Object{{"pairs", std::move(pairs)}});
    return ExitCode::kOk;
}

}  // namespace

Result<ExitCode> explain_requests(Session& session, const ResolutionOptions& options) {
    CATALOG_TRY(const resolve::Request request, read_request(session, options));
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kRead));
    CATALOG_TRY(const library::ExplainedRequest explained,
                library::explain_request(*library, request, session.context()));
    if (session.json()) {
        CATALOG_TRY(json::Object document, explained.to_json());
        session.print_json(std::move(document));
    } else if (explained.solution) {
        session.print("nothing stands in the way: " +
                      counted(explained.solution->packages.size(), "package") + "\n");
        note_unproven(session, explained.solution->proven);
    } else {
        print_explanation(session, explained.explanation);
    }
    return ExitCode::kOk;
}

Result<ExitCode> why_not_in(Session& session, const ResolutionOptions& options,
                            const std::vector<std::string>& requests) {
    if (options.text.requests.size() != 1)
        return fail(Error(Errc::kInvalidArgument, "one package can be asked about at a time")
                        .with_hint("write why-not NAME@REQUIREMENT --for REQUEST"));
    ResolutionOptions wanted = options;
    CATALOG_TRY(const resolve::Request package, read_request(session, wanted));
    wanted.text.requests = requests;
    CATALOG_TRY(const resolve::Request request, read_request(session, wanted));
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kRead));
    resolve::WhyNot answer;
    ProviderTask task([&](const resolve::Request& asked, resolve::DependencyProvider& provider,
                          const CallContext& context) -> Result<resolve::Solution> {
        resolve::SatResolver resolver(library->environment().clock);
        CATALOG_TRY(answer, resolve::why_not(asked, package.roots.front().target, provider,
                                             resolver, context));
        return resolve::Solution();
    });
    CATALOG_TRY_VOID(library->resolve(task, request, session.context()));
    if (session.json()) {
        json::Object document{{"kind", resolve::why_not_kind_name(answer.kind)},
                              {"message", answer.text},
                              {"changes", to_json(answer.changes)}};
        if (answer.explanation) {
            CATALOG_TRY(document["explanation"], json::read(answer.explanation->to_json()));
        }
        session.print_json(std::move(document));
        return ExitCode::kOk;
    }
    if (answer.explanation) {
        print_explanation(session, *answer.explanation);
    } else {
        session.print(printable(answer.text) + "\n");
        for (const std::string& change : answer.changes)
            session.print("  " + printable(change) + "\n");
    }
    return ExitCode::kOk;
}

Result<ExitCode> why_in(Session& session, const std::string& name,
                        const ResolutionOptions& options) {
    CATALOG_TRY(const resolve::Request request, read_request(session, options));
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kRead));
    CATALOG_TRY(const resolve::Solution solution,
                library::solve(*library, request, library::Solver::kSat, session.context()));
    json::Array chains;
    for (const resolve::WhyChain& chain : resolve::why(solution, name)) {
        json::Array steps;
        for (const std::size_t at : chain.packages)
            steps.emplace_back(solution.packages[at].name + "@" +
                               solution.packages[at].candidate.version.to_string());
        if (!session.json())
            session.print(printable(resolve::to_text(solution, chain)) +
                          (chain.packages.size() == 1 ? "  (asked for by you)" : "") + "\n");
        chains.emplace_back(std::move(steps));
    }
    if (chains.empty())
        return fail(Error(Errc::kNotFound, "the package is not in the answer",
                          NotFoundDetail{"package", name})
                        .with_input(name)
                        .with_hint("why-not NAME --for REQUEST says why"));
    if (session.json())
        session.print_json(json::Object{{"name", name}, {"chains", std::move(chains)}});
    return ExitCode::kOk;
}

void add_matrix_command(CLI::App& app, Session& session) {
    auto options = std::make_shared<MatrixCommand>();
    CLI::App* command =
        app.add_subcommand("matrix", "Show which versions of packages stand together");
    command->add_option("names", options->names, "Two packages or more")
        ->required()
        ->expected(2, 16)
        ->type_name("NAME");
    command->add_flag("--svg", options->svg, "Draw it as an SVG document");
    command->add_option("--versions", options->versions, "Newest versions of each to look at")
        ->capture_default_str();
    command->add_flag("--prereleases", options->prereleases, "Look at pre-releases too");
    command->callback([&session, options] {
        session.action = [&session, options] { return matrix(session, *options); };
    });
}

}  // namespace catalog::cli
