#include "support/content/content_bed.hpp"

#include <limits>

#include "support/content/memory_content_storage.hpp"
#include "support/content/sample_lists.hpp"
#include "support/io/results.hpp"

namespace catalog::content::testing {

using io::testing::must;

namespace {

class CountingRandom final : public Random {
public:
    Result<void> fill(std::span<std::byte> out) override {
        for (std::byte& byte : out) byte = static_cast<std::byte>(next_++);
        return {};
    }

private:
    unsigned next_ = 1;
};

class FakeContentBed final : public ContentBed {
public:
    [[nodiscard]] ContentStorage& storage() override { return storage_; }
    [[nodiscard]] kv::CommitQueue& queue() override { return queue_; }
    [[nodiscard]] kv::KeyValueStore& store() override { return *store_; }

private:
    std::unique_ptr<kv::KeyValueStore> store_ = kv::make_memory_store(kBedFamilyCount);
    kv::CommitQueue queue_{*store_};
    MemoryContentStorage storage_{*store_, queue_, kBedFamilies, make_system_clock(),
                                  list_reader()};
};

}  // namespace

std::vector<std::string> bed_family_names() { return {"chunks", "objects", "references", "packs"}; }

ContentOptions options_on(std::shared_ptr<io::FileSystem> fs, const ChunkProfile& profile,
                          std::uint64_t pack_bytes_max) {
    ContentOptions options;
    options.file_system = std::move(fs);
    options.directory = "/library";
    options.profile = profile;
    options.packs.pack_bytes_max = pack_bytes_max;
    return options;
}

std::shared_ptr<Random> make_counting_random() { return std::make_shared<CountingRandom>(); }

Result<void> ContentBed::commit(kv::WriteBatch batch) {
    kv::Commit commit;
    commit.batch = std::move(batch);
    return queue().submit(std::move(commit));
}

ObjectInfo ContentBed::put(ByteView bytes, std::string_view owner) {
    return must(storage().store(source_of(bytes), owner, CallContext()));
}

Result<Bytes> ContentBed::get(const ContentHash& id) {
    return storage().retrieve_all(id, std::numeric_limits<std::uint64_t>::max(), CallContext());
}

Result<void> ContentBed::remove(const ContentHash& id, std::string_view owner) {
    kv::WriteBatch batch;
    if (auto removed = storage().remove(id, owner, batch); !removed) return removed;
    return commit(std::move(batch));
}

RealContentBed::RealContentBed(ContentOptions options, std::unique_ptr<kv::KeyValueStore> store)
    : store_(store ? std::move(store) : kv::make_memory_store(kBedFamilyCount)),
      options_(std::move(options)) {
    open();
}

RealContentBed::~RealContentBed() {
    if (queue_) queue_->close();
}

ContentOptions RealContentBed::memory_options() {
    ContentOptions options;
    options.backend = make_memory_backend();
    return options;
}

void RealContentBed::reopen() {
    queue_->close();
    storage_.reset();
    queue_.reset();
    open();
}

void RealContentBed::open() {
    queue_ = std::make_unique<kv::CommitQueue>(*store_);
    ContentOptions options = options_;
    options.store = store_.get();
    options.queue = queue_.get();
    options.families = kBedFamilies;
    if (!options.lists) options.lists = list_reader();
    options.clock = make_system_clock();
    if (options.executor == nullptr) options.executor = make_thread_pool(1);
    options.random = make_counting_random();
    storage_ = must(ContentAddressedStorage::open(std::move(options)));
    queue_->add_group_hook([storage = storage_.get()](kv::WriteBatch& batch) {
        return storage->before_commit(batch);
    });
}

std::unique_ptr<kv::KeyValueStore> copy_of(const kv::KeyValueStore& store) {
    auto copy = kv::make_memory_store(kBedFamilyCount);
    kv::WriteBatch batch;
    for (std::uint32_t family = 0; family < kBedFamilyCount; ++family) {
        const auto walk = store.iterate(kv::Family{family});
        for (walk->seek({}); walk->valid(); walk->next())
            batch.put(kv::Family{family}, std::string(walk->key()), std::string(walk->value()));
    }
    io::testing::must(copy->write(batch, kv::Durability::kSync));
    return copy;
}

std::unique_ptr<ContentBed> make_fake_content_bed() { return std::make_unique<FakeContentBed>(); }

}  // namespace catalog::content::testing
