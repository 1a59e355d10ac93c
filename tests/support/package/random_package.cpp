#include "support/package/random_package.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include "support/json/random_value.hpp"
#include "support/package/builders.hpp"

namespace catalog::package::testing {

namespace {

bool chance(RandomEngine& random, std::size_t one_in) { return below(random, one_in) == 0; }

template <class T>
const T& pick(RandomEngine& random, const std::vector<T>& choices) {
    return choices[below(random, choices.size())];
}

std::string random_line(RandomEngine& random) {
    static const std::vector<std::string> kPieces{"a",
                                                  "B",
                                                  " ",
                                                  "-",
                                                  "\"",
                                                  "\\",
                                                  "/",
                                                  "0",
                                                  "ab ",
                                                  "<x@y.z>",
                                                  "\xc3\xa4",
                                                  "\xe2\x82\xac",
                                                  "{",
                                                  "}",
                                                  "\'",
                                                  ",",
                                                  "$HOME",
                                                  "\xf0\x9f\x8e\x89",
                                                  "\xef\xbf\xbd",
                                                  "&"};
    std::string text = pick(random, kPieces);
    for (std::size_t i = below(random, 8); i > 0; --i) text += pick(random, kPieces);
    return text;
}

std::vector<std::string> random_lines(RandomEngine& random, std::size_t count_max) {
    std::vector<std::string> lines(below(random, count_max + 1));
    for (std::string& line : lines) line = random_line(random);
    return lines;
}

std::vector<std::string> random_paths(RandomEngine& random, std::size_t count_max) {
    std::vector<std::string> paths(below(random, count_max + 1));
    for (std::string& path : paths) path = random_path(random);
    return paths;
}

PlatformPredicate random_platform(RandomEngine& random) {
    static const std::vector<std::string> kPlatforms{
        "", "", "", "linux-x86_64", "linux-*-musl", "*-aarch64,linux-x86_64", "darwin-*"};
    return PlatformPredicate::parse(pick(random, kPlatforms)).value();
}

std::vector<std::string> random_features(RandomEngine& random) {
    static const std::vector<std::string> kFeatures{"default", "fast", "simd",
                                                    "_x",      "2d",   "a.b+c-d"};
    std::vector<std::string> features(below(random, 3));
    for (std::string& feature : features) feature = pick(random, kFeatures);
    return features;
}

json::Object random_extra(RandomEngine& random) {
    json::Object extra;
    for (std::size_t i = below(random, 3); i > 0; --i)
        extra.emplace("x-" + std::to_string(below(random, 5)), json::testing::random_value(random));
    return extra;
}

DependencyTarget random_target(RandomEngine& random) {
    return {random_name(random), random_constraint(random)};
}

Dependency random_dependency(RandomEngine& random) {
    Dependency out{random_target(random), DependencyKind::kRequired, {}, {}, true, {}, {}};
    out.kind = static_cast<DependencyKind>(below(random, 5));
    out.platform = random_platform(random);
    out.features = random_features(random);
    out.default_features = !chance(random, 4);
    if (chance(random, 4))
        for (std::size_t i = below(random, 3); i > 0; --i)
            out.any_of.push_back(random_target(random));
    if (chance(random, 4)) out.extra = random_extra(random);
    return out;
}

void add_relations(RandomEngine& random, PackageMetadata& out) {
    std::set<std::tuple<DependencyKind, std::string, std::string>> seen;
    for (std::size_t i = below(random, 6); i > 0; --i) {
        Dependency dependency = random_dependency(random);
        if (seen.emplace(dependency.kind, dependency.target.name.str(),
                         dependency.platform.to_string())
                .second)
            out.dependencies.push_back(std::move(dependency));
    }
    for (std::size_t i = below(random, 3); i > 0; --i) {
        const DependencyTarget target = random_target(random);
        const Conflict conflict{target.name, target.constraint};
        if (std::ranges::find(out.conflicts, conflict) == out.conflicts.end())
            out.conflicts.push_back(conflict);
    }
    for (std::size_t i = below(random, 3); i > 0; --i) {
        const Provide provide{random_name(random), random_version(random)};
        if (std::ranges::find(out.provides, provide) == out.provides.end())
            out.provides.push_back(provide);
    }
}

/// Features that switch on only what there is.
void add_features(RandomEngine& random, PackageMetadata& out) {
    for (const std::string& feature : random_features(random)) out.features[feature];
    std::vector<std::string> references;
    for (const auto& [feature, switched_on] : out.features) references.push_back(feature);
    for (const Dependency& dependency : out.dependencies) {
        references.push_back(dependency.target.name.str() + "/simd");
        if (dependency.kind == DependencyKind::kOptional)
            references.push_back("dep:" + dependency.target.name.str());
    }
    for (auto& [feature, switched_on] : out.features)
        for (std::size_t i = below(random, 4); i > 0; --i)
            switched_on.push_back(pick(random, references));
}

void add_numbers(RandomEngine& random, PackageMetadata& out) {
    const auto number = [&random] { return random() % (kExactIntegerMax + 1); };
    ResourceRequirements& needs = out.requirements;
    if (chance(random, 2)) needs.cpu_cores = static_cast<double>(below(random, 65)) / 4;
    if (chance(random, 2)) needs.memory_bytes = number();
    if (chance(random, 2)) needs.storage_bytes = number();
    if (chance(random, 2)) needs.gpu_count = static_cast<std::uint32_t>(random());
    if (chance(random, 2)) needs.gpu_memory_bytes = number();
    needs.network = chance(random, 2);
    ConsensusRequirements& consensus = out.consensus;
    consensus.stake = chance(random, 4);
    consensus.time = chance(random, 4);
    consensus.space = chance(random, 4);
    consensus.work = chance(random, 4);
    if (consensus.stake) consensus.stake_min = number();
    if (consensus.space) consensus.space_bytes_min = number();
    if (consensus.work) consensus.work_difficulty_min = static_cast<std::uint32_t>(random());
}

ContentHash random_hash(RandomEngine& random) {
    ContentHash hash;
    for (std::byte& b : hash.digest) b = static_cast<std::byte>(random());
    return hash;
}

}  // namespace

std::size_t below(RandomEngine& random, std::size_t bound) {
    return static_cast<std::size_t>(random() % bound);
}

PackageName random_name(RandomEngine& random) {
    static const std::vector<std::string> kNames{"a",          "b",        "acme/blas", "@acme/gpu",
                                                 "x.y_z",      "lib~1",    "c++/boost", "A",
                                                 "acme/blas2", "virt:mpi", "zlib"};
    return name(pick(random, kNames));
}

version::SemVer random_version(RandomEngine& random) {
    static const std::vector<std::string> kSuffixes{"",     "",         "",    "-rc.1",
                                                    "-0.a", "+build.7", "-a+b"};
    const auto number = [&random] { return std::to_string(below(random, 4)); };
    return semver(number() + "." + number() + "." + number() + pick(random, kSuffixes));
}

version::VersionConstraint random_constraint(RandomEngine& random, bool local_allowed) {
    static const std::vector<std::string> kCargo{
        "*",           "^1.2",  "~0.3.1",
        ">=1, <2",     "1.2.3", "latest",
        "=1.0.0-rc.1", "1.*",   "git+https://example.org/x#v1"};
    static const std::vector<std::string> kNpm{"1.2.3", "1.x || >=2.5.0 <3", "",
                                               "*",     "~1.2.3 || ^3",      "1.2 - 2.0"};
    if (local_allowed && chance(random, 5)) return constraint("path:../near");
    if (chance(random, 3)) return constraint(pick(random, kNpm), version::Dialect::kNpm);
    return constraint(pick(random, kCargo));
}

PackageMetadata random_metadata(RandomEngine& random) {
    PackageMetadata out(random_name(random), random_version(random));
    out.type = static_cast<PackageType>(below(random, 8));
    if (chance(random, 2)) out.description = random_line(random) + "\n\t" + random_line(random);
    if (chance(random, 2)) out.license = "Apache-2.0 OR MIT";
    out.authors = random_lines(random, 2);
    out.keywords = random_lines(random, 4);
    out.tags = random_lines(random, 2);
    if (chance(random, 3)) out.homepage = random_line(random);
    if (chance(random, 3)) out.repository = random_line(random);
    if (chance(random, 2)) out.entry = random_path(random);
    out.binaries = random_paths(random, 2);
    out.templates = random_paths(random, 2);
    out.resources = random_paths(random, 2);
    add_relations(random, out);
    add_features(random, out);
    add_numbers(random, out);
    out.extra = random_extra(random);
    return out;
}

std::string random_path(RandomEngine& random) {
    static const std::vector<std::string> kComponents{
        "a", "b", "a-b", "a.b", "bin", "src", "..x", "\xc3\xa4", "x y", "0", ".hidden", "a0"};
    std::string path = pick(random, kComponents);
    for (std::size_t i = below(random, 4); i > 0; --i) path += "/" + pick(random, kComponents);
    return path;
}

FileTable random_file_table(RandomEngine& random, std::size_t entries_max) {
    std::vector<FileEntry> entries;
    for (std::size_t i = below(random, entries_max + 1); i > 0; --i) {
        FileEntry entry = file(random_path(random), {}, chance(random, 3));
        entry.size = random() % 1'000'000;
        entry.tree = random_hash(random);
        if (chance(random, 6)) entry = empty_folder(entry.path);
        if (chance(random, 5))
            entry = link(entry.path,
                         pick(random, std::vector<std::string>{"a", "./b", "../bin/a", "x//y"}));
        // Whatever does not fit what is there already is left out.
        std::vector<FileEntry> more = entries;
        more.push_back(std::move(entry));
        if (FileTable::make(more)) entries = std::move(more);
    }
    return table(std::move(entries));
}

Manifest random_manifest(RandomEngine& random) {
    Manifest manifest(random_metadata(random));
    const FileTable files = random_file_table(random);
    manifest.file_count = files.entries().size();
    manifest.file_bytes = files.total_bytes();
    manifest.files_root = files.files_root();
    if (chance(random, 3))
        manifest.foreign_digests.emplace("npm-integrity", "sha512-" + random_line(random));
    return manifest;
}

}  // namespace catalog::package::testing
