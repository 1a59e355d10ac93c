#include "catalog/resolve/resolution_cache.hpp"

#include <catalog/internal/mutex.hpp>
#include <functional>
#include <list>
#include <map>
#include <utility>

#include "catalog/json/read.hpp"
#include "catalog/json/value.hpp"
#include "catalog/json/write.hpp"
#include "known_failures.hpp"
#include "peer_watch.hpp"
#include "stored_answer.hpp"

namespace catalog::resolve {

struct MemorySolutionCache::Impl {
    struct Entry {
        std::string key;
        std::string value;
    };

    Impl(std::size_t most_entries, std::size_t most_bytes)
        : entries_max(most_entries), bytes_max(most_bytes) {}

    void remove(std::list<Entry>::iterator at) CATALOG_REQUIRES(mutex) {
        bytes -= at->key.size() + at->value.size();
        by_key.erase(at->key);
        entries.erase(at);
    }

    const std::size_t entries_max;
    const std::size_t bytes_max;
    mutable internal::Mutex mutex;
    std::list<Entry> entries CATALOG_GUARDED_BY(mutex);  // most recently used first
    // Keys are views of the entries' own, which a list does not move.
    std::map<std::string_view, std::list<Entry>::iterator> by_key CATALOG_GUARDED_BY(mutex);
    std::size_t bytes CATALOG_GUARDED_BY(mutex) = 0;
};

MemorySolutionCache::MemorySolutionCache(std::size_t entries_max, std::size_t bytes_max)
    : impl_(std::make_unique<Impl>(entries_max, bytes_max)) {}

MemorySolutionCache::~MemorySolutionCache() = default;

std::optional<std::string> MemorySolutionCache::get(std::string_view key) {
    const internal::MutexLock lock(impl_->mutex);
    const auto at = impl_->by_key.find(key);
    if (at == impl_->by_key.end()) return std::nullopt;
    impl_->entries.splice(impl_->entries.begin(), impl_->entries, at->second);
    return at->second->value;
}

void MemorySolutionCache::put(std::string_view key, std::string value) {
    const internal::MutexLock lock(impl_->mutex);
    if (const auto at = impl_->by_key.find(key); at != impl_->by_key.end())
        impl_->remove(at->second);
    const std::size_t bytes = key.size() + value.size();
    if (impl_->entries_max == 0 || bytes > impl_->bytes_max) return;
    while (!impl_->entries.empty() &&
           (impl_->entries.size() >= impl_->entries_max || impl_->bytes + bytes > impl_->bytes_max))
        impl_->remove(std::prev(impl_->entries.end()));
    impl_->entries.push_front({std::string(key), std::move(value)});
    impl_->by_key.emplace(impl_->entries.front().key, impl_->entries.begin());
    impl_->bytes += bytes;
}

void MemorySolutionCache::erase(std::string_view key) {
    const internal::MutexLock lock(impl_->mutex);
    if (const auto at = impl_->by_key.find(key); at != impl_->by_key.end())
        impl_->remove(at->second);
}

std::size_t MemorySolutionCache::size() const {
    const internal::MutexLock lock(impl_->mutex);
    return impl_->entries.size();
}

std::size_t MemorySolutionCache::bytes() const {
    const internal::MutexLock lock(impl_->mutex);
    return impl_->bytes;
}

namespace {

bool is_remembered(const Error& failure) {
    switch (failure.code()) {
        case Errc::kUnsatisfiable:
            return failure.detail_as<ResolutionDetail>() != nullptr;
        case Errc::kUnknownPackage:
            return failure.detail_as<NotFoundDetail>() != nullptr;
        case Errc::kDependencyCycle:
            return failure.detail_as<CycleDetail>() != nullptr;
        default:
            return false;
    }
}

/// Reads a stored answer; nullopt when it is not one to this question.
std::optional<Result<Solution>> read_stored(std::string_view stored, const std::string& question,
                                            std::size_t roots) {
    const std::optional<std::string_view> text = unsealed(stored);
    if (!text) return std::nullopt;
    const auto value = json::read(*text);
    if (!value) return std::nullopt;
    StoredReader reader;
    if (reader.text(*value, "question") != question) return std::nullopt;
    if (const json::Value* solution = value->find("solution")) {
        Solution answer = reader.solution(*solution, roots);
        if (reader.is_sound()) return Result<Solution>(std::move(answer));
    } else if (const json::Value* failure = value->find("failure")) {
        const Error error = reader.failure(*failure);
        if (reader.is_sound()) return Result<Solution>(fail(error));
    }
    return std::nullopt;
}

}  // namespace

std::string request_text(const Request& request) {
    return json::write_canonical(request_value(request));
}

ResolutionCache::ResolutionCache(Resolver& inner, std::shared_ptr<SolutionCache> store,
                                 std::string solver, std::string universe)
    : inner_(inner),
      store_(std::move(store)),
      solver_(std::move(solver)),
      universe_(std::move(universe)) {}

Result<Solution> ResolutionCache::resolve(const Request& request, DependencyProvider& provider,
                                          const CallContext& context) {
    if (universe_.empty() || store_ == nullptr) return inner_.resolve(request, provider, context);
    const std::string question = json::write_canonical(json::Object{
        {"universe", universe_}, {"solver", solver_}, {"request", request_value(request)}});
    // Short for stores that care; the question itself is compared.
    const std::string key = "resolution-" + std::to_string(std::hash<std::string>{}(question));
    if (const std::optional<std::string> stored = store_->get(key)) {
        if (auto answer = read_stored(*stored, question, request.roots.size())) {
            ++stats_.hits;
            return *std::move(answer);
        }
        ++stats_.refused;
        store_->erase(key);
    }
    KnownFailures failures(*store_, universe_, solver_, request);
    if (auto known = failures.find(provider)) {
        ++stats_.implied;
        return fail(*std::move(known));
    }
    stats_.refused += failures.refused();
    ++stats_.misses;
    PeerWatch watched(provider, PeerWatch::Universe::kShown);
    Result<Solution> answer = inner_.resolve(request, watched, context);
    if (answer && !answer->proven) return answer;
    if (answer) {
        store_->put(key, sealed(json::Object{{"question", question},
                                             {"solution", solution_value(*answer)}}));
    } else if (is_remembered(answer.error())) {
        store_->put(key, sealed(json::Object{{"question", question},
                                             {"failure", failure_value(answer.error())}}));
        if (!watched.may_have_seen_peers()) failures.add(answer.error());
    }
    return answer;
}

}  // namespace catalog::resolve
