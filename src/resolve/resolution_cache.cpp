#include "catalog/resolve/resolution_cache.hpp"

#include <catalog/internal/mutex.hpp>
#include <functional>
#include <list>
#include <map>
#include <utility>

#include "catalog/json/read.hpp"
#include "catalog/json/value.hpp"
#include "catalog/json/write.hpp"
#include "catalog/merkle/hash.hpp"

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

json::Value texts_value(const std::vector<std::string>& texts) {
    json::Array array;
    for (const std::string& text : texts) array.emplace_back(text);
    return array;
}

json::Value target_value(const Target& target) {
    return json::Object{{"name", target.name},
                        {"kind", target.constraint.kind_name()},
                        {"dialect", version::dialect_name(target.constraint.dialect())},
                        {"constraint", target.constraint.to_string()}};
}

json::Value request_value(const Request& request) {
    json::Array roots;
    for (const Root& root : request.roots)
        roots.emplace_back(json::Object{{"target", target_value(root.target)},
                                        {"features", texts_value(root.features)},
                                        {"defaults", root.default_features}});
    json::Array locked;
    for (const Locked& lock : request.locked)
        locked.emplace_back(json::Object{{"name", lock.name},
                                         {"version", lock.version.to_string()},
                                         {"source", lock.source_id}});
    json::Array constraints;
    for (const Target& constraint : request.constraints)
        constraints.push_back(target_value(constraint));
    json::Array host;
    for (const Provided& provided : request.host_provides)
        host.emplace_back(
            json::Object{{"name", provided.name}, {"version", provided.version.to_string()}});
    return json::Object{{"roots", std::move(roots)},
                        {"policy", static_cast<int>(request.policy)},
                        {"preference", static_cast<int>(request.preference)},
                        {"optimality", static_cast<int>(request.optimality)},
                        {"locked", std::move(locked)},
                        {"constraints", std::move(constraints)},
                        {"host", std::move(host)},
                        {"optional", texts_value(request.optional)},
                        {"development", request.development},
                        {"build", request.build},
                        {"prereleases", request.include_prereleases},
                        {"platform", request.platform.to_string()},
                        {"refuse_cycles", request.refuse_cycles},
                        {"conflicts_max", std::to_string(request.conflicts_max)}};
}

json::Value numbers_value(const std::vector<std::size_t>& numbers) {
    json::Array array;
    for (const std::size_t number : numbers) array.emplace_back(std::uint64_t{number});
    return array;
}

json::Value solution_value(const Solution& solution) {
    json::Array packages;
    for (const Resolved& package : solution.packages)
        packages.emplace_back(json::Object{{"name", package.name},
                                           {"version", package.candidate.version.to_string()},
                                           {"yanked", package.candidate.yanked},
                                           {"source", package.candidate.source_id},
                                           {"features", texts_value(package.features)}});
    json::Array edges;
    for (const Edge& edge : solution.edges)
        edges.emplace_back(json::Object{{"from", std::uint64_t{edge.from}},
                                        {"to", std::uint64_t{edge.to}},
                                        {"kind", static_cast<int>(edge.kind)},
                                        {"as", edge.as}});
    json::Array order;
    for (const std::vector<std::size_t>& component : solution.order)
        order.push_back(numbers_value(component));
    return json::Object{{"packages", std::move(packages)},
                        {"roots", numbers_value(solution.roots)},
                        {"edges", std::move(edges)},
                        {"order", std::move(order)}};
}

json::Value failure_value(const Error& failure) {
    json::Object object{{"code", static_cast<int>(failure.code())},
                        {"message", failure.message()},
                        {"input", failure.input()},
                        {"hint", failure.hint()}};
    if (const auto* detail = failure.detail_as<ResolutionDetail>()) {
        object["roots"] = texts_value(detail->roots);
        object["steps"] = texts_value(detail->steps);
    } else if (const auto* missing = failure.detail_as<NotFoundDetail>()) {
        object["missing_kind"] = missing->kind;
        object["missing"] = missing->id;
    } else if (const auto* cycle = failure.detail_as<CycleDetail>()) {
        object["path"] = texts_value(cycle->path);
    }
    return object;
}

/// Reads members of a document whose shape may be anything; the first that is wrong spoils all.
class StoredReader {
public:
    [[nodiscard]] bool is_sound() const noexcept { return sound_; }

    std::string text(const json::Value& value, std::string_view name) {
        const json::Value* member = value.find(name);
        const std::string* text = member == nullptr ? nullptr : member->as_string();
        return text == nullptr ? (sound_ = false, std::string()) : *text;
    }
    bool flag(const json::Value& value, std::string_view name) {
        const json::Value* member = value.find(name);
        const bool* flag = member == nullptr ? nullptr : member->as_bool();
        return flag == nullptr ? (sound_ = false) : *flag;
    }
    std::size_t index(const json::Value* value, std::size_t end) {
        const std::int64_t* number = value == nullptr ? nullptr : value->as_int();
        if (number == nullptr || *number < 0 || static_cast<std::uint64_t>(*number) >= end) {
            sound_ = false;
            return 0;
        }
        return static_cast<std::size_t>(*number);
    }
    const json::Array& array(const json::Value* value) {
        static const json::Array empty;
        const json::Array* array = value == nullptr ? nullptr : value->as_array();
        return array == nullptr ? (sound_ = false, empty) : *array;
    }
    std::vector<std::string> texts(const json::Value& value, std::string_view name) {
        std::vector<std::string> texts;
        for (const json::Value& element : array(value.find(name))) {
            const std::string* text = element.as_string();
            sound_ &= text != nullptr;
            if (text != nullptr) texts.push_back(*text);
        }
        return texts;
    }

    Solution solution(const json::Value& value, std::size_t roots) {
        Solution solution;
        for (const json::Value& stored : array(value.find("packages"))) {
            Resolved package;
            package.name = text(stored, "name");
            const auto version = version::SemVer::parse(text(stored, "version"));
            sound_ &= version.has_value();
            if (version) package.candidate.version = *version;
            package.candidate.yanked = flag(stored, "yanked");
            package.candidate.source_id = text(stored, "source");
            package.features = texts(stored, "features");
            solution.packages.push_back(std::move(package));
        }
        const std::size_t count = solution.packages.size();
        for (const json::Value& root : array(value.find("roots")))
            solution.roots.push_back(index(&root, count));
        sound_ &= solution.roots.size() == roots;
        for (const json::Value& stored : array(value.find("edges"))) {
            Edge edge;
            edge.from = index(stored.find("from"), count);
            edge.to = index(stored.find("to"), count);
            edge.kind = static_cast<DependencyKind>(index(stored.find("kind"), 5));
            edge.as = text(stored, "as");
            solution.edges.push_back(std::move(edge));
        }
        for (const json::Value& component : array(value.find("order"))) {
            solution.order.emplace_back();
            for (const json::Value& member : array(&component))
                solution.order.back().push_back(index(&member, count));
        }
        return solution;
    }

    Error failure(const json::Value& value) {
        constexpr std::size_t kCodesEnd = 1'000'000;
        const Errc code = static_cast<Errc>(index(value.find("code"), kCodesEnd));
        ErrorDetail detail;
        if (code == Errc::kUnsatisfiable) {
            detail = ResolutionDetail{texts(value, "roots"), texts(value, "steps")};
        } else if (code == Errc::kUnknownPackage) {
            detail = NotFoundDetail{text(value, "missing_kind"), text(value, "missing")};
        } else if (code == Errc::kDependencyCycle) {
            detail = CycleDetail{texts(value, "path")};
        } else {
            sound_ = false;
        }
        Error error(code, text(value, "message"), std::move(detail));
        if (const std::string input = text(value, "input"); !input.empty())
            error = error.with_input(input);
        if (const std::string hint = text(value, "hint"); !hint.empty())
            error = error.with_hint(hint);
        return error;
    }

private:
    bool sound_ = true;
};

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

/// The text that a store is given: a digest, which finds what the store damaged and is no proof
/// against who writes to it, and the answer.
std::string sealed(const json::Value& answer) {
    const std::string text = json::write_canonical(answer);
    return merkle::hash_of(as_bytes(text)).to_string() + "\n" + text;
}

/// The answer of a sealed text; nullopt when it is damaged.
std::optional<std::string_view> unsealed(std::string_view stored) {
    const std::size_t end = stored.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view text = stored.substr(end + 1);
    if (merkle::hash_of(as_bytes(text)).to_string() != stored.substr(0, end)) return std::nullopt;
    return text;
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
    ++stats_.misses;
    Result<Solution> answer = inner_.resolve(request, provider, context);
    if (answer && !answer->proven) return answer;
    if (answer) {
        store_->put(key, sealed(json::Object{{"question", question},
                                             {"solution", solution_value(*answer)}}));
    } else if (is_remembered(answer.error())) {
        store_->put(key, sealed(json::Object{{"question", question},
                                             {"failure", failure_value(answer.error())}}));
    }
    return answer;
}

}  // namespace catalog::resolve
