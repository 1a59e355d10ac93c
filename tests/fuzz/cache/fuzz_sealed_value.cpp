// Values as they come from disk or from elsewhere: what is accepted is, byte for byte, what would
// be sealed; and what is sealed is accepted.

#include <cstddef>
#include <cstdint>

#include "sealed_value.hpp"
#include "support/core/byte_feed.hpp"

using namespace catalog;
using fakes::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fakes::ByteFeed feed({reinterpret_cast<const char*>(data), size});
    const std::string key = feed.text();
    const std::string secret = feed.text();
    const std::string_view rest = feed.rest();
    if (const auto read = cache::unseal(as_bytes(secret), as_bytes(key), as_bytes(rest)))
        require(cache::seal(as_bytes(secret), as_bytes(key), read->value, read->times) == rest);
    cache::ValueTimes times;
    times.fresh_until = WallTime(std::chrono::microseconds(feed.byte()));
    times.revalidate_until = times.fresh_until + std::chrono::microseconds(feed.byte());
    const std::string sealed =
        cache::seal(as_bytes(secret), as_bytes(key), as_bytes(feed.rest()), times);
    const auto again = cache::unseal(as_bytes(secret), as_bytes(key), as_bytes(sealed));
    require(again && as_text(again->value) == feed.rest() && again->times == times);
    // A change of the head, behind which no honest writer has put a code.
    if (!rest.empty()) {
        std::string changed = sealed;
        changed[static_cast<unsigned char>(rest[0]) % changed.size()] ^= 1;
        require(!cache::unseal(as_bytes(secret), as_bytes(key), as_bytes(changed)));
    }
    return 0;
}
