#pragma once
// Session: what the commands of one invocation share - global options, streams, the library, and
// how answers are printed.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/core/call_context.hpp"
#include "catalog/core/log_sink.hpp"
#include "catalog/core/result.hpp"
#include "catalog/json/value.hpp"
#include "catalog/library/answers.hpp"
#include "catalog/library/asset_library.hpp"
#include "streams.hpp"

namespace catalog::cli {

using library::to_json;

/// Exit codes of the command line contract.
enum class ExitCode : int {
    kOk = 0,
    kAnswerIsNo = 1,
    kUsage = 2,
    kInput = 3,
    kEnvironment = 4,
    kRefused = 5,
    kInterrupted = 130,
};

/// Returns the exit code that follows from an error's category.
[[nodiscard]] ExitCode exit_code_of(const Error& error) noexcept;

/// How a command wants the library.
enum class Access {
    kRead,         ///< For reading, beside any writer.
    kWrite,        ///< For writing; waits for another writer.
    kMend,         ///< As kWrite, and takes in packs that no record names.
    kWriteIfFree,  ///< For writing when no writer is there, else for reading.
};

/// Options that every command has.
struct GlobalOptions {
    std::string library;
    std::string passphrase_file;
    std::string recovery_key_file;
    bool json = false;
    bool quiet = false;
    bool verbose = false;
    bool no_progress = false;
    double lock_wait_seconds = 10;
};

class Session {
public:
    Session(Streams& streams, std::stop_token stop);
    ~Session();

    GlobalOptions options;
    std::string command;  ///< Name of the command under way.

    /// What the chosen command does; set by its option parser's callback.
    std::function<Result<ExitCode>()> action;

    [[nodiscard]] Streams& streams() noexcept { return streams_; }
    [[nodiscard]] bool json() const noexcept { return options.json; }

    /// Returns the library's folder: --library, else $CATALOG_LIBRARY, else the user's data folder.
    [[nodiscard]] std::string library_path() const;

    /// Opens the library once; later calls return the same. An encrypted one with `key`, else with
    /// what `secret_to_open` gives. Errors: as these and AssetLibrary::open.
    [[nodiscard]] Result<library::AssetLibrary*> open(
        Access access, bool salvage = false,
        const std::optional<content::SlotSecret>& key = std::nullopt);

    /// Returns how this invocation opens a library for writing, but for the key.
    [[nodiscard]] library::LibraryOptions writer_options() const;

    /// Returns the file system that is used for what the user names.
    [[nodiscard]] std::shared_ptr<io::FileSystem> file_system() const {
        return environment_.file_system;
    }
    [[nodiscard]] const library::Environment& environment() const { return environment_; }

    /// Returns a context with this invocation's stop token and progress bar.
    [[nodiscard]] CallContext context() const;

    /// Prints one JSON document on a line of standard output.
    void print_json(const json::Value& value);
    /// Prints text for people on standard output, without a final newline of its own.
    void print(std::string_view text);
    /// Prints a remark for people on standard error; nothing with --quiet.
    void note(std::string_view text);
    /// Prints an error as the contract says and returns its exit code.
    ExitCode report(const Error& error);

private:
    Streams& streams_;
    std::stop_token stop_;
    library::Environment environment_;
    std::unique_ptr<library::AssetLibrary> library_;
    mutable std::unique_ptr<ProgressSink> progress_;
};

/// Returns an absolute form of a path that the user gave, without looking at the disk.
[[nodiscard]] std::string absolute_path(const std::string& path);

}  // namespace catalog::cli
