// A second process that writes: for n = 1, 2, ... one batch puts n into every family, VALUE_BYTES
// of it, and when it is durable the number is printed. Runs until its input is closed or it is
// killed.
//
// usage: kv_writer_process FOLDER FAMILIES VALUE_BYTES

#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "support/kv/rocksdb_stores.hpp"

int main(int count, char** arguments) {
    using namespace catalog;
    using namespace catalog::kv;
    if (count != 4) return 2;
    const auto families = static_cast<std::uint32_t>(std::atoi(arguments[2]));
    const auto value_bytes = static_cast<std::size_t>(std::atoi(arguments[3]));
    const auto store = testing::must_open(io::make_posix_file_system(), arguments[1],
                                          testing::small_store(families));
    const auto last = store->get(Family{0}, "number");
    if (!last) return 1;
    std::uint64_t number = *last ? std::strtoull((*last)->c_str(), nullptr, 10) : 0;
    std::printf("open %llu\n", static_cast<unsigned long long>(number));
    std::fflush(stdout);
    for (pollfd input{STDIN_FILENO, POLLIN, 0}; ::poll(&input, 1, 0) == 0;) {
        ++number;
        WriteBatch batch;
        for (std::uint32_t i = 0; i < families; ++i) {
            batch.put(Family{i}, "number", std::to_string(number));
            batch.put(Family{i}, "key" + std::to_string(number % 50),
                      std::string(value_bytes + number % 1000, 'x'));
        }
        if (!store->write(batch, Durability::kSync)) return 1;
        std::printf("%llu\n", static_cast<unsigned long long>(number));
        std::fflush(stdout);
    }
    return 0;
}
