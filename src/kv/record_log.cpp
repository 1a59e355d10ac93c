#include "record_log.hpp"

#include <catalog/internal/crc32c.hpp>
#include <catalog/internal/try.hpp>
#include <optional>
#include <string>

namespace catalog::kv {
namespace {

constexpr std::size_t kLogBlockBytes = 32768;
constexpr std::size_t kFragmentHeaderBytes = 7;
constexpr unsigned kWhole = 1;
constexpr unsigned kFirst = 2;
constexpr unsigned kMiddle = 3;
constexpr unsigned kLast = 4;

struct Fragment {
    unsigned type = 0;
    std::string_view payload;
    [[nodiscard]] std::size_t bytes() const { return kFragmentHeaderBytes + payload.size(); }
};

/// Reads the frame of a fragment, not its checksum.
std::optional<Fragment> frame_at(ByteView block, std::size_t at) {
    if (block.size() - at < kFragmentHeaderBytes) return std::nullopt;
    const std::byte* header = block.data() + at;
    const std::size_t length = load_le<std::uint16_t>(header + 4);
    const unsigned type = std::to_integer<unsigned>(header[6]);
    if (type < kWhole || type > kLast) return std::nullopt;
    if (length > block.size() - at - kFragmentHeaderBytes) return std::nullopt;
    return Fragment{type, as_text(block.subspan(at + kFragmentHeaderBytes, length))};
}

bool checksum_holds(ByteView block, std::size_t at, const Fragment& fragment) {
    const auto covered = block.subspan(at + 6, 1 + fragment.payload.size());
    return load_le<std::uint32_t>(block.data() + at) == masked_crc32c(internal::crc32c(covered));
}

class LogReader {
public:
    LogReader(const io::ReadableFile& file, const LogVisitor& visitor)
        : file_(file), visitor_(visitor), buffer_(kLogBlockBytes) {}

    Result<LogExtent> run() {
        for (std::uint64_t start = 0;; start += kLogBlockBytes) {
            CATALOG_TRY(const std::size_t got, file_.read_at(start, buffer_));
            const ByteView block(buffer_.data(), got);
            extent_.file_bytes = start + got;
            std::size_t at = 0;
            if (!damage_) at = read_intact(start, block);
            if (damage_) find_strays(block, at);
            if (got < kLogBlockBytes) return extent_;
        }
    }

private:
    /// Returns where the damage begins in this block, or its size.
    std::size_t read_intact(std::uint64_t start, ByteView block) {
        std::size_t at = 0;
        while (block.size() - at >= kFragmentHeaderBytes) {
            const auto fragment = frame_at(block, at);
            if (!fragment || !checksum_holds(block, at, *fragment) || !take(*fragment)) {
                damage_ = true;
                return at;
            }
            at += fragment->bytes();
            if (fragment->type == kWhole || fragment->type == kLast)
                extent_.intact_bytes = start + at;
        }
        return block.size();
    }

    /// Assembles the head of a record; false when the fragment does not belong here.
    bool take(const Fragment& fragment) {
        const bool begins = fragment.type == kWhole || fragment.type == kFirst;
        if (begins == in_record_) return false;
        if (begins) head_.clear();
        head_ += fragment.payload.substr(0, kRecordHeadBytes - head_.size());
        in_record_ = fragment.type == kFirst || fragment.type == kMiddle;
        return in_record_ || !visitor_.intact || visitor_.intact(head_);
    }

    void find_strays(ByteView block, std::size_t at) const {
        if (!visitor_.stray) return;
        for (; at < block.size(); ++at) {
            const auto fragment = frame_at(block, at);
            if (!fragment || (fragment->type != kWhole && fragment->type != kFirst)) continue;
            if (fragment->payload.empty()) continue;
            if (visitor_.plausible && !visitor_.plausible(fragment->payload)) continue;
            if (checksum_holds(block, at, *fragment))
                visitor_.stray(fragment->payload.substr(0, kRecordHeadBytes));
        }
    }

    const io::ReadableFile& file_;
    const LogVisitor& visitor_;
    Bytes buffer_;
    LogExtent extent_;
    bool damage_ = false;
    bool in_record_ = false;
    std::string head_;
};

}  // namespace

Result<void> read_lost_records(const io::ReadableFile& file, std::uint64_t from,
                               std::size_t record_bytes_max, const LostRecordVisitor& visitor) {
    Bytes buffer(kLogBlockBytes);
    std::string record;
    bool in_record = false;
    bool intact = true;
    std::size_t at = static_cast<std::size_t>(from % kLogBlockBytes);
    for (std::uint64_t start = from - at;; start += kLogBlockBytes, at = 0) {
        CATALOG_TRY(const std::size_t got, file.read_at(start, buffer));
        const ByteView block(buffer.data(), got);
        while (at < block.size()) {
            const auto fragment = frame_at(block, at);
            if (!fragment) {
                // What is hidden may have been the middle of this record, or its end and the head
                // of the next one: what follows does not belong to it for certain.
                intact = intact && block.size() - at < kFragmentHeaderBytes;
                break;
            }
            const bool begins = fragment->type == kWhole || fragment->type == kFirst;
            if (begins) {
                record.clear();
                intact = true;
                in_record = true;
            }
            intact = intact && checksum_holds(block, at, *fragment);
            at += fragment->bytes();
            in_record = in_record && record.size() + fragment->payload.size() <= record_bytes_max;
            if (!in_record) continue;
            record += fragment->payload;
            if (fragment->type == kFirst || fragment->type == kMiddle) continue;
            visitor(record, intact);
            in_record = false;
        }
        if (got < kLogBlockBytes) return {};
    }
}

Result<LogExtent> read_record_log(const io::ReadableFile& file, const LogVisitor& visitor) {
    return LogReader(file, visitor).run();
}

}  // namespace catalog::kv
