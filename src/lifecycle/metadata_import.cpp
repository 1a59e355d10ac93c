// Bulk load of metadata: one commit for many lines. A few lines go into the delta of the index,
// many straight into its segments.

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "catalog/core/executor.hpp"
#include "catalog/index/bulk_import.hpp"
#include "catalog/internal/try.hpp"
#include "catalog/json/lines.hpp"
#include "catalog/lifecycle/publishing_pipeline.hpp"
#include "catalog/merkle/tree.hpp"

namespace catalog::lifecycle {

namespace {

constexpr std::size_t kLinesPerCommit = 2'000;
// What waits for there to be lines enough for a segment.
constexpr std::size_t kLinesHeldMax = 16'384;
constexpr std::size_t kBytesHeldMax = std::size_t{32} << 20;
// What is read at once, and how many lines of it one task reads.
constexpr std::size_t kLinesPerBlock = 2'048;
constexpr std::size_t kBytesPerBlock = std::size_t{4} << 20;
constexpr std::size_t kLinesPerTask = 128;
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

Result<ImportLine> read_import_line(const json::LineReader::TextLine& text,
                                    const json::ReadLimits& json_limits, const Limits& limits) {
    CATALOG_TRY(const json::Value value, text.read(json_limits));
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
    return ImportLine{text.number, std::move(entry), std::move(manifest.metadata),
                      std::move(bytes)};
}

}  // namespace

/// One import under way.
class MetadataImport {
public:
    MetadataImport(const Services& services, const ImportOptions& options,
                   const CallContext& context)
        : services_(services), options_(options), context_(context) {}

    Result<ImportReport> run(const content::ByteSource& source) {
        limits_.bytes_max = services_.limits.json_line_bytes_max;
        limits_.depth_max = services_.limits.json_depth_max;
        json::LineReader reader(
            [&source](std::span<char> out) { return source(std::as_writable_bytes(out)); },
            limits_);
        std::vector<ReadLine> before;
        for (;;) {
            const Result<std::vector<json::LineReader::TextLine>> texts = next_block(reader);
            if (!texts || texts->empty()) {
                // Interrupted, too, it keeps what it has: repeated, it goes on from there.
                CATALOG_TRY_VOID(store(before));
                CATALOG_TRY_VOID(commit_segment());
                CATALOG_TRY_VOID(commit_delta());
                if (!texts) return fail(texts.error());
                return std::move(report_);
            }
            // One block is stored while the next one is read.
            CATALOG_TRY(std::vector<ReadLine> read, read_and_store(*texts, before));
            before = std::move(read);
        }
    }

private:
    /// A line of the input, and what it says once it has been read.
    struct ReadLine {
        std::uint64_t number = 0;
        std::optional<ImportLine> line;
        std::optional<Error> error;  ///< Why there is no line.
    };

    Result<std::vector<json::LineReader::TextLine>> next_block(json::LineReader& reader) {
        CATALOG_TRY_VOID(context_.check(*services_.clock));
        std::vector<json::LineReader::TextLine> texts;
        std::size_t bytes = 0;
        while (texts.size() < kLinesPerBlock && bytes < kBytesPerBlock) {
            CATALOG_TRY(std::optional<json::LineReader::TextLine> text, reader.next_text());
            if (!text) break;
            if (text->text) bytes += text->text->size();
            texts.push_back(*std::move(text));
        }
        report_.lines += texts.size();
        return texts;
    }

    Result<std::vector<ReadLine>> read_and_store(
        const std::vector<json::LineReader::TextLine>& texts, std::vector<ReadLine>& before) {
        std::vector<ReadLine> read(texts.size());
        const auto work = [&](std::size_t task) -> Result<void> {
            if (task == 0) return store(before);
            const std::size_t end = std::min(task * kLinesPerTask, texts.size());
            for (std::size_t i = (task - 1) * kLinesPerTask; i < end; ++i) {
                read[i].number = texts[i].number;
                Result<ImportLine> line = read_import_line(texts[i], limits_, services_.limits);
                if (line)
                    read[i].line = *std::move(line);
                else
                    read[i].error = line.error();
            }
            return {};
        };
        const std::size_t tasks = 1 + (texts.size() + kLinesPerTask - 1) / kLinesPerTask;
        CATALOG_TRY_VOID(parallel_for(*services_.executor, tasks, work));
        return read;
    }

    Result<void> store(std::vector<ReadLine>& lines) {
        for (ReadLine& read : lines) {
            if (read.error) CATALOG_TRY_VOID(refuse(read.number, *read.error));
            if (!read.line) continue;
            if (segments_)
                CATALOG_TRY_VOID(store_in(*segments_, *std::move(read.line)));
            else
                CATALOG_TRY_VOID(hold(*std::move(read.line)));
        }
        lines.clear();
        return {};
    }

    /// Keeps a line until it is known whether there are lines enough for a segment.
    Result<void> hold(ImportLine line) {
        ++good_lines_;
        held_bytes_ += line.manifest.size();
        pending_.push_back(std::move(line));
        if (good_lines_ >= options_.segment_lines_min) return begin_segments();
        if (pending_.size() < kLinesHeldMax && held_bytes_ < kBytesHeldMax) return {};
        return commit_delta();
    }

    /// There are many lines: they go into segments, if the index has any and nobody else is at
    /// them.
    Result<void> begin_segments() {
        index::BulkImportOptions bulk;
        bulk.versions_max = std::max<std::size_t>(options_.commit_versions_max, 1);
        Result<index::BulkImport> begun =
            index::BulkImport::begin(*services_.index, *services_.queue, *services_.random, bulk);
        if (!begun && begun.error().code() != Errc::kFailedPrecondition &&
            begun.error().code() != Errc::kBusy && begun.error().code() != Errc::kLimitExceeded)
            return fail(begun.error());
        if (!begun) {
            good_lines_ = 0;  // later there may be a turn
            return commit_delta();
        }
        index::BulkImport& segments = segments_.emplace(*std::move(begun));
        for (ImportLine& line : std::exchange(pending_, {}))
            CATALOG_TRY_VOID(store_in(segments, std::move(line)));
        return {};
    }

    Result<void> store_in(index::BulkImport& segments, ImportLine line) {
        const Result<index::BulkVerdict> added =
            segments.add(line.entry, line.metadata, line.manifest, line.number);
        if (!added && added.error().code() == Errc::kPackageExists)
            return refuse(line.number, added.error());
        if (!added) return fail(added.error());
        if (*added == index::BulkVerdict::kAlreadyThere) ++report_.already_there;
        if (*added == index::BulkVerdict::kUnfit) pending_.push_back(std::move(line));
        return segments.is_full() || pending_.size() >= kLinesPerCommit ? commit_segment()
                                                                        : Result<void>();
    }

    Result<void> commit_segment() {
        if (!segments_) return {};
        Result<index::BulkCommit> done = segments_->commit();
        if (!done) {
            segments_.reset();
            return fail(done.error());
        }
        report_.imported += done->versions;
        for (const index::BulkClash& clash : done->clashes) {
            if (clash.same)
                ++report_.already_there;
            else
                CATALOG_TRY_VOID(refuse(clash.tag, clash.error));
        }
        report_progress();
        return commit_delta();
    }

    void report_progress() const {
        context_.report(
            {"import", "index", "packages", report_.imported + report_.already_there, 0});
    }

    Result<void> commit_delta() {
        std::vector<ImportLine> lines = std::exchange(pending_, {});
        held_bytes_ = 0;
        for (std::size_t from = 0; from < lines.size(); from += kLinesPerCommit) {
            const std::size_t count = std::min(kLinesPerCommit, lines.size() - from);
            CATALOG_TRY_VOID(commit(std::span(lines).subspan(from, count)));
        }
        return {};
    }

    Result<void> refuse(std::uint64_t line, const Error& error) {
        // The line is what the user can go to; what the error named before is in its message.
        const Error named = Error(error.code(), std::string(error.message()))
                                .with_input("line " + std::to_string(line))
                                .with_hint(std::string(error.hint()));
        if (options_.strict) return fail(named);
        ++report_.refused_total;
        if (report_.refused.size() < kRefusedKeptMax) report_.refused.push_back({line, named});
        return {};
    }

    Result<void> commit(std::span<const ImportLine> lines) {
        std::vector<std::pair<std::uint64_t, Error>> refused;
        std::uint64_t imported = 0;
        std::uint64_t already_there = 0;
        kv::Commit commit;
        commit.prepare = [&](const kv::CommitView& view, kv::WriteBatch& batch) -> Result<void> {
            kv::WriteBatch staged;
            const OverlayView overlay(view, staged);
            std::unordered_map<std::string, package::PackageDigest> added_here;
            for (const ImportLine& line : lines) {
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
        report_.imported += imported;
        report_.already_there += already_there;
        for (const auto& [number, error] : refused) CATALOG_TRY_VOID(refuse(number, error));
        report_progress();
        return {};
    }

    const Services& services_;
    const ImportOptions& options_;
    const CallContext& context_;
    json::ReadLimits limits_;
    ImportReport report_;
    std::vector<ImportLine> pending_;  ///< For the delta.
    std::size_t held_bytes_ = 0;       ///< Of their manifests.
    std::uint64_t good_lines_ = 0;
    std::optional<index::BulkImport> segments_;
};

Result<ImportReport> PublishingPipeline::import_metadata(const content::ByteSource& source,
                                                         const ImportOptions& options,
                                                         const CallContext& context) {
    return MetadataImport(services_, options, context).run(source);
}

}  // namespace catalog::lifecycle
