#include "support/content/content_workload.hpp"

#include <algorithm>
#include <array>
#include <catalog/internal/try.hpp>
#include <map>
#include <stdexcept>

#include "catalog/content/object_reader.hpp"
#include "catalog/content/zero_copy_content.hpp"
#include "support/content/sample_bytes.hpp"
#include "support/core/executors.hpp"
#include "support/io/results.hpp"

namespace catalog::content::testing {
namespace {

using io::testing::must;

struct SampleObjects {
    std::vector<Bytes> bytes;
    std::vector<ContentHash> ids;
    std::map<ContentHash, unsigned> numbers;
};

// A third resembles one text, a third another, the rest is noise; of one chunk and of several.
Bytes sample_object(unsigned number) {
    const std::size_t size = 200 + std::size_t{number} * 211;
    if (number % 3 == 2) return noise(size, number);
    Bytes text = prose(size, 900 + number % 3);
    return edited(std::move(text), 2, number);
}

const SampleObjects& sample_objects() {
    static const SampleObjects objects = [] {
        SampleObjects samples;
        for (unsigned number = 0; number < kWorkloadObjects; ++number) {
            samples.bytes.push_back(sample_object(number));
            samples.ids.push_back(id_of(samples.bytes.back()));
            samples.numbers[samples.ids.back()] = number;
        }
        return samples;
    }();
    return objects;
}

class WorkloadSource final : public ContentSource {
public:
    std::string name() const override { return "workload"; }
    Result<ByteSource> open(const ContentHash& id, std::optional<std::uint64_t>,
                            const CallContext&) override {
        const auto number = workload_number(id);
        if (!number) return fail(Errc::kContentNotFound, "no object of a workload");
        return source_of(workload_object(*number));
    }
};

}  // namespace

std::unique_ptr<ContentSource> make_workload_source() { return std::make_unique<WorkloadSource>(); }

ContentOptions workload_options(std::shared_ptr<io::FileSystem> fs) {
    ContentOptions options = options_on(std::move(fs), kSmallChunks, 7 * 1024);
    options.packs.held_bytes_max = 1500;  // A few records.
    options.families = kBedFamilies;
    options.clock = make_system_clock();
    // What nobody else runs the callers run themselves, in the same order every time.
    options.executor = std::make_shared<fakes::ManualExecutor>();
    options.random = make_counting_random();
    options.similarity_bytes_max = 1u << 16;
    options.bases_bytes_max = 1u << 16;
    options.read_bases_bytes_max = 1u << 16;
    // A few chunks are enough, so that what follows goes with a dictionary, and repacks change it.
    options.dictionaries.at_ingest = true;
    options.dictionaries.train_after_bytes = 5000;
    options.dictionaries.sample_bytes_max = 5000;
    options.dictionaries.dictionary_bytes_max = 1024;
    options.dictionaries.repack_train_bytes = 5000;
    return options;
}

const Bytes& workload_object(unsigned number) { return sample_objects().bytes.at(number); }

const ContentHash& workload_id(unsigned number) { return sample_objects().ids.at(number); }

std::optional<unsigned> workload_number(const ContentHash& id) {
    const auto found = sample_objects().numbers.find(id);
    if (found == sample_objects().numbers.end()) return std::nullopt;
    return found->second;
}

std::set<unsigned> hurt_objects_of(ContentStorage& storage, const References& references) {
    std::set<unsigned> hurt;
    for (const auto& [owner, number] : references) {
        const auto bytes = storage.retrieve_all(workload_id(number), 1u << 20, CallContext());
        if (!bytes)
            hurt.insert(number);
        else if (*bytes != workload_object(number))
            throw std::runtime_error("an object was read with other bytes");
    }
    return hurt;
}

References references_of(ContentStorage& storage) {
    References references;
    for (const std::string_view owner : kWorkloadOwners)
        must(storage.for_each_of(owner, [&](const ContentHash& id) -> Result<void> {
            const auto number = workload_number(id);
            if (!number) return fail(Errc::kInternal, "an object that nobody stored");
            references.emplace(std::string(owner), *number);
            return {};
        }));
    return references;
}

Result<std::unique_ptr<OpenContent>> OpenContent::open(ContentOptions options,
                                                       const OpenDatabase& database) {
    std::unique_ptr<OpenContent> opened(new OpenContent());
    CATALOG_TRY(opened->database_, database());
    opened->queue_ = std::make_unique<kv::CommitQueue>(*opened->database_);
    options.store = opened->database_.get();
    options.queue = opened->queue_.get();
    CATALOG_TRY(opened->storage_, ContentAddressedStorage::open(std::move(options)));
    opened->queue_->add_group_hook([storage = opened->storage_.get()](kv::WriteBatch& batch) {
        return storage->before_commit(batch);
    });
    return opened;
}

OpenContent::~OpenContent() {
    if (queue_) queue_->close();
}

Result<void> OpenContent::commit(kv::WriteBatch batch) {
    kv::Commit commit;
    commit.batch = std::move(batch);
    return queue_->submit(std::move(commit));
}

ContentWorkload::ContentWorkload(Open open, WorkloadModel& model, std::uint64_t seed, Damage damage)
    : open_store_(std::move(open)), damage_(std::move(damage)), model_(model), random_(seed) {}

ContentWorkload::~ContentWorkload() = default;

std::span<const ContentWorkload::Step> ContentWorkload::all_steps() {
    static constexpr std::array<Step, 11> kSteps = {{
        {"put", 30, &ContentWorkload::put},
        {"two sessions", 15, &ContentWorkload::put_in_two_sessions},
        {"put without commit", 5, &ContentWorkload::put_without_commit},
        {"session held", 10, &ContentWorkload::hold},
        {"remove", 25, &ContentWorkload::remove},
        {"hand over", 10, &ContentWorkload::hand_over},
        {"collect", 30, &ContentWorkload::collect},
        {"repack", 15, &ContentWorkload::repack},
        {"repair", 15, &ContentWorkload::damage_and_repair},
        {"reopen", 4, &ContentWorkload::reopen},
        {"read", 15, &ContentWorkload::read},
    }};
    return kSteps;
}

std::vector<std::string_view> ContentWorkload::step_names() {
    std::vector<std::string_view> names{"open"};
    for (const Step& step : all_steps()) names.push_back(step.name);
    return names;
}

Result<void> ContentWorkload::run(unsigned steps) {
    CATALOG_TRY_VOID(open());
    CATALOG_TRY_VOID(run_steps(steps));
    model_.step = "close";
    held_.reset();
    open_.reset();
    return {};
}

Result<void> ContentWorkload::go_on(unsigned steps) {
    held_.reset();
    if (!open_) CATALOG_TRY_VOID(open());
    return run_steps(steps);
}

Result<void> ContentWorkload::run_steps(unsigned steps) {
    if (model_.damaged) {
        model_.step = "repair";
        CATALOG_TRY_VOID(repair());
    }
    unsigned weights = 0;
    for (const Step& step : all_steps()) weights += step.weight;
    for (unsigned i = 0; i < steps; ++i) {
        auto at = random_.below(weights);
        const Step* step = all_steps().data();
        for (; at >= step->weight; ++step) at -= step->weight;
        model_.step = step->name;
        CATALOG_TRY_VOID((this->*step->run)());
    }
    return {};
}

Result<void> ContentWorkload::open() {
    model_.step = "open";
    CATALOG_TRY(open_, open_store_());
    return {};
}

Result<void> ContentWorkload::reopen() {
    held_.reset();
    open_.reset();
    CATALOG_TRY(open_, open_store_());
    return {};
}

Result<void> ContentWorkload::put() {
    References after = model_.durable;
    CATALOG_TRY(const Session session, open_->storage().begin());
    CATALOG_TRY_VOID(put_some(*session, any_owner(), after));
    kv::WriteBatch batch;
    CATALOG_TRY_VOID(session->stage(batch));
    return commit(std::move(batch), std::move(after));
}

// In one commit or in two, the first of which the other session's chunks may stand before.
Result<void> ContentWorkload::put_in_two_sessions() {
    References first = model_.durable;
    CATALOG_TRY(const Session one, open_->storage().begin());
    CATALOG_TRY(const Session two, open_->storage().begin());
    CATALOG_TRY_VOID(put_some(*one, any_owner(), first));
    References both = first;
    CATALOG_TRY_VOID(put_some(*two, any_owner(), both));
    kv::WriteBatch batch;
    CATALOG_TRY_VOID(one->stage(batch));
    if (random_.chance(50)) {
        CATALOG_TRY_VOID(commit(std::move(batch), std::move(first)));
        batch = {};
    }
    CATALOG_TRY_VOID(two->stage(batch));
    return commit(std::move(batch), std::move(both));
}

Result<void> ContentWorkload::put_without_commit() {
    References ignored;
    CATALOG_TRY(const Session session, open_->storage().begin());
    return put_some(*session, any_owner(), ignored);
}

// Begins a session that lives on, or commits the one that does.
Result<void> ContentWorkload::hold() {
    if (!held_) {
        of_held_.clear();
        CATALOG_TRY(held_, open_->storage().begin());
        return put_some(*held_, any_owner(), of_held_);
    }
    References after = model_.durable;
    after.insert(of_held_.begin(), of_held_.end());
    kv::WriteBatch batch;
    CATALOG_TRY_VOID(held_->stage(batch));
    CATALOG_TRY_VOID(commit(std::move(batch), std::move(after)));
    held_.reset();
    return {};
}

Result<void> ContentWorkload::remove() {
    References after = model_.durable;
    kv::WriteBatch batch;
    for (std::uint64_t left = 1 + random_.below(4); left != 0; --left) {
        const auto reference = any_reference();
        if (!reference || after.erase(*reference) == 0) continue;
        CATALOG_TRY_VOID(
            open_->storage().remove(workload_id(reference->second), reference->first, batch));
    }
    return commit(std::move(batch), std::move(after));
}

// One owner's reference goes and another's comes, in one commit.
Result<void> ContentWorkload::hand_over() {
    const auto reference = any_reference();
    const std::string other = any_owner();
    if (!reference || reference->first == other) return {};
    const ContentHash& id = workload_id(reference->second);
    References after = model_.durable;
    after.erase(*reference);
    after.emplace(other, reference->second);
    CATALOG_TRY(const Session session, open_->storage().begin());
    CATALOG_TRY_VOID(session->add_reference(other, id));
    kv::WriteBatch batch;
    CATALOG_TRY_VOID(open_->storage().remove(id, reference->first, batch));
    CATALOG_TRY_VOID(session->stage(batch));
    return commit(std::move(batch), std::move(after));
}

Result<void> ContentWorkload::collect() {
    CollectOptions options;
    options.dry_run = random_.chance(5);
    if (random_.chance(60)) options.live_share_min = 1;
    if (random_.chance(20)) options.rewrite_bytes_max = random_.below(8000);
    CATALOG_TRY_VOID(open_->storage().collect(options, CallContext()));
    return {};
}

Result<void> ContentWorkload::repack() {
    RepackOptions options;
    options.level = 1 + static_cast<int>(random_.below(9));
    if (random_.chance(50)) options.rewrite_bytes_max = random_.below(8000);
    CATALOG_TRY_VOID(open_->storage().repack(options, CallContext()));
    return {};
}

Result<void> ContentWorkload::damage_and_repair() {
    held_.reset();
    open_.reset();
    if (damage_ && random_.chance(80)) {
        model_.damaged = true;
        for (unsigned number = 0; number < kWorkloadObjects; ++number) model_.hurt.insert(number);
        damage_(random_);
    }
    CATALOG_TRY(open_, open_store_());
    model_.hurt = hurt_objects_of(open_->storage(), model_.durable);
    return repair();
}

// A repair without a source keeps what can be read, one with it mends the rest. A session may have
// begun while the store was damaged.
Result<void> ContentWorkload::repair() {
    if (random_.chance(30)) CATALOG_TRY_VOID(hold());
    RepairOptions options;
    if (random_.chance(30)) {
        CATALOG_TRY_VOID(open_->storage().repair(options, CallContext()));
        for (const unsigned number : hurt_objects_of(open_->storage(), model_.durable))
            if (!model_.hurt.contains(number))
                return fail(Errc::kInternal, "an object was hurt by the repair");
    }
    const auto source = make_workload_source();
    options.sources = {source.get()};
    if (held_) {
        if (random_.chance(50)) CATALOG_TRY_VOID(open_->storage().repair(options, CallContext()));
        CATALOG_TRY_VOID(commit_held_beside_repair());
    }
    CATALOG_TRY(const RepairReport report, open_->storage().repair(options, CallContext()));
    if (!report.hurt.empty()) return fail(Errc::kInternal, "an object is hurt that a source has");
    model_.damaged = false;
    model_.hurt.clear();
    return {};
}

// What the session found may have been damaged then, and be lost by now.
Result<void> ContentWorkload::commit_held_beside_repair() {
    for (const auto& [owner, number] : of_held_) model_.hurt.insert(number);
    auto committed = hold();
    held_.reset();
    if (committed || committed.error().code() != Errc::kContentNotFound) return committed;
    model_.attempted.reset();
    return {};
}

Result<void> ContentWorkload::read() {
    const auto reference = any_reference();
    if (!reference) return {};
    const unsigned number = reference->second;
    const std::size_t offset = random_.below(workload_object(number).size());
    const ByteRange range{offset, 1 + random_.below(4000)};
    CATALOG_TRY(const Bytes bytes, read_part(workload_id(number), range));
    const ByteView whole = workload_object(number);
    const auto size = std::min<std::uint64_t>(range.size, whole.size() - offset);
    if (std::ranges::equal(bytes, whole.subspan(offset, size))) return {};
    return fail(Errc::kInternal, "an object was read with other bytes");
}

// In one of the ways that there are.
Result<Bytes> ContentWorkload::read_part(const ContentHash& id, ByteRange range) {
    ContentAddressedStorage& storage = open_->storage();
    const auto cut = [&range](Bytes bytes) {
        bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(range.offset));
        bytes.resize(std::min<std::uint64_t>(bytes.size(), range.size));
        return bytes;
    };
    Bytes bytes;
    const auto gather = [&bytes](ByteView piece) -> Result<void> {
        bytes.insert(bytes.end(), piece.begin(), piece.end());
        return {};
    };
    switch (random_.below(5)) {
        case 0: {
            CATALOG_TRY(bytes, storage.retrieve_all(id, 1u << 20, CallContext()));
            return cut(std::move(bytes));
        }
        case 1: {
            const auto one = [&](std::size_t, ByteView piece) { return gather(piece); };
            CATALOG_TRY_VOID(storage.retrieve_each(std::span(&id, 1), one, CallContext()));
            return cut(std::move(bytes));
        }
        case 2: {
            CATALOG_TRY(const auto reader, storage.open_object(id));
            bytes.resize(range.size);
            CATALOG_TRY(const std::size_t count, reader->read_at(range.offset, bytes));
            bytes.resize(count);
            return bytes;
        }
        case 3: {
            CATALOG_TRY(const auto content, storage.open_zero_copy(id));
            CATALOG_TRY(const ContentSlice slice, content->slice(range));
            bytes.resize(slice.size());
            (void)slice.copy_to(bytes);
            return bytes;
        }
        default: {
            CATALOG_TRY_VOID(storage.retrieve(id, gather, CallContext(), range));
            return bytes;
        }
    }
}

Result<void> ContentWorkload::put_some(ContentTransaction& session, const std::string& owner,
                                       References& after) {
    for (std::uint64_t left = 1 + random_.below(3); left != 0; --left) {
        const auto number = static_cast<unsigned>(random_.below(kWorkloadObjects));
        const Bytes& object = workload_object(number);
        CATALOG_TRY(const ObjectInfo info,
                    random_.chance(50)
                        ? session.put(object)
                        : session.put_random_access(slices_anywhere_of(object, 3000)));
        CATALOG_TRY_VOID(session.add_reference(owner, info.id));
        after.emplace(owner, number);
    }
    return {};
}

Result<void> ContentWorkload::commit(kv::WriteBatch batch, References after) {
    model_.attempted = std::move(after);
    CATALOG_TRY_VOID(open_->commit(std::move(batch)));
    model_.durable = std::move(*model_.attempted);
    model_.attempted.reset();
    return {};
}

std::string ContentWorkload::any_owner() {
    return std::string(kWorkloadOwners[random_.below(kWorkloadOwners.size())]);
}

std::optional<std::pair<std::string, unsigned>> ContentWorkload::any_reference() {
    if (model_.durable.empty()) return std::nullopt;
    auto at = model_.durable.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(random_.below(model_.durable.size())));
    return *at;
}

}  // namespace catalog::content::testing
