#pragma once
// OpenFile: a file of a package, open for reading at any place.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "catalog/content/object_reader.hpp"
#include "catalog/core/call_context.hpp"
#include "catalog/core/content_hash.hpp"
#include "catalog/core/result.hpp"

namespace catalog::library {

/// An open file. It keeps its bytes while it is open, whatever becomes of the package: no version
/// so far reclaims the space of content while a library is open.
///
/// Thread safety: any thread. Lifetime: ends before its library; pieces may outlive both. Access
/// was checked when the file was opened.
class OpenFile final {
public:
    /// See AssetLibrary::open_file.
    OpenFile(std::uint32_t mode, std::unique_ptr<content::ObjectReader> object) noexcept
        : mode_(mode), object_(std::move(object)) {}

    [[nodiscard]] std::uint64_t size_bytes() const noexcept { return object_->info().size; }
    /// Returns 0644 or 0755.
    [[nodiscard]] std::uint32_t mode() const noexcept { return mode_; }
    /// Returns the RFC 6962 root over the file's 64 KiB blocks, as the file table has it.
    [[nodiscard]] const ContentHash& tree() const noexcept { return object_->info().id; }

    /// See content::ObjectReader::read_at.
    [[nodiscard]] Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out,
                                              const CallContext& context = {}) const {
        return object_->read_at(offset, out, context);
    }
    /// See content::ObjectReader::piece_at.
    [[nodiscard]] Result<content::ObjectPiece> piece_at(std::uint64_t offset,
                                                        const CallContext& context = {}) const {
        return object_->piece_at(offset, context);
    }

private:
    std::uint32_t mode_;
    std::unique_ptr<content::ObjectReader> object_;
};

}  // namespace catalog::library
