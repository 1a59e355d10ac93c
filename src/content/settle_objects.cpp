// What the commit itself checks of objects and references. Batches pass one by one, so what is
// seen here is what the commit finds.

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <map>
#include <set>
#include <utility>

#include "content_core.hpp"
#include "live_objects.hpp"

namespace catalog::content {
namespace {

using Change = kv::WriteBatch::Change;

bool is_put(const Change* change) { return change->kind == kv::WriteBatch::Kind::kPut; }

// The last change of each object and of each reference that a batch makes.
struct BatchEnd {
    std::map<ContentHash, const Change*> objects;
    std::map<std::string_view, const Change*> references;  // By object.
    std::map<std::string_view, const Change*> lists;
};

Result<BatchEnd> end_of(const ContentFamilies& families, const kv::WriteBatch& batch) {
    const std::string by_object = referrers_prefix();
    const std::string of_lists = lists_prefix();
    BatchEnd end;
    for (const Change& change : batch.changes()) {
        if (change.family == families.objects) {
            CATALOG_TRY(const ContentHash id, decode_hash_key(change.key));
            end.objects[id] = &change;
        } else if (change.family == families.references) {
            if (change.key.starts_with(by_object)) end.references[change.key] = &change;
            if (change.key.starts_with(of_lists)) end.lists[change.key] = &change;
        }
    }
    return end;
}

class Settlement {
public:
    Settlement(const ContentCore& core, const kv::WriteBatch& batch, BatchEnd end)
        : core_(core), batch_(batch), end_(std::move(end)) {}

    Result<void> run() {
        for (const auto& [key, change] : end_.references) {
            if (!is_put(change)) continue;
            CATALOG_TRY(const Reference reference, decode_reference_key(key));
            CATALOG_TRY_VOID(need(reference.object));
        }
        for (const auto& [key, change] : end_.lists)
            if (is_put(change)) CATALOG_TRY_VOID(need_list(key));
        return look_at_removals();
    }

    // Returns the objects that the batch removes and somebody needs, with their records.
    [[nodiscard]] Result<std::vector<std::pair<std::string, std::string>>> to_put_again() const {
        std::vector<std::pair<std::string, std::string>> records;
        for (const ContentHash& id : again_) {
            CATALOG_TRY(auto record, record_before(id));
            if (record) records.emplace_back(hash_key(id), std::move(*record));
        }
        return records;
    }

private:
    Result<void> need(const ContentHash& id);
    Result<void> need_list(std::string_view key);
    Result<void> look_at_removals();
    Result<bool> stays_referenced(kv::Iterator& references, const ContentHash& id) const;
    Result<std::optional<std::string>> record_before(const ContentHash& id) const;

    const ContentCore& core_;
    const kv::WriteBatch& batch_;
    const BatchEnd end_;
    std::set<ContentHash> again_;
};

// Checks that an object that somebody needs after the batch is there then.
Result<void> Settlement::need(const ContentHash& id) {
    core_.keeper->keep_object(id);
    if (const auto object = end_.objects.find(id); object != end_.objects.end()) {
        if (!is_put(object->second)) again_.insert(id);
        return {};
    }
    CATALOG_TRY(const auto record,
                core_.options.store->get(core_.options.families.objects, hash_key(id)));
    if (!record)
        return fail(Error(Errc::kContentNotFound,
                          "an object that this commit references was collected",
                          NotFoundDetail{"content", id.to_string()})
                        .with_input(id.to_string())
                        .with_hint("store the content again"));
    if (!core_.keeper->is_collecting()) return {};
    return check_chunks(core_, id, *record);
}

Result<void> Settlement::need_list(std::string_view key) {
    CATALOG_TRY(const Reference reference, decode_reference_key(key));
    CATALOG_TRY_VOID(need(reference.object));
    // Its session has looked at all that it names, and holds it.
    if (core_.sessions->hold_list(reference.object)) return {};
    CATALOG_TRY(const auto record, record_before(reference.object));
    if (!record) return object_not_found(reference.object);
    ChunkReader reader(core_);
    return read_list(core_, reader, reference.object, *record,
                     [&](const ContentHash& id) { return need(id); });
}

Result<void> Settlement::look_at_removals() {
    std::unique_ptr<kv::Iterator> references;
    std::vector<ContentHash> of_sessions;
    for (const auto& [id, change] : end_.objects) {
        if (is_put(change)) continue;
        if (!references) {
            references = core_.options.store->iterate(core_.options.families.references);
            of_sessions = core_.sessions->objects();
        }
        CATALOG_TRY(const bool referenced, stays_referenced(*references, id));
        if (referenced || core_.keeper->keeps_object(id) ||
            std::binary_search(of_sessions.begin(), of_sessions.end(), id))
            again_.insert(id);
    }
    return {};
}

// Tells whether the store has a reference to the object that the batch leaves there.
Result<bool> Settlement::stays_referenced(kv::Iterator& references, const ContentHash& id) const {
    const std::string prefix = referrer_prefix(id);
    for (references.seek(prefix); references.valid(); references.next()) {
        if (!references.key().starts_with(prefix)) break;
        const auto change = end_.references.find(references.key());
        if (change == end_.references.end() || is_put(change->second)) return true;
    }
    CATALOG_TRY_VOID(references.status());
    return false;
}

// Returns the record that an object had before the batch removed it, or has.
Result<std::optional<std::string>> Settlement::record_before(const ContentHash& id) const {
    const std::string key = hash_key(id);
    for (auto change = batch_.changes().rbegin(); change != batch_.changes().rend(); ++change)
        if (change->family == core_.options.families.objects && change->key == key &&
            change->kind == kv::WriteBatch::Kind::kPut)
            return change->value;
    return core_.options.store->get(core_.options.families.objects, key);
}

}  // namespace

Result<void> settle_objects(const ContentCore& core, kv::WriteBatch& batch) {
    CATALOG_TRY(BatchEnd end, end_of(core.options.families, batch));
    Settlement settlement(core, batch, std::move(end));
    CATALOG_TRY_VOID(settlement.run());
    CATALOG_TRY(auto records, settlement.to_put_again());
    for (auto& [key, record] : records)
        batch.put(core.options.families.objects, std::move(key), std::move(record));
    return {};
}

}  // namespace catalog::content
