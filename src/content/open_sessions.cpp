#include "open_sessions.hpp"

#include <algorithm>

namespace catalog::content {

using internal::MutexLock;

void SessionNeeds::add_chunk(const ChunkId& id) {
    const MutexLock lock(mutex_);
    chunks_.push_back(prefix_of(id));
}

void SessionNeeds::add_object(const ContentHash& id) {
    const MutexLock lock(mutex_);
    objects_.push_back(id);
}

void SessionNeeds::add_named(const ContentHash& id) {
    const MutexLock lock(mutex_);
    named_.push_back(id);
}

void SessionNeeds::commit_objects() {
    const MutexLock lock(mutex_);
    const auto begin = objects_.begin() + static_cast<std::ptrdiff_t>(committed_);
    std::sort(begin, objects_.end());
    std::inplace_merge(objects_.begin(), begin, objects_.end());
    objects_.erase(std::unique(objects_.begin(), objects_.end()), objects_.end());
    committed_ = objects_.size();
}

bool SessionNeeds::is_committed(const ContentHash& id) const {
    const MutexLock lock(mutex_);
    const auto end = objects_.begin() + static_cast<std::ptrdiff_t>(committed_);
    return std::binary_search(objects_.begin(), end, id);
}

void SessionNeeds::add_list(const ContentHash& id) {
    const MutexLock lock(mutex_);
    lists_.push_back(id);
}

std::shared_ptr<SessionNeeds> OpenSessions::add() {
    auto session = std::make_shared<SessionNeeds>();
    const MutexLock lock(mutex_);
    std::erase_if(sessions_, [](const auto& known) { return known.expired(); });
    sessions_.push_back(session);
    return session;
}

std::vector<std::shared_ptr<SessionNeeds>> OpenSessions::all() const {
    std::vector<std::shared_ptr<SessionNeeds>> sessions;
    const MutexLock lock(mutex_);
    for (const auto& known : sessions_)
        if (auto session = known.lock()) sessions.push_back(std::move(session));
    return sessions;
}

std::vector<ContentHash> OpenSessions::objects() const {
    std::vector<ContentHash> objects;
    for (const auto& session : all()) {
        const MutexLock lock(session->mutex_);
        objects.insert(objects.end(), session->objects_.begin(), session->objects_.end());
        objects.insert(objects.end(), session->named_.begin(), session->named_.end());
    }
    std::ranges::sort(objects);
    return objects;
}

bool OpenSessions::hold_list(const ContentHash& id) const {
    const auto sessions = all();
    return std::ranges::any_of(sessions, [&id](const auto& session) {
        const MutexLock lock(session->mutex_);
        return std::ranges::find(session->lists_, id) != session->lists_.end();
    });
}

}  // namespace catalog::content
