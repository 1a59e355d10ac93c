#pragma once
// RecentObjects: what a session put or found last.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "catalog/core/content_hash.hpp"

namespace catalog::content {

/// The objects that a session put or found last: files of a tree repeat each other, and versions of
/// a tree do. One of two that share a place is forgotten. Memory: 0.7 MB once something is noted.
/// One thread.
class RecentObjects {
public:
    /// Returns how many chunks the object has.
    [[nodiscard]] std::optional<std::uint32_t> find(const ContentHash& id) const {
        if (places_.empty() || !place_of(id).used || place_of(id).id != id) return std::nullopt;
        return place_of(id).chunks;
    }
    void note(const ContentHash& id, std::uint32_t chunks) {
        if (places_.empty()) places_.resize(kPlaces);
        places_[std::hash<ContentHash>()(id) % kPlaces] = {id, chunks, true};
    }

private:
    static constexpr std::size_t kPlaces = 16 * 1024;

    struct Place {
        ContentHash id;
        std::uint32_t chunks = 0;
        bool used = false;
    };
    [[nodiscard]] const Place& place_of(const ContentHash& id) const {
        return places_[std::hash<ContentHash>()(id) % kPlaces];
    }

    std::vector<Place> places_;
};

}  // namespace catalog::content
