#include "live_objects.hpp"

#include <algorithm>
#include <catalog/internal/try.hpp>

#include "catalog/content/content_records.hpp"
#include "live_chunks.hpp"

namespace catalog::content {
namespace {

constexpr std::size_t kCheckEvery = 4096;

}  // namespace

Result<void> read_list(const ContentCore& core, ChunkReader& reader, const ContentHash& list,
                       std::string_view record, const IdSink& each) {
    if (!core.options.lists)
        return fail(Error(Errc::kFailedPrecondition,
                          "the content store holds lists, and was opened without a reader of them")
                        .with_hint("open it as part of its library"));
    CATALOG_TRY(const ObjectRecord object, decode_object(list, record));
    const std::uint64_t allowed = core.options.list_bytes_max;
    if (object.size > allowed)
        return fail(Errc::kLimitExceeded, "list " + list.to_string() + " is too long",
                    LimitDetail{"list_bytes_max", allowed, object.size});
    Bytes bytes;
    bytes.reserve(object.size);
    CATALOG_TRY_VOID(read_object(reader, list, object, [&](ByteView piece) -> Result<void> {
        bytes.insert(bytes.end(), piece.begin(), piece.end());
        return {};
    }));
    std::optional<Error> stopped;
    const auto read = core.options.lists(bytes, [&](const ContentHash& id) -> Result<void> {
        auto done = each(id);
        if (!done) stopped = done.error();
        return done;
    });
    if (read) return {};
    if (stopped) return fail(*stopped);
    return fail(Error(Errc::kContentCorrupted, "what is referenced as a list is none",
                      CorruptionDetail{list.to_string(), {}, {list.to_string()}})
                    .with_cause(read.error()));
}

Result<LiveObjects> LiveObjects::find(const ContentCore& core, const kv::Snapshot& snapshot,
                                      const std::function<Result<void>()>& check) {
    const ContentFamilies& families = core.options.families;
    LiveObjects live;
    std::size_t seen = 0;
    const auto watch = [&]() { return seen++ % kCheckEvery == 0 ? check() : Result<void>(); };
    const auto objects = snapshot.iterate(families.objects);
    for (objects->seek({}); objects->valid(); objects->next()) {
        CATALOG_TRY_VOID(watch());
        CATALOG_TRY(const ContentHash id, decode_hash_key(objects->key()));
        live.prefixes_.push_back(prefix_of(id));
    }
    CATALOG_TRY_VOID(objects->status());
    // Keys are in order of algorithm first.
    std::ranges::sort(live.prefixes_);
    live.live_.resize(live.prefixes_.size());

    const auto references = snapshot.iterate(families.references);
    for (references->seek(referrers_prefix()); references->valid(); references->next()) {
        if (!references->key().starts_with(referrers_prefix())) break;
        CATALOG_TRY_VOID(watch());
        CATALOG_TRY(const Reference reference, decode_reference_key(references->key()));
        live.mark(reference.object);
    }
    ChunkReader reader(core);
    for (references->seek(lists_prefix()); references->valid(); references->next()) {
        if (!references->key().starts_with(lists_prefix())) break;
        CATALOG_TRY_VOID(check());
        CATALOG_TRY_VOID(live.mark_list(core, snapshot, reader, references->key()));
    }
    CATALOG_TRY_VOID(references->status());
    return live;
}

Result<void> LiveObjects::mark_list(const ContentCore& core, const kv::Snapshot& snapshot,
                                    ChunkReader& reader, std::string_view key) {
    const ContentFamilies& families = core.options.families;
    CATALOG_TRY(const Reference reference, decode_reference_key(key));
    CATALOG_TRY(const auto record, snapshot.get(families.objects, hash_key(reference.object)));
    if (!record)
        return fail(Error(Errc::kContentCorrupted, "a list that is referenced is not there",
                          CorruptionDetail{reference.object.to_string(), {}, {}})
                        .with_input("list " + reference.object.to_string())
                        .with_hint("repair the store, or remove that list"));
    mark(reference.object);
    const auto read = read_list(core, reader, reference.object, *record,
                                [&](const ContentHash& id) -> Result<void> {
                                    mark(id);
                                    return {};
                                });
    if (read) return {};
    // It may have been removed and collected since the snapshot.
    CATALOG_TRY(const auto there, core.options.store->get(families.references, key));
    if (!there) return {};
    if (read.error().code() != Errc::kContentCorrupted) return read;
    const std::string list = reference.object.to_string();
    return fail(Error(Errc::kContentCorrupted, "a list that is referenced cannot be read",
                      CorruptionDetail{list, {}, {list}})
                    .with_input("list " + list)
                    .with_hint("repair the store, or remove that list")
                    .with_cause(read.error()));
}

void LiveObjects::mark(const ContentHash& id) {
    const auto found = std::ranges::lower_bound(prefixes_, prefix_of(id));
    for (auto at = found; at != prefixes_.end() && *at == prefix_of(id); ++at)
        live_[static_cast<std::size_t>(at - prefixes_.begin())] = true;
}

bool LiveObjects::contains(const ContentHash& id) const {
    const auto found = std::ranges::lower_bound(prefixes_, prefix_of(id));
    return found != prefixes_.end() && *found == prefix_of(id) &&
           live_[static_cast<std::size_t>(found - prefixes_.begin())];
}

}  // namespace catalog::content
