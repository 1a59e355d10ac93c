// The contracts of the lower levels, for what stands in for them in tests and for the real Redis.

#include "catalog/cache/redis_cache.hpp"
#include "support/cache/fake_levels.hpp"
#include "support/cache/record_store_contract.hpp"
#include "support/cache/redis_servers.hpp"
#include "support/cache/remote_cache_contract.hpp"

namespace catalog::cache::testing {
namespace {

struct MemoryRecords {
    static std::shared_ptr<RecordStore> make() { return make_memory_record_store(); }
};
struct RecordsThatCouldFail {
    static std::shared_ptr<RecordStore> make() {
        return std::make_shared<FaultyRecordStore>(make_memory_record_store());
    }
};
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, RecordStoreContract, MemoryRecords);
INSTANTIATE_TYPED_TEST_SUITE_P(Faulty, RecordStoreContract, RecordsThatCouldFail);

class FakeRemote {
public:
    static bool is_there() { return true; }
    std::shared_ptr<RemoteCache> make() { return cache_; }

private:
    std::shared_ptr<FakeRemoteCache> cache_ = std::make_shared<FakeRemoteCache>();
};

class RealRedis {
public:
    static bool is_there() { return RedisServer::is_installed(); }
    std::shared_ptr<RemoteCache> make() {
        const auto clock = std::make_shared<fakes::FakeClock>();
        const auto waiter = std::make_shared<CountingWaiter>(clock, std::chrono::nanoseconds(0));
        waiter->be_patient(true);
        RedisOptions options;
        options.unix_path = server_.path();
        return RedisCacheAccess::make(options, clock, waiter).value();
    }

private:
    RedisServer server_;
};
INSTANTIATE_TYPED_TEST_SUITE_P(Fake, RemoteCacheContract, FakeRemote);
INSTANTIATE_TYPED_TEST_SUITE_P(Redis, RemoteCacheContract, RealRedis);

}  // namespace
}  // namespace catalog::cache::testing
