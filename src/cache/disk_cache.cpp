#include "disk_cache.hpp"

#include <catalog/internal/crc32c.hpp>

namespace catalog::cache {
namespace {

using internal::MutexLock;

constexpr std::string_view kBooksKey = "m";
constexpr std::string_view kBooksMagic = "CCM1";
constexpr char kOrder = 'o';
constexpr char kValue = 'v';
constexpr std::size_t kBooksBytes = 4 + 4 * 8 + 4;
constexpr std::size_t kOrderBytes = 1 + 8 + 8;  // key and head of an order record
constexpr std::size_t kNumberBytes = 8;         // before a sealed value
constexpr std::size_t kRemovedAtOnce = 256;

std::string order_key(std::uint64_t number) {
    std::string key(1, kOrder);
    append_be(key, number);
    return key;
}

std::string value_key(std::string_view key) { return std::string(1, kValue).append(key); }

std::uint64_t record_bytes(std::size_t key_bytes, std::size_t value_bytes) {
    return kOrderBytes + 1 + kNumberBytes + kSealBytes + 2 * key_bytes + value_bytes;
}

const std::byte* bytes_of(std::string_view text) {
    return reinterpret_cast<const std::byte*>(text.data());
}

}  // namespace

DiskCache::DiskCache(std::shared_ptr<RecordStore> store, Options options,
                     std::shared_ptr<const Clock> clock, std::shared_ptr<Random> random)
    : store_(std::move(store)),
      options_(std::move(options)),
      clock_(std::move(clock)),
      breaker_(options_.breaker, clock_, std::move(random)) {
    const MutexLock lock(mutex_);
    open_books();
}

std::string DiskCache::write_books(const Books& books) {
    std::string text(kBooksMagic);
    for (const std::uint64_t number : {books.next, books.oldest, books.entries, books.bytes})
        append_le(text, number);
    append_le(text, internal::crc32c(as_bytes(text)));
    return text;
}

std::optional<DiskCache::Books> DiskCache::read_books(std::string_view text) {
    if (text.size() != kBooksBytes || !text.starts_with(kBooksMagic)) return std::nullopt;
    const std::byte* at = bytes_of(text);
    if (load_le<std::uint32_t>(at + kBooksBytes - 4) !=
        internal::crc32c(as_bytes(text.substr(0, kBooksBytes - 4))))
        return std::nullopt;
    return Books{load_le<std::uint64_t>(at + 4), load_le<std::uint64_t>(at + 12),
                 load_le<std::uint64_t>(at + 20), load_le<std::uint64_t>(at + 28)};
}

void DiskCache::open_books() {
    const auto answer = store_->get(kBooksKey);
    if (!answer) {
        ++counters_.errors;
        return;
    }
    const std::optional<std::string>& text = *answer;
    const std::optional<Books> books = text ? read_books(*text) : std::nullopt;
    if (books)
        books_ = *books;
    else if (!remove_everything())
        return;
    trusted_ = true;
}

bool DiskCache::remove_everything() {
    for (bool more = true; more;) {
        Changes changes;
        const auto scanned = store_->scan({}, [&](std::string_view key, std::string_view) {
            changes.push_back({std::string(key), std::nullopt});
            return changes.size() < kRemovedAtOnce;
        });
        more = changes.size() == kRemovedAtOnce;
        if (!scanned || !store_->write(changes)) {
            ++counters_.errors;
            return false;
        }
    }
    books_ = {};
    return true;
}

bool DiskCache::usable() {
    if (!trusted_ && remove_everything()) trusted_ = true;
    return trusted_;
}

void DiskCache::distrust() {
    trusted_ = false;
    ++counters_.errors;
    breaker_.failed();
}

bool DiskCache::commit(Changes changes, const Books& books) {
    changes.push_back({std::string(kBooksKey), write_books(books)});
    if (!store_->write(changes)) {
        distrust();
        return false;
    }
    books_ = books;
    breaker_.succeeded();
    return true;
}

std::optional<StoredValue> DiskCache::get(ByteView key) {
    if (!trusted_ || !breaker_.allows()) {
        ++counters_.skipped;
        ++counters_.misses;
        return std::nullopt;
    }
    const auto found = store_->get(value_key(as_text(key)));
    if (!found) {
        breaker_.failed();
        ++counters_.errors;
        ++counters_.misses;
        return std::nullopt;
    }
    breaker_.succeeded();
    const std::optional<std::string>& stored = *found;
    if (!stored) {
        ++counters_.misses;
        return std::nullopt;
    }
    const ByteView record = as_bytes(*stored);
    const auto unsealed = record.size() < kNumberBytes
                              ? std::nullopt
                              : unseal(options_.secret, key, record.subspan(kNumberBytes));
    const bool old = unsealed && unsealed->times.keep_until <= clock_->now_wall();
    if (!unsealed || old) {
        ++(old ? counters_.expired : counters_.rejected);
        ++counters_.misses;
        erase(key);
        return std::nullopt;
    }
    if (!trusted_) {  // Somebody erased, and could not tell the store.
        ++counters_.misses;
        return std::nullopt;
    }
    ++counters_.hits;
    return StoredValue{to_bytes(unsealed->value), unsealed->times};
}

// Adds to `changes` what removes a key. Where its record is damaged it does not say which place in
// the order is its own, and the books cannot be kept.
bool DiskCache::forget(std::string_view key, Changes& changes, Books& books) {
    const auto found = store_->get(value_key(key));
    if (!found) return false;
    const std::optional<std::string>& value = *found;
    if (!value) return true;
    if (value->size() < kNumberBytes + kSealBytes) return false;
    const auto number = load_le<std::uint64_t>(bytes_of(*value));
    const auto ordered = store_->get(order_key(number));
    if (!ordered) return false;
    const std::optional<std::string>& order = *ordered;
    if (!order || order->size() < 8 || order->substr(8) != key) return false;
    const auto bytes = load_le<std::uint64_t>(bytes_of(*order));
    if (bytes > books.bytes || books.entries == 0) return false;
    changes.push_back({order_key(number), std::nullopt});
    changes.push_back({value_key(key), std::nullopt});
    books.bytes -= bytes;
    --books.entries;
    return true;
}

bool DiskCache::make_room(std::uint64_t bytes, Changes& changes, Books& books) {
    bool agrees = true;
    const auto scanned =
        store_->scan(order_key(books.oldest), [&](std::string_view key, std::string_view order) {
            if (books.bytes + bytes <= options_.bytes_max) return false;
            if (key.size() != 9 || key[0] != kOrder || order.size() < 8) {
                agrees = false;
                return false;
            }
            const auto gone = load_le<std::uint64_t>(bytes_of(order));
            // What this batch removes already is not counted twice.
            for (const RecordStore::Change& change : changes)
                if (change.key == key) return true;
            agrees = gone <= books.bytes && books.entries > 0;
            if (!agrees) return false;
            changes.push_back({std::string(key), std::nullopt});
            changes.push_back({value_key(order.substr(8)), std::nullopt});
            books.bytes -= gone;
            --books.entries;
            books.oldest = load_be<std::uint64_t>(key.data() + 1) + 1;
            ++counters_.evictions;
            return true;
        });
    return scanned && agrees && books.bytes + bytes <= options_.bytes_max;
}

void DiskCache::put(ByteView key, ByteView value, const ValueTimes& times) {
    const std::uint64_t bytes = record_bytes(key.size(), value.size());
    if (!breaker_.allows()) {
        ++counters_.refused;
        erase(key);  // What stood there before must not come back.
        return;
    }
    const MutexLock lock(mutex_);
    if (!usable()) {
        breaker_.failed();
        ++counters_.refused;
        return;
    }
    Changes changes;
    Books books = books_;
    const bool agrees = forget(as_text(key), changes, books);
    if (agrees && bytes > options_.bytes_max / 16) {
        ++counters_.refused;
        (void)commit(std::move(changes), books);
        return;
    }
    if (!agrees ||
        (books.bytes + bytes > options_.bytes_max && !make_room(bytes, changes, books))) {
        ++counters_.refused;
        distrust();
        return;
    }
    std::string order;
    append_le(order, bytes);
    order.append(as_text(key));
    std::string record;
    append_le(record, books.next);
    record += seal(options_.secret, key, value, times);
    changes.push_back({order_key(books.next), std::move(order)});
    changes.push_back({value_key(as_text(key)), std::move(record)});
    ++books.next;
    ++books.entries;
    books.bytes += bytes;
    if (commit(std::move(changes), books)) ++counters_.inserts;
}

void DiskCache::erase(ByteView key) {
    const MutexLock lock(mutex_);
    if (!trusted_) return;
    Changes changes;
    Books books = books_;
    if (!forget(as_text(key), changes, books))
        distrust();
    else if (!changes.empty())
        (void)commit(std::move(changes), books);
}

void DiskCache::erase_prefix(ByteView prefix) {
    const MutexLock lock(mutex_);
    if (!trusted_) return;
    for (bool more = true; more;) {
        std::vector<std::string> keys;
        const std::string from = value_key(as_text(prefix));
        const auto scanned = store_->scan(from, [&](std::string_view key, std::string_view) {
            if (!key.starts_with(from)) return false;
            keys.emplace_back(key.substr(1));
            return keys.size() < kRemovedAtOnce;
        });
        more = keys.size() == kRemovedAtOnce;
        Changes changes;
        Books books = books_;
        bool agrees = static_cast<bool>(scanned);
        for (const std::string& key : keys) agrees = agrees && forget(key, changes, books);
        if (!agrees) {
            distrust();
            return;
        }
        if (!changes.empty() && !commit(std::move(changes), books)) return;
    }
}

void DiskCache::clear() {
    const MutexLock lock(mutex_);
    trusted_ = false;
    (void)usable();
}

CacheLevelStats DiskCache::stats() const {
    CacheLevelStats stats = counters_.stats(breaker_);
    stats.bytes_max = options_.bytes_max;
    const MutexLock lock(mutex_);
    stats.entries = books_.entries;
    stats.bytes = books_.bytes;
    return stats;
}

}  // namespace catalog::cache
