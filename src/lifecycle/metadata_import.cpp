// Bulk load of metadata: one commit for many lines.

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "catalog/internal/try.hpp"
#include "catalog/json/lines.hpp"
#include "catalog/lifecycle/publishing_pipeline.hpp"
#include "catalog/merkle/tree.hpp"

namespace catalog::lifecycle {

namespace {

constexpr std::size_t kLinesPerCommit = 2'000;
constexpr std::size_t kRefusedKeptMax = 1'000;

/// A line that has been read and checked, ready to be committed.
struct ImportLine {
    std::uint64_t number;
    index::IndexEntry entry;
    package::PackageMetadata metadata;
    std::string manifest;
};

/// A commit's view with the changes that the same commit has made so far. Remembers keys of the
/// families that are read, which most of what an import writes is not in.
class OverlayView final : public kv::CommitView {
public:
    OverlayView(const kv::CommitView& below, const kv::WriteBatch& batch)
        : below_(below), batch_(batch) {}

    Result<std::optional<std::string>> get(kv::Family family, std::string_view key) const override {
        Seen& seen = seen_[family];
        for (; seen.changes < batch_.changes().size(); ++seen.changes) {
            const kv::WriteBatch::Change& change = batch_.changes()[seen.changes];
            if (change.family == family) seen.newest.insert_or_assign(change.key, seen.changes);
        }
        const auto found = seen.newest.find(std::string(key));
        if (found == seen.newest.end()) return below_.get(family, key);
        const kv::WriteBatch::Change& change = batch_.changes()[found->second];
        if (change.kind == kv::WriteBatch::Kind::kRemove) return std::nullopt;
        return change.value;
    }

private:
    struct Seen {
        std::size_t changes = 0;
        std::unordered_map<std::string, std::size_t> newest;
    };

    const kv::CommitView& below_;
    const kv::WriteBatch& batch_;
    mutable std::map<kv::Family, Seen> seen_;
};

/// Adds the changes of `staged` in the order of families and keys, of each key the last alone: the
/// same effect, and a store inserts neighbours faster than keys from everywhere.
void append_in_order(kv::WriteBatch& batch, const kv::WriteBatch& staged) {
    std::vector<const kv::WriteBatch::Change*> changes;
    changes.reserve(staged.changes().size());
    for (const kv::WriteBatch::Change& change : staged.changes()) changes.push_back(&change);
    const auto order = [](const kv::WriteBatch::Change* change) {
        return std::pair(change->family, std::string_view(change->key));
    };
    std::ranges::stable_sort(changes, {}, order);
    for (std::size_t i = 0; i < changes.size(); ++i) {
        if (i + 1 < changes.size() && order(changes[i]) == order(changes[i + 1])) continue;
        if (changes[i]->kind == kv::WriteBatch::Kind::kPut)
            batch.put(changes[i]->family, changes[i]->key, changes[i]->value);
        else
            batch.remove(changes[i]->family, changes[i]->key);
    }
}

Result<ImportLine> read_import_line(std::uint64_t number, const json::Value& value,
                                    const Limits& limits) {
    const json::Object* object = value.as_object();
    if (object == nullptr) return fail(Errc::kPackageListInvalid, "a package must be an object");
    CATALOG_TRY(package::PackageMetadata metadata, package::metadata_from_json(*object, "package"));
    CATALOG_TRY(const bool yanked, package::yanked_in(*object, "package"));
    package::canonicalise(metadata);
    CATALOG_TRY_VOID(package::validate(metadata, limits, true));
    package::Manifest manifest(std::move(metadata));
    manifest.files_root = merkle::empty_root();
    CATALOG_TRY(std::string bytes, manifest.encode(limits));
    index::IndexEntry entry(manifest.metadata.id(), manifest.metadata.version);
    entry.digest = package::digest_of_manifest(bytes);
    entry.origin = index::Origin::kImported;
    entry.type = manifest.metadata.type;
    entry.yanked = yanked;
    entry.description = manifest.metadata.description;
    entry.license = manifest.metadata.license;
    return ImportLine{number, std::move(entry), std::move(manifest.metadata), std::move(bytes)};
}

}  // namespace

/// One import under way.
class MetadataImport {
public:
    MetadataImport(const Services& services, bool strict, const CallContext& context)
        : services_(services), strict_(strict), context_(context) {}

    Result<ImportReport> run(const content::ByteSource& source) {
        json::ReadLimits limits;
        limits.bytes_max = services_.limits.json_line_bytes_max;
        limits.depth_max = services_.limits.json_depth_max;
        json::LineReader reader(
            [&source](std::span<char> out) { return source(std::as_writable_bytes(out)); }, limits);
        for (;;) {
            CATALOG_TRY_VOID(context_.check(*services_.clock));
            CATALOG_TRY(const std::optional<json::LineReader::Line> line, reader.next());
            if (!line) break;
            ++report_.lines;
            Result<ImportLine> read =
                line->value ? read_import_line(line->number, *line->value, services_.limits)
                            : Result<ImportLine>(fail(line->value.error()));
            if (read)
                pending_.push_back(*std::move(read));
            else
                CATALOG_TRY_VOID(refuse(line->number, read.error()));
            if (pending_.size() == kLinesPerCommit) CATALOG_TRY_VOID(commit());
        }
        CATALOG_TRY_VOID(commit());
        return std::move(report_);
    }

private:
    Result<void> refuse(std::uint64_t line, const Error& error) {
        // The line is what the user can go to; what the error named before is in its message.
        const Error named = Error(error.code(), std::string(error.message()))
                                .with_input("line " + std::to_string(line))
                                .with_hint(std::string(error.hint()));
        if (strict_) return fail(named);
        ++report_.refused_total;
        if (report_.refused.size() < kRefusedKeptMax) report_.refused.push_back({line, named});
        return {};
    }

    Result<void> commit() {
        if (pending_.empty()) return {};
        std::vector<std::pair<std::uint64_t, Error>> refused;
        std::uint64_t imported = 0;
        std::uint64_t already_there = 0;
        kv::Commit commit;
        commit.prepare = [&](const kv::CommitView& view, kv::WriteBatch& batch) -> Result<void> {
            kv::WriteBatch staged;
            const OverlayView overlay(view, staged);
            std::unordered_map<std::string, package::PackageDigest> added_here;
            for (const ImportLine& line : pending_) {
                const std::string id = line.entry.id.to_string();
                const Result<void> added = services_.index->stage_add(overlay, staged, line.entry,
                                                                      line.metadata, line.manifest);
                if (added) {
                    ++imported;
                    added_here.emplace(id, line.entry.digest);
                    continue;
                }
                if (added.error().code() != Errc::kPackageExists) return added;
                const auto here = added_here.find(id);
                const Result<index::IndexEntry> there = services_.index->find(line.entry.id);
                const bool same = here != added_here.end()
                                      ? here->second == line.entry.digest
                                      : there && there->digest == line.entry.digest;
                if (same)
                    ++already_there;
                else
                    refused.emplace_back(line.number, added.error());
            }
            append_in_order(batch, staged);
            return {};
        };
        CATALOG_TRY_VOID(services_.queue->submit(std::move(commit)));
        pending_.clear();
        report_.imported += imported;
        report_.already_there += already_there;
        for (const auto& [number, error] : refused) CATALOG_TRY_VOID(refuse(number, error));
        context_.report(
            {"import", "index", "packages", report_.imported + report_.already_there, 0});
        return {};
    }

    const Services& services_;
    const bool strict_;
    const CallContext& context_;
    ImportReport report_;
    std::vector<ImportLine> pending_;
};

Result<ImportReport> PublishingPipeline::import_metadata(const content::ByteSource& source,
                                                         bool strict, const CallContext& context) {
    return MetadataImport(services_, strict, context).run(source);
}

}  // namespace catalog::lifecycle
