#include "support/kv/store_model.hpp"

#include <stdexcept>

namespace catalog::kv::testing {

void StoreModel::apply(const WriteBatch& batch) {
    for (const WriteBatch::Change& change : batch.changes()) {
        auto& map = families_[static_cast<std::size_t>(change.family)];
        if (change.kind == WriteBatch::Kind::kPut) {
            map[change.key] = change.value;
        } else {
            map.erase(change.key);
        }
    }
}

StoreModel read_snapshot(const Snapshot& snapshot, std::size_t families) {
    StoreModel model(families);
    WriteBatch found;
    for (std::uint32_t i = 0; i < families; ++i) {
        const auto walk = snapshot.iterate(Family{i});
        for (walk->seek(""); walk->valid(); walk->next())
            found.put(Family{i}, std::string(walk->key()), std::string(walk->value()));
        if (auto status = walk->status(); !status)
            throw std::runtime_error(status.error().to_string());
    }
    model.apply(found);
    return model;
}

StoreModel read_store(const KeyValueStore& store, std::size_t families) {
    return read_snapshot(*store.snapshot(), families);
}

std::optional<std::string> found(const Result<std::optional<std::string>>& got) {
    if (!got) throw std::runtime_error(got.error().to_string());
    return *got;
}

std::string random_key(std::mt19937_64& random) {
    static constexpr char kBytes[] = {'\0', 'a', 'b', '\x7f', '\xff'};
    std::string key(random() % 4, ' ');
    for (char& byte : key) byte = kBytes[random() % std::size(kBytes)];
    return key;
}

WriteBatch random_batch(std::mt19937_64& random, std::size_t families) {
    WriteBatch batch;
    for (std::uint64_t changes = 1 + random() % 6; changes > 0; --changes) {
        const Family family{static_cast<std::uint32_t>(random() % families)};
        std::string key = random_key(random);
        if (random() % 3 == 0) {
            batch.remove(family, std::move(key));
        } else {
            batch.put(family, std::move(key),
                      std::string(random() % 40, static_cast<char>(random())));
        }
    }
    return batch;
}

}  // namespace catalog::kv::testing
