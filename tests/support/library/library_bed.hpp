#pragma once
// Libraries for tests: an environment without the machine in it, and small packages.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/library/asset_library.hpp"

namespace catalog::library::testing {

/// Returns an environment on `fs` with a clock that stands still between calls, random bytes from a
/// seed and one worker thread.
[[nodiscard]] Environment environment_on(std::shared_ptr<io::FileSystem> fs,
                                         std::uint64_t seed = 1);

/// Opens the library at `path`, making it when there is none. Throws on failure.
[[nodiscard]] std::unique_ptr<AssetLibrary> open_library(const Environment& environment,
                                                         const std::string& path = "/library");

/// One file of a small package.
struct SmallFile {
    std::string path;
    std::string text;
    bool executable = false;
};

/// Returns a draft. `needs` holds "NAME REQ" in Cargo's syntax. Throws on failure.
[[nodiscard]] lifecycle::PackageDraft small_draft(
    std::string_view name, std::string_view version,
    const std::vector<SmallFile>& files = {{"readme.txt", "hello\n"}},
    const std::vector<std::string>& needs = {});

/// Returns `bytes` of text that does not compress away, the same for the same seed.
[[nodiscard]] std::string noise(std::size_t bytes, std::uint64_t seed);

/// Returns a package's file. Throws on failure.
[[nodiscard]] std::string file_of(AssetLibrary& library, std::string_view id,
                                  std::string_view path);

}  // namespace catalog::library::testing
