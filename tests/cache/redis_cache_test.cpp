// The Redis cache against a real server that works, is killed and is frozen, and against servers
// that lie. A test that needs redis-server is skipped where there is none.

#include "catalog/cache/redis_cache.hpp"

#include <gtest/gtest.h>

#include <random>

#include "catalog/cache/cache_system.hpp"
#include "support/cache/redis_servers.hpp"
#include "support/core/randoms.hpp"

namespace catalog::cache {
namespace {

using std::chrono::milliseconds;
using testing::CountingWaiter;
using testing::RedisServer;
using testing::ScriptedServer;

constexpr auto kCallMax = milliseconds(5);

struct Client {
    explicit Client(const std::string& path,
                    std::chrono::nanoseconds step = std::chrono::microseconds(50))
        : waiter(std::make_shared<CountingWaiter>(clock, step)) {
        RedisOptions options;
        options.unix_path = path;
        cache = RedisCacheAccess::make(options, clock, waiter).value();
    }
    /// Returns what `get` says in one word; asserts that it kept its time.
    std::string get(std::string_view name) {
        const MonotonicTime begin = clock->now_monotonic();
        const auto got = cache->get(name);
        EXPECT_LE(clock->now_monotonic() - begin, kCallMax);
        if (!got) return "error " + std::to_string(static_cast<int>(got.error().code()));
        return *got ? std::string(as_text(**got)) : "none";
    }

    std::shared_ptr<fakes::FakeClock> clock = std::make_shared<fakes::FakeClock>();
    std::shared_ptr<CountingWaiter> waiter;
    std::shared_ptr<RedisCache> cache;
};

TEST(RedisCache, KeepsValuesOfAnyBytesAndLengths) {
    if (!RedisServer::is_installed()) GTEST_SKIP() << "redis-server is not installed";
    const RedisServer server;
    Client client(server.path(), std::chrono::nanoseconds(0));
    client.waiter->be_patient(true);
    EXPECT_EQ(client.get("name"), "none");
    for (const std::size_t bytes : {0u, 1u, 1'000u, 1'000'000u}) {
        std::string value(bytes, '\0');
        for (std::size_t i = 0; i < bytes; ++i) value[i] = static_cast<char>(i * 31);
        const std::string name = std::string("n\0\r\n", 4) + std::to_string(bytes);
        ASSERT_TRUE(client.cache->put(name, as_bytes(value), milliseconds(0)));
        EXPECT_EQ(client.get(name), value);
        ASSERT_TRUE(client.cache->erase(name));
        EXPECT_EQ(client.get(name), "none");
    }
    ASSERT_TRUE(client.cache->put("a", as_bytes("1"), milliseconds(60'000)));
    ASSERT_TRUE(client.cache->put("c", as_bytes("3"), milliseconds(0)));
    const std::vector<std::string> names = {"a", "b", "c"};
    const auto many = client.cache->get_many(names);
    ASSERT_TRUE(many) << many.error().to_string();
    ASSERT_EQ(many->size(), 3u);
    EXPECT_EQ(as_text(*(*many)[0]), "1");
    EXPECT_FALSE((*many)[1]);
    EXPECT_EQ(as_text(*(*many)[2]), "3");
}

TEST(RedisCache, ComesBackByItselfWhenTheServerWasKilled) {
    if (!RedisServer::is_installed()) GTEST_SKIP() << "redis-server is not installed";
    RedisServer server;
    Client client(server.path());
    client.waiter->be_patient(true);
    ASSERT_TRUE(client.cache->put("name", as_bytes("value"), milliseconds(0)));
    server.kill();
    EXPECT_EQ(client.get("name"), "error 1200");
    EXPECT_EQ(client.get("name"), "error 1200");
    server.start();
    EXPECT_EQ(client.get("name"), "none");
    server.kill();
    server.start();
    // Its connection is closed, which costs nothing but another one.
    EXPECT_EQ(client.get("name"), "none");
}

TEST(RedisCache, WaitsForAFrozenServerNoLongerThanAllowed) {
    if (!RedisServer::is_installed()) GTEST_SKIP() << "redis-server is not installed";
    RedisServer server;
    Client client(server.path());
    client.waiter->be_patient(true);
    ASSERT_TRUE(client.cache->put("name", as_bytes("value"), milliseconds(0)));
    server.freeze();
    client.waiter->be_patient(false);
    for (int i = 0; i < 20; ++i) EXPECT_EQ(client.get("name"), "error 7");
    EXPECT_GE(client.waiter->waits(), 20u);
    server.thaw();
    client.waiter->be_patient(true);
    EXPECT_EQ(client.get("name"), "value");
}

// hiredis does not look at the two bytes behind a value; what is wrong there shows in its seal.
TEST(RedisCache, TakesNoAnswerThatIsNone) {
    const std::vector<std::string> lies = {"garbage\r\n",
                                           "\r\n",
                                           "$-2\r\n",
                                           "$abc\r\n",
                                           "$5\r\nab\r\n+OK\r\n",

                                           ":12\r\n",
                                           "+OK\r\n",
                                           "-ERR no\r\n",
                                           "*2\r\n$1\r\na\r\n$1\r\nb\r\n",
                                           "*2147483647\r\n",
                                           "*-5\r\n",
                                           "$99999999999999999999\r\n",
                                           "$3\r\nabc\r\n$3\r\nabc\r\n",
                                           "_\r\n",
                                           "%1\r\n",
                                           "!5\r\nerror\r\n",
                                           "$1\r\nab\r\n",
                                           std::string(100, '\0'),
                                           "$9223372036854775807\r\n"};
    for (const std::string& lie : lies) {
        const ScriptedServer server(ScriptedServer::always(lie));
        Client client(server.path());
        for (int i = 0; i < 2; ++i) EXPECT_TRUE(client.get("name").starts_with("error ")) << lie;
        EXPECT_FALSE(client.cache->put("name", as_bytes("v"), milliseconds(0)) &&
                     !lie.starts_with("+"));
        const std::vector<std::string> names = {"a", "b"};
        EXPECT_FALSE(client.cache->get_many(names).has_value() && !lie.starts_with("$3")) << lie;
    }
}

TEST(RedisCache, GivesUpOnAnswersWithoutAnEnd) {
    for (const std::string& lie :
         {std::string("$1000000000\r\n"), std::string(4'096, 'x'),
          std::string("+") + std::string(4'095, 'y'), std::string("$1\r\na\r\n")}) {
        const ScriptedServer server(ScriptedServer::endless(lie));
        Client client(server.path());
        EXPECT_TRUE(client.get("name").starts_with("error ") || client.get("name") == "a");
    }
    const ScriptedServer silent(ScriptedServer::silent());
    Client client(silent.path());
    EXPECT_EQ(client.get("name"), "error 7");
}

// What a parser must bear: answers cut, repeated and mixed with bytes that have a meaning.
TEST(RedisCache, BearsRandomAnswers) {
    constexpr std::string_view kPieces[] = {"$",
                                            "+",
                                            "-",
                                            ":",
                                            "*",
                                            "\r\n",
                                            "\r",
                                            "\n",
                                            "3",
                                            "-1",
                                            "99999999",
                                            "abc",
                                            "$3\r\nabc\r\n",
                                            "$-1\r\n",
                                            "*1\r\n",
                                            std::string_view("\0", 1)};
    for (std::uint64_t seed = 1; seed <= 150; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::mt19937_64 random(seed);
        std::string lie;
        for (std::uint64_t i = 0; i < 1 + random() % 8; ++i)
            lie += kPieces[random() % std::size(kPieces)];
        const ScriptedServer server(ScriptedServer::always(lie));
        Client client(server.path(), std::chrono::microseconds(500));
        const std::string got = client.get("name");
        EXPECT_TRUE(got == "abc" || got == "none" || got.starts_with("error ")) << got;
    }
}

TEST(RedisCache, RefusesOptionsOutsideTheirRange) {
    const auto clock = std::make_shared<fakes::FakeClock>();
    RedisOptions options;
    options.address = "localhost";
    EXPECT_EQ(RedisCache::make(options, clock).error().code(), Errc::kInvalidArgument);
    options.address = "::1";
    EXPECT_TRUE(RedisCache::make(options, clock));
    options.unix_path = std::string(200, 'p');
    EXPECT_EQ(RedisCache::make(options, clock).error().code(), Errc::kInvalidArgument);
    options = {};
    options.call_time_max = std::chrono::microseconds(99);
    EXPECT_EQ(RedisCache::make(options, clock).error().code(), Errc::kInvalidArgument);
    options = {};
    options.connections_max = 0;
    EXPECT_EQ(RedisCache::make(options, clock).error().code(), Errc::kInvalidArgument);
}

// A system over it, as a host has it: right answers whatever the server does.
class Host {
public:
    explicit Host(const std::string& path) : client(path) {
        client.waiter->be_patient(true);
        open();
    }
    // With a fresh memory, so that the remote level is asked.
    void open() {
        CacheEnvironment environment;
        environment.clock = client.clock;
        environment.random = std::make_shared<fakes::SeededRandom>(3);
        environment.remote = client.cache;
        system = CacheSystem::make({}, environment).value();
    }
    void expect_right(int from, int to) {
        for (int i = from; i < to; ++i) {
            const std::string key = "key" + std::to_string(i % 20);
            Bytes value;
            const MonotonicTime begin = client.clock->now_monotonic();
            const auto got = system->get(
                as_bytes(key),
                [&](const CallContext&) -> Result<Loaded> {
                    return Loaded(to_bytes(as_bytes("value of " + key)));
                },
                CallContext(), value);
            // One look and one put.
            EXPECT_LE(client.clock->now_monotonic() - begin, 2 * kCallMax);
            ASSERT_TRUE(got);
            EXPECT_EQ(as_text(value), "value of " + key);
        }
    }
    Client client;
    std::unique_ptr<CacheSystem> system;
};

TEST(RedisCache, IsOfNoHarmToASystemWhenItIsKilledFrozenAndBackAgain) {
    if (!RedisServer::is_installed()) GTEST_SKIP() << "redis-server is not installed";
    RedisServer server;
    Host host(server.path());
    host.expect_right(0, 20);
    host.open();
    host.expect_right(0, 20);
    EXPECT_EQ(host.system->stats().remote.hits, 20u);
    host.open();
    host.expect_right(0, 5);
    server.freeze();
    host.client.waiter->be_patient(false);
    host.expect_right(5, 20);
    EXPECT_EQ(host.system->stats().remote.breaker, BreakerState::kOpen);
    EXPECT_LE(host.system->stats().remote.errors, 3u);
    server.thaw();
    host.client.waiter->be_patient(true);
    host.client.clock->advance(std::chrono::seconds(1));
    host.open();
    host.expect_right(0, 20);
    EXPECT_EQ(host.system->stats().remote.hits, 20u);
    host.open();
    server.kill();
    host.expect_right(0, 20);
    EXPECT_EQ(host.system->stats().remote.breaker, BreakerState::kOpen);
    server.start();
    host.client.clock->advance(std::chrono::seconds(1));
    host.system->invalidate_prefix({});
    host.expect_right(0, 20);
    EXPECT_EQ(host.system->stats().remote.breaker, BreakerState::kClosed);
    EXPECT_EQ(host.system->stats().remote.inserts, 20u);
}

TEST(RedisCache, GivesASystemNoValueThatItsServerMadeUp) {
    for (const char* lie : {"$5\r\nwrong\r\n", "$-1\r\n", "$0\r\n\r\n"}) {
        const ScriptedServer server(ScriptedServer::always(lie));
        Host host(server.path());
        host.expect_right(0, 20);
        EXPECT_EQ(host.system->stats().remote.hits, 0u);
    }
}

}  // namespace
}  // namespace catalog::cache
