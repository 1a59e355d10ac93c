#pragma once
// ByteFeed: takes values out of the bytes that a fuzzer gives; what runs out is zero or empty.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace catalog::fakes {

/// Ends the process, which a fuzzer takes for a finding.
inline void require(bool condition) {
    if (!condition) std::abort();
}

/// Thread safety: one thread at a time. The bytes must outlive it.
class ByteFeed {
public:
    explicit ByteFeed(std::string_view bytes) noexcept : rest_(bytes) {}

    [[nodiscard]] bool empty() const noexcept { return rest_.empty(); }
    [[nodiscard]] std::string_view rest() const noexcept { return rest_; }

    std::uint8_t byte() noexcept {
        if (rest_.empty()) return 0;
        const auto value = static_cast<std::uint8_t>(rest_.front());
        rest_.remove_prefix(1);
        return value;
    }

    std::uint64_t number() noexcept {
        std::uint64_t value = 0;
        for (int i = 0; i < 8; ++i) value = value << 8 | byte();
        return value;
    }

    /// Takes a length of one byte and that many bytes, or all that are left.
    std::string text() {
        const std::string taken(rest_.substr(0, byte()));
        rest_.remove_prefix(taken.size());
        return taken;
    }

private:
    std::string_view rest_;
};

}  // namespace catalog::fakes
