// The table of methods. docs/requests.md is checked against it.

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>

#include "catalog/abi/extension.h"
#include "requests/handlers.hpp"

namespace catalog::extension {

namespace {

using enum ParameterKind;

constexpr std::uint64_t kAssets = std::uint64_t{1} << HMX_CAP_ASSET_MANAGEMENT;
constexpr std::uint64_t kAnyNumber = std::uint64_t{1} << 53;
constexpr std::uint64_t kLongTextBytes = 64u << 10;
constexpr std::uint64_t kDocumentBytes = 16u << 20;

constexpr std::string_view kTypes =
    "library application vm container dataset model template resource";

// What several methods take.
constexpr Parameter kId{.name = "id",
                        .aliases = "package_id package",
                        .required = true,
                        .least = 1,
                        .help = "NAME, NAME@VERSION or NAME@REQUIREMENT"};
constexpr Parameter kRequirement{
    .name = "requirement", .least = 1, .help = "narrows an id that is a NAME"};
constexpr Parameter kName{.name = "name", .required = true, .least = 1, .help = "of a package"};
constexpr Parameter kPrefix{.name = "prefix",
                            .aliases = "install_dir",
                            .kind = kPath,
                            .required = true,
                            .help = "folder of the installation"};
constexpr Parameter kDryRun{
    .name = "dry_run", .kind = kFlag, .help = "say what would be done; change nothing"};
constexpr Parameter kType{.name = "type",
                          .aliases = "asset_type",
                          .kind = kChoice,
                          .choices = kTypes,
                          .help = "only packages of this type"};
constexpr Parameter kTag{.name = "tag", .help = "only packages with this tag"};
constexpr Parameter kKeyword{.name = "keyword", .help = "only packages with this keyword"};
constexpr Parameter kLicense{.name = "license", .help = "only packages with exactly this licence"};
constexpr Parameter kAuthor{.name = "author",
                            .help = "only packages of this author, or with this word in an author"};
constexpr Parameter kState{.name = "state",
                           .kind = kChoice,
                           .choices = "published deprecated archived",
                           .help = "only packages in this state"};
constexpr Parameter kYanked{.name = "yanked", .kind = kFlag, .help = "yanked versions too"};
constexpr Parameter kAllVersions{.name = "all_versions",
                                 .kind = kFlag,
                                 .help = "every version, not only the newest of each name"};
constexpr Parameter kVerifiedOnly{
    .name = "verified_only",
    .kind = kFlag,
    .help = "only signed packages, no imported metadata; a page may then hold fewer than limit"};
constexpr Parameter kMinRating{
    .name = "min_rating", .kind = kFixed, .choices = "0", .help = "packages have no ratings here"};
constexpr Parameter kFilter{
    .name = "filter", .kind = kNested, .help = "its members stand for members of the request"};
constexpr Parameter kOptions{
    .name = "options", .kind = kNested, .help = "its members stand for members of the request"};
constexpr Parameter kProof{.name = "consensus_proof",
                           .kind = kFixed,
                           .choices = "null",
                           .help = "a proof goes into the call, hmx_call.proof"};
constexpr Parameter kRequests{.name = "requests",
                              .kind = kTexts,
                              .required = true,
                              .least = 1,
                              .help = "NAME or NAME@REQUIREMENT, most important first"};
constexpr Parameter kDialect{.name = "dialect",
                             .kind = kChoice,
                             .choices = "cargo npm",
                             .help = "of requirements in the requests; default cargo"};
constexpr Parameter kLock{.name = "lock",
                          .least = 1,
                          .most = kDocumentBytes,
                          .help = "text of a lock file whose versions are preferred"};
constexpr Parameter kDevelopment{.name = "development",
                                 .aliases = "dev",
                                 .kind = kFlag,
                                 .help = "development dependencies of the requests too"};
constexpr Parameter kBuild{
    .name = "build", .kind = kFlag, .help = "build dependencies of the requests too"};
constexpr Parameter kOptional{
    .name = "optional", .kind = kTexts, .help = "optional dependencies to take in, by name"};
constexpr Parameter kPolicy{.name = "policy",
                            .kind = kChoice,
                            .choices = "single per-major",
                            .help = "versions of one name; default single"};
constexpr Parameter kOptimize{.name = "optimize",
                              .kind = kChoice,
                              .choices = "roots all changes first",
                              .help =
                                  "what is best: roots in their order, all packages in turn, "
                                  "fewest changes to what is locked, or the first answer found; "
                                  "default roots"};
constexpr Parameter kIncludeOptional{.name = "include_optional",
                                     .kind = kFixed,
                                     .choices = "false",
                                     .help = "name the dependencies to take in, in \"optional\""};
constexpr Parameter kVerifySignatures{.name = "verify_signatures",
                                      .kind = kFixed,
                                      .choices = "true",
                                      .help = "signatures are always verified"};
constexpr Parameter kUseProxy{.name = "use_proxy",
                              .kind = kFixed,
                              .choices = "null",
                              .help = "an installation takes everything from the library"};

/// Puts parameters that stand together in several methods between those of one.
template <std::size_t... Sizes>
constexpr auto joined(const std::array<Parameter, Sizes>&... parts) {
    std::array<Parameter, (Sizes + ...)> all{};
    auto* at = all.data();
    ((at = std::copy(parts.begin(), parts.end(), at)), ...);
    return all;
}
template <std::size_t N>
constexpr std::array<Parameter, N> own(const Parameter (&parameters)[N]) {
    return std::to_array(parameters);
}

/// Which packages of many.
constexpr auto kChosen = own({kType, kTag, kKeyword, kLicense, kAuthor, kState, kYanked,
                              kAllVersions, kVerifiedOnly, kMinRating});
/// How versions of an installation are found.
constexpr auto kSolved = own({kDialect, kLock, kDevelopment, kBuild, kOptional, kDryRun});
/// What hosts say of an installation as they know it from elsewhere.
constexpr auto kInstalled = own({kIncludeOptional, kVerifySignatures, kUseProxy, kProof, kOptions});

constexpr auto kListParameters = joined(
    own({{.name = "name_prefix", .aliases = "prefix", .help = "only names that start with this"}}),
    kChosen,
    own({{.name = "limit", .kind = kNumber, .least = 1, .most = 10'000, .help = "default 1000"},
         {.name = "cursor", .help = "goes on where an earlier page ended"},
         kFilter}));

constexpr Parameter kGetParameters[] = {
    kId, kRequirement, {.name = "files", .kind = kFlag, .help = "its file table too"}};

constexpr auto kSearchParameters = joined(
    own({{.name = "words",
          .aliases = "query",
          .required = true,
          .least = 1,
          .help = "all must match; \"a phrase\", a OR b, -not, field:value"},
         {.name = "limit", .kind = kNumber, .least = 1, .most = 10'000, .help = "default 20"},
         {.name = "cursor", .help = "goes on where an earlier page by relevance ended"},
         {.name = "count", .kind = kFlag, .help = "how many there are in all, too"},
         {.name = "facets",
          .kind = kTexts,
          .most = 6,
          .help = "fields to count hits by: type, license, state, keyword, tag, author"},
         {.name = "offset",
          .kind = kNumber,
          .most = 10'000,
          .help = "hits to leave out at the start"},
         {.name = "sort_by",
          .kind = kChoice,
          .choices = "relevance name published size",
          .help = "default relevance"},
         {.name = "order",
          .kind = kChoice,
          .choices = "asc desc",
          .help = "default desc, for names asc"}}),
    kChosen, own({kFilter, kOptions}));

constexpr Parameter kVersionsParameters[] = {kName};
constexpr Parameter kDepsParameters[] = {kId, kRequirement};
constexpr Parameter kDependentsParameters[] = {
    kName,
    {.name = "all_versions", .kind = kFlag, .help = "of every version, not only of the newest"},
    {.name = "transitive", .kind = kFlag, .help = "those that need it through others too"},
    {.name = "limit",
     .kind = kNumber,
     .least = 1,
     .most = 100'000,
     .help = "with transitive, default 1000"}};
constexpr Parameter kSuggestParameters[] = {
    {.name = "name", .required = true, .least = 1, .help = "what was typed"},
    {.name = "limit", .kind = kNumber, .least = 1, .most = 64, .help = "default 5"}};
constexpr Parameter kCompleteParameters[] = {
    {.name = "prefix", .required = true, .help = "how the names begin; may be empty"},
    {.name = "limit", .kind = kNumber, .least = 1, .most = 1000, .help = "default 20"}};

constexpr Parameter kResolveParameters[] = {
    kRequests,
    {.name = "solver",
     .kind = kChoice,
     .choices = "sat graph",
     .help = "complete, or fast without search; default sat"},
    kPolicy,
    {.name = "prefer", .kind = kChoice, .choices = "newest minimal", .help = "default newest"},
    kOptimize,
    kDialect,
    kLock,
    {.name = "write_lock", .kind = kFlag, .help = "the answer has a lock file too"},
    kDevelopment,
    kBuild,
    kOptional,
    {.name = "refuse_cycles",
     .kind = kFlag,
     .help = "a dependency cycle in the answer is an error"}};
constexpr Parameter kExplainParameters[] = {kRequests,    kPolicy, kDialect,
                                            kDevelopment, kBuild,  kOptional};

constexpr Parameter kPublishParameters[] = {
    {.name = "path", .kind = kPath, .help = "folder of a project with a catalog.toml"},
    {.name = "metadata",
     .kind = kObject,
     .help = "instead of path: name, version and what else a manifest holds"},
    {.name = "files",
     .kind = kObjects,
     .help = "with metadata: path, text or base64, executable; together at most 64 KiB"},
    kDryRun,
    kProof};
constexpr Parameter kImportNpmParameters[] = {
    {.name = "paths",
     .kind = kPaths,
     .required = true,
     .least = 1,
     .help = "unpacked packages, node_modules trees, tarballs of npm pack"},
    {.name = "keep_going", .kind = kFlag, .help = "go on with the next one after an error"},
    kDryRun};
constexpr Parameter kImportMetadataParameters[] = {
    {.name = "path", .kind = kPath, .help = "a package list, JSON Lines"},
    {.name = "text",
     .least = 1,
     .most = kDocumentBytes,
     .help = "instead of path: the lines themselves"},
    {.name = "strict", .kind = kFlag, .help = "the first bad line is an error"}};
constexpr Parameter kChangeStateParameters[] = {
    {.name = "id", .aliases = "package_id", .required = true, .least = 1, .help = "NAME@VERSION"},
    {.name = "event",
     .kind = kChoice,
     .required = true,
     .choices = "yank unyank deprecate restore archive",
     .help = "what happens to it"},
    {.name = "reason",
     .least = 1,
     .most = kLongTextBytes,
     .help = "written into the log; needed for yank, deprecate and archive"}};

constexpr auto kInstallParameters =
    joined(own({{.name = "requests",
                 .aliases = "package_id id package",
                 .kind = kTexts,
                 .required = true,
                 .least = 1,
                 .help = "NAME or NAME@REQUIREMENT"},
                kPrefix,
                {.name = "layout",
                 .kind = kChoice,
                 .choices = "isolated merged node_modules",
                 .help = "default: as the prefix has it, for a new one isolated"},
                kOptimize}),
           kSolved, kInstalled);
constexpr auto kUninstallParameters = joined(own({{.name = "names",
                                                   .aliases = "package_id id package",
                                                   .kind = kTexts,
                                                   .required = true,
                                                   .least = 1,
                                                   .help = "that were installed by request"},
                                                  kPrefix}),
                                             kSolved, own({kOptions}));
constexpr auto kUpdateParameters = joined(
    own({{.name = "names",
          .aliases = "package_id id package",
          .kind = kTexts,
          .help = "only these; default everything"},
         {.name = "version", .least = 1, .help = "move the one package to exactly this version"},
         kPrefix,
         kOptimize}),
    kSolved, kInstalled);
constexpr Parameter kRollbackParameters[] = {kPrefix,
                                             {.name = "generation",
                                              .kind = kNumber,
                                              .least = 1,
                                              .most = kAnyNumber,
                                              .help = "default: the one before the current one"}};
constexpr Parameter kPrefixParameters[] = {kPrefix};

constexpr Parameter kVerifyPackageParameters[] = {kId};
constexpr Parameter kVerifyLibraryParameters[] = {
    {.name = "deep", .kind = kFlag, .help = "read and hash every stored byte"}};

constexpr std::string_view kReceipt =
    "generation, added, removed, kept, files, bytes, unchanged, proven";
constexpr std::string_view kInstallResult =
    "generation, added, removed, kept, files, bytes, unchanged, proven, install_path, time_us; for "
    "one package package_id";

constexpr Method kMethods[] = {
    {"list_packages", "list", kAssets, false, "lists packages in order of names",
     "packages (entries), cursor", kListParameters, answer_list},
    {"get_package", "get show", kAssets, false, "says everything of one package",
     "an entry with metadata, files_root, versions; with files file_table", kGetParameters,
     answer_get},
    {"search_packages", "search", kAssets, false, "finds packages by words, best first",
     "hits (entries with score), cursor; when asked for total, facets; without hits suggestions",
     kSearchParameters, answer_search},
    {"versions", "", kAssets, false, "lists the versions of a name, newest first",
     "name, versions (entries)", kVersionsParameters, answer_versions},
    {"deps", "dependencies", kAssets, false, "says what a package needs", "id, dependencies",
     kDepsParameters, answer_deps},
    {"dependents", "", kAssets, false, "says who needs a package",
     "name, dependents (id, req, kind); transitive dependents (id, distance, needs), truncated",
     kDependentsParameters, answer_dependents},
    {"complete", "", kAssets, false, "lists names that begin with a text", "names",
     kCompleteParameters, answer_complete},
    {"suggest", "", kAssets, false, "lists names that a name may be a misspelling of",
     "name, names", kSuggestParameters, answer_suggest},
    {"resolve", "", kAssets, false, "finds versions that fit together",
     "status, packages, order, proven, stats; with write_lock lock", kResolveParameters,
     answer_resolve},
    {"explain", "why_not", kAssets, false, "says why requests cannot be met together",
     "status; unsat: message, roots, steps, repairs; sat: as resolve", kExplainParameters,
     answer_explain},
    {"publish_package", "publish", kAssets, true, "publishes a package: signed, logged, at once",
     "id, digest, files_root, files, bytes, log_index, already_published, warnings, package_id, "
     "version, distribution_hash, signature",
     kPublishParameters, answer_publish},
    {"import_npm", "", kAssets, true,
     "publishes npm packages one after another; each stands for itself",
     "packages (as publish_package, without the last four), failed (errors), published, "
     "already_there, bytes",
     kImportNpmParameters, answer_import_npm},
    {"import_metadata", "import", kAssets, true, "loads metadata without content",
     "lines, imported, already_there, refused_total, refused (line, error)",
     kImportMetadataParameters, answer_import_metadata},
    {"change_state", "", kAssets, true, "changes a version's state, with a log entry", "an entry",
     kChangeStateParameters, answer_change_state},
    {"install_package", "install", kAssets, true,
     "installs packages with what they need, as a new generation", kInstallResult,
     kInstallParameters, answer_install},
    {"uninstall_package", "uninstall", kAssets, true,
     "takes packages away, and what only they needed", kReceipt, kUninstallParameters,
     answer_uninstall},
    {"update_package", "update", kAssets, true,
     "moves to the newest versions that the requests allow, or one package to a version",
     "as install_package, updated (name, from_version, to_version); for one package from_version, "
     "to_version",
     kUpdateParameters, answer_update},
    {"rollback_package", "rollback", kAssets, true, "goes back to an earlier generation", kReceipt,
     kRollbackParameters, answer_rollback},
    {"history", "", kAssets, false, "lists the generations of an installation", "generations",
     kPrefixParameters, answer_history},
    {"verify_package", "verify validate", kAssets, false,
     "checks a package from its log entry to its last byte",
     "id, digest, verified, signature_valid, integrity_valid, files, bytes, findings (where, what, "
     "packages, files), security_issues (severity, issue_type, description, affected_files)",
     kVerifyPackageParameters, answer_verify_package},
    {"verify_prefix", "", kAssets, false, "checks every file of an installation",
     "ok, damages (package, path, what)", kPrefixParameters, answer_verify_prefix},
    {"verify_library", "", kAssets, false, "checks everything that is stored",
     "ok, packages, objects, bytes, findings", kVerifyLibraryParameters, answer_verify_library},
    {"repair",
     "",
     kAssets,
     true,
     "mends content, rebuilds the index, signs the log's head",
     "index_records, actions, remaining (findings)",
     {},
     answer_repair},
    {"info",
     "",
     kAssets,
     false,
     "says what the library is",
     "id, path, format, created_us, chunk_bytes_average, compression_level, encrypted, keys",
     {},
     answer_info},
    {"stats",
     "",
     kAssets,
     false,
     "counts packages, objects, chunks and bytes",
     "names, versions, published, imported, preparing, yanked, objects, object_bytes, chunks, "
     "chunk_bytes, stored_bytes, unreferenced_bytes, packs, database_bytes, log_size, "
     "frozen_versions, frozen_bytes, frozen_changes, freezing",
     {},
     answer_stats},
    {"methods",
     "help",
     kAssets,
     false,
     "lists these methods",
     "methods (name, aliases, writes, help, result, parameters)",
     {},
     answer_methods},
    // Names that hosts know from elsewhere, and that have no meaning here.
    {"mirror", "", kAssets, false,
     "this library keeps what is published into it and mirrors no other"},
    {"fetch", "", kAssets, false,
     "this library does not talk to peers: publish the package here, or import it"},
    {"sync", "", kAssets, false,
     "this library does not talk to peers: publish the packages here, or import them"},
    {"sharing.connect", "sharing.search sharing.stats", kAssets, false,
     "this library does not talk to peers: what it holds is searched with search_packages"},
    {"execute_vm", "", kAssets, false,
     "packages are not run here: install them and run them from the prefix"},
    {"generate_template", "generate_docs", kAssets, false,
     "nothing is generated here: a package of type template is installed like any other"},
};

std::string_view kind_name(ParameterKind kind) noexcept {
    constexpr std::string_view kNames[] = {"text",  "texts",  "flag",    "number", "choice", "path",
                                           "paths", "object", "objects", "fixed",  "nested"};
    const auto index = static_cast<std::size_t>(kind);
    return index < std::size(kNames) ? kNames[index] : "unknown";
}

json::Array words_json(std::string_view words) {
    json::Array array;
    for_each_word(words, [&](std::string_view word) {
        array.emplace_back(word);
        return true;
    });
    return array;
}

json::Object parameter_json(const Parameter& parameter) {
    json::Object object{{"name", parameter.name},
                        {"kind", kind_name(parameter.kind)},
                        {"required", parameter.required},
                        {"help", parameter.help}};
    if (!parameter.aliases.empty()) object.emplace("aliases", words_json(parameter.aliases));
    if (!parameter.choices.empty()) object.emplace("choices", words_json(parameter.choices));
    if (parameter.kind == kNumber) {
        object.emplace("least", parameter.least);
        object.emplace("most", parameter.most);
    }
    return object;
}

}  // namespace

std::span<const Method> Requests::methods() noexcept { return kMethods; }

Result<json::Object> answer_methods(const RequestCall& call) {
    static_cast<void>(call);
    json::Array methods;
    for (const Method& method : kMethods) {
        if (method.handler == nullptr) continue;
        json::Array parameters;
        for (const Parameter& parameter : method.parameters)
            parameters.emplace_back(parameter_json(parameter));
        methods.emplace_back(json::Object{{"name", method.name},
                                          {"aliases", words_json(method.aliases)},
                                          {"writes", method.writes},
                                          {"help", method.help},
                                          {"result", method.result},
                                          {"parameters", std::move(parameters)}});
    }
    return json::Object{{"methods", std::move(methods)}};
}

}  // namespace catalog::extension
