#pragma once
// RememberingProvider: asks another provider each question once, for work that resolves the same
// packages many times over.

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "catalog/resolve/provider.hpp"

namespace catalog::resolve {

/// Keeps every answer that is no error. The provider beneath must outlive it.
class RememberingProvider final : public DependencyProvider {
public:
    explicit RememberingProvider(DependencyProvider& base) : base_(base) {}

    [[nodiscard]] Result<std::vector<Candidate>> versions(std::string_view name) override {
        return answer(versions_, std::string(name), [&] { return base_.versions(name); });
    }
    [[nodiscard]] Result<PackageRecord> record(std::string_view name,
                                               const Candidate& candidate) override {
        std::string key =
            std::string(name) + '\0' + candidate.version.to_string() + '\0' + candidate.source_id;
        return answer(records_, std::move(key), [&] { return base_.record(name, candidate); });
    }
    [[nodiscard]] Result<std::vector<VirtualProvider>> providers(std::string_view name) override {
        return answer(providers_, std::string(name), [&] { return base_.providers(name); });
    }
    void prefetch(std::span<const std::string> names) override { base_.prefetch(names); }
    [[nodiscard]] const FrozenUniverse* universe() const noexcept override {
        return base_.universe();
    }

private:
    template <class T, class Ask>
    static Result<T> answer(std::map<std::string, T, std::less<>>& known, std::string key,
                            const Ask& ask) {
        const auto at = known.find(key);
        if (at != known.end()) return at->second;
        Result<T> fresh = ask();
        if (fresh) known.emplace(std::move(key), *fresh);
        return fresh;
    }

    DependencyProvider& base_;
    std::map<std::string, std::vector<Candidate>, std::less<>> versions_;
    std::map<std::string, PackageRecord, std::less<>> records_;
    std::map<std::string, std::vector<VirtualProvider>, std::less<>> providers_;
};

}  // namespace catalog::resolve
