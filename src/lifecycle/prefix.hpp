#pragma once
// Prefix: the folders and files of one installation target. Format page: docs/formats/prefix.md.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/core/result.hpp"
#include "catalog/io/file_system.hpp"
#include "catalog/lifecycle/installation.hpp"

namespace catalog::lifecycle {

/// One prefix. The rename of `PREFIX/current` is its commit point; everything else is written and
/// synced before, or swept.
class Prefix {
public:
    Prefix(io::FileSystem& fs, std::string path) : fs_(fs), path_(std::move(path)) {}

    /// Makes the prefix's own folders where they are missing. Errors: kPrefixInvalid (something
    /// else stands there), as make_directories.
    [[nodiscard]] Result<void> create();

    /// Tells whether a prefix is there. Errors: kPrefixInvalid (`current` is something else), kIo.
    [[nodiscard]] Result<bool> is_there();

    /// Takes the prefix's lock. Errors: kBusy (BusyDetail).
    [[nodiscard]] Result<std::unique_ptr<io::FileLock>> lock(std::string_view operation);

    /// Returns the number of the current generation, nullopt when there is none yet. Errors:
    /// kPrefixInvalid.
    [[nodiscard]] Result<std::optional<std::uint64_t>> current_number();

    /// Returns the generations that are complete, oldest first. Errors: kPrefixDamaged, kIo.
    [[nodiscard]] Result<std::vector<Generation>> generations();

    /// Returns one generation. Errors: kGenerationNotFound, kPrefixDamaged.
    [[nodiscard]] Result<Generation> generation(std::uint64_t number);

    /// Returns a number that no generation has had. Errors: kIo.
    [[nodiscard]] Result<std::uint64_t> next_number();

    /// Removes what an interrupted operation left: staging folders, generations without a record,
    /// temporary links. Only with the lock held. Returns whether anything was removed.
    [[nodiscard]] Result<bool> sweep();

    /// Makes an empty folder to write a generation into. Only with the lock held.
    [[nodiscard]] Result<std::string> stage(std::uint64_t number);

    /// Gives a staged and synced generation its place and its record, durably. It is not current
    /// yet.
    [[nodiscard]] Result<void> seal(const Generation& generation);

    /// Makes a generation current: the commit. Errors: kSyncFailed leaves it open which one is
    /// current after a crash.
    [[nodiscard]] Result<void> switch_to(std::uint64_t number);

    /// Returns the folder of a generation.
    [[nodiscard]] std::string generation_path(std::uint64_t number) const;
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
    /// Removes a generation whose switch did not come about.
    [[nodiscard]] Result<bool> take_back_switch();
    [[nodiscard]] std::string inner(std::string_view name) const;
    [[nodiscard]] std::string record_path(std::uint64_t number) const;
    [[nodiscard]] Result<std::vector<std::uint64_t>> numbers_in(const std::string& folder,
                                                                std::string_view suffix);

    io::FileSystem& fs_;
    std::string path_;
};

}  // namespace catalog::lifecycle
