#pragma once
// FaultyProvider: a provider that fails at a chosen call, counts its calls, and notices being asked
// the same thing twice.

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>

#include "catalog/resolve/provider.hpp"

namespace catalog::resolve::testing {

class FaultyProvider final : public DependencyProvider {
public:
    explicit FaultyProvider(DependencyProvider& base) : base_(base) {}

    /// Makes the call with that number, counted from 0, fail with `error`.
    void fail_at(std::uint64_t call, Error error) {
        fail_at_ = call;
        error_ = std::move(error);
    }
    /// Calls `hook` with each call's number before it is answered.
    void on_call(std::function<void(std::uint64_t)> hook) { hook_ = std::move(hook); }

    [[nodiscard]] std::uint64_t calls() const noexcept { return calls_; }
    /// Questions that were asked more than once.
    [[nodiscard]] const std::set<std::string>& repeated() const noexcept { return repeated_; }
    [[nodiscard]] std::uint64_t prefetched() const noexcept { return prefetched_; }

    [[nodiscard]] Result<std::vector<Candidate>> versions(std::string_view name) override {
        if (auto error = enter("versions " + std::string(name))) return fail(*error);
        return base_.versions(name);
    }
    [[nodiscard]] Result<PackageRecord> record(std::string_view name,
                                               const Candidate& candidate) override {
        if (auto error = enter("record " + std::string(name) + " " + candidate.version.to_string() +
                               " " + candidate.source_id)) {
            return fail(*error);
        }
        return base_.record(name, candidate);
    }
    [[nodiscard]] Result<std::vector<VirtualProvider>> providers(std::string_view name) override {
        if (auto error = enter("providers " + std::string(name))) return fail(*error);
        return base_.providers(name);
    }
    void prefetch(std::span<const std::string> names) override {
        prefetched_ += names.size();
        base_.prefetch(names);
    }

private:
    std::optional<Error> enter(std::string question) {
        const std::uint64_t call = calls_++;
        if (!asked_.insert(question).second) repeated_.insert(std::move(question));
        if (hook_) hook_(call);
        return call == fail_at_ ? error_ : std::nullopt;
    }

    DependencyProvider& base_;
    std::uint64_t calls_ = 0;
    std::uint64_t prefetched_ = 0;
    std::uint64_t fail_at_ = ~std::uint64_t{0};
    std::optional<Error> error_;
    std::function<void(std::uint64_t)> hook_;
    std::set<std::string> asked_;
    std::set<std::string> repeated_;
};

}  // namespace catalog::resolve::testing
