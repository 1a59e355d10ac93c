#pragma once
// Fields of records: little-endian numbers, and texts behind their lengths.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "catalog/core/bytes.hpp"

namespace catalog::index {

inline void append_text(std::string& out, std::string_view text) {
    append_le(out, static_cast<std::uint32_t>(text.size()));
    out += text;
}

/// Reads the fields of a record in order; the first missing byte makes everything after it fail.
class FieldReader {
public:
    explicit FieldReader(std::string_view bytes) : rest_(bytes) {}

    template <class T>
    T number() {
        if (rest_.size() < sizeof(T)) {
            failed_ = true;
            return 0;
        }
        const T value = load_le<T>(catalog::as_bytes(rest_).data());
        rest_.remove_prefix(sizeof(T));
        return value;
    }

    std::string_view text() {
        const auto size = number<std::uint32_t>();
        return take(size);
    }

    std::string_view take(std::size_t size) {
        if (rest_.size() < size) {
            failed_ = true;
            return {};
        }
        const std::string_view value = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return value;
    }

    [[nodiscard]] bool at_end() const noexcept { return failed_ || rest_.empty(); }
    [[nodiscard]] bool complete() const noexcept { return !failed_ && rest_.empty(); }

private:
    std::string_view rest_;
    bool failed_ = false;
};

}  // namespace catalog::index
