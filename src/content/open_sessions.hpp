#pragma once
// What sessions that were not destroyed yet need of the store.

#include <catalog/internal/mutex.hpp>
#include <memory>
#include <vector>

#include "catalog/core/content_hash.hpp"
#include "live_chunks.hpp"

namespace catalog::content {

/// What one session needs: kept until it is destroyed, so that a batch that it staged meanwhile
/// finds everything. Thread safety: any thread.
class SessionNeeds {
public:
    /// Notes a chunk, by its StorageBackend::index_id, before the session looks whether it is
    /// there.
    void add_chunk(const ChunkId& id);
    /// Notes an object that the session put.
    void add_object(const ContentHash& id);
    /// Notes an object that the session names, before it looks whether it is there.
    void add_named(const ContentHash& id);
    /// Notes a list all of whose objects were noted before, and are there.
    void add_list(const ContentHash& id);

    /// Says that the objects that were put so far are committed.
    void commit_objects();
    [[nodiscard]] bool is_committed(const ContentHash& id) const;

private:
    friend class OpenSessions;

    mutable internal::Mutex mutex_;
    std::vector<ChunkPrefix> chunks_ CATALOG_GUARDED_BY(mutex_);  ///< 8 bytes a chunk.
    /// Put; the first `committed_` ascending and each once: a session may have millions.
    std::vector<ContentHash> objects_ CATALOG_GUARDED_BY(mutex_);
    std::size_t committed_ CATALOG_GUARDED_BY(mutex_) = 0;
    std::vector<ContentHash> named_ CATALOG_GUARDED_BY(mutex_);
    std::vector<ContentHash> lists_ CATALOG_GUARDED_BY(mutex_);
};

/// Thread safety: any thread.
class OpenSessions {
public:
    /// Makes a session's needs; they count until the caller lets go of them.
    [[nodiscard]] std::shared_ptr<SessionNeeds> add();

    /// Calls `each` with every chunk, some several times.
    template <class Each>
    void for_each_chunk(const Each& each) const {
        for (const auto& session : all()) {
            const internal::MutexLock lock(session->mutex_);
            for (const ChunkPrefix chunk : session->chunks_) each(chunk);
        }
    }

    /// Returns the objects, ascending.
    [[nodiscard]] std::vector<ContentHash> objects() const;

    /// Tells whether a session holds all that the list names.
    [[nodiscard]] bool hold_list(const ContentHash& id) const;

private:
    [[nodiscard]] std::vector<std::shared_ptr<SessionNeeds>> all() const;

    mutable internal::Mutex mutex_;
    std::vector<std::weak_ptr<SessionNeeds>> sessions_ CATALOG_GUARDED_BY(mutex_);
};

}  // namespace catalog::content
