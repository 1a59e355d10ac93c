#pragma once
// Repo: packages written as text, for tests.
//
//   Repo repo(R"(
//       a 1.0.0 ; needs b ^1, optional c ^2 [fast] -default, x ^1 | y ^1 ; feature default = dep:c
//       b 1.1.0 yanked ; conflicts d <2 ; provides v 1.0.0
//       b 2.0.0 ; source git+https://example.org/b#main
//   )");
//
// A dependency is `[optional|dev|build|peer] NAME REQ [| NAME REQ]... [[FEATURE...]] [-default]
// [@PLATFORM]`; `&` in a range stands for Cargo's comma. Malformed text fails the test at once.

#include <string>
#include <string_view>
#include <vector>

#include "catalog/resolve/provider.hpp"
#include "catalog/resolve/request.hpp"

namespace catalog::resolve::testing {

/// One version as a provider would hold it.
struct RepoEntry {
    std::string name;
    Candidate candidate;
    PackageRecord record;
};

/// Packages and a provider of them. Counts what it is asked for, to check that nothing is asked
/// twice.
class Repo {
public:
    Repo() = default;
    explicit Repo(std::string_view text);

    void add(RepoEntry entry);
    [[nodiscard]] const std::vector<RepoEntry>& entries() const noexcept { return entries_; }
    [[nodiscard]] MemoryProvider& provider() noexcept { return provider_; }
    /// Returns text that reads back to the same packages.
    [[nodiscard]] std::string to_text() const;

private:
    std::vector<RepoEntry> entries_;
    MemoryProvider provider_;
};

[[nodiscard]] version::SemVer ver(std::string_view text);
/// Reads `NAME REQ`.
[[nodiscard]] Target target(std::string_view text);
/// Reads `NAME VERSION`.
[[nodiscard]] Provided provided(std::string_view text);
[[nodiscard]] Locked locked(std::string_view text);
/// Reads a dependency.
[[nodiscard]] Requirement requirement(std::string_view text);
/// Makes a request for a comma-separated list of dependencies, on the platform linux-x86_64-gnu.
[[nodiscard]] Request ask(std::string_view roots);

[[nodiscard]] std::string to_text(const Requirement& requirement);
[[nodiscard]] std::string to_text(const Request& request);
/// Returns `a 1.0.0, b 2.0.0 +fast`.
[[nodiscard]] std::string to_text(const Solution& solution);

}  // namespace catalog::resolve::testing
