#include "catalog/content/store_key.hpp"

#include <algorithm>
#include <catalog/internal/hkdf.hpp>
#include <catalog/internal/try.hpp>
#include <string>
#include <string_view>

#include "locked_bytes.hpp"

namespace catalog::content {
namespace {

// The master, then one key for each of these.
constexpr std::array<std::string_view, 4> kStoreKeyInfos{
    "catalog.store.v1 data", "catalog.store.v1 id", "catalog.store.v1 index",
    "catalog.store.v1 database"};
constexpr std::size_t kStoreKeyCount = 1 + kStoreKeyInfos.size();
constexpr std::size_t kIdKeyNumber = 2;
constexpr std::size_t kDatabaseKeyNumber = 4;

}  // namespace

struct StoreKey::Impl {
    LockedBytes secrets;
    bool whole = true;

    [[nodiscard]] KeyView key(std::size_t number) const noexcept {
        return KeyView(secrets.bytes().subspan(number * kStoreKeyBytes).first<kStoreKeyBytes>());
    }
    [[nodiscard]] static Result<std::shared_ptr<const StoreKey>> finish(LockedBytes secrets);
};

/// Derives the keys of the master that stands in front.
Result<std::shared_ptr<const StoreKey>> StoreKey::Impl::finish(LockedBytes secrets) {
    const std::span<std::byte> all = secrets.bytes();
    for (std::size_t i = 0; i < kStoreKeyInfos.size(); ++i)
        if (!internal::hkdf_sha256(all.first(kStoreKeyBytes), {}, as_bytes(kStoreKeyInfos[i]),
                                   all.subspan((i + 1) * kStoreKeyBytes, kStoreKeyBytes)))
            return fail(Errc::kOutOfMemory, "the store's keys could not be derived");
    secrets.freeze();
    return std::shared_ptr<const StoreKey>(
        new StoreKey(std::make_unique<const Impl>(Impl{std::move(secrets), true})));
}

Result<std::shared_ptr<const StoreKey>> StoreKey::generate(Random& random) {
    CATALOG_TRY(LockedBytes secrets, LockedBytes::make(kStoreKeyCount * kStoreKeyBytes));
    CATALOG_TRY_VOID(random.fill(secrets.bytes().first(kStoreKeyBytes)));
    return Impl::finish(std::move(secrets));
}

Result<std::shared_ptr<const StoreKey>> StoreKey::from_master(KeyView master) {
    CATALOG_TRY(LockedBytes secrets, LockedBytes::make(kStoreKeyCount * kStoreKeyBytes));
    std::copy(master.begin(), master.end(), secrets.bytes().begin());
    return Impl::finish(std::move(secrets));
}

Result<std::shared_ptr<const StoreKey>> StoreKey::from_remains(KeyView id_key,
                                                               KeyView database_key) {
    CATALOG_TRY(LockedBytes secrets, LockedBytes::make(kStoreKeyCount * kStoreKeyBytes));
    const std::span<std::byte> all = secrets.bytes();
    std::fill(all.begin(), all.end(), std::byte{0});
    const auto put = [&](std::size_t number, KeyView key) {
        std::copy(key.begin(), key.end(), all.subspan(number * kStoreKeyBytes).begin());
    };
    put(kIdKeyNumber, id_key);
    put(kDatabaseKeyNumber, database_key);
    secrets.freeze();
    return std::shared_ptr<const StoreKey>(
        new StoreKey(std::make_unique<const Impl>(Impl{std::move(secrets), false})));
}

StoreKey::StoreKey(std::unique_ptr<const Impl> impl) noexcept : impl_(std::move(impl)) {}
StoreKey::~StoreKey() = default;

bool StoreKey::is_whole() const noexcept { return impl_->whole; }
bool StoreKey::locked() const noexcept { return impl_->secrets.locked(); }
KeyView StoreKey::master() const noexcept { return impl_->key(0); }
KeyView StoreKey::data_key() const noexcept { return impl_->key(1); }
KeyView StoreKey::id_key() const noexcept { return impl_->key(kIdKeyNumber); }
KeyView StoreKey::index_key() const noexcept { return impl_->key(3); }
KeyView StoreKey::database_key() const noexcept { return impl_->key(kDatabaseKeyNumber); }

void StoreKeyRing::add(KeyGeneration generation, std::shared_ptr<const StoreKey> key) {
    keys_.insert_or_assign(generation, std::move(key));
}

Result<std::shared_ptr<const StoreKey>> StoreKeyRing::of(KeyGeneration generation) const {
    const auto found = keys_.find(generation);
    if (found != keys_.end() && found->second->is_whole()) return found->second;
    const std::string number = std::to_string(static_cast<std::uint32_t>(generation));
    return fail(Errc::kKeyNotFound, "the store has no key of generation " + number,
                NotFoundDetail{"key", number});
}

Result<std::shared_ptr<const StoreKey>> StoreKeyRing::first() const {
    if (!keys_.empty()) return keys_.begin()->second;
    return fail(Errc::kKeyNotFound, "the store has no keys", NotFoundDetail{"key", "first"});
}

KeyGeneration StoreKeyRing::newest() const noexcept {
    return keys_.empty() ? KeyGeneration{0} : keys_.rbegin()->first;
}

KeyGeneration StoreKeyRing::oldest() const noexcept {
    return keys_.empty() ? KeyGeneration{0} : keys_.begin()->first;
}

std::vector<KeyGeneration> StoreKeyRing::generations() const {
    std::vector<KeyGeneration> all;
    all.reserve(keys_.size());
    for (const auto& [generation, key] : keys_)
        if (key->is_whole()) all.push_back(generation);
    return all;
}

bool StoreKeyRing::locked() const noexcept {
    return std::all_of(keys_.begin(), keys_.end(),
                       [](const auto& entry) { return entry.second->locked(); });
}

}  // namespace catalog::content
