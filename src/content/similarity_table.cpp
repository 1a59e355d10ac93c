#include "catalog/content/similarity_table.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <vector>

#include <catalog/internal/crc32c.hpp>
#include <catalog/internal/mutex.hpp>
#include <catalog/internal/try.hpp>

namespace catalog::content {
namespace {

constexpr std::size_t kMemoryBytesMin = 64u << 10;
constexpr std::size_t kMemoryBytesMax = 1u << 30;
constexpr std::size_t kBlockBases = 64;
constexpr std::size_t kBucketBases = 8;
constexpr std::uint32_t kNoBase = ~std::uint32_t{0};
// Most bases that a find can come across.
constexpr std::size_t kCandidatesMax = ChunkFeatures::kCount * kBucketBases;

constexpr std::string_view kMagic = "CATSIMIL";
constexpr std::uint32_t kVersion = 2;
constexpr std::size_t kHeaderBytes = 16;
constexpr std::size_t kBaseBytes = 80;
constexpr std::size_t kChecksumBytes = 4;
constexpr std::size_t kPieceBytes = 64 << 10;

using internal::Mutex;
using internal::MutexLock;

constexpr int kNumberShift = 4;

std::uint64_t age_of(std::uint64_t number, int depth) noexcept {
    return number << kNumberShift | static_cast<std::uint64_t>(depth & kBaseDepthMax) << 1;
}

struct Base {
    ChunkFeatures features;  // Empty: nobody lives here.
    std::array<std::byte, ContentHash::kDigestBytes> digest{};
    TrustDomain domain{};
    // From the lowest bit on: found since the hand passed (1 bit), depth (3), number of its adding.
    std::uint64_t age = 0;

    [[nodiscard]] std::uint64_t number() const noexcept { return age >> kNumberShift; }
    [[nodiscard]] int depth() const noexcept { return static_cast<int>(age >> 1) & kBaseDepthMax; }
    [[nodiscard]] bool is_found() const noexcept { return (age & 1u) != 0; }
    void set_found(bool found) noexcept { age = (age & ~std::uint64_t{1}) | (found ? 1u : 0u); }
};
static_assert(sizeof(Base) == kBaseBytes);

// Bases that have a feature in common, or another value of it that falls here too.
using Bucket = std::array<std::uint32_t, kBucketBases>;

// Half of the places in buckets stay free, so that few features fall together.
constexpr std::size_t kBucketsOfBase = 2;
constexpr std::size_t kBytesOfBase = sizeof(Base) + kBucketsOfBase * sizeof(Bucket);
static_assert(kBucketsOfBase * kBucketBases == 2 * ChunkFeatures::kCount);

// Whether `base` is a better base than another one. Two deltas less to undo are worth a feature:
// rows stay short, and what becomes a delta of a short row can be a base itself.
bool is_better(const Base& base, const Base& other, const ChunkFeatures& features) noexcept {
    const int score = 2 * base.features.shared_with(features) - base.depth();
    const int other_score = 2 * other.features.shared_with(features) - other.depth();
    if (score != other_score) return score > other_score;
    if (base.depth() != other.depth()) return base.depth() < other.depth();
    return base.number() > other.number();
}

Base decode_base(const std::byte* from) {
    Base base;
    for (std::uint32_t& value : base.features.values) {
        value = load_le<std::uint32_t>(from);
        from += sizeof value;
    }
    std::copy_n(from, base.digest.size(), base.digest.begin());
    from += base.digest.size();
    base.domain = TrustDomain{load_le<std::uint64_t>(from)};
    base.age = load_le<std::uint64_t>(from + sizeof(std::uint64_t));
    return base;
}

std::uint64_t mix(std::uint64_t value) noexcept {
    value = (value ^ (value >> 32)) * 0x9e3779b97f4a7c15u;
    return value ^ (value >> 29);
}

}  // namespace

struct SimilarityTable::Impl {
    mutable Mutex mutex;
    const std::size_t bases_max;
    std::vector<std::unique_ptr<std::array<Base, kBlockBases>>> blocks CATALOG_GUARDED_BY(mutex);
    std::vector<Bucket> buckets CATALOG_GUARDED_BY(mutex);
    std::size_t used CATALOG_GUARDED_BY(mutex) = 0;  // Places, of those some may be empty.
    std::size_t live CATALOG_GUARDED_BY(mutex) = 0;
    std::size_t hand CATALOG_GUARDED_BY(mutex) = 0;
    std::uint64_t next_number CATALOG_GUARDED_BY(mutex) = 1;

    explicit Impl(std::size_t memory_bytes)
        : bases_max(memory_bytes / kBytesOfBase / kBlockBases * kBlockBases) {}

    Base& at(std::size_t place) CATALOG_REQUIRES(mutex) {
        return (*blocks[place / kBlockBases])[place % kBlockBases];
    }
    const Base& at(std::size_t place) const CATALOG_REQUIRES(mutex) {
        return (*blocks[place / kBlockBases])[place % kBlockBases];
    }

    Bucket& bucket_of(TrustDomain domain, std::size_t feature, std::uint32_t value)
        CATALOG_REQUIRES(mutex) {
        const std::uint64_t hash = mix(mix(static_cast<std::uint64_t>(domain)) ^ value);
        const std::size_t of_feature = buckets.size() / ChunkFeatures::kCount;
        return buckets[feature * of_feature +
                       static_cast<std::size_t>((hash >> 32) * of_feature >> 32)];
    }

    // The bases that have a feature in common, some of them more than once.
    struct Candidates {
        std::array<Base*, kCandidatesMax> bases{};
        std::size_t count = 0;

        [[nodiscard]] std::span<Base* const> view() const noexcept {
            return std::span(bases).first(count);
        }
    };
    Candidates candidates(TrustDomain domain, const ChunkFeatures& features)
        CATALOG_REQUIRES(mutex);

    void enter(std::uint32_t place) CATALOG_REQUIRES(mutex);
    void grow() CATALOG_REQUIRES(mutex);
    std::size_t free_place() CATALOG_REQUIRES(mutex);
    void put(const Base& base) CATALOG_REQUIRES(mutex);
    void clear() CATALOG_REQUIRES(mutex);
};

SimilarityTable::Impl::Candidates SimilarityTable::Impl::candidates(TrustDomain domain,
                                                                    const ChunkFeatures& features) {
    Candidates found;
    if (buckets.empty() || features.empty()) return found;
    for (std::size_t i = 0; i < ChunkFeatures::kCount; ++i)
        for (const std::uint32_t place : bucket_of(domain, i, features.values[i])) {
            if (place == kNoBase) continue;
            Base& base = at(place);
            if (base.domain == domain && base.features.values[i] == features.values[i])
                found.bases[found.count++] = &base;
        }
    return found;
}

// Puts a base into its buckets, in the place of what is gone or else of the oldest.
void SimilarityTable::Impl::enter(std::uint32_t place) {
    const Base& base = at(place);
    for (std::size_t i = 0; i < ChunkFeatures::kCount; ++i) {
        Bucket& bucket = bucket_of(base.domain, i, base.features.values[i]);
        std::size_t victim = 0;
        std::uint64_t oldest = ~std::uint64_t{0};
        for (std::size_t k = 0; k < bucket.size(); ++k) {
            std::uint64_t age = 0;
            if (bucket[k] != kNoBase) {
                const Base& other = at(bucket[k]);
                const bool lives_here =
                    bucket[k] != place && !other.features.empty() &&
                    &bucket_of(other.domain, i, other.features.values[i]) == &bucket;
                age = lives_here ? other.number() : 0;
            }
            if (age < oldest) {
                oldest = age;
                victim = k;
            }
        }
        bucket[victim] = place;
    }
}

// At least as many buckets as bases fit into the blocks, made anew when these have doubled.
void SimilarityTable::Impl::grow() {
    blocks.push_back(std::make_unique<std::array<Base, kBlockBases>>());
    if (blocks.size() * kBlockBases * kBucketsOfBase <= buckets.size()) return;
    const std::size_t count = kBucketsOfBase * std::min(2 * blocks.size() * kBlockBases, bases_max);
    buckets = {};
    Bucket none;
    none.fill(kNoBase);
    buckets.assign(count, none);
    std::vector<std::pair<std::uint64_t, std::uint32_t>> order;
    for (std::uint32_t place = 0; place < used; ++place)
        if (!at(place).features.empty()) order.emplace_back(at(place).number(), place);
    std::sort(order.begin(), order.end());
    for (const auto& [number, place] : order) enter(place);
}

// A place that nobody has, or the first whose base was not found since the hand last passed.
std::size_t SimilarityTable::Impl::free_place() {
    if (used < bases_max) {
        if (used == blocks.size() * kBlockBases) grow();
        return used++;
    }
    for (;; hand = (hand + 1) % bases_max) {
        Base& base = at(hand);
        if (base.features.empty()) break;
        if (!base.is_found()) {
            --live;
            break;
        }
        base.set_found(false);
    }
    const std::size_t place = hand;
    hand = (hand + 1) % bases_max;
    return place;
}

void SimilarityTable::Impl::put(const Base& base) {
    const std::size_t place = free_place();
    at(place) = base;
    ++live;
    enter(static_cast<std::uint32_t>(place));
}

void SimilarityTable::Impl::clear() {
    blocks.clear();
    buckets.clear();
    used = 0;
    live = 0;
    hand = 0;
    next_number = 1;
}

SimilarityTable::SimilarityTable(SimilarityOptions options)
    : impl_(std::make_unique<Impl>(
          std::clamp(options.memory_bytes_max, kMemoryBytesMin, kMemoryBytesMax))) {}
SimilarityTable::~SimilarityTable() = default;

std::optional<SimilarityTable::Match> SimilarityTable::find(TrustDomain domain,
                                                            const ChunkFeatures& features,
                                                            int depth_max) {
    const MutexLock lock(impl_->mutex);
    Base* best = nullptr;
    const Impl::Candidates candidates = impl_->candidates(domain, features);
    for (Base* const base : candidates.view()) {
        if (base->depth() > depth_max) continue;
        if (best == nullptr || is_better(*base, *best, features)) best = base;
    }
    if (best == nullptr) return std::nullopt;
    best->set_found(true);
    return Match{ChunkId{HashAlgorithm::kSha256, best->digest},
                 best->features.shared_with(features), best->depth()};
}

void SimilarityTable::add(TrustDomain domain, const ChunkFeatures& features, const ChunkId& id,
                          int depth) {
    if (features.empty()) return;
    const MutexLock lock(impl_->mutex);
    bool known = false;
    const Impl::Candidates candidates = impl_->candidates(domain, features);
    for (Base* const base : candidates.view()) {
        if (base->digest != id.digest) continue;
        base->age = age_of(impl_->next_number, depth);
        known = true;
    }
    if (!known) {
        Base base;
        base.features = features;
        base.digest = id.digest;
        base.domain = domain;
        base.age = age_of(impl_->next_number, depth);
        impl_->put(base);
    }
    ++impl_->next_number;
}

void SimilarityTable::forget(TrustDomain domain, const ChunkFeatures& features, const ChunkId& id) {
    const MutexLock lock(impl_->mutex);
    const Impl::Candidates candidates = impl_->candidates(domain, features);
    for (Base* const base : candidates.view()) {
        // One that came twice is empty by now.
        if (base->digest != id.digest || base->features.empty()) continue;
        *base = Base();
        --impl_->live;
    }
}

std::size_t SimilarityTable::size() const {
    const MutexLock lock(impl_->mutex);
    return impl_->live;
}

std::size_t SimilarityTable::memory_bytes() const {
    const MutexLock lock(impl_->mutex);
    return impl_->blocks.size() * kBlockBases * sizeof(Base) +
           impl_->buckets.size() * sizeof(Bucket);
}

Result<void> SimilarityTable::save(const ByteSink& sink) const {
    const MutexLock lock(impl_->mutex);
    std::string piece(kMagic);
    append_le(piece, kVersion);
    append_le(piece, static_cast<std::uint32_t>(impl_->live));
    std::uint32_t checksum = 0;
    const auto flush = [&]() -> Result<void> {
        checksum = internal::crc32c(as_bytes(piece), checksum);
        CATALOG_TRY_VOID(sink(as_bytes(piece)));
        piece.clear();
        return {};
    };
    // From the hand on, so that the first is again the first to go.
    for (std::size_t i = 0; i < impl_->used; ++i) {
        const Base& base = impl_->at((impl_->hand + i) % impl_->used);
        if (base.features.empty()) continue;
        for (const std::uint32_t value : base.features.values) append_le(piece, value);
        piece += as_text(base.digest);
        append_le(piece, static_cast<std::uint64_t>(base.domain));
        append_le(piece, base.age);
        if (piece.size() >= kPieceBytes) CATALOG_TRY_VOID(flush());
    }
    CATALOG_TRY_VOID(flush());
    append_le(piece, checksum);
    return sink(as_bytes(piece));
}

Result<void> SimilarityTable::load(ByteView bytes) {
    const MutexLock lock(impl_->mutex);
    impl_->clear();
    if (bytes.size() < kHeaderBytes + kChecksumBytes ||
        (bytes.size() - kHeaderBytes - kChecksumBytes) % kBaseBytes != 0 ||
        as_text(bytes.first(kMagic.size())) != kMagic ||
        load_le<std::uint32_t>(bytes.data() + 8) != kVersion)
        return fail(Errc::kContentCorrupted, "similarity table has another form");
    const std::size_t count = (bytes.size() - kHeaderBytes - kChecksumBytes) / kBaseBytes;
    const ByteView covered = bytes.first(bytes.size() - kChecksumBytes);
    if (load_le<std::uint32_t>(bytes.data() + 12) != count ||
        load_le<std::uint32_t>(bytes.data() + covered.size()) != internal::crc32c(covered))
        return fail(Errc::kContentCorrupted, "similarity table has another checksum");
    for (std::size_t i = 0; i < count; ++i) {
        const Base base = decode_base(bytes.data() + kHeaderBytes + i * kBaseBytes);
        const auto& values = base.features.values;
        if (std::find(values.begin(), values.end(), 0u) != values.end()) {
            impl_->clear();
            return fail(Errc::kContentCorrupted, "similarity table has a base without features");
        }
        impl_->put(base);
        impl_->next_number = std::max(impl_->next_number, base.number() + 1);
    }
    return {};
}

}  // namespace catalog::content
