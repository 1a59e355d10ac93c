#include <algorithm>
#include <utility>

#include "frozen_overlay.hpp"
#include "frozen_view.hpp"

namespace catalog::resolve {

static_assert(std::endian::native == std::endian::little, "the format is used where it lies");

namespace frozen {

namespace {

constexpr std::uint64_t kPrime1 = 0x9E3779B185EBCA87;
constexpr std::uint64_t kPrime2 = 0xC2B2AE3D27D4EB4F;
constexpr std::uint64_t kPrime3 = 0x165667B19E3779F9;
constexpr std::uint64_t kPrime4 = 0x85EBCA77C2B2AE63;
constexpr std::uint64_t kPrime5 = 0x27D4EB2F165667C5;

template <class T>
T load_native(const std::byte* at) noexcept {
    T value;
    std::memcpy(&value, at, sizeof(T));
    return value;
}

std::uint64_t mix(std::uint64_t lane, std::uint64_t input) noexcept {
    return std::rotl(lane + input * kPrime2, 31) * kPrime1;
}

Error universe_invalid(std::string message) {
    return Error(Errc::kUniverseInvalid, std::move(message))
        .with_hint("build the universe again from its packages");
}

}  // namespace

std::uint64_t checksum(ByteView bytes) noexcept {
    const std::byte* at = bytes.data();
    const std::byte* end = at + bytes.size();
    std::uint64_t hash = kPrime5;
    if (bytes.size() >= 32) {
        std::array<std::uint64_t, 4> lanes{kPrime1 + kPrime2, kPrime2, 0, 0 - kPrime1};
        for (; end - at >= 32; at += 32) {
            for (std::size_t i = 0; i < 4; ++i) {
                lanes[i] = mix(lanes[i], load_native<std::uint64_t>(at + 8 * i));
            }
        }
        hash = std::rotl(lanes[0], 1) + std::rotl(lanes[1], 7) + std::rotl(lanes[2], 12) +
               std::rotl(lanes[3], 18);
        for (const std::uint64_t lane : lanes) {
            hash = (hash ^ mix(0, lane)) * kPrime1 + kPrime4;
        }
    }
    hash += bytes.size();
    for (; end - at >= 8; at += 8) {
        hash ^= mix(0, load_native<std::uint64_t>(at));
        hash = std::rotl(hash, 27) * kPrime1 + kPrime4;
    }
    if (end - at >= 4) {
        hash ^= load_native<std::uint32_t>(at) * kPrime1;
        hash = std::rotl(hash, 23) * kPrime2 + kPrime3;
        at += 4;
    }
    for (; at != end; ++at) {
        hash ^= std::to_integer<std::uint64_t>(*at) * kPrime5;
        hash = std::rotl(hash, 11) * kPrime1;
    }
    hash = (hash ^ (hash >> 33)) * kPrime2;
    hash = (hash ^ (hash >> 29)) * kPrime3;
    return hash ^ (hash >> 32);
}

bool pack(const version::SemVer& version, std::uint64_t& packed) noexcept {
    constexpr std::uint64_t kEnd = std::uint64_t{1} << kNumberBits;
    if (version.is_prerelease() || !version.build().empty() || version.major() >= kEnd ||
        version.minor() >= kEnd || version.patch() >= kEnd) {
        return false;
    }
    packed =
        (version.major() << (2 * kNumberBits)) | (version.minor() << kNumberBits) | version.patch();
    return true;
}

std::uint32_t domain_words(const FrozenUniverse::View& view, std::uint32_t name) {
    return (view.versions_of(name).second + 1 + 63) / 64;
}

}  // namespace frozen

using frozen::kNone;

std::uint32_t FrozenUniverse::View::find(std::string_view wanted) const noexcept {
    const auto mask = static_cast<std::uint32_t>(name_table.size() - 1);
    auto slot = static_cast<std::uint32_t>(frozen::name_hash(wanted)) & mask;
    for (std::uint32_t probes = 0; probes <= mask; ++probes) {
        const std::uint32_t entry = name_table[slot];
        if (entry == 0) break;
        if (name(entry - 1) == wanted) return entry - 1;
        slot = (slot + 1) & mask;
    }
    return over == nullptr ? kNone : over->find(wanted);
}

std::uint32_t FrozenUniverse::View::find_version(std::uint32_t id, const Candidate& wanted) const {
    const auto [first, count] = versions_of(id);
    for (std::uint32_t i = first; i < first + count; ++i) {
        const Candidate listed = candidate(i);
        if (listed.version == wanted.version && listed.source_id == wanted.source_id) return i;
    }
    return kNone;
}

version::SemVer FrozenUniverse::View::version_from(std::uint64_t packed) const {
    if ((packed & frozen::kTextVersion) == 0) return frozen::unpack(packed);
    auto parsed = version::SemVer::parse(text(static_cast<std::uint32_t>(packed)));
    return parsed ? *std::move(parsed) : version::SemVer();
}

std::string_view FrozenUniverse::View::text(std::uint32_t offset) const noexcept {
    if (over != nullptr && offset >= texts.size() && offset != kNone) return over->text(offset);
    if (offset >= texts.size() || texts.size() - offset < 2) return {};
    std::uint16_t length = 0;
    std::memcpy(&length, texts.data() + offset, sizeof length);
    if (texts.size() - offset - 2 < length) return {};
    return texts.substr(offset + 2, length);
}

std::span<const std::uint32_t> FrozenUniverse::View::list(std::uint32_t offset) const noexcept {
    if (over != nullptr && offset >= lists.size() && offset != kNone) return over->list(offset);
    if (offset >= lists.size()) return {};
    const std::uint32_t count = lists[offset];
    if (count > lists.size() - offset - 1) return {};
    return lists.subspan(offset + 1, count);
}

std::span<const frozen::RequirementEntry> FrozenUniverse::View::parts(
    const frozen::RequirementEntry& entry) const noexcept {
    if (entry.target == kNone) return {};
    if (entry.target != frozen::kSeveral) return {&entry, 1};
    const std::uint32_t count = entry.count & frozen::kCountMask;
    if (over != nullptr && entry.mask >= alternatives.size()) {
        return over->alternatives(entry.mask);
    }
    if (entry.mask > alternatives.size() || count > alternatives.size() - entry.mask) return {};
    return alternatives.subspan(static_cast<std::size_t>(entry.mask), count);
}

const frozen::ExtraEntry* FrozenUniverse::View::extra(std::uint32_t version) const noexcept {
    const auto at = std::lower_bound(
        extras.begin(), extras.end(), version,
        [](const frozen::ExtraEntry& e, std::uint32_t key) { return e.version < key; });
    return at != extras.end() && at->version == version ? &*at : nullptr;
}

bool FrozenUniverse::View::provides_prerelease(std::uint32_t index) const {
    if (index >= version_flags.size()) return overlaid_provides_prerelease(index);
    if ((version_flags[index] & frozen::kHasExtra) == 0) return false;
    const frozen::ExtraEntry* const found = extra(index);
    const std::span<const std::uint32_t> provided_names =
        list(found == nullptr ? frozen::kNone : found->provides);
    for (std::size_t i = 0; i + 2 < provided_names.size(); i += 3) {
        const std::uint64_t low = provided_names[i + 1];
        const std::uint64_t high = provided_names[i + 2];
        if (version_from(low | (high << 32)).is_prerelease()) return true;
    }
    return false;
}

std::span<const frozen::ProvideEntry> FrozenUniverse::View::provided(
    std::uint32_t virtual_name) const {
    if (over != nullptr && over->is_virtual(virtual_name)) return over->provided(virtual_name);
    const auto less = [](const frozen::ProvideEntry& e, std::uint32_t key) {
        return e.virtual_name < key;
    };
    const auto first = std::lower_bound(provides.begin(), provides.end(), virtual_name, less);
    auto end = first;
    while (end != provides.end() && end->virtual_name == virtual_name &&
           end->version < versions.size()) {
        ++end;
    }
    return {first, end};
}

Result<version::VersionConstraint> FrozenUniverse::View::constraint(std::uint32_t offset) const {
    const std::string_view stored = text(offset);
    if (!stored.empty()) {
        const auto dialect =
            stored.front() == 'n' ? version::Dialect::kNpm : version::Dialect::kCargo;
        auto parsed = version::VersionConstraint::parse(stored.substr(1), dialect);
        if (parsed) return *std::move(parsed);
    }
    return fail(frozen::universe_invalid("a constraint of a frozen universe cannot be read"));
}

Candidate FrozenUniverse::View::candidate(std::uint32_t index) const {
    if (over != nullptr && index >= versions.size()) return overlaid_candidate(index);
    Candidate candidate;
    candidate.version = version(index);
    candidate.yanked = (version_flags[index] & frozen::kYanked) != 0;
    if ((version_flags[index] & frozen::kHasExtra) != 0) {
        const frozen::ExtraEntry* more = extra(index);
        if (more != nullptr && more->source_id != kNone)
            candidate.source_id = text(more->source_id);
    }
    return candidate;
}

namespace frozen {

namespace {

/// Reads the header's section table and hands the sections out one after another.
class SectionReader {
public:
    SectionReader(ByteView all, std::size_t table) : all_(all), table_(table) {}

    template <class T>
    void take(std::span<const T>& out) {
        const std::uint64_t offset = load_native<std::uint64_t>(all_.data() + table_ + 16 * next_);
        const std::uint64_t bytes =
            load_native<std::uint64_t>(all_.data() + table_ + 16 * next_ + 8);
        ++next_;
        if (offset % 8 != 0 || offset < kHeaderBytes || offset > all_.size() ||
            bytes > all_.size() - offset || bytes % sizeof(T) != 0) {
            good_ = false;
            return;
        }
        out = {reinterpret_cast<const T*>(all_.data() + offset),
               static_cast<std::size_t>(bytes / sizeof(T))};
    }
    void take(std::string_view& out) {
        std::span<const char> chars;
        take(chars);
        out = {chars.data(), chars.size()};
    }
    [[nodiscard]] bool good() const noexcept { return good_; }

private:
    ByteView all_;
    std::size_t table_;
    std::size_t next_ = 0;
    bool good_ = true;
};

constexpr std::size_t kSectionTableAt = 48;
constexpr std::size_t kHeaderChecksumAt = kHeaderBytes - 8;

bool has_sound_sizes(const FrozenUniverse::View& view) {
    const std::size_t table = view.name_table.size();
    return view.name_offsets.size() == std::size_t{view.names} + 1 &&
           view.version_first.size() == view.name_offsets.size() && std::has_single_bit(table) &&
           table > view.names && view.version_flags.size() == view.versions.size() &&
           view.version_rows.size() == view.versions.size() && !view.row_first.empty() &&
           view.versions.size() < kNone;
}

void read_sections(FrozenUniverse::View& view, bool& good) {
    SectionReader reader(view.all, kSectionTableAt);
    reader.take(view.name_offsets);
    reader.take(view.name_table);
    reader.take(view.version_first);
    reader.take(view.versions);
    reader.take(view.version_flags);
    reader.take(view.version_rows);
    reader.take(view.row_first);
    reader.take(view.items);
    reader.take(view.requirements);
    reader.take(view.alternatives);
    reader.take(view.conditions);
    reader.take(view.masks);
    reader.take(view.provides);
    reader.take(view.extras);
    reader.take(view.lists);
    reader.take(view.texts);
    reader.take(view.name_texts);
    good = reader.good();
}

}  // namespace

}  // namespace frozen

Result<FrozenUniverse> FrozenUniverse::open(ByteView bytes, std::shared_ptr<const void> owner) {
    const auto refuse = [](std::string_view what) {
        return fail(
            frozen::universe_invalid("this is not a frozen universe: " + std::string(what)));
    };
    if (bytes.size() < frozen::kHeaderBytes) return refuse("it is too short");
    if (as_text(bytes.first(8)) != frozen::kMagic) return refuse("it does not begin like one");
    if (reinterpret_cast<std::uintptr_t>(bytes.data()) % 8 != 0) {
        return refuse("its bytes are not aligned to 8");
    }
    const std::byte* header = bytes.data();
    if (frozen::checksum(bytes.first(frozen::kHeaderChecksumAt)) !=
        frozen::load_native<std::uint64_t>(header + frozen::kHeaderChecksumAt)) {
        return refuse("its header is damaged");
    }
    if (frozen::load_native<std::uint32_t>(header + 8) != frozen::kFormatVersion) {
        return refuse("it is of another version of the format");
    }
    auto view = std::make_shared<View>();
    view->names = frozen::load_native<std::uint32_t>(header + 12);
    const auto size = frozen::load_native<std::uint64_t>(header + 16);
    view->identity = frozen::load_native<std::uint64_t>(header + 24);
    if (size > bytes.size() || size < frozen::kHeaderBytes) return refuse("it is cut off");
    view->all = bytes.first(static_cast<std::size_t>(size));
    view->owner = std::move(owner);
    bool good = false;
    frozen::read_sections(*view, good);
    if (!good || !frozen::has_sound_sizes(*view)) return refuse("its sections do not fit");
    return FrozenUniverse(std::shared_ptr<const View>(std::move(view)));
}

Result<void> FrozenUniverse::verify() const {
    if (frozen::checksum(view_->all.subspan(frozen::kHeaderBytes)) != view_->identity) {
        return fail(frozen::universe_invalid("the content of a frozen universe is damaged"));
    }
    return {};
}

std::uint64_t FrozenUniverse::name_count() const noexcept { return view_->names; }
std::uint64_t FrozenUniverse::version_count() const noexcept { return view_->versions.size(); }
std::uint64_t FrozenUniverse::bytes() const noexcept { return view_->all.size(); }
std::uint64_t FrozenUniverse::identity() const noexcept { return view_->identity; }

}  // namespace catalog::resolve
