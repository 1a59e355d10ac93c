#include <functional>
#include <unordered_map>
#include <utility>

#include "catalog/resolve/provider.hpp"

namespace catalog::resolve {

struct MemoryProvider::Impl {
    struct Entry {
        Candidate candidate;
        PackageRecord record;
    };
    struct TextHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept {
            return std::hash<std::string_view>{}(text);
        }
    };
    template <class T>
    using ByName = std::unordered_map<std::string, std::vector<T>, TextHash, std::equal_to<>>;

    ByName<Entry> packages;
    ByName<VirtualProvider> providers;
};

MemoryProvider::MemoryProvider() : impl_(std::make_unique<Impl>()) {}

MemoryProvider::~MemoryProvider() = default;
MemoryProvider::MemoryProvider(MemoryProvider&&) noexcept = default;
MemoryProvider& MemoryProvider::operator=(MemoryProvider&&) noexcept = default;

Result<void> MemoryProvider::add(std::string name, Candidate candidate, PackageRecord record) {
    std::vector<Impl::Entry>& entries = impl_->packages[name];
    for (const Impl::Entry& entry : entries) {
        if (entry.candidate.source_id == candidate.source_id &&
            compare_precedence(entry.candidate.version, candidate.version) ==
                std::weak_ordering::equivalent) {
            return fail(Error(Errc::kAlreadyExists, "this version is there already")
                            .with_input(name + "@" + candidate.version.to_string()));
        }
    }
    for (const Provided& provided : record.provides) {
        impl_->providers[provided.name].push_back({name, candidate, provided.version});
    }
    entries.push_back({std::move(candidate), std::move(record)});
    return {};
}

Result<std::vector<Candidate>> MemoryProvider::versions(std::string_view name) {
    std::vector<Candidate> candidates;
    const auto at = impl_->packages.find(name);
    if (at == impl_->packages.end()) return candidates;
    candidates.reserve(at->second.size());
    for (const Impl::Entry& entry : at->second) candidates.push_back(entry.candidate);
    return candidates;
}

Result<PackageRecord> MemoryProvider::record(std::string_view name, const Candidate& candidate) {
    const auto at = impl_->packages.find(name);
    if (at != impl_->packages.end()) {
        for (const Impl::Entry& entry : at->second) {
            if (entry.candidate.version == candidate.version &&
                entry.candidate.source_id == candidate.source_id) {
                return entry.record;
            }
        }
    }
    return fail(Error(Errc::kProviderFailed, "there is no record of this version")
                    .with_input(std::string(name) + "@" + candidate.version.to_string()));
}

Result<std::vector<VirtualProvider>> MemoryProvider::providers(std::string_view name) {
    const auto at = impl_->providers.find(name);
    if (at == impl_->providers.end()) return std::vector<VirtualProvider>{};
    return at->second;
}

}  // namespace catalog::resolve
