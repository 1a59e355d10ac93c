#include "catalog/content/key_slots.hpp"

#include <openssl/crypto.h>
#include <sodium.h>

#include <algorithm>
#include <catalog/internal/hkdf.hpp>
#include <catalog/internal/try.hpp>
#include <utility>

#include "key_slots_format.hpp"
#include "locked_bytes.hpp"

namespace catalog::content {
namespace {

static_assert(kWrapNonceBytes == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
static_assert(kWrapTagBytes == crypto_aead_xchacha20poly1305_ietf_ABYTES);
static_assert(kStoreKeyBytes == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
static_assert(kSlotSaltBytes == std::size_t{2} * crypto_pwhash_argon2id_SALTBYTES);

constexpr std::string_view kPassphraseInfo = "catalog.slots.v1 passphrase";
constexpr std::string_view kRecoveryInfo = "catalog.slots.v1 recovery";
constexpr std::string_view kHostInfo = "catalog.slots.v1 host";
constexpr std::string_view kSlotsMacInfo = "catalog.slots.v1 file";

Result<void> wrap_key(ByteView key, ByteView secret, std::string_view context, Random& random,
                      WrappedKey& out) {
    CATALOG_TRY_VOID(random.fill(out.nonce));
    const auto associated = as_bytes(context);
    const int failed = ::crypto_aead_xchacha20poly1305_ietf_encrypt(
        octets(out.sealed.data()), nullptr, octets(secret.data()), secret.size(),
        octets(associated.data()), associated.size(), nullptr, octets(out.nonce.data()),
        octets(key.data()));
    if (failed != 0) return fail(Errc::kInternal, "libsodium could not wrap a key");
    return {};
}

bool unwrap_key(ByteView key, const WrappedKey& wrapped, std::string_view context,
                std::span<std::byte> out) noexcept {
    const auto associated = as_bytes(context);
    return out.size() == kStoreKeyBytes &&
           ::crypto_aead_xchacha20poly1305_ietf_decrypt(
               octets(out.data()), nullptr, nullptr, octets(wrapped.sealed.data()),
               wrapped.sealed.size(), octets(associated.data()), associated.size(),
               octets(wrapped.nonce.data()), octets(key.data())) == 0;
}

tl::unexpected<Error> no_slot_opens() {
    return fail(Error(Errc::kPermissionDenied, "this does not open the store",
                      SecurityDetail{"access", "key slots"})
                    .with_hint("give the passphrase, the recovery key or the host's key of one of "
                               "the store's key slots"));
}

SlotKind kind_of(const SlotSecret& secret) noexcept {
    if (std::holds_alternative<Passphrase>(secret)) return SlotKind::kPassphrase;
    if (std::holds_alternative<RecoveryKey>(secret)) return SlotKind::kRecoveryKey;
    return SlotKind::kHost;
}

Result<void> derive_slot_key(ByteView input, ByteView salt, std::string_view info,
                             LockedBytes& key) {
    if (internal::hkdf_sha256(input, salt, as_bytes(info), key.bytes())) return {};
    return fail(Errc::kOutOfMemory, "a slot's key could not be derived");
}

Result<void> stretch_passphrase(const Passphrase& secret, const SlotRecord& slot,
                                LockedBytes& key) {
    const ByteView salt(slot.salt);
    CATALOG_TRY(LockedBytes stretched, LockedBytes::make(kStoreKeyBytes));
    const int failed = ::crypto_pwhash(
        octets(stretched.bytes().data()), stretched.bytes().size(), secret.text.data(),
        secret.text.size(), octets(salt.data()), slot.info.cost.passes,
        std::size_t{slot.info.cost.memory_kib} * 1024, crypto_pwhash_ALG_ARGON2ID13);
    if (failed != 0)
        return fail(Error(Errc::kOutOfMemory, "there is no memory to try the passphrase")
                        .with_hint("a passphrase slot takes " +
                                   std::to_string(slot.info.cost.memory_kib) + " KiB"));
    return derive_slot_key(stretched.bytes(), salt.subspan(crypto_pwhash_argon2id_SALTBYTES),
                           kPassphraseInfo, key);
}

/// What a wrapper's wrapping is bound to; the slot's own fields are bound by the ring key's.
std::string host_context(const StoreId& store, ByteView salt) {
    std::string context("catalog.slots.v1 wrapper");
    context += as_text(store);
    context += as_text(salt);
    return context;
}

Result<void> unwrap_by_host(KeyWrapper& wrapper, const StoreId& store, const SlotRecord& slot,
                            LockedBytes& key) {
    Result<Bytes> secret =
        wrapper.unwrap(as_bytes(slot.blob), as_bytes(host_context(store, slot.salt)));
    if (!secret) return fail(secret.error());
    const auto derived = derive_slot_key(*secret, slot.salt, kHostInfo, key);
    ::OPENSSL_cleanse(secret->data(), secret->size());
    return derived;
}

/// Makes the key that encrypts the ring key in `slot`. kPermissionDenied: not this slot's secret.
Result<LockedBytes> key_for_slot(const SlotSecret& secret, const StoreId& store,
                                 const SlotRecord& slot) {
    CATALOG_TRY(LockedBytes key, LockedBytes::make(kStoreKeyBytes));
    if (const auto* const passphrase = std::get_if<Passphrase>(&secret)) {
        CATALOG_TRY_VOID(stretch_passphrase(*passphrase, slot, key));
    } else if (const auto* const recovery = std::get_if<RecoveryKey>(&secret)) {
        CATALOG_TRY_VOID(derive_slot_key(recovery->bytes(), slot.salt, kRecoveryInfo, key));
    } else {
        KeyWrapper& wrapper = *std::get<std::shared_ptr<KeyWrapper>>(secret);
        CATALOG_TRY_VOID(unwrap_by_host(wrapper, store, slot, key));
    }
    return key;
}

Result<void> check_secret(const SlotSecret& secret, const KeySlotLimits& limits) {
    if (const auto* const wrapper = std::get_if<std::shared_ptr<KeyWrapper>>(&secret)) {
        if (*wrapper == nullptr) return fail(Errc::kInvalidArgument, "there is no key wrapper");
        const std::size_t bytes = (*wrapper)->name().size();
        if (bytes == 0 || bytes > kWrapperNameBytesMax)
            return fail(Errc::kInvalidArgument, "a key wrapper's name has 1 to 128 bytes");
    }
    const auto* const passphrase = std::get_if<Passphrase>(&secret);
    if (passphrase == nullptr) return {};
    if (passphrase->text.empty()) return fail(Errc::kInvalidArgument, "the passphrase is empty");
    if (passphrase->text.size() > kPassphraseBytesMax)
        return fail(
            Errc::kLimitExceeded, "the passphrase is too long",
            LimitDetail{"kPassphraseBytesMax", kPassphraseBytesMax, passphrase->text.size()});
    if (auto cost = check_cost(passphrase->cost, limits); !cost)
        return cost.error().code() == Errc::kKeyInvalid
                   ? fail(Errc::kInvalidArgument, std::string(cost.error().message()))
                   : fail(cost.error());
    return {};
}

Result<SlotRecord> make_slot(const SlotsFile& file, SlotId id, const SlotSecret& secret,
                             ByteView ring_key, const KeySlotLimits& limits, Random& random) {
    CATALOG_TRY_VOID(check_secret(secret, limits));
    SlotRecord slot;
    slot.info.id = id;
    slot.info.kind = kind_of(secret);
    slot.info.cost.memory_kib = 0;
    slot.info.cost.passes = 0;
    CATALOG_TRY_VOID(random.fill(slot.salt));
    if (const auto* const passphrase = std::get_if<Passphrase>(&secret)) {
        slot.info.cost = passphrase->cost;
    } else if (const auto* const wrapper = std::get_if<std::shared_ptr<KeyWrapper>>(&secret)) {
        slot.info.wrapper = (*wrapper)->name();
        CATALOG_TRY(LockedBytes fresh, LockedBytes::make(kStoreKeyBytes));
        CATALOG_TRY_VOID(random.fill(fresh.bytes()));
        CATALOG_TRY(const Bytes blob,
                    (*wrapper)->wrap(fresh.bytes(), as_bytes(host_context(file.store, slot.salt))));
        if (blob.empty() || blob.size() > kWrappedKeyBytesMax)
            return fail(Errc::kLimitExceeded, "a key wrapper gave a result that cannot be kept",
                        LimitDetail{"kWrappedKeyBytesMax", kWrappedKeyBytesMax, blob.size()});
        slot.blob = as_text(blob);
    }
    CATALOG_TRY(const LockedBytes key, key_for_slot(secret, file.store, slot));
    CATALOG_TRY_VOID(
        wrap_key(key.bytes(), ring_key, slot_context(file.store, slot), random, slot.ring_key));
    return slot;
}

Result<void> add_part(SlotsFile& file, ByteView ring_key, KeyGeneration generation,
                      GenerationPart part, ByteView secret, Random& random) {
    GenerationRecord record;
    record.generation = generation;
    record.part = part;
    const std::string context = generation_context(file.store, generation, part);
    CATALOG_TRY_VOID(wrap_key(ring_key, secret, context, random, record.key));
    file.generations.push_back(record);
    return {};
}

Result<void> add_new_master(SlotsFile& file, ByteView ring_key, KeyGeneration generation,
                            Random& random) {
    CATALOG_TRY(const auto key, StoreKey::generate(random));
    return add_part(file, ring_key, generation, GenerationPart::kMaster, key->master(), random);
}

Result<void> add_remains(SlotsFile& file, ByteView ring_key, KeyGeneration generation,
                         const StoreKey& key, Random& random) {
    CATALOG_TRY_VOID(
        add_part(file, ring_key, generation, GenerationPart::kIdKey, key.id_key(), random));
    return add_part(file, ring_key, generation, GenerationPart::kDatabaseKey, key.database_key(),
                    random);
}

// Wraps all keys of a ring, in the order in which a file has them.
Result<void> add_ring(SlotsFile& file, ByteView ring_key, const StoreKeyRing& ring,
                      Random& random) {
    CATALOG_TRY(const auto first, ring.first());
    if (!first->is_whole())
        CATALOG_TRY_VOID(add_remains(file, ring_key, ring.oldest(), *first, random));
    for (const KeyGeneration generation : ring.generations()) {
        CATALOG_TRY(const auto key, ring.of(generation));
        CATALOG_TRY_VOID(
            add_part(file, ring_key, generation, GenerationPart::kMaster, key->master(), random));
    }
    return {};
}

Result<void> check_room_for_generation(const StoreKeyRing& ring) {
    const std::size_t count = ring.generations().size();
    if (count < kKeyGenerationsMax) return {};
    return fail(Error(Errc::kLimitExceeded, "the store has too many key generations",
                      LimitDetail{"kKeyGenerationsMax", kKeyGenerationsMax, count + 1})
                    .with_hint("repack the store under its newest keys: older ones are dropped"));
}

Result<std::array<std::byte, kSlotsMacBytes>> mac_of(const SlotsFile& file, ByteView ring_key) {
    CATALOG_TRY(LockedBytes key, LockedBytes::make(kStoreKeyBytes));
    std::array<std::byte, kSlotsMacBytes> mac{};
    if (!internal::hkdf_sha256(ring_key, file.store, as_bytes(kSlotsMacInfo), key.bytes()) ||
        !internal::hmac_sha256(key.bytes(), as_bytes(encode_slots_body(file)), mac))
        return fail(Errc::kOutOfMemory, "the key slots could not be authenticated");
    return mac;
}

KeyGeneration after(KeyGeneration generation) noexcept {
    return KeyGeneration{static_cast<std::uint32_t>(generation) + 1};
}
SlotId after(SlotId slot) noexcept { return SlotId{static_cast<std::uint32_t>(slot) + 1}; }

}  // namespace

struct UnlockedKeys::Impl {
    LockedBytes ring_key;
    StoreKeyRing ring;
    SlotId slot{};
};

UnlockedKeys::UnlockedKeys(std::unique_ptr<const Impl> impl) noexcept : impl_(std::move(impl)) {}
UnlockedKeys::~UnlockedKeys() = default;
const StoreKeyRing& UnlockedKeys::ring() const noexcept { return impl_->ring; }
SlotId UnlockedKeys::slot() const noexcept { return impl_->slot; }

struct KeySlots::Impl {
    std::shared_ptr<io::FileSystem> fs;
    std::string path;
    KeySlotLimits limits;
    SlotsFile file;

    /// Authenticates `changed`, writes it, and only then takes it over.
    Result<void> replace(SlotsFile changed, ByteView ring_key) {
        CATALOG_TRY(changed.mac, mac_of(changed, ring_key));
        CATALOG_TRY_VOID(
            io::write_file_durably(*fs, path, as_bytes(encode_slots_file(changed)), 0600));
        file = std::move(changed);
        return {};
    }

    [[nodiscard]] Result<void> check_keys(const UnlockedKeys& keys) const {
        CATALOG_TRY(const auto mac, mac_of(file, ring_key_of(keys)));
        if (::CRYPTO_memcmp(mac.data(), file.mac.data(), mac.size()) == 0) return {};
        return no_slot_opens();
    }

    /// Unwraps all keys.
    [[nodiscard]] Result<StoreKeyRing> open_ring(ByteView ring_key) const {
        StoreKeyRing ring;
        CATALOG_TRY(LockedBytes keys, LockedBytes::make(2 * kStoreKeyBytes));
        const std::span<std::byte> key = keys.bytes().first(kStoreKeyBytes);
        const std::span<std::byte> id_key = keys.bytes().last(kStoreKeyBytes);
        for (const GenerationRecord& record : file.generations) {
            const std::string context =
                generation_context(file.store, record.generation, record.part);
            if (!unwrap_key(ring_key, record.key, context, key))
                return fail(
                    Error(Errc::kKeyInvalid, "a key generation was altered").with_input(path));
            if (record.part == GenerationPart::kIdKey) {
                std::ranges::copy(key, id_key.begin());
                continue;
            }
            auto opened = record.part == GenerationPart::kMaster
                              ? StoreKey::from_master(key.first<kStoreKeyBytes>())
                              : StoreKey::from_remains(id_key.first<kStoreKeyBytes>(),
                                                       key.first<kStoreKeyBytes>());
            if (!opened) return fail(opened.error());
            ring.add(record.generation, *std::move(opened));
        }
        return ring;
    }

    /// Opens all generations with a ring key.
    [[nodiscard]] Result<std::shared_ptr<const UnlockedKeys>> unlocked(LockedBytes ring_key,
                                                                       SlotId slot) const {
        CATALOG_TRY(const auto mac, mac_of(file, ring_key.bytes()));
        if (::CRYPTO_memcmp(mac.data(), file.mac.data(), mac.size()) != 0)
            return fail(Error(Errc::kKeyInvalid, "the key slots were altered")
                            .with_input(path)
                            .with_hint("restore the key slots from a backup"));
        CATALOG_TRY(StoreKeyRing ring, open_ring(ring_key.bytes()));
        ring_key.freeze();
        return std::shared_ptr<const UnlockedKeys>(
            new UnlockedKeys(std::make_unique<const UnlockedKeys::Impl>(
                UnlockedKeys::Impl{std::move(ring_key), std::move(ring), slot})));
    }

    [[nodiscard]] static ByteView ring_key_of(const UnlockedKeys& keys) noexcept {
        return keys.impl_->ring_key.bytes();
    }
    [[nodiscard]] static Result<LockedBytes> copy_ring_key(const UnlockedKeys& keys) {
        CATALOG_TRY(LockedBytes copy, LockedBytes::make(kStoreKeyBytes));
        const ByteView from = ring_key_of(keys);
        std::copy(from.begin(), from.end(), copy.bytes().begin());
        return copy;
    }
    [[nodiscard]] Result<SlotId> find_slot(SlotId slot) const {
        const bool there = std::any_of(file.slots.begin(), file.slots.end(),
                                       [&](const SlotRecord& s) { return s.info.id == slot; });
        if (there) return slot;
        const std::string number = std::to_string(static_cast<std::uint32_t>(slot));
        return fail(Errc::kNotFound, "there is no key slot " + number,
                    NotFoundDetail{"key", number});
    }
};

KeySlots::KeySlots(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
KeySlots::KeySlots(KeySlots&&) noexcept = default;
KeySlots& KeySlots::operator=(KeySlots&&) noexcept = default;
KeySlots::~KeySlots() = default;

Result<KeySlots> KeySlots::create(std::shared_ptr<io::FileSystem> fs, std::string path,
                                  const StoreId& store, const SlotSecret& first, Random& random) {
    CATALOG_TRY(const bool there, io::exists(*fs, path));
    if (there)
        return fail(Error(Errc::kFileExists, "there are key slots already").with_input(path));
    auto impl = std::make_unique<Impl>();
    impl->fs = std::move(fs);
    impl->path = std::move(path);
    SlotsFile file;
    file.store = store;
    CATALOG_TRY(LockedBytes ring_key, LockedBytes::make(kStoreKeyBytes));
    CATALOG_TRY_VOID(random.fill(ring_key.bytes()));
    CATALOG_TRY_VOID(add_new_master(file, ring_key.bytes(), KeyGeneration{1}, random));
    CATALOG_TRY(SlotRecord slot,
                make_slot(file, file.next_slot, first, ring_key.bytes(), impl->limits, random));
    file.slots.push_back(std::move(slot));
    file.next_slot = after(file.next_slot);
    CATALOG_TRY_VOID(impl->replace(std::move(file), ring_key.bytes()));
    return KeySlots(std::move(impl));
}

Result<KeySlots> KeySlots::open(std::shared_ptr<io::FileSystem> fs, std::string path,
                                const KeySlotLimits& limits) {
    Result<std::string> bytes = io::read_file(*fs, path, kSlotsFileBytesMax);
    if (!bytes && bytes.error().code() == Errc::kLimitExceeded)
        return fail(Error(Errc::kKeyInvalid, "the file does not hold key slots").with_input(path));
    if (!bytes) return fail(bytes.error());
    auto impl = std::make_unique<Impl>();
    Result<SlotsFile> file = decode_slots_file(as_bytes(*bytes), limits);
    if (!file) return fail(file.error().with_input(path));
    impl->fs = std::move(fs);
    impl->path = std::move(path);
    impl->limits = limits;
    impl->file = *std::move(file);
    return KeySlots(std::move(impl));
}

const StoreId& KeySlots::store() const noexcept { return impl_->file.store; }

std::vector<SlotInfo> KeySlots::slots() const {
    std::vector<SlotInfo> all;
    all.reserve(impl_->file.slots.size());
    for (const SlotRecord& slot : impl_->file.slots) all.push_back(slot.info);
    return all;
}

std::vector<KeyGeneration> KeySlots::generations() const {
    std::vector<KeyGeneration> all;
    for (const GenerationRecord& record : impl_->file.generations)
        if (record.part == GenerationPart::kMaster) all.push_back(record.generation);
    return all;
}

Result<std::shared_ptr<const UnlockedKeys>> KeySlots::unlock(const SlotSecret& secret) const {
    CATALOG_TRY_VOID(prepare_sodium());
    const SlotsFile& file = impl_->file;
    const auto* const wrapper = std::get_if<std::shared_ptr<KeyWrapper>>(&secret);
    if (wrapper != nullptr && *wrapper == nullptr)
        return fail(Errc::kInvalidArgument, "there is no key wrapper");
    const std::string name = wrapper != nullptr ? (*wrapper)->name() : std::string();
    for (const SlotRecord& slot : file.slots) {
        if (slot.info.kind != kind_of(secret) || slot.info.wrapper != name) continue;
        const Result<LockedBytes> key = key_for_slot(secret, file.store, slot);
        if (!key && key.error().code() == Errc::kPermissionDenied) continue;
        if (!key) return fail(key.error());
        CATALOG_TRY(LockedBytes ring_key, LockedBytes::make(kStoreKeyBytes));
        if (unwrap_key(key->bytes(), slot.ring_key, slot_context(file.store, slot),
                       ring_key.bytes()))
            return impl_->unlocked(std::move(ring_key), slot.info.id);
    }
    return no_slot_opens();
}

Result<SlotId> KeySlots::add_slot(const UnlockedKeys& keys, const SlotSecret& secret,
                                  Random& random) {
    CATALOG_TRY_VOID(impl_->check_keys(keys));
    SlotsFile file = impl_->file;
    if (file.slots.size() == kKeySlotsMax)
        return fail(Error(Errc::kLimitExceeded, "all key slots are taken",
                          LimitDetail{"kKeySlotsMax", kKeySlotsMax, kKeySlotsMax + 1})
                        .with_hint("remove a slot that is no longer needed"));
    const SlotId id = file.next_slot;
    CATALOG_TRY(SlotRecord slot,
                make_slot(file, id, secret, Impl::ring_key_of(keys), impl_->limits, random));
    file.slots.push_back(std::move(slot));
    file.next_slot = after(id);
    CATALOG_TRY_VOID(impl_->replace(std::move(file), Impl::ring_key_of(keys)));
    return id;
}

Result<void> KeySlots::remove_slot(const UnlockedKeys& keys, SlotId slot) {
    CATALOG_TRY_VOID(impl_->check_keys(keys));
    CATALOG_TRY_VOID(impl_->find_slot(slot));
    SlotsFile file = impl_->file;
    if (file.slots.size() == 1)
        return fail(Error(Errc::kFailedPrecondition,
                          "the last key slot cannot be removed: nobody "
                          "could open the store any more")
                        .with_hint("add another slot first"));
    std::erase_if(file.slots, [&](const SlotRecord& s) { return s.info.id == slot; });
    return impl_->replace(std::move(file), Impl::ring_key_of(keys));
}

Result<SlotId> KeySlots::replace_slot(const UnlockedKeys& keys, SlotId slot,
                                      const SlotSecret& secret, Random& random) {
    CATALOG_TRY_VOID(impl_->check_keys(keys));
    CATALOG_TRY_VOID(impl_->find_slot(slot));
    SlotsFile file = impl_->file;
    std::erase_if(file.slots, [&](const SlotRecord& s) { return s.info.id == slot; });
    const SlotId id = file.next_slot;
    CATALOG_TRY(SlotRecord made,
                make_slot(file, id, secret, Impl::ring_key_of(keys), impl_->limits, random));
    file.slots.push_back(std::move(made));
    file.next_slot = after(id);
    CATALOG_TRY_VOID(impl_->replace(std::move(file), Impl::ring_key_of(keys)));
    return id;
}

Result<std::shared_ptr<const UnlockedKeys>> KeySlots::add_generation(const UnlockedKeys& keys,
                                                                     Random& random) {
    CATALOG_TRY_VOID(impl_->check_keys(keys));
    SlotsFile file = impl_->file;
    CATALOG_TRY_VOID(check_room_for_generation(keys.ring()));
    CATALOG_TRY_VOID(add_new_master(file, Impl::ring_key_of(keys),
                                    after(file.generations.back().generation), random));
    CATALOG_TRY(LockedBytes ring_key, Impl::copy_ring_key(keys));
    CATALOG_TRY_VOID(impl_->replace(std::move(file), ring_key.bytes()));
    return impl_->unlocked(std::move(ring_key), keys.slot());
}

Result<std::shared_ptr<const UnlockedKeys>> KeySlots::drop_generation(const UnlockedKeys& keys,
                                                                      KeyGeneration generation,
                                                                      Random& random) {
    CATALOG_TRY_VOID(impl_->check_keys(keys));
    const StoreKeyRing& ring = keys.ring();
    if (ring.newest() == generation)
        return fail(Errc::kFailedPrecondition, "the newest key generation is in use");
    CATALOG_TRY(const auto first, ring.first());
    const auto dropped = ring.of(generation);
    if (!dropped) {
        const std::string number = std::to_string(static_cast<std::uint32_t>(generation));
        return fail(Errc::kNotFound, "there is no key generation " + number,
                    NotFoundDetail{"key", number});
    }
    CATALOG_TRY(LockedBytes ring_key, Impl::copy_ring_key(keys));
    SlotsFile file = impl_->file;
    std::erase_if(file.generations,
                  [&](const GenerationRecord& g) { return g.generation == generation; });
    if (*dropped == first) {
        const auto kept = std::exchange(file.generations, {});
        CATALOG_TRY_VOID(add_remains(file, ring_key.bytes(), generation, *first, random));
        file.generations.insert(file.generations.end(), kept.begin(), kept.end());
    }
    CATALOG_TRY_VOID(impl_->replace(std::move(file), ring_key.bytes()));
    return impl_->unlocked(std::move(ring_key), keys.slot());
}

Result<std::shared_ptr<const UnlockedKeys>> KeySlots::renew(const UnlockedKeys& keys,
                                                            const std::vector<SlotSecret>& secrets,
                                                            Random& random) {
    CATALOG_TRY_VOID(impl_->check_keys(keys));
    if (secrets.empty()) return fail(Errc::kInvalidArgument, "a store needs one key slot at least");
    if (secrets.size() > kKeySlotsMax)
        return fail(Errc::kLimitExceeded, "there are too many key slots",
                    LimitDetail{"kKeySlotsMax", kKeySlotsMax, secrets.size()});
    SlotsFile file = impl_->file;
    CATALOG_TRY_VOID(check_room_for_generation(keys.ring()));
    CATALOG_TRY(LockedBytes ring_key, LockedBytes::make(kStoreKeyBytes));
    CATALOG_TRY_VOID(random.fill(ring_key.bytes()));
    file.generations.clear();
    CATALOG_TRY_VOID(add_ring(file, ring_key.bytes(), keys.ring(), random));
    CATALOG_TRY_VOID(add_new_master(file, ring_key.bytes(), after(keys.ring().newest()), random));
    file.slots.clear();
    const SlotId first = file.next_slot;
    for (const SlotSecret& secret : secrets) {
        CATALOG_TRY(SlotRecord slot, make_slot(file, file.next_slot, secret, ring_key.bytes(),
                                               impl_->limits, random));
        file.slots.push_back(std::move(slot));
        file.next_slot = after(file.next_slot);
    }
    CATALOG_TRY_VOID(impl_->replace(std::move(file), ring_key.bytes()));
    return impl_->unlocked(std::move(ring_key), first);
}

Result<std::vector<SlotInfo>> inspect_key_slots(ByteView file, const KeySlotLimits& limits) {
    CATALOG_TRY(const SlotsFile decoded, decode_slots_file(file, limits));
    std::vector<SlotInfo> all;
    all.reserve(decoded.slots.size());
    for (const SlotRecord& slot : decoded.slots) all.push_back(slot.info);
    return all;
}

}  // namespace catalog::content
