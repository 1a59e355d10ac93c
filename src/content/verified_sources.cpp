#include "verified_sources.hpp"

#include <algorithm>

namespace catalog::content {

using internal::MutexLock;

namespace {

constexpr std::uint64_t kPrime = (std::uint64_t{1} << 61) - 1;
// Coefficients are shorter than the prime, so that no two stand for the same.
constexpr std::size_t kWordBytes = 7;
constexpr std::uint64_t kWordMask = (std::uint64_t{1} << 56) - 1;
// Sums that do not wait for each other.
constexpr std::size_t kLanes = 8;
constexpr std::size_t kStepBytes = kLanes * kWordBytes;

std::uint64_t load_word(const std::byte* bytes) noexcept {
    return load_le<std::uint64_t>(bytes) & kWordMask;
}

// Returns a number below 2^61 + 2^57 that is equal to value * place + word, `value` being one too.
std::uint64_t step(std::uint64_t value, std::uint64_t place, std::uint64_t word) noexcept {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(value) * place;
    const std::uint64_t sum = (static_cast<std::uint64_t>(product) & kPrime) +
                              static_cast<std::uint64_t>(product >> 61) + word;
    return (sum & kPrime) + (sum >> 61);
}

class Polynomial {
public:
    explicit Polynomial(std::uint64_t place_power) : place_power_(place_power) {}

    void add(ByteView bytes) noexcept {
        // A word is read with the byte behind it.
        while (bytes.size() > kStepBytes) {
            add_step(bytes.data());
            bytes = bytes.subspan(kStepBytes);
        }
        std::array<std::byte, kStepBytes + 1> last{};
        std::ranges::copy(bytes, last.begin());
        add_step(last.data());
    }

    [[nodiscard]] std::uint64_t value(std::uint64_t place) const noexcept {
        std::uint64_t all = 0;
        for (const std::uint64_t lane : lanes_) all = step(all, place, lane);
        return all >= kPrime ? all - kPrime : all;
    }

private:
    void add_step(const std::byte* bytes) noexcept {
        for (std::size_t i = 0; i < kLanes; ++i)
            lanes_[i] = step(lanes_[i], place_power_, load_word(bytes + i * kWordBytes));
    }

    const std::uint64_t place_power_;
    std::array<std::uint64_t, kLanes> lanes_{};
};

}  // namespace

VerifiedSources::VerifiedSources(Random& random) {
    std::array<std::byte, sizeof(std::uint64_t)> bytes{};
    if (!random.fill(bytes)) return;
    place_ = load_le<std::uint64_t>(bytes.data()) % kPrime;
    place_power_ = place_;
    for (std::size_t i = 1; i < kLanes; ++i) place_power_ = step(place_power_, place_, 0);
}

SourceMark VerifiedSources::mark_of(const RecordHeader& header, ByteView payload,
                                    SourceMark base) const noexcept {
    const bool is_delta = header.codec == Codec::kDelta;
    if (place_ == 0 || header.codec == Codec::kZstdDictionary ||
        (is_delta && base == SourceMark::kNone))
        return SourceMark::kNone;
    // Of one length, with the length of what follows.
    std::array<std::byte, kStepBytes> head{};
    auto* at = std::ranges::copy(header.id.digest, head.begin()).out;
    const auto put = [&](std::uint64_t number, std::size_t bytes) {
        for (; bytes > 0; --bytes, number >>= 8) *at++ = static_cast<std::byte>(number);
    };
    put(static_cast<std::uint64_t>(is_delta ? base : SourceMark::kNone), 8);
    put(header.plain_bytes, 4);
    put(payload.size(), 4);
    put(static_cast<std::uint64_t>(header.codec), 1);
    put(static_cast<std::uint64_t>(header.id_rule), 1);
    Polynomial polynomial(place_power_);
    polynomial.add(head);
    polynomial.add(payload);
    return static_cast<SourceMark>(polynomial.value(place_));
}

VerifiedSources::Set& VerifiedSources::set_of(SourceMark mark) {
    return sets_[static_cast<std::uint64_t>(mark) % kSets];
}

bool VerifiedSources::has(SourceMark mark) {
    if (mark == SourceMark::kNone) return false;
    const MutexLock lock(mutex_);
    if (sets_.empty()) return false;
    Set& set = set_of(mark);
    const auto found = std::ranges::find(set, mark);
    if (found == set.end()) return false;
    std::rotate(set.begin(), found, found + 1);
    return true;
}

void VerifiedSources::note(SourceMark mark) {
    if (mark == SourceMark::kNone) return;
    const MutexLock lock(mutex_);
    if (sets_.empty()) sets_.resize(kSets);
    Set& set = set_of(mark);
    if (std::ranges::find(set, mark) != set.end()) return;
    std::shift_right(set.begin(), set.end(), 1);
    set.front() = mark;
}

}  // namespace catalog::content
