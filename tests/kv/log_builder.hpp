#pragma once
// Builds record logs as RocksDB writes them, from the format's description alone.

#include <algorithm>
#include <catalog/internal/crc32c.hpp>
#include <string>
#include <string_view>

#include "catalog/core/bytes.hpp"
#include "catalog/io/file_system.hpp"
#include "record_log.hpp"

namespace catalog::kv::testing {

class LogBuilder {
public:
    static constexpr std::size_t kBlock = 32768;
    static constexpr std::size_t kHeader = 7;

    /// Appends a record, split at block borders.
    LogBuilder& record(std::string_view payload) {
        bool first = true;
        for (;;) {
            const std::size_t left = kBlock - bytes_.size() % kBlock;
            if (left < kHeader) {
                bytes_.append(left, '\0');
                continue;
            }
            const std::size_t length = std::min(left - kHeader, payload.size());
            const bool last = length == payload.size();
            fragment(static_cast<char>(first ? (last ? 1 : 2) : (last ? 4 : 3)),
                     payload.substr(0, length));
            payload.remove_prefix(length);
            first = false;
            if (last) return *this;
        }
    }

    /// Appends one fragment of any type.
    LogBuilder& fragment(char type, std::string_view payload) {
        const std::string covered = type + std::string(payload);
        append_le(bytes_, masked_crc32c(internal::crc32c(as_bytes(covered))));
        append_le(bytes_, static_cast<std::uint16_t>(payload.size()));
        bytes_ += covered;
        return *this;
    }

    LogBuilder& raw(std::string_view bytes) {
        bytes_ += bytes;
        return *this;
    }
    [[nodiscard]] std::size_t size() const { return bytes_.size(); }
    [[nodiscard]] std::string bytes() const { return bytes_; }

private:
    std::string bytes_;
};

/// The start of a write batch: number of its first change, how many, and the mark.
inline std::string batch_head(std::uint64_t sequence, std::uint32_t changes,
                              std::uint64_t durable_end) {
    std::string head;
    append_le(head, sequence);
    append_le(head, changes);
    head += "\x03\x0c";
    head += "CKVd";
    append_le(head, durable_end);
    return head;
}

/// Bytes as a file.
class BytesFile final : public io::ReadableFile {
public:
    explicit BytesFile(std::string bytes) : bytes_(std::move(bytes)) {}
    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) const override {
        if (offset >= bytes_.size()) return std::size_t{0};
        const auto rest = as_bytes(bytes_).subspan(static_cast<std::size_t>(offset));
        const std::size_t count = std::min(rest.size(), out.size());
        std::copy_n(rest.begin(), count, out.begin());
        return count;
    }
    Result<io::FileInfo> info() const override {
        io::FileInfo info;
        info.size = bytes_.size();
        return info;
    }

private:
    std::string bytes_;
};

}  // namespace catalog::kv::testing
