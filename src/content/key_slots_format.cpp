#include "key_slots_format.hpp"

#include <algorithm>
#include <catalog/internal/crc32c.hpp>
#include <catalog/internal/try.hpp>
#include <string_view>
#include <utility>

namespace catalog::content {
namespace {

constexpr std::string_view kSlotsMagic = "CATKEYS\n";
// Of a file all of whose generations are whole, and of one with parts of one that was dropped.
constexpr std::uint32_t kSlotsVersion = 1;
constexpr std::uint32_t kSlotsVersionParts = 2;
constexpr std::size_t kGenerationPartsMax = 2;
constexpr std::size_t kSlotsHeadBytes = 48;
constexpr std::size_t kSlotsTailBytes = kSlotsMacBytes + 8;
constexpr std::size_t kSlotAlignment = 8;
constexpr std::uint32_t kArgonMemoryKibMin = 8;

Error slots_damaged(std::string message) {
    return Error(Errc::kKeyInvalid, std::move(message))
        .with_hint("restore the key slots from a backup");
}

std::size_t to_alignment(std::size_t size) {
    return (kSlotAlignment - size % kSlotAlignment) % kSlotAlignment;
}

void append_wrapped(std::string& out, const WrappedKey& key) {
    out += as_text(key.nonce);
    out += as_text(key.sealed);
}

/// A slot up to its wrapped key.
void append_slot_head(std::string& out, const SlotRecord& slot) {
    append_le(out, static_cast<std::uint32_t>(slot.info.id));
    append_le(out, static_cast<std::uint32_t>(slot.info.kind));
    append_le(out, slot.info.cost.memory_kib);
    append_le(out, slot.info.cost.passes);
    append_le(out, static_cast<std::uint16_t>(slot.info.wrapper.size()));
    append_le(out, static_cast<std::uint16_t>(slot.blob.size()));
    append_le(out, std::uint32_t{0});
    out += as_text(slot.salt);
    out += slot.info.wrapper;
    out += slot.blob;
    out.append(to_alignment(slot.info.wrapper.size() + slot.blob.size()), '\0');
}

/// Takes fields off the front of a file. Reading past the end is remembered, not done.
class SlotsReader {
public:
    explicit SlotsReader(ByteView bytes) noexcept : rest_(bytes) {}

    template <class T>
    T number() noexcept {
        const ByteView taken = take(sizeof(T));
        return taken.size() == sizeof(T) ? load_le<T>(taken.data()) : T{0};
    }
    template <std::size_t N>
    void fill(std::array<std::byte, N>& out) noexcept {
        const ByteView taken = take(N);
        std::copy(taken.begin(), taken.end(), out.begin());
    }
    std::string text(std::size_t size) { return std::string(as_text(take(size))); }
    /// Takes `size` bytes that must be zeros.
    void zeros(std::size_t size) noexcept {
        for (const std::byte byte : take(size)) whole_ = whole_ && byte == std::byte{0};
    }
    void wrapped(WrappedKey& key) noexcept {
        fill(key.nonce);
        fill(key.sealed);
    }
    /// Tells whether everything was there and as it must be.
    [[nodiscard]] bool whole() const noexcept { return whole_; }
    [[nodiscard]] std::size_t left() const noexcept { return rest_.size(); }

private:
    ByteView take(std::size_t size) noexcept {
        whole_ = whole_ && size <= rest_.size();
        if (!whole_) return {};
        const ByteView taken = rest_.first(size);
        rest_ = rest_.subspan(size);
        return taken;
    }
    ByteView rest_;
    bool whole_ = true;
};

Result<SlotRecord> read_slot(SlotsReader& in, const KeySlotLimits& limits) {
    SlotRecord slot;
    slot.info.id = SlotId{in.number<std::uint32_t>()};
    const auto kind = in.number<std::uint32_t>();
    slot.info.cost.memory_kib = in.number<std::uint32_t>();
    slot.info.cost.passes = in.number<std::uint32_t>();
    const std::size_t name_bytes = in.number<std::uint16_t>();
    const std::size_t blob_bytes = in.number<std::uint16_t>();
    in.zeros(4);
    in.fill(slot.salt);
    slot.info.wrapper = in.text(name_bytes);
    slot.blob = in.text(blob_bytes);
    in.zeros(to_alignment(name_bytes + blob_bytes));
    in.wrapped(slot.ring_key);
    if (!in.whole() || kind < static_cast<std::uint32_t>(SlotKind::kPassphrase) ||
        kind > static_cast<std::uint32_t>(SlotKind::kHost))
        return fail(slots_damaged("a key slot cannot be read"));
    slot.info.kind = static_cast<SlotKind>(kind);
    if (slot.info.kind == SlotKind::kPassphrase) {
        CATALOG_TRY_VOID(check_cost(slot.info.cost, limits));
    } else if (slot.info.cost.memory_kib != 0 || slot.info.cost.passes != 0) {
        return fail(slots_damaged("a key slot without a passphrase has a cost"));
    }
    const bool host = slot.info.kind == SlotKind::kHost;
    if (host ? name_bytes == 0 || name_bytes > kWrapperNameBytesMax || blob_bytes == 0 ||
                   blob_bytes > kWrappedKeyBytesMax
             : name_bytes != 0 || blob_bytes != 0)
        return fail(slots_damaged("a key slot has fields that are not of its kind"));
    return slot;
}

// Parts stand in front, each once and of one generation; then masters, of which one is needed.
Result<std::vector<GenerationRecord>> read_generations(SlotsReader& in, std::uint32_t count) {
    std::vector<GenerationRecord> all;
    std::size_t masters = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        GenerationRecord record;
        record.generation = KeyGeneration{in.number<std::uint32_t>()};
        const auto part = in.number<std::uint32_t>();
        in.wrapped(record.key);
        record.part = static_cast<GenerationPart>(part);
        const bool is_master = record.part == GenerationPart::kMaster;
        const KeyGeneration last = all.empty() ? KeyGeneration{0} : all.back().generation;
        const bool continues = !all.empty() && !is_master && all.back().part < record.part &&
                               all.back().part != GenerationPart::kMaster &&
                               record.generation == last;
        const bool begins = record.generation > last && (is_master || all.empty());
        if (!in.whole() || part > static_cast<std::uint32_t>(GenerationPart::kDatabaseKey) ||
            (!continues && !begins))
            return fail(slots_damaged("the key generations are not in order"));
        masters += is_master ? 1 : 0;
        all.push_back(record);
    }
    const std::size_t parts = all.size() - masters;
    if (masters == 0 || masters > kKeyGenerationsMax ||
        (parts != 0 && parts != kGenerationPartsMax))
        return fail(slots_damaged("the key generations are not whole"));
    return all;
}

Result<void> check_frame(ByteView bytes) {
    if (bytes.size() < kSlotsHeadBytes + kSlotsTailBytes || bytes.size() > kSlotsFileBytesMax ||
        as_text(bytes.first(kSlotsMagic.size())) != kSlotsMagic)
        return fail(slots_damaged("the file does not hold key slots"));
    const auto version = load_le<std::uint32_t>(bytes.data() + kSlotsMagic.size());
    if (version > kSlotsVersionParts)
        return fail(
            Error(Errc::kUnsupported, "the key slots are of version " + std::to_string(version))
                .with_hint("use the release that wrote them, or a later one"));
    const ByteView tail = bytes.last(8);
    const auto crc = internal::crc32c(bytes.first(bytes.size() - tail.size()));
    if (version == 0 || load_le<std::uint32_t>(bytes.data() + 12) != bytes.size() ||
        load_le<std::uint32_t>(tail.data()) != crc || load_le<std::uint32_t>(tail.data() + 4) != 0)
        return fail(slots_damaged("the key slots are damaged"));
    return {};
}

}  // namespace

Result<void> check_cost(const PassphraseCost& cost, const KeySlotLimits& limits) {
    if (cost.memory_kib < kArgonMemoryKibMin || cost.passes == 0)
        return fail(slots_damaged("a passphrase slot asks for less than Argon2id can do"));
    const auto too_much = [](const char* limit, std::uint64_t allowed, std::uint64_t actual) {
        return fail(Error(Errc::kLimitExceeded, "a passphrase slot demands too much",
                          LimitDetail{limit, allowed, actual})
                        .with_hint("raise the limit if you trust where the key slots come from"));
    };
    if (cost.memory_kib > limits.memory_kib_max)
        return too_much("memory_kib_max", limits.memory_kib_max, cost.memory_kib);
    if (cost.passes > limits.passes_max)
        return too_much("passes_max", limits.passes_max, cost.passes);
    return {};
}

std::string slot_context(const StoreId& store, const SlotRecord& slot) {
    std::string context("catalog.slots.v1 slot");
    context += as_text(store);
    append_slot_head(context, slot);
    return context;
}

std::string generation_context(const StoreId& store, KeyGeneration generation,
                               GenerationPart part) {
    std::string context("catalog.slots.v1 generation");
    context += as_text(store);
    append_le(context, static_cast<std::uint32_t>(generation));
    if (part != GenerationPart::kMaster) append_le(context, static_cast<std::uint32_t>(part));
    return context;
}

std::string encode_slots_body(const SlotsFile& file) {
    std::string body(kSlotsMagic);
    const bool has_parts = file.generations.front().part != GenerationPart::kMaster;
    append_le(body, has_parts ? kSlotsVersionParts : kSlotsVersion);
    append_le(body, std::uint32_t{0});  // the length, once it is known
    body += as_text(file.store);
    append_le(body, static_cast<std::uint32_t>(file.slots.size()));
    append_le(body, static_cast<std::uint32_t>(file.generations.size()));
    append_le(body, static_cast<std::uint32_t>(file.next_slot));
    append_le(body, std::uint32_t{0});
    for (const SlotRecord& slot : file.slots) {
        append_slot_head(body, slot);
        append_wrapped(body, slot.ring_key);
    }
    for (const GenerationRecord& generation : file.generations) {
        append_le(body, static_cast<std::uint32_t>(generation.generation));
        append_le(body, static_cast<std::uint32_t>(generation.part));
        append_wrapped(body, generation.key);
    }
    std::string length;
    append_le(length, static_cast<std::uint32_t>(body.size() + kSlotsTailBytes));
    body.replace(12, length.size(), length);
    return body;
}

std::string encode_slots_file(const SlotsFile& file) {
    std::string bytes = encode_slots_body(file);
    bytes += as_text(file.mac);
    append_le(bytes, internal::crc32c(as_bytes(bytes)));
    append_le(bytes, std::uint32_t{0});
    return bytes;
}

Result<SlotsFile> decode_slots_file(ByteView bytes, const KeySlotLimits& limits) {
    CATALOG_TRY_VOID(check_frame(bytes));
    const bool has_parts =
        load_le<std::uint32_t>(bytes.data() + kSlotsMagic.size()) == kSlotsVersionParts;
    SlotsReader in(bytes.first(bytes.size() - 8).subspan(16));
    SlotsFile file;
    in.fill(file.store);
    const auto slots = in.number<std::uint32_t>();
    const auto generations = in.number<std::uint32_t>();
    file.next_slot = SlotId{in.number<std::uint32_t>()};
    in.zeros(4);
    if (!in.whole() || slots == 0 || slots > kKeySlotsMax || generations == 0 ||
        generations > kKeyGenerationsMax + kGenerationPartsMax)
        return fail(slots_damaged("the key slots' numbers are out of range"));
    SlotId former{0};
    for (std::uint32_t i = 0; i < slots; ++i) {
        CATALOG_TRY(SlotRecord slot, read_slot(in, limits));
        if (slot.info.id <= former || slot.info.id >= file.next_slot)
            return fail(slots_damaged("the key slots are not in order"));
        former = slot.info.id;
        file.slots.push_back(std::move(slot));
    }
    CATALOG_TRY(file.generations, read_generations(in, generations));
    if (has_parts != (file.generations.front().part != GenerationPart::kMaster))
        return fail(slots_damaged("the key slots are of another version than they say"));
    in.fill(file.mac);
    if (!in.whole() || in.left() != 0)
        return fail(slots_damaged("the key slots do not end where they should"));
    return file;
}

}  // namespace catalog::content
