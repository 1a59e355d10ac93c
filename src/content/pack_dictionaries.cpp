#include "pack_dictionaries.hpp"

#include <algorithm>
#include <array>
#include <catalog/internal/try.hpp>

namespace catalog::content {
namespace {

using internal::MutexLock;

bool is_damage(const Error& error) { return error.code() == Errc::kContentCorrupted; }

tl::unexpected<Error> number_is_taken(std::uint32_t number) {
    return fail(Errc::kInvalidArgument,
                "another dictionary of the store has number " + std::to_string(number));
}

}  // namespace

// The first record of a pack never changes, so what is known of it stays right.
Result<std::optional<PackDictionaries::Known>> PackDictionaries::look_at(PackId pack) {
    {
        const MutexLock lock(mutex_);
        if (const auto found = known_.find(pack); found != known_.end()) return found->second;
    }
    CATALOG_TRY(const OpenedPack opened, files_.open(pack));
    const RecordLayout layout(opened.seal ? opened.seal->records.get() : nullptr);
    std::array<std::byte, kSealedHeaderBytes> room{};
    const std::span<std::byte> head = std::span(room).first(layout.head_bytes());
    CATALOG_TRY(const std::size_t count, reader_of(opened)(kDictionaryOffset, head));
    std::optional<Known> known;
    // A pack that was only begun may still get one.
    if (count < head.size()) return known;
    const auto header = layout.read_header(kDictionaryOffset, head);
    if (!header) return known;
    if (header->codec == Codec::kDictionary)
        known = Known{{dictionary_number_of(header->id), layout.bytes_of(*header)},
                      header->id,
                      {pack, kDictionaryOffset, header->stored_bytes, header->plain_bytes}};
    const MutexLock lock(mutex_);
    known_[pack] = known;
    return known;
}

Result<std::optional<PackDictionaries::Known>> PackDictionaries::look_past_damage(PackId pack) {
    auto known = look_at(pack);
    if (!known && is_damage(known.error())) return std::nullopt;
    return known;
}

Result<std::optional<PackDictionary>> PackDictionaries::of(PackId pack) {
    CATALOG_TRY(const auto known, look_at(pack));
    if (!known) return std::nullopt;
    return known->dictionary;
}

Result<Bytes> PackDictionaries::read_known(const Known& known) {
    auto plain = read_record_of(known);
    if (!plain) {
        const MutexLock lock(mutex_);
        known_.erase(known.location.pack);
    }
    return plain;
}

Result<Bytes> PackDictionaries::read_record_of(const Known& known) {
    CATALOG_TRY(const OpenedPack opened, files_.open(known.location.pack));
    Bytes buffer;
    CATALOG_TRY(const StoredRecord record,
                read_record(reader_of(opened), known.location, buffer, opened.seal.get()));
    auto plain = decode_dictionary(record.header, record.payload);
    if (plain) return plain;
    if (plain.error().code() != Errc::kDecompression) return fail(plain.error());
    return pack_damaged(known.location.pack, kDictionaryOffset,
                        std::string(plain.error().message()));
}

Result<Bytes> PackDictionaries::read(PackId pack) {
    CATALOG_TRY(const auto known, look_at(pack));
    if (!known) return pack_damaged(pack, kDictionaryOffset, "pack begins with no dictionary");
    return read_known(*known);
}

Result<std::vector<PackId>> PackDictionaries::packs() const {
    CATALOG_TRY(const auto files, files_.list_packs());
    std::vector<PackId> packs;
    for (const auto& [pack, bytes] : files)
        if (bytes > kPackHeaderBytes) packs.push_back(pack);
    std::ranges::sort(packs, std::ranges::greater());
    return packs;
}

Result<std::optional<Bytes>> PackDictionaries::read_elsewhere(PackId pack, std::uint32_t number) {
    CATALOG_TRY(const auto others, packs());
    for (const PackId other : others) {
        if (other == pack) continue;
        CATALOG_TRY(const auto known, look_past_damage(other));
        if (!known || known->dictionary.number != number) continue;
        auto plain = read_known(*known);
        if (plain) return *std::move(plain);
        if (!is_damage(plain.error())) return fail(plain.error());
    }
    return std::nullopt;
}

Result<std::shared_ptr<const Dictionary>> PackDictionaries::load(PackId pack,
                                                                 std::uint32_t number) {
    {
        const MutexLock lock(mutex_);
        const auto found = std::ranges::find(loaded_, number, &Loaded::number);
        if (found != loaded_.end()) {
            loaded_.splice(loaded_.begin(), loaded_, found);
            return loaded_.front().dictionary;
        }
    }
    std::optional<Bytes> plain;
    // What is known may be of a pack that was never committed and had the same number.
    for (int look = 0; look < 2 && !plain; ++look) {
        CATALOG_TRY(const auto known, look_past_damage(pack));
        if (!known || known->dictionary.number != number) continue;
        auto own = read_known(*known);
        if (own)
            plain = *std::move(own);
        else if (!is_damage(own.error()))
            return fail(own.error());
    }
    if (!plain) {
        CATALOG_TRY(plain, read_elsewhere(pack, number));
    }
    if (!plain)
        return pack_damaged(pack, kDictionaryOffset,
                            "no pack has dictionary " + std::to_string(number) + " whole");
    auto dictionary = Dictionary::load(*plain, 0);
    if (!dictionary)
        return pack_damaged(pack, kDictionaryOffset, std::string(dictionary.error().message()));
    const MutexLock lock(mutex_);
    loaded_.push_front({number, *dictionary});
    if (loaded_.size() > kLoadedMax) loaded_.pop_back();
    return *std::move(dictionary);
}

Result<std::optional<Bytes>> PackDictionaries::read_newest() {
    CATALOG_TRY(const auto all, packs());
    for (const PackId pack : all) {
        CATALOG_TRY(const auto known, look_past_damage(pack));
        if (!known) continue;
        auto plain = read_known(*known);
        if (plain) return *std::move(plain);
        if (!is_damage(plain.error())) return fail(plain.error());
        return read_elsewhere(pack, known->dictionary.number);
    }
    return std::nullopt;
}

Result<void> PackDictionaries::check_unique(const ContentHash& id) {
    CATALOG_TRY(const auto all, packs());
    const std::uint32_t number = dictionary_number_of(id);
    for (const PackId pack : all) {
        CATALOG_TRY(const auto known, look_past_damage(pack));
        if (known && known->dictionary.number == number && known->id != id)
            return number_is_taken(number);
    }
    return {};
}

Result<std::uint64_t> PackDictionaries::bytes() {
    CATALOG_TRY(const auto all, packs());
    std::uint64_t bytes = 0;
    for (const PackId pack : all) {
        CATALOG_TRY(const auto known, look_past_damage(pack));
        if (known) bytes += known->dictionary.record_bytes;
    }
    return bytes;
}

Result<void> PackDictionaries::use(ByteView dictionary) {
    CATALOG_TRY(EncodedDictionary encoded, encode_dictionary(dictionary));
    // zstd may refuse what it trained itself.
    CATALOG_TRY_VOID(Dictionary::load(dictionary, 0));
    const MutexLock lock(use_mutex_);
    CATALOG_TRY_VOID(check_unique(encoded.header.id));
    if (in_use_ && in_use_->number == encoded.number && in_use_->header.id != encoded.header.id)
        return number_is_taken(encoded.number);
    in_use_ = std::make_shared<const EncodedDictionary>(std::move(encoded));
    looked_for_ = true;
    return {};
}

Result<std::shared_ptr<const EncodedDictionary>> PackDictionaries::in_use() {
    const MutexLock lock(use_mutex_);
    if (looked_for_) return in_use_;
    CATALOG_TRY(const auto newest, read_newest());
    if (newest) {
        CATALOG_TRY(EncodedDictionary encoded, encode_dictionary(*newest));
        in_use_ = std::make_shared<const EncodedDictionary>(std::move(encoded));
    }
    looked_for_ = true;
    return in_use_;
}

void PackDictionaries::forget() {
    {
        const MutexLock lock(use_mutex_);
        in_use_.reset();
        looked_for_ = false;
    }
    const MutexLock lock(mutex_);
    known_.clear();
    loaded_.clear();
}

}  // namespace catalog::content
