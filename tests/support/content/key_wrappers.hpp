#pragma once
// Key wrappers for tests: one in memory, and one that fails.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "catalog/content/key_wrapper.hpp"

namespace catalog::content::testing {

/// A complete KeyWrapper whose key follows from a seed. Thread safety: any thread.
class MemoryKeyWrapper final : public KeyWrapper {
public:
    explicit MemoryKeyWrapper(std::uint64_t seed) : seed_(seed) {}

    [[nodiscard]] std::string name() const override { return "memory:" + std::to_string(seed_); }
    [[nodiscard]] Result<Bytes> wrap(ByteView secret, ByteView context) override;
    [[nodiscard]] Result<Bytes> unwrap(ByteView wrapped, ByteView context) override;

private:
    [[nodiscard]] Bytes stream(std::uint64_t salt, std::size_t bytes) const;

    std::uint64_t seed_;
    std::atomic<std::uint64_t> salt_ = 0;
};

/// Asks another wrapper, but the `failing_call`th wrap or unwrap (0-based) fails with `error`.
/// Thread safety: as the base.
class FaultyKeyWrapper final : public KeyWrapper {
public:
    FaultyKeyWrapper(std::shared_ptr<KeyWrapper> base, std::size_t failing_call, Error error)
        : base_(std::move(base)), failing_call_(failing_call), error_(std::move(error)) {}

    [[nodiscard]] std::string name() const override { return base_->name(); }
    [[nodiscard]] Result<Bytes> wrap(ByteView secret, ByteView context) override;
    [[nodiscard]] Result<Bytes> unwrap(ByteView wrapped, ByteView context) override;

private:
    std::shared_ptr<KeyWrapper> base_;
    std::size_t failing_call_;
    Error error_;
    std::atomic<std::size_t> calls_ = 0;
};

}  // namespace catalog::content::testing
