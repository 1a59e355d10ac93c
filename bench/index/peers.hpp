#pragma once
// Other stores with the same packages: what is compared with.

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/index/segment_row.hpp"

namespace catalog::bench {

/// A store of package versions by name and version. Ends the process when the store fails.
class Peer {
public:
    virtual ~Peer() = default;
    [[nodiscard]] virtual const char* name() const = 0;
    virtual void load(std::span<const index::SegmentRow> rows) = 0;
    [[nodiscard]] virtual std::uint64_t bytes() const = 0;
    /// Returns the length of what is stored, 0 for nothing.
    virtual std::size_t find(std::string_view name, std::string_view version) = 0;
};

/// A full-text index of names, keywords and descriptions. Ends the process when it fails.
class TextPeer {
public:
    virtual ~TextPeer() = default;
    [[nodiscard]] virtual const char* name() const = 0;
    virtual void load(std::span<const index::SegmentRow> rows) = 0;
    [[nodiscard]] virtual std::uint64_t bytes() const = 0;
    /// Returns how many of the best `limit` with all words there are; names are read.
    virtual std::size_t search(const std::string& words, int limit) = 0;
    /// Returns how many packages match, of all.
    virtual std::uint64_t count(const std::string& match) = 0;
    /// Returns how many of at most `limit` distinct names have a first word with this prefix.
    virtual std::size_t complete(const std::string& prefix, int limit) = 0;
};

/// Nothing where it was not there when this was compiled.
[[nodiscard]] std::unique_ptr<TextPeer> make_text_peer(const std::string& folder);

/// Those that were there when this was compiled.
[[nodiscard]] std::vector<std::unique_ptr<Peer>> make_peers(const std::string& folder);

}  // namespace catalog::bench
