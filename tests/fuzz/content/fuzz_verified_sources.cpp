// Marks of what was decoded: each is the polynomial that decision 0016 says, computed here one
// number after the other; two that differ in anything have different marks; and what is remembered
// is what a list of the marks used last in each set says.

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "support/core/byte_feed.hpp"
#include "verified_sources.hpp"

namespace {

using namespace catalog;           // NOLINT: one file, one program
using namespace catalog::content;  // NOLINT
using fakes::ByteFeed;
using fakes::require;

constexpr std::uint64_t kPrime = (std::uint64_t{1} << 61) - 1;

class OneWordRandom final : public Random {
public:
    explicit OneWordRandom(std::uint64_t word) : word_(word) {}
    Result<void> fill(std::span<std::byte> out) override {
        for (std::size_t i = 0; i < out.size(); ++i)
            out[i] = static_cast<std::byte>(word_ >> (8 * (i % 8)));
        return {};
    }

private:
    const std::uint64_t word_;
};

RecordHeader take_header(ByteFeed& feed) {
    RecordHeader header;
    header.codec = static_cast<Codec>(feed.byte() % 4);
    header.id_rule = static_cast<IdRule>(feed.byte() % 2);
    header.plain_bytes = static_cast<std::uint32_t>(feed.number());
    header.id.digest.fill(std::byte{feed.byte()});
    return header;
}

// What a mark is of, with nothing left out, and where words of seven bytes begin.
std::string written_down(const RecordHeader& header, std::string_view payload, std::uint64_t base) {
    constexpr std::size_t kStep = 56;
    std::string all(as_text(header.id.digest));
    append_le<std::uint64_t>(all, header.codec == Codec::kDelta ? base : 0);
    append_le<std::uint32_t>(all, header.plain_bytes);
    append_le<std::uint32_t>(all, static_cast<std::uint32_t>(payload.size()));
    append_le<std::uint8_t>(all, static_cast<std::uint8_t>(header.codec));
    append_le<std::uint8_t>(all, static_cast<std::uint8_t>(header.id_rule));
    all.resize(kStep);
    all += payload;
    all.resize(std::max((all.size() + kStep - 1) / kStep, std::size_t{2}) * kStep);
    return all;
}

std::uint64_t by_hand(std::uint64_t place, const std::string& bytes) {
    __extension__ using Wide = unsigned __int128;
    Wide value = 0;
    for (std::size_t at = 0; at < bytes.size(); at += 7) {
        std::uint64_t number = 0;
        for (std::size_t i = 7; i-- > 0;)
            number = number << 8 | static_cast<std::uint8_t>(bytes[at + i]);
        value = (value * (place % kPrime) + number) % kPrime;
    }
    return static_cast<std::uint64_t>(value);
}

std::uint64_t checked_mark(const VerifiedSources& sources, std::uint64_t place,
                           const RecordHeader& header, std::string_view payload,
                           std::uint64_t base) {
    const auto mark = static_cast<std::uint64_t>(
        sources.mark_of(header, as_bytes(payload), static_cast<SourceMark>(base)));
    const bool has_none = place % kPrime == 0 || header.codec == Codec::kZstdDictionary ||
                          (header.codec == Codec::kDelta && base == 0);
    require(mark == (has_none ? 0 : by_hand(place, written_down(header, payload, base))));
    return mark;
}

void try_marks(ByteFeed feed) {
    const std::uint64_t place = feed.number();
    OneWordRandom random(place);
    const VerifiedSources sources(random);
    const RecordHeader first = take_header(feed);
    const RecordHeader second = feed.byte() % 2 == 0 ? first : take_header(feed);
    const std::uint64_t base = feed.number() % kPrime;
    const std::uint64_t other_base = feed.byte() % 2 == 0 ? base : feed.number() % kPrime;
    const std::string one = feed.text();
    const std::string_view two = feed.rest();
    const std::uint64_t mark = checked_mark(sources, place, first, one, base);
    const std::uint64_t other = checked_mark(sources, place, second, two, other_base);
    if (written_down(first, one, base) == written_down(second, two, other_base))
        require(mark == other);
    // At the place that decides, which the input may not choose here.
    constexpr std::uint64_t kSecret = 0x123456789abcdef1;
    OneWordRandom secret(kSecret);
    const VerifiedSources hidden(secret);
    const std::uint64_t hidden_mark = checked_mark(hidden, kSecret, first, one, base);
    const std::uint64_t hidden_other = checked_mark(hidden, kSecret, second, two, other_base);
    const bool is_same = written_down(first, one, base) == written_down(second, two, other_base);
    if (hidden_mark != 0 && !is_same) require(hidden_mark != hidden_other);
}

// Marks of few sets, so that these overflow.
void try_memory(ByteFeed feed) {
    constexpr std::uint64_t kSets = 16 * 1024;
    constexpr std::size_t kInSet = 4;
    OneWordRandom random(5);
    VerifiedSources sources(random);
    std::map<std::uint64_t, std::vector<std::uint64_t>> model;
    while (!feed.empty()) {
        const std::uint8_t byte = feed.byte();
        const std::uint64_t set = byte % 2;
        const std::uint64_t mark = set + byte / 4 % 8 * kSets;
        std::vector<std::uint64_t>& kept = model[set];
        const auto found = std::find(kept.begin(), kept.end(), mark);
        const bool is_kept = found != kept.end();
        if (byte >= 128) {
            sources.note(static_cast<SourceMark>(mark));
            if (mark == 0 || is_kept) continue;
            kept.insert(kept.begin(), mark);
            if (kept.size() > kInSet) kept.pop_back();
        } else {
            require(sources.has(static_cast<SourceMark>(mark)) == is_kept);
            if (is_kept) std::rotate(kept.begin(), found, found + 1);
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (data[0] % 2 == 0)
        try_marks(ByteFeed(input));
    else
        try_memory(ByteFeed(input));
    return 0;
}
