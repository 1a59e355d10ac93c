// What a hit in the remote cache costs above the round trip: hiredis sends GET and waits, against
// the same value through RedisCache, which keeps times, and sealed through CacheSystem, from which
// it comes verified. One connection, turns alternate. Start a server first:
//
//   redis-server --port 0 --unixsocket SOCKET --save ""
//   bench_cache_remote SOCKET [TURNS]

#include <hiredis/hiredis.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "catalog/cache/cache_system.hpp"
#include "catalog/cache/redis_cache.hpp"

namespace {

using namespace catalog;

double now_us() {
    return std::chrono::duration<double, std::micro>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

double median(std::vector<double>& times) {
    std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2),
                     times.end());
    return times[times.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) return 2;
    const int turns = argc > 2 ? std::atoi(argv[2]) : 20'000;
    redisContext* const raw = redisConnectUnix(argv[1]);
    if (raw == nullptr || raw->err != 0) return 1;
    cache::RedisOptions redis;
    redis.unix_path = argv[1];
    redis.call_time_max = std::chrono::seconds(1);  // A busy machine is no outage here.
    const auto remote = cache::RedisCache::make(redis, make_system_clock()).value();
    cache::CacheEnvironment environment;
    environment.clock = make_system_clock();
    environment.random = make_system_random();
    environment.remote = remote;
    cache::CacheSystemOptions options;
    options.memory.bytes_max = 1u << 20;
    const auto system = cache::CacheSystem::make(options, environment).value();
    const std::string value(300, 'v');
    const cache::Loader loader = [&](const CallContext&) -> Result<cache::Loaded> {
        return cache::Loaded(to_bytes(as_bytes(value)));
    };
    constexpr int kKeys = 20'000;  // More than memory holds, so that the remote cache is asked.
    Bytes got;
    for (int i = 0; i < kKeys; ++i)
        (void)system->get(as_bytes("key" + std::to_string(i)), loader, CallContext(), got);
    if (!remote->put("name", as_bytes(value), std::chrono::milliseconds(0))) return 1;
    std::vector<double> plain;
    std::vector<double> through;
    std::vector<double> verified;
    for (int turn = 0; turn < turns; ++turn) {
        double begin = now_us();
        auto* const reply = static_cast<redisReply*>(redisCommand(raw, "GET %s", "name"));
        plain.push_back(now_us() - begin);
        if (reply == nullptr || reply->len != value.size()) return 1;
        freeReplyObject(reply);
        begin = now_us();
        const auto found = remote->get("name");
        through.push_back(now_us() - begin);
        if (!found || !*found || as_text(**found) != value) return 1;
        const std::string key = "key" + std::to_string(turn % kKeys);
        begin = now_us();
        const auto source = system->get(as_bytes(key), loader, CallContext(), got);
        if (source && *source == cache::CacheSource::kRemote) verified.push_back(now_us() - begin);
        if (!source || as_text(got) != value) return 1;
    }
    if (verified.empty()) return 1;
    const double base = median(plain);
    std::printf("| hiredis GET | RedisCache::get | CacheSystem::get from there | turns |\n");
    std::printf("| %.1f us | %.1f us (%+.1f) | %.1f us (%+.1f) | %zu |\n", base, median(through),
                median(through) - base, median(verified), median(verified) - base, verified.size());
    redisFree(raw);
}
