// Repacking: a collection whose copies are compressed anew. Packs go from the newest to the oldest,
// so that what is newest stands alone and what is older becomes its delta. A chunk is a delta of
// chunks that the same repack wrote, and of none that something older still starts from: no row of
// deltas grows while it waits to be written again.

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <utility>

#include "content_core.hpp"
#include "record_copier.hpp"
#include "repacked_packs.hpp"
#include "store_samples.hpp"

namespace catalog::content {
namespace {

PipelineOptions repack_pipeline(const ContentOptions& options, int level) {
    PipelineOptions pipeline;
    pipeline.encoder.level = level;
    pipeline.encoder.deltas = options.deltas;
    // Nobody waits: what shares little is tried as well.
    pipeline.encoder.shared_features_min = 1;
    pipeline.similarity.memory_bytes_max = options.similarity_bytes_max;
    pipeline.dictionaries = options.dictionaries;
    pipeline.dictionaries.train_after_bytes = 0;  // What there is was looked at before.
    pipeline.bytes_max = options.pipeline_bytes_max;
    pipeline.only_own_bases = true;
    return pipeline;
}

class Repacker final : public PackRewriter {
public:
    Repacker(const ContentCore& core, int level, std::vector<RepackedPacks> repacked)
        : core_(core),
          level_(level),
          repacked_(std::move(repacked)),
          decoder_(*core.backend, core.bases),
          copier_(core),
          pipeline_(*core.backend, *core.keeper, *core.options.executor,
                    std::make_shared<BaseCache>(core.options.bases_bytes_max),
                    repack_pipeline(core.options, level)) {}

    void begin(PackId last) override { last_ = last; }

    [[nodiscard]] bool wants(const PackMark& mark) const override {
        return mark.pack <= last_ &&
               std::ranges::none_of(repacked_, [&](const RepackedPacks& range) {
                   return range.level >= level_ && range.first <= mark.pack &&
                          mark.pack <= range.last;
               });
    }

    Result<void> rewrite(const StoredRecord& record, bool is_base) override {
        const RecordHeader& header = record.header;
        // What version 1 wrote is named by another rule, and never a delta.
        if (header.id_rule != IdRule::kLeaf) {
            CATALOG_TRY(const ChunkLocation copy, copier_.append(record));
            copied_bytes_ += core_.backend->bytes_of(copy.stored_bytes);
            return {};
        }
        CATALOG_TRY(const ByteView chunk, decoder_.decode(record, plain_));
        return pipeline_.submit_again(header.id, chunk, status_, record.pack, is_base);
    }

    Result<std::uint64_t> finish_pack() override {
        pipeline_.wait(status_);
        if (const auto error = status_->take_error()) return fail(*error);
        return status_->take_stored_bytes() + std::exchange(copied_bytes_, 0);
    }

    /// Trains a dictionary for what it is going to write, unless an earlier repack of the level
    /// did.
    [[nodiscard]] Result<void> train(const CallContext& context);

    /// Notes what was written, with the pack that still grows, and returns how many packs are left.
    Result<std::uint64_t> end();

private:
    [[nodiscard]] Result<BackendMarks> marks() const {
        return core_.marks(*core_.options.store->snapshot());
    }

    const ContentCore& core_;
    const int level_;
    std::vector<RepackedPacks> repacked_;
    PackId last_{};
    ChunkDecoder decoder_;
    RecordCopier copier_;
    Bytes plain_;
    WritePipeline pipeline_;
    const std::shared_ptr<WriteStatus> status_ = std::make_shared<WriteStatus>();
    std::uint64_t copied_bytes_ = 0;
};

Result<void> Repacker::train(const CallContext& context) {
    const DictionaryOptions& options = core_.options.dictionaries;
    if (!options.enabled || options.repack_train_bytes == 0 ||
        !core_.backend->keeps_dictionaries() ||
        std::ranges::any_of(repacked_,
                            [&](const RepackedPacks& range) { return range.level >= level_; }))
        return {};
    CATALOG_TRY(const auto samples,
                sample_chunks(core_, options.chunk_bytes_max, options.repack_train_bytes, context));
    if (samples.empty()) return {};
    const auto trained = train_dictionary(std::vector<ByteView>(samples.begin(), samples.end()),
                                          options.dictionary_bytes_max);
    // Without a dictionary, or with the one there is, it works as well.
    if (trained) (void)core_.backend->use_dictionary(*trained);
    return {};
}

Result<std::uint64_t> Repacker::end() {
    if (last_ == PackId{}) return 0;
    CATALOG_TRY(const BackendMarks now, marks());
    for (const PackMark& mark : now.packs)
        if (!mark.sealed && mark.pack > last_) CATALOG_TRY_VOID(core_.backend->seal(mark.pack));
    RepackedPacks written{level_, {}, {}};
    for (const PackMark& mark : now.packs) {
        if (mark.pack <= last_) continue;
        if (written.first == PackId{}) written.first = mark.pack;
        written.last = std::max(written.last, mark.pack);
    }
    if (written.first != PackId{}) repacked_.push_back(written);
    CATALOG_TRY_VOID(note_repacked(core_, now, repacked_));
    return static_cast<std::uint64_t>(
        std::ranges::count_if(now.packs, [&](const PackMark& mark) { return wants(mark); }));
}

}  // namespace

Result<std::vector<RepackedPacks>> find_repacked(const ContentCore& core) {
    CATALOG_TRY(const auto record,
                core.options.store->get(core.options.families.packs, repacked_key()));
    if (!record) return std::vector<RepackedPacks>();
    return decode_repacked(*record);
}

Result<void> note_repacked(const ContentCore& core, const BackendMarks& marks,
                           std::vector<RepackedPacks>& repacked) {
    // Of packs that have gone nothing needs to be known.
    std::erase_if(repacked, [&](const RepackedPacks& range) {
        return std::ranges::none_of(marks.packs, [&](const PackMark& mark) {
            return range.first <= mark.pack && mark.pack <= range.last;
        });
    });
    kv::Commit commit;
    commit.batch.put(core.options.families.packs, repacked_key(), encode_repacked(repacked));
    return core.options.queue->submit(std::move(commit));
}

RepackReport to_repack_report(const CollectReport& collected, std::uint64_t packs_left) {
    RepackReport report;
    report.packs_rewritten = collected.packs_rewritten;
    report.packs_damaged = collected.packs_damaged;
    report.packs_left = packs_left;
    report.bytes_after = collected.bytes_rewritten;
    report.bytes_before = collected.bytes_freed + collected.bytes_rewritten;
    return report;
}

Result<RepackReport> repack_content(const ContentCore& core, const RepackOptions& options,
                                    const CallContext& context) {
    if (options.rekey) return rekey_content(core, options, context);
    if (options.level < 1 || options.level > kRepackLevelMax)
        return fail(Errc::kInvalidArgument, "the level of a repack is 1 to " +
                                                std::to_string(kRepackLevelMax) + ", not " +
                                                std::to_string(options.level));
    CATALOG_TRY(auto repacked, find_repacked(core));
    Repacker repacker(core, options.level, std::move(repacked));
    CATALOG_TRY_VOID(repacker.train(context));
    CollectOptions collect;
    collect.rewrite_bytes_max = options.rewrite_bytes_max;
    const auto collected = collect_content(core, collect, context, &repacker);
    // What was written counts also when the rest could not be.
    const auto left = repacker.end();
    if (!collected) return fail(collected.error());
    if (!left) return fail(left.error());
    return to_repack_report(*collected, *left);
}

}  // namespace catalog::content
