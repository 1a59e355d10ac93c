#pragma once
// The decision whether an extension may be loaded, taken before any of its code runs.

#include <string>
#include <string_view>
#include <vector>

#include "catalog/core/result.hpp"
#include "catalog/json/value.hpp"
#include "elf_file.hpp"
#include "extension_manifest.hpp"
#include "extension_note.hpp"

namespace catalog::host {

/// One rule and what came of it.
struct CheckFinding {
    enum class Verdict { kOk, kWarning, kRefused };
    std::string rule;  ///< "elf", "exports", "unique", ...: docs/host.md lists them.
    Verdict verdict = Verdict::kOk;
    std::string message;  ///< One sentence, also for kOk.
};

/// Everything that was found out about a file and its manifest.
struct CheckReport {
    std::string file;      ///< The shared object.
    std::string manifest;  ///< Empty when there is none.
    std::string sha256;  ///< Of the file; empty when the manifest does not ask and none was wanted.
    ElfFile elf;
    ExtensionNote note;
    ExtensionManifest description;
    std::vector<CheckFinding> findings;

    /// Tells whether nothing speaks against loading it.
    [[nodiscard]] bool ok() const noexcept;
    /// Returns the first refusal as "rule: message", or an empty text.
    [[nodiscard]] std::string refusal() const;
    /// Returns the report as docs/host.md describes it.
    [[nodiscard]] json::Object to_json() const;
    /// Returns the report for people, one finding a line.
    [[nodiscard]] std::string to_text() const;
};

class CheckOptions {
public:
    CheckOptions() = default;
    bool digest = true;  ///< Hash the file even when its manifest names no digest.
};

/// Where an extension's two files are.
struct ExtensionFiles {
    std::string library;
    std::string manifest;
};

/// Finds the pair that `path` names: a folder that holds `extension.toml`, or a shared object with
/// `extension.toml` or `NAME.toml` (for `NAME.so`) beside it. A manifest that is not there gives an
/// empty `manifest`, which the check refuses. Errors: kFileNotFound, kIo, and for a folder those of
/// reading its manifest.
[[nodiscard]] Result<ExtensionFiles> locate_extension(const std::string& path);

/// Checks both files. That an extension is refused is an answer; errors are those of reading the
/// files: kFileNotFound, kAccessDenied, kIo, kLimitExceeded (a file above 1 GiB).
/// Thread safety: any thread. Blocks on reading. Cost: reads both files once.
[[nodiscard]] Result<CheckReport> check_extension(const ExtensionFiles& files,
                                                  const CheckOptions& options = {});

/// The same for bytes in memory, for tests: `report.file` and `report.manifest` are given.
void check_extension_bytes(ByteView library, std::string_view manifest_text,
                           const CheckOptions& options, CheckReport& report);

}  // namespace catalog::host
