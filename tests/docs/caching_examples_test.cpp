// The pieces of docs/caching.md, compiled and run; the page is compared with this file.

#include <gtest/gtest.h>

#include <catalog/cache/cache_system.hpp>
#include <catalog/cache/redis_cache.hpp>
#include <string>

#include "page.hpp"

namespace catalog::docs {
namespace {

Result<Bytes> ask_elsewhere() { return to_bytes(as_bytes("an answer")); }

Result<std::string> host() {
    cache::CacheSystemOptions options;
    options.memory.bytes_max = 8u << 20;

    cache::CacheEnvironment environment;
    environment.clock = make_system_clock();
    environment.random = make_system_random();
    environment.executor = make_thread_pool(1);
    environment.disk = cache::make_memory_record_store();  // or library::open_cache_records

    cache::RedisOptions redis;
    redis.unix_path = "redis.socket";  // there need not be a server
    auto remote = cache::RedisCache::make(redis, environment.clock);
    if (!remote) return fail(remote.error());
    environment.remote = *remote;

    auto made = cache::CacheSystem::make(options, environment);
    if (!made) return fail(made.error());
    cache::CacheSystem& answers = **made;

    const cache::Loader loader = [](const CallContext&) -> Result<cache::Loaded> {
        auto found = ask_elsewhere();
        if (!found) return fail(found.error());
        cache::ServingTimes times;
        times.fresh_for = std::chrono::minutes(5);
        times.stale_for = std::chrono::minutes(1);
        times.error_stale_for = std::chrono::hours(1);
        return cache::Loaded(*std::move(found), times);
    };
    Bytes value;
    const auto source = answers.get(as_bytes("question"), loader, CallContext(), value);
    if (!source) return fail(source.error());
    if (*source == cache::CacheSource::kAbsent) return "there is none";
    return std::string(as_text(value));
}

TEST(CachingPage, ExampleGivesTheAnswer) {
    const auto answer = host();
    ASSERT_TRUE(answer) << answer.error().to_string();
    EXPECT_EQ(*answer, "an answer");
}

TEST(CachingPage, ShowsCodeThatIsCompiled) {
    expect_compiled("docs/caching.md", "tests/docs/caching_examples_test.cpp", 2);
}

}  // namespace
}  // namespace catalog::docs
