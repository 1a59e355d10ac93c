#include <catalog/internal/mutex.hpp>
#include <map>

#include "catalog/cache/record_store.hpp"

namespace catalog::cache {
namespace {

using internal::MutexLock;

class MemoryRecordStore final : public RecordStore {
public:
    Result<std::optional<std::string>> get(std::string_view key) const override {
        const MutexLock lock(mutex_);
        const auto found = records_.find(key);
        if (found == records_.end()) return std::nullopt;
        return found->second;
    }

    Result<void> write(std::span<const Change> changes) override {
        const MutexLock lock(mutex_);
        for (const Change& change : changes) {
            if (change.value)
                records_.insert_or_assign(change.key, *change.value);
            else
                records_.erase(change.key);
        }
        return {};
    }

    Result<void> scan(std::string_view from, const Visitor& visit) const override {
        std::map<std::string, std::string, std::less<>> moment;
        {
            const MutexLock lock(mutex_);
            moment.insert(records_.lower_bound(from), records_.end());
        }
        for (const auto& [key, value] : moment)
            if (!visit(key, value)) break;
        return {};
    }

private:
    mutable internal::Mutex mutex_;
    std::map<std::string, std::string, std::less<>> records_ CATALOG_GUARDED_BY(mutex_);
};

}  // namespace

std::shared_ptr<RecordStore> make_memory_record_store() {
    return std::make_shared<MemoryRecordStore>();
}

}  // namespace catalog::cache
